//! Damaged input gives an error or an answer, never a panic.

use names::PackageName;
use wheels::{
    EntryPoints, Metadata, ProjectPage, SdistName, WheelInfo, WheelName, parse_record,
    python_allowed, render_record,
};

/// A small generator of numbers (xorshift), so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }
}

/// Gives `read` many damaged copies of `text`: characters replaced, removed, doubled, moved.
fn damage(text: &str, spice: &str, read: impl Fn(&str)) {
    let spice: Vec<char> =
        spice.chars().chain("\0\u{7f}é\u{1f980}\u{2028}\n\r\t \"'".chars()).collect();
    for seed in 1..=2000 {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ seed);
        let mut characters: Vec<char> = text.chars().collect();
        for _ in 0..=dice.roll(8) {
            if characters.is_empty() {
                break;
            }
            let at = dice.roll(characters.len());
            match dice.roll(4) {
                0 => characters[at] = spice[dice.roll(spice.len())],
                1 => characters.insert(at, spice[dice.roll(spice.len())]),
                2 => {
                    let end = characters.len().min(at + 1 + dice.roll(20));
                    characters.drain(at..end);
                }
                _ => {
                    let end = characters.len().min(at + 1 + dice.roll(20));
                    let copy: Vec<char> = characters[at..end].to_vec();
                    let to = dice.roll(characters.len());
                    characters.splice(to..to, copy);
                }
            }
        }
        read(&characters.into_iter().collect::<String>());
    }
}

#[test]
fn pages_are_read_without_panic() {
    let html = "<!DOCTYPE html><html><head><meta name=\"pypi:repository-version\" content=\"1.0\">\
        <base href='/x/'></head><!-- c --><script>a<b</script><a href=\"../a-1-py3-none-any.whl#sha256=\
        0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\" data-requires-python=\"&gt;=3&#x2e;9\"\
        data-yanked data-upload-time=2026-01-01T00:00:00Z>a</a><a href=b%2f.tar.gz>";
    damage(html, "<>=/&;#%!-?:", |text| {
        for base in ["https://h/simple/a/", "", "a", "://", "file:///"] {
            let _ = ProjectPage::parse_html(text, base);
            let _ = ProjectPage::parse_html("<a href=../x.whl>", text);
        }
    });
    let json = r#"{"meta":{"api-version":"1.1"},"name":"a","files":[{"filename":"a-1.tar.gz",
        "url":"../a-1.tar.gz","hashes":{"sha256":"00"},"yanked":true,"core-metadata":{"sha256":"1"},
        "size":3,"upload-time":"2026-01-01T00:00:00Z"}]}"#;
    damage(json, "{}[]:,\\/", |text| {
        let _ = ProjectPage::parse_json(text, "https://h/simple/a/");
    });
}

#[test]
fn names_are_read_without_panic() {
    let project = PackageName::new("a-b").unwrap();
    damage("a_b-1.0rc1+x.y-1b-py2.py3-none-manylinux_2_17_x86_64.any.whl", "-_.+!*", |text| {
        if let Ok(name) = WheelName::parse(text) {
            assert!(name.tags().count() > 0);
        }
        let _ = SdistName::parse(&text.replace(".whl", ".tar.gz"), &project);
    });
    damage(">=3.6.*,!=3.7, ~=3.8", "<>=~!*.,0123456789", |text| {
        let _ = python_allowed(text, &"3.13.5".parse().unwrap());
    });
}

#[test]
fn texts_in_wheels_are_read_without_panic() {
    let metadata = "Metadata-Version: 2.4\nName: a.b\nVersion: 1.0\nRequires-Python: >=3\n\
        Requires-Dist: c[d,e]>=1,<2; python_version in '3.9 3.10' and extra=='x'\n\
        Provides-Extra: x\nProject-URL: a, https://h\nSummary: s\n  more\n\nbody\n";
    damage(metadata, ":;,<>=()[]|@", |text| {
        let _ = Metadata::parse(text);
    });
    damage("Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n", ":.", |text| {
        let _ = WheelInfo::parse(text);
    });
    damage("[console_scripts]\na = b.c:d.e [x]\n[gui_scripts]\nf=g:h\n", "[]=:.#;", |text| {
        let _ = EntryPoints::parse(text);
    });
    let record = "a,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n\"b,\"\"\",,\nRECORD,,\n";
    damage(record, ",\"=", |text| {
        if let Ok(lines) = parse_record(text) {
            assert_eq!(parse_record(&render_record(&lines)), Ok(lines));
        }
    });
}

//! Files that nobody wrote, right and wrong ones.

use super::{bindep, check, ours, systems};

/// A small generator of numbers (xorshift), so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }
}

const PROFILES: &[&str] = &[
    "test",
    "default",
    "keystone",
    "ldap",
    "platform:dpkg",
    "platform:rpm",
    "platform:debian-trixie",
    "platform:ubuntu-24.04",
    "platform:redhat",
    "platform:base-py3",
    "!test",
    "!default",
    "!platform:dpkg",
    "!platform:suse",
    "!keystone",
    "platform:rocky-blue",
    "nova",
    "a.b",
];
const VERSIONS: &[&str] = &["1", "1.2", "1:2.0-3", "2-1-2", "1.0~rc1-2+b1", "0:1:2"];
const RELATIONS: &[&str] = &["<", "<=", "==", "!=", ">=", ">"];

fn line(dice: &mut Dice) -> String {
    let mut line = dice.one(&["git", "lib-x.1", "/usr/bin/x", "g++", "py_x", "0ad"]).to_owned();
    if dice.roll(4) > 0 {
        line += dice.one(&[" [", "    ["]);
        for _ in 0..dice.roll(4) {
            if dice.roll(3) == 0 {
                let group: Vec<&str> = (0..dice.roll(4)).map(|_| dice.one(PROFILES)).collect();
                line += &format!("({})", group.join(" "));
            } else {
                line += dice.one(PROFILES);
            }
            line += dice.one(&[" ", " ", "  "]);
        }
        line += "]";
    }
    if dice.roll(4) == 0 {
        let version = |dice: &mut Dice| dice.one(RELATIONS).to_owned() + dice.one(VERSIONS);
        let versions: Vec<String> = (0..=dice.roll(3)).map(|_| version(dice)).collect();
        line += &format!(" {}", versions.join(","));
    }
    line + dice.one(&["", "", "", " # why", "#"])
}

fn files() -> Vec<(String, String)> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let spice: Vec<char> = " \t[]()!<>=,#-:.~+_/aZ1é\r\n".chars().collect();
    let mut file = |number: usize| {
        let mut text = String::new();
        for _ in 0..1 + dice.roll(6) {
            let line = match dice.roll(8) {
                0 => dice.one(&["", "# note", "  # note", "   "]).to_owned(),
                _ => line(&mut dice),
            };
            text += &line;
            text += dice.one(&["\n", "\n", "\n", "\r\n"]);
        }
        if dice.roll(3) == 0 {
            let at = dice.roll(text.chars().count());
            let mut letters: Vec<char> = text.chars().collect();
            match dice.roll(3) {
                0 => letters.insert(at, spice[dice.roll(spice.len())]),
                1 => _ = letters.remove(at),
                _ => letters[at] = spice[dice.roll(spice.len())],
            }
            text = letters.into_iter().collect();
        }
        if dice.roll(4) == 0 {
            text.pop();
        }
        (format!("file-{number}"), text)
    };
    (0..2000).map(&mut file).collect()
}

#[test]
#[ignore = "needs python3 with bindep; .ci/run runs it"]
fn bindep_agrees_on_generated_files() {
    let (systems, files) = (systems(), files());
    let (theirs, ours) = (bindep(&systems, &files), ours(&systems, &files));
    check(&theirs, &ours);
    let refused = theirs.lines().filter(|line| line.starts_with("refused")).count();
    println!("{} files, {refused} refused, {} answers", files.len(), theirs.lines().count());
    assert!(refused > 100 && refused < 1000, "{refused} refused");
}

#[test]
fn damaged_files_are_read_without_panic() {
    for (_, text) in files() {
        for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)).step_by(7) {
            let _ = ::bindep::BindepFile::parse(&text[at..], std::path::Path::new("bindep.txt"));
            let _ = ::bindep::OsRelease::parse(&text[..at]);
        }
    }
}

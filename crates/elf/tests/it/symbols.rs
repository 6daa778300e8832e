//! Symbols in files of their own, against binutils.

use std::path::{Path, PathBuf};

use filetree::Content;

/// The library or program without its symbols, and the file with them.
fn taken_apart(path: &Path, name: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let content = Content::from_bytes(fs_err::read(path).unwrap());
    let symbols = elf::symbols(&content, name).unwrap()?;
    let (mut debug, mut stripped) = (Vec::new(), Vec::new());
    let sum = symbols.write_debug(&mut debug).unwrap();
    symbols.write_stripped(sum, &mut stripped).unwrap();
    Some((stripped, debug))
}

#[test]
fn what_is_left_is_the_same_library_without_symbols() {
    let own = Path::new("/proc/self/exe");
    let (stripped, debug) = taken_apart(own, "it.debug").expect("a test has symbols");
    let size = fs_err::metadata(own).unwrap().len() as usize;
    assert!(stripped.len() < size && debug.len() < size, "{} {}", stripped.len(), debug.len());
    let dynamic = |bytes: &[u8]| elf::dynamic(&Content::from_bytes(bytes)).unwrap();
    assert_eq!(dynamic(&stripped), dynamic(&fs_err::read(own).unwrap()));
    assert!(elf::symbols(&Content::from_bytes(&stripped), "again").unwrap().is_none());
    assert_eq!(Some((stripped, debug)), taken_apart(own, "it.debug"));
    assert!(elf::symbols(&Content::from_bytes("#!/bin/sh\n"), "x").unwrap().is_none());
}

const SOURCE: &str = r#"
#include <stdio.h>
static int count = 3;
static __attribute__((noinline)) int inner(int x) { return x * count; }
int outer(int x) { printf("%d\n", inner(x)); return inner(x) + 1; }
int main(void) { return outer(4); }
"#;

/// How the source is compiled, and what is done with it: with segments behind the symbols, as `auditwheel` leaves
/// them, with the sections of a static program, and with addresses compiled in.
const VARIANTS: [(&str, &str); 8] = [
    ("library", "gcc -g -shared -fPIC -o $1 $0"),
    ("program", "gcc -g -o $1 $0"),
    ("fixed", "gcc -g -no-pie -o $1 $0"),
    ("static", "gcc -g -static -o $1 $0"),
    ("names", "gcc -shared -fPIC -o $1 $0"),
    ("dense", "gcc -g -O2 -Wl,-z,noseparate-code -Wl,-z,max-page-size=65536 -o $1 $0"),
    (
        "patched",
        "gcc -g -shared -fPIC -o $1 $0; patchelf --set-rpath /opt/$(printf %0300d 0) \
         --set-soname libpatched.so.1 $1",
    ),
    ("patched-program", "gcc -g -o $1 $0; patchelf --set-rpath /opt/$(printf %0300d 0) $1"),
];

#[test]
#[ignore = "needs gcc, binutils and patchelf; .ci/run runs it"]
fn binutils_finds_in_both_files_what_was_in_one() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let run =
        |line: &str, paths: &[&Path]| testkit::tool("sh").args(["-ec", line]).args(paths).text();
    fs_err::write(at("source.c"), SOURCE).unwrap();
    for (name, line) in VARIANTS {
        let whole = at(name);
        run(line, &[&at("source.c"), &whole]);
        let debug_name = format!("{name}.debug");
        let (stripped, debug) = taken_apart(&whole, &debug_name).expect("it has symbols");
        // Beside each other, where debuggers look first.
        let apart = folder.path().join("apart");
        fs_err::create_dir_all(&apart).unwrap();
        let (left, symbols) = (apart.join(name), apart.join(&debug_name));
        fs_err::copy(&whole, &left).unwrap();
        fs_err::write(&left, stripped).unwrap();
        fs_err::write(&symbols, debug).unwrap();
        judge(&run, name, &whole, &left, &symbols);
    }
}

fn judge(
    run: &dyn Fn(&str, &[&Path]) -> String,
    name: &str,
    whole: &Path,
    left: &Path,
    symbols: &Path,
) {
    // What is loaded, at its addresses; sections have other numbers there.
    let loaded = |path: &Path| {
        let out = PathBuf::from(format!("{}.bin", path.display()));
        run("objcopy -O binary -R .dynsym $0 $1", &[path, &out]);
        fs_err::read(out).unwrap()
    };
    assert!(loaded(whole) == loaded(left), "{name}: other bytes are loaded");
    let warnings = |path: &Path| run("readelf -WSlhn $0 2>&1 >/dev/null", &[path]);
    assert_eq!(warnings(left), "", "{name}");
    let kept = PathBuf::from(format!("{}.kept", left.display()));
    run("objcopy --only-keep-debug $0 $1", &[whole, &kept]);
    assert_eq!(warnings(symbols), warnings(&kept), "{name}");
    let id = |path: &Path| run("readelf -n $0 | grep 'Build ID' || true", &[path]);
    assert_eq!([id(left), id(symbols)], [id(whole), id(whole)], "{name}");
    assert!(!id(whole).is_empty());
    let segments = "readelf -Wl $0 | sed -n '/Program Headers/,/Section to/p' | awk '{ print $1, $3, $5, $6, $7 }'";
    assert_eq!(run(segments, &[left]), run(segments, &[whole]), "{name}");
    let sections = "readelf -WS $0 | sed -n 's/.*] \\(\\.[^ ]*\\).*/\\1/p' | grep -v -e comment -e debuglink | sort";
    run("strip --strip-unneeded -o $1.stripped $0", &[whole, left]);
    let reference = PathBuf::from(format!("{}.stripped", left.display()));
    assert_eq!(run(sections, &[left]), run(sections, &[&reference]), "{name}");
    let table = "nm --format posix $0 | cut -d' ' -f1,3-";
    assert_eq!(run(table, &[symbols]), run(table, &[whole]), "{name}");
    // By the link, whose sum is checked: addr2line follows it for what DWARF has.
    if name != "names" {
        let functions = "nm --defined-only $0 | grep -e ' inner$' -e ' outer$' -e ' main$' | cut -d' ' -f1 \
                         | addr2line -f -e $1";
        let found = run(functions, &[whole, left]);
        assert_eq!(found, run(functions, &[whole, whole]), "{name}");
        assert!(found.contains("inner") && found.contains("source.c:4"), "{name}: {found}");
    }
    if !["library", "names", "patched"].contains(&name) {
        assert_eq!(run("$0 || test $? = 13", &[left]), "12\n", "{name}");
    }
}

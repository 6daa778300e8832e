//! ELF files against readelf of binutils.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking and reads the files that it checks"
)]

mod symbols;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use elf::{Dynamic, Machine};
use filetree::Content;
use names::Arch;
use testkit::Random;

/// What readelf says of a file, in the same form. `--wide` keeps names whole.
fn readelf(path: &Path) -> Option<Dynamic> {
    let text = testkit::tool("sh")
        .args(["-c", "readelf --wide -h -d -V \"$0\" 2>/dev/null || true"])
        .arg(path)
        .text();
    if !text.contains("Dynamic section at") {
        return None;
    }
    let mut found = Dynamic::default();
    let (mut runpath, mut rpath) = (None, None);
    let (mut needs, mut defines, mut library) = (false, false, String::new());
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines() {
        let bracket =
            || line.split_once('[').map(|(_, rest)| rest.trim_end_matches(']').to_owned());
        let after = |key: &str| {
            line.split_once(key).map(|(_, rest)| rest.split_whitespace().next().unwrap().to_owned())
        };
        if line.contains("Machine:") {
            found.machine = match line {
                line if line.contains("X86-64") => Machine::Known(Arch::Amd64),
                line if line.contains("AArch64") => Machine::Known(Arch::Arm64),
                _ => Machine::Other,
            };
        } else if line.contains("(NEEDED)") {
            found.needed.extend(bracket());
        } else if line.contains("(SONAME)") {
            found.soname = bracket();
        } else if line.contains("(RUNPATH)") {
            runpath = bracket();
        } else if line.contains("(RPATH)") {
            rpath = bracket();
        } else if line.starts_with("Version needs section") {
            (needs, defines) = (true, false);
        } else if line.starts_with("Version definition section") {
            (needs, defines) = (false, true);
        } else if line.starts_with("Version symbols section") {
            (needs, defines) = (false, false);
        } else if needs && line.contains("File: ") {
            library = after("File: ").unwrap();
            versions.entry(library.clone()).or_default();
        } else if needs && line.contains("Name: ") {
            if !line.contains("WEAK") {
                versions.get_mut(&library).unwrap().extend(after("Name: "));
            }
        } else if defines && line.contains("Name: ") && !line.contains("BASE") {
            found.versions.extend(after("Name: "));
        }
    }
    found.versions_needed = versions;
    let search = runpath.or(rpath).unwrap_or_default();
    found.search = search.split(':').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    Some(found)
}

/// The ELF files below a folder, up to `most`.
fn files(folder: &Path, most: usize, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs_err::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if found.len() >= most {
            return;
        }
        let Ok(kind) = fs_err::symlink_metadata(&path) else { continue };
        if kind.is_dir() {
            files(&path, most, found);
        } else if kind.is_file() && kind.len() > 64 {
            use std::io::Read as _;
            let mut magic = [0; 4];
            let Ok(mut file) = fs_err::File::open(&path) else { continue };
            if file.read_exact(&mut magic).is_ok() && magic == *b"\x7fELF" {
                found.push(path);
            }
        }
    }
}

/// The libraries and programs of this machine; more folders, such as trees of other architectures, are
/// taken from `COOPERAGE_ELF_FOLDERS`, separated by colons.
#[test]
#[ignore = "needs readelf; .ci/run runs it"]
#[expect(clippy::disallowed_methods, reason = "a test may be told of more folders")]
fn readelf_agrees_on_the_files_of_this_machine() {
    let more = std::env::var("COOPERAGE_ELF_FOLDERS").unwrap_or_default();
    let mut all = Vec::new();
    for folder in ["/usr/lib", "/usr/bin"].into_iter().chain(more.split(':')) {
        let mut found = Vec::new();
        if !folder.is_empty() {
            files(Path::new(folder), 200, &mut found);
        }
        all.extend(found);
    }
    let mut dynamic = 0;
    for path in &all {
        let ours = elf::dynamic(&Content::from_bytes(fs_err::read(path).unwrap())).unwrap();
        let theirs = readelf(path);
        dynamic += usize::from(theirs.is_some());
        assert_eq!(ours, theirs, "{}", path.display());
    }
    println!("readelf: {} files, {dynamic} with a dynamic section", all.len());
    assert!(dynamic > 100, "{dynamic} files are too few");
}

#[test]
fn damaged_files_are_no_libraries_and_no_panic() {
    let own = fs_err::read("/proc/self/exe").unwrap();
    let end = own.len();
    let mut random = Random::new(7);
    let mut taken_apart = 0;
    for _ in 0..400 {
        let mut bytes = own.clone();
        for _ in 0..8 {
            // The tables are at both ends.
            let reach = random.pick(&[64, 1024, 4096]);
            let at = random.below(reach);
            let at = if random.below(2) == 0 { at } else { end - 1 - at };
            bytes[at] = u8::try_from(random.below(256)).unwrap();
        }
        let content = Content::from_bytes(&bytes);
        let _ = elf::dynamic(&content).unwrap();
        let _ = elf::library(&content, Arch::Amd64).unwrap();
        if let Some(symbols) = elf::symbols(&content, "x.debug").unwrap() {
            let sum = symbols.write_debug(&mut std::io::sink()).unwrap();
            symbols.write_stripped(sum, &mut std::io::sink()).unwrap();
            taken_apart += 1;
        }
    }
    assert!((1..400).contains(&taken_apart), "{taken_apart}");
}

//! Where keys and passphrases may not come: memory beyond their use, core dumps, files and messages.

use std::os::unix::fs::FileExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use fs_err::File;
use testkit::tool;

use crate::bench::{bare, root, run};
use crate::packages::Place;

/// That of `secret-locked.asc`, on the first line of a file.
const PASSPHRASE: &str = "correct-horse";

/// 2026-06-01: one of the keys has an end.
const TIME: &str = "1780272000";

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(root().join("crates/signer/tests/fixtures").join(name)).unwrap()
}

/// Writes two keys and the `signing.toml` that names them: a locked one, and one that is not.
fn keys(folder: &Path) {
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    write("locked.asc", &fixture("secret-locked.asc"));
    write("open.asc", &fixture("secret.asc"));
    write("passphrase", format!("{PASSPHRASE}\n").as_bytes());
    let uses = "use = [\"package\", \"repository\"]";
    let text = format!(
        "[[key]]\nname = \"locked\"\n{uses}\nopenpgp-file = \"locked.asc\"\npassphrase-file = \"passphrase\"\n\
         [[key]]\nname = \"open\"\n{uses}\nopenpgp-file = \"open.asc\"\n"
    );
    write("signing.toml", text.as_bytes());
}

/// The line of `open.asc` that has its secret half.
fn secret_line() -> String {
    let text = String::from_utf8(fixture("secret.asc")).unwrap();
    text.split("\n\n").nth(1).unwrap().lines().nth(1).unwrap().to_owned()
}

/// The secret half itself: `secret.gpg` is the same key, whose first packet has 88 bytes behind its header, and the
/// checksum at its end (RFC 9580, section 5.5.3).
fn secret_half() -> Vec<u8> {
    let bytes = fixture("secret.gpg");
    assert_eq!(bytes[..2], [0x94, 88]);
    bytes[56..88].to_vec()
}

/// A folder with keys, a repository of apt and a pipe that is no package yet.
fn workplace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    keys(folder.path());
    tool("mkfifo").arg(folder.path().join("package.deb")).run();
    let mut init = bare();
    init.args("repo init r apt:trixie --signing signing.toml".split(' '));
    run(init.env("SOURCE_DATE_EPOCH", TIME).current_dir(folder.path()));
    folder
}

/// A publication that has opened its keys, and waits for its package.
fn publish(folder: &Path, sign: &str) -> (Child, File) {
    let program = bare().get_program().to_owned();
    // As far as it is allowed.
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -c \"$(ulimit -Hc)\"; exec \"$@\"", "sh"]).arg(program);
    command.args("repo publish r apt:trixie package.deb".split(' ')).args(sign.split(' '));
    command.env("SOURCE_DATE_EPOCH", TIME).current_dir(folder);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Opened as soon as it is read.
    let pipe = fs_err::OpenOptions::new().write(true).open(folder.join("package.deb")).unwrap();
    (child, pipe)
}

fn aborted((child, pipe): (Child, File)) -> Output {
    tool("kill").args(["-ABRT", &child.id().to_string()]).run();
    let output = child.wait_with_output().unwrap();
    drop(pipe);
    output
}

/// How often the writable memory of a process has these bytes; `None` if nobody may look.
fn in_memory(process: u32, text: &[u8]) -> Option<usize> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).ok()?;
    let memory = File::open(format!("/proc/{process}/mem")).ok()?;
    let mut found = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let number = |hex| u64::from_str_radix(hex, 16).unwrap();
        let mut bytes = vec![0; usize::try_from(number(end) - number(start)).unwrap()];
        if memory.file().read_exact_at(&mut bytes, number(start)).is_ok() {
            found += bytes.windows(text.len()).filter(|part| *part == text).count();
        }
    }
    Some(found)
}

#[test]
fn what_opened_the_keys_is_wiped() {
    let folder = workplace();
    let running = publish(folder.path(), "--signing signing.toml");
    let process = running.0.id();
    if let Some(found) = in_memory(process, b"package.deb") {
        assert!(found > 0, "the memory can be looked through");
        assert_ne!(in_memory(process, &secret_half()), Some(0), "the key is open");
        assert_eq!(in_memory(process, PASSPHRASE.as_bytes()), Some(0));
        assert_eq!(in_memory(process, secret_line().as_bytes()), Some(0));
    } else {
        // Without the rights of the system's administrator there is no way to it.
        let running = publish(workplace().path(), "--unsigned");
        assert!(in_memory(running.0.id(), b"package.deb") > Some(0));
        aborted(running);
    }
    aborted(running);
}

#[test]
fn there_is_no_core_dump_of_a_process_with_keys() {
    let folder = workplace();
    let dumped = |sign: &str| {
        let status = aborted(publish(folder.path(), sign)).status;
        assert_eq!(status.signal(), Some(6), "{sign}: {status}");
        status.core_dumped()
    };
    assert!(!dumped("--signing signing.toml"));
    let limit = Command::new("sh").args(["-c", "ulimit -Hc"]).output().unwrap();
    if limit.stdout != b"0\n" {
        assert!(dumped("--unsigned"), "others are dumped");
    }
}

/// All files below a folder, but for those of the keys themselves.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = path.symlink_metadata().unwrap().file_type();
        if kind.is_dir() {
            found.extend(files(&path));
        } else if kind.is_file() {
            found.push(path);
        }
    }
    found.retain(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        !["locked.asc", "open.asc", "passphrase"].contains(&name)
    });
    found
}

#[test]
fn no_file_and_no_message_has_a_secret() {
    let needles = [PASSPHRASE.into(), secret_line().into_bytes(), secret_half()];
    let clean = |what: &str, bytes: &[u8]| {
        for needle in &needles {
            let found = bytes.windows(needle.len()).any(|part| part == needle);
            assert!(!found, "{what}: {}", String::from_utf8_lossy(needle));
        }
    };
    let place = Place::new();
    keys(&place.at(""));
    let said = |line: &str, code: i32| {
        let mut command = place.command(line);
        let output = command.env("SOURCE_DATE_EPOCH", TIME).current_dir(place.at("")).output();
        let Output { status, stdout, stderr } = output.unwrap();
        assert_eq!(status.code(), Some(code), "{line}: {}", String::from_utf8_lossy(&stderr));
        clean(line, &stdout);
        clean(line, &stderr);
    };
    said(
        "build demo 2025.2 --distro golden --rpm-distro golden-rpm --locked --format oci,deb,rpm \
         --out out --signing signing.toml",
        0,
    );
    said("repo init r apt:trixie --signing signing.toml", 0);
    let debs = crate::debs::packages(&place.at("out/2025.2/demo/deb"), "deb");
    let names: Vec<&str> = debs.iter().map(|path| path.to_str().unwrap()).collect();
    said(&format!("repo publish r apt:trixie {} --signing signing.toml", names.join(" ")), 0);
    // A passphrase that is wrong for one key may be right for another.
    let text = std::fs::read_to_string(place.at("signing.toml")).unwrap();
    let other = text.replace("passphrase-file = \"passphrase\"", "passphrase-env = \"WORD\"");
    std::fs::write(place.at("signing.toml"), other).unwrap();
    said("repo refresh r apt:trixie --signing signing.toml", 2);
    std::fs::write(place.at("passphrase"), format!("{PASSPHRASE}!\n")).unwrap();
    std::fs::write(place.at("signing.toml"), text).unwrap();
    said("repo refresh r apt:trixie --signing signing.toml", 2);
    let all = files(&place.at(""));
    assert!(all.len() > 100, "{}", all.len());
    for path in all {
        clean(path.to_str().unwrap(), &std::fs::read(&path).unwrap());
    }
    // They would be found.
    assert!(std::fs::read_to_string(place.at("open.asc")).unwrap().contains(&secret_line()));
}

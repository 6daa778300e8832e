//! Roots that mmdebstrap makes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use filetree::{Content, Kind, Node, Tree, TreePath};
use names::Epoch;
use tar::EntryType;

/// Downloads the packages that are wanted, Essential ones, and all that they need, with apt in a root
/// of its own; returns the folder.
pub(super) fn debs(folder: &Path, requested: &[String]) -> PathBuf {
    let debs = folder.join("debs");
    if debs.is_dir() {
        return debs;
    }
    let root = folder.join("apt");
    for inner in ["etc/apt/trusted.gpg.d", "etc/apt/preferences.d", "var/lib/apt/lists/partial"] {
        std::fs::create_dir_all(root.join(inner)).unwrap();
    }
    let archives = root.join("var/cache/apt/archives");
    std::fs::create_dir_all(archives.join("partial")).unwrap();
    std::fs::write(root.join("status"), "").unwrap();
    let keyring = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../distros/keyrings/debian-archive-trixie.gpg")
        .canonicalize()
        .unwrap();
    let mut sources = String::new();
    for (archive, variable, suites) in [
        ("debian", "COOPERAGE_MIRROR_DEBIAN", ["trixie", "trixie-updates"].as_slice()),
        ("debian-security", "COOPERAGE_MIRROR_DEBIAN_SECURITY", &["trixie-security"]),
    ] {
        let mirror = std::env::var(variable)
            .unwrap_or_else(|_| panic!("{variable} must name a mirror of the archive {archive}"));
        for suite in suites {
            let keyring = keyring.display();
            writeln!(sources, "deb [signed-by={keyring}] {mirror} {suite} main").unwrap();
        }
    }
    std::fs::write(root.join("etc/apt/sources.list"), sources).unwrap();
    let place = root.display();
    let configuration = format!(
        "Dir \"{place}\";\nDir::State::status \"{place}/status\";\n\
         Dir::Etc::trustedparts \"{place}/etc/apt/trusted.gpg.d\";\n\
         APT::Architecture \"amd64\";\nAPT::Architectures {{ \"amd64\"; }};\n\
         APT::Install-Recommends \"false\";\nAPT::Sandbox::User \"root\";\n\
         Acquire::Languages \"none\";\n"
    );
    std::fs::write(root.join("apt.conf"), configuration).unwrap();
    let apt = |arguments: &[&str]| {
        run(Command::new("apt-get").args(arguments).env("APT_CONFIG", root.join("apt.conf")));
    };
    apt(&["update"]);
    let mut install = vec!["--yes", "--download-only", "install", "?essential"];
    install.extend(requested.iter().map(String::as_str));
    apt(&install);
    std::fs::create_dir_all(folder.join("new")).unwrap();
    for entry in std::fs::read_dir(archives).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            std::fs::rename(&path, folder.join("new").join(path.file_name().unwrap())).unwrap();
        }
    }
    std::fs::rename(folder.join("new"), &debs).unwrap();
    debs
}

/// What mmdebstrap makes of the .debs in `folder`: the entries of its tar archive.
pub(super) fn root(folder: &Path, requested: &[String]) -> Tree {
    let archive = folder.join("root.tar");
    if !archive.is_file() {
        // A flat repository of exactly these files: a path with `copy:` is one that the new root
        // need not be able to see.
        let debs = folder.join("debs");
        let packages =
            run(Command::new("apt-ftparchive").args(["packages", "."]).current_dir(&debs));
        std::fs::write(debs.join("Packages"), packages).unwrap();
        let release = run(Command::new("apt-ftparchive").args(["release", "."]).current_dir(&debs));
        std::fs::write(debs.join("Release"), release).unwrap();
        let source = format!("deb [trusted=yes] copy:{} ./", debs.display());
        run(Command::new("mmdebstrap")
            .args(["--variant=apt", "--architectures=amd64", "--format=tar"])
            .arg(format!("--include={}", requested.join(",")))
            .args(["trixie", "-", &source])
            .stdout(std::fs::File::create(folder.join("root.part")).unwrap())
            .env("SOURCE_DATE_EPOCH", "1795228558"));
        std::fs::rename(folder.join("root.part"), &archive).unwrap();
    }
    read(&archive)
}

fn read(archive: &Path) -> Tree {
    let mut archive = tar::Archive::new(std::fs::File::open(archive).unwrap());
    let mut tree = Tree::new();
    let mut contents: BTreeMap<TreePath, Kind> = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = TreePath::from_member(entry.path().unwrap().to_str().unwrap()).unwrap();
        let target = entry.link_name().unwrap().map(|target| target.to_str().unwrap().to_owned());
        let header = entry.header().clone();
        let kind = match header.entry_type() {
            EntryType::Directory => Kind::Directory,
            EntryType::Symlink => Kind::Symlink(target.unwrap()),
            EntryType::Link => contents[&target.unwrap().parse().unwrap()].clone(),
            EntryType::Regular => {
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes).unwrap();
                Kind::File(Content::from_bytes(bytes))
            }
            _ => continue,
        };
        contents.insert(path.clone(), kind.clone());
        if path.is_root() {
            continue;
        }
        let mode = if matches!(kind, Kind::Symlink(_)) { 0o777 } else { header.mode().unwrap() };
        let (uid, gid) = (header.uid().unwrap() as u32, header.gid().unwrap() as u32);
        let mtime = Epoch(header.mtime().unwrap());
        tree.insert(path, Node { mode, uid, gid, mtime, kind }).unwrap();
    }
    tree
}

/// Runs a command, which must succeed, and returns what it prints.
#[track_caller]
fn run(command: &mut Command) -> Vec<u8> {
    let output = command.env("LC_ALL", "C.UTF-8").output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    output.stdout
}

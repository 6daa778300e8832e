//! Roots that mmdebstrap makes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use distro::LockedDeb;
use filetree::{Content, Kind, Node, Tree, TreePath};
use names::Epoch;
use tar::EntryType;

/// Fetches locked packages from the mirrors that the environment names; returns the folder.
pub(super) fn debs(folder: &Path, locked: &[LockedDeb]) -> PathBuf {
    let debs = folder.join("debs");
    if debs.is_dir() {
        return debs;
    }
    // Tests that share the folder may fetch the same at once.
    std::fs::create_dir_all(folder).unwrap();
    let new = tempfile::tempdir_in(folder).unwrap();
    for deb in locked {
        let archive = deb.archive.as_str().to_uppercase().replace('-', "_");
        let variable = format!("COOPERAGE_MIRROR_{archive}");
        let mirror = std::env::var(&variable)
            .unwrap_or_else(|_| panic!("{variable} must name a mirror of {}", deb.archive));
        let url = format!("{}/{}", mirror.trim_end_matches('/'), deb.path);
        let bytes = run(Command::new("curl").args(["-sSfL", "--", &url]));
        assert_eq!(bytes.len() as u64, deb.size, "{url}");
        assert_eq!(Content::from_bytes(&bytes).sha256, deb.sha256, "{url}");
        std::fs::write(new.path().join(deb.path.rsplit('/').next().unwrap()), bytes).unwrap();
    }
    match std::fs::rename(new.keep(), &debs) {
        Err(error) if !debs.is_dir() => panic!("{}: {error}", debs.display()),
        _ => debs,
    }
}

/// The links of merged `/usr`, for a distro in which no package has them.
const MERGED_USR: &str = r#"--setup-hook=for name in bin sbin lib lib64; do
    mkdir -p "$1/usr/$name" && ln -s "usr/$name" "$1/$name"
done"#;

/// What mmdebstrap makes of the .debs in `folder`: the entries of its tar archive.
pub(super) fn root(folder: &Path, suite: &str, merged_usr: bool, requested: &[String]) -> Tree {
    made(folder, suite, merged_usr, "apt", requested.join(","))
}

/// The same without any script: what lies in the .debs of these names.
pub(super) fn extracted(
    folder: &Path,
    suite: &str,
    merged_usr: bool,
    names: &BTreeSet<&str>,
) -> Tree {
    let names: Vec<&str> = names.iter().copied().collect();
    made(folder, suite, merged_usr, "extract", names.join(","))
}

fn made(folder: &Path, suite: &str, merged_usr: bool, variant: &str, include: String) -> Tree {
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
            .args(["--architectures=amd64", "--format=tar"])
            .args([format!("--variant={variant}"), format!("--include={include}")])
            .args(merged_usr.then_some(MERGED_USR))
            .args([suite, "-", &source])
            .stdout(std::fs::File::create(folder.join("root.part")).unwrap())
            .env("SOURCE_DATE_EPOCH", "1795228558"));
        std::fs::rename(folder.join("root.part"), &archive).unwrap();
    }
    read(std::fs::File::open(&archive).unwrap())
}

/// The entries of a tar archive.
pub(super) fn read(archive: impl Read) -> Tree {
    let mut archive = tar::Archive::new(archive);
    let mut tree = Tree::new();
    let mut contents: BTreeMap<TreePath, Kind> = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let attributes = attributes(&mut entry);
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
        tree.insert(path, Node { mode, uid, gid, mtime, attributes, kind }).unwrap();
    }
    tree
}

/// The extended attributes of an entry, as GNU tar writes them.
fn attributes<R: Read>(entry: &mut tar::Entry<'_, R>) -> BTreeMap<String, Vec<u8>> {
    let records = entry.pax_extensions().unwrap().into_iter().flatten();
    let attribute = |record: std::io::Result<tar::PaxExtension<'_>>| {
        let record = record.unwrap();
        let name = record.key().unwrap().strip_prefix("SCHILY.xattr.")?;
        Some((name.to_owned(), record.value_bytes().to_owned()))
    };
    records.filter_map(attribute).collect()
}

/// Runs a command, which must succeed, and returns what it prints.
#[track_caller]
pub(super) fn run(command: &mut Command) -> Vec<u8> {
    let output = command.env("LC_ALL", "C.UTF-8").output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    output.stdout
}

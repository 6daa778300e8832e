//! A folder of rpms as a repository, with createrepo_c and dnf as judges.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pkg_repo::{Extras, Format, InPlace, RepoError, Signing, index_folder};
use testkit::tool;

use crate::room::{Room, TIME};
use crate::rpms::{self, plain};
use crate::yum::{elements, rich};

fn options(compression: Format) -> InPlace {
    InPlace { compression, extras: Extras::default(), workers: 2 }
}

const UNSIGNED: Signing<'static> = Signing { keys: &[], now: TIME };

/// A folder with packages of these names.
fn folder(packages: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for path in packages {
        let name = path.rsplit('/').next().unwrap();
        plain(&folder.path().join(format!("{path}.rpm")), name, name.as_bytes());
    }
    folder
}

/// The names of the files of the index.
fn files(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder.join("repodata")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The file of an index that repomd.xml names.
fn named(folder: &Path, index: &str) -> PathBuf {
    let text = fs_err::read_to_string(folder.join("repodata/repomd.xml")).unwrap();
    let start = text.find(&format!("<data type=\"{index}\">")).unwrap();
    let href = text[start..].split("<location href=\"").nth(1).unwrap();
    folder.join(href.split('"').next().unwrap())
}

#[test]
fn indexes_stay_for_readers_for_one_time_and_then_go() {
    let folder = folder(&["a", "sub/b"]);
    let path = folder.path();
    let options = options(Format::Zstd);
    let index = || index_folder(path, &options, &UNSIGNED).unwrap();
    assert_eq!(index(), 2);
    let first = files(path);
    assert_eq!(first.len(), 4, "{first:?}");
    assert_eq!((index(), files(path)), (2, first.clone()), "nothing has changed");

    plain(&path.join("c.rpm"), "c", b"c");
    // What a killed command leaves, and what is somebody else's.
    fs_err::write(path.join("repodata/.partial-x"), "x").unwrap();
    fs_err::write(path.join("repodata/notes"), "x").unwrap();
    assert_eq!(index(), 3);
    let second = files(path);
    assert!(second.is_superset(&first), "readers of the first have its files: {second:?}");
    assert_eq!(second.len(), 4 + 3 + 1, "{second:?}");

    fs_err::remove_file(path.join("c.rpm")).unwrap();
    fs_err::remove_file(path.join("a.rpm")).unwrap();
    assert_eq!(index(), 1);
    let gone: Vec<&String> = first.iter().filter(|name| name.contains('-')).collect();
    assert!(gone.iter().all(|name| !files(path).contains(*name)), "{:?}", files(path));
    assert!(files(path).contains("notes"));
}

#[test]
fn any_number_of_threads_and_any_folder_give_the_same_bytes() {
    let names: Vec<String> = (0..150).map(|number| format!("p{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (one, other) = (folder(&names), folder(&names));
    index_folder(one.path(), &InPlace { workers: 1, ..options(Format::Gzip) }, &UNSIGNED).unwrap();
    index_folder(other.path(), &InPlace { workers: 5, ..options(Format::Gzip) }, &UNSIGNED)
        .unwrap();
    // The indexes are named after their digests, and repomd.xml names them.
    let repomd = |folder: &Path| fs_err::read(folder.join("repodata/repomd.xml")).unwrap();
    assert_eq!(repomd(one.path()), repomd(other.path()));
    assert_eq!(files(one.path()), files(other.path()));
}

#[test]
fn a_damaged_package_is_named_and_the_index_stays() {
    let folder = folder(&["a"]);
    let path = folder.path();
    index_folder(path, &options(Format::Zstd), &UNSIGNED).unwrap();
    let before = fs_err::read(path.join("repodata/repomd.xml")).unwrap();
    fs_err::write(path.join("broken.rpm"), "no package").unwrap();
    let error = index_folder(path, &options(Format::Zstd), &UNSIGNED).unwrap_err();
    let wanted = path.join("broken.rpm");
    assert!(matches!(&error, RepoError::Read { path, .. } if *path == wanted), "{error}");
    assert_eq!(fs_err::read(path.join("repodata/repomd.xml")).unwrap(), before);

    fs_err::remove_file(wanted).unwrap();
    fs_err::write(path.join("odd\n.rpm"), "x").unwrap();
    let error = index_folder(path, &options(Format::Zstd), &UNSIGNED).unwrap_err();
    assert!(error.to_string().ends_with("its name cannot stand in an index: rename it"));
}

#[test]
fn links_to_packages_are_followed_and_links_to_folders_are_not() {
    let folder = folder(&["a", ".hidden/b"]);
    let path = folder.path();
    std::os::unix::fs::symlink("a.rpm", path.join("link.rpm")).unwrap();
    std::os::unix::fs::symlink(".", path.join("around")).unwrap();
    std::os::unix::fs::symlink(".hidden", path.join("folder.rpm")).unwrap();
    assert_eq!(index_folder(path, &options(Format::Plain), &UNSIGNED).unwrap(), 2);
    let primary = fs_err::read_to_string(named(path, "primary")).unwrap();
    let hrefs: Vec<&str> =
        primary.lines().filter(|line| line.contains("<location")).map(str::trim).collect();
    assert_eq!(hrefs, ["<location href=\"a.rpm\"/>", "<location href=\"link.rpm\"/>"]);
}

#[test]
fn an_index_that_is_no_longer_signed_has_no_signature() {
    let room = Room::new();
    let folder = folder(&["a"]);
    let path = folder.path();
    room.signing(|signing| index_folder(path, &options(Format::Zstd), signing)).unwrap();
    for name in ["repomd.xml.asc", "repomd.xml.key"] {
        assert!(files(path).contains(name), "{name}");
    }
    index_folder(path, &options(Format::Zstd), &UNSIGNED).unwrap();
    assert_eq!(files(path).len(), 4, "{:?}", files(path));
}

#[test]
#[ignore = "needs rpmbuild, createrepo_c, zstd and gzip; .ci/run runs it"]
fn createrepo_c_describes_the_same_packages_at_the_same_places() {
    for (compression, cat) in [(Format::Zstd, "zstd"), (Format::Gzip, "gzip")] {
        let room = Room::new();
        let folder = room.at("rpms");
        fs_err::create_dir_all(folder.join("deep/er")).unwrap();
        let mut packages = rich(room.folder.path());
        packages.push(rpms::small(room.folder.path(), "small", "1.0"));
        for (package, place) in packages.iter().zip(["", "deep", "deep/er"]) {
            let name = package.file_name().unwrap();
            fs_err::copy(package, folder.join(place).join(name)).unwrap();
        }
        let read = |index: &str, cat: &str| {
            let text = tool(cat).arg("-dc").arg(named(&folder, index)).text();
            let lines = text.lines().filter(|line| line.contains("<location "));
            (lines.map(str::to_owned).collect::<BTreeSet<_>>(), elements(&text))
        };
        let indexes = ["primary", "filelists", "other"];
        index_folder(&folder, &options(compression), &UNSIGNED).unwrap();
        let ours = indexes.map(|index| read(index, cat));
        assert_eq!(ours[0].0.len(), 3);
        tool("createrepo_c").args(["--quiet", "--no-database"]).arg(&folder).run();
        assert_eq!(ours, indexes.map(|index| read(index, "gzip")));
        // Its index is replaced, and goes.
        index_folder(&folder, &options(compression), &UNSIGNED).unwrap();
        index_folder(&folder, &options(compression), &UNSIGNED).unwrap();
        assert_eq!(files(&folder).len(), 4, "{:?}", files(&folder));
        tool("createrepo_c").args(["--quiet", "--update"]).arg(&folder).run();
    }
}

#[test]
#[ignore = "needs root, rpmbuild, rpm and dnf; .ci/run runs it"]
fn dnf_takes_signed_packages_from_the_folder() {
    let room = Room::new();
    let folder = room.at("rpms");
    fs_err::create_dir(&folder).unwrap();
    let small = rpms::small(room.folder.path(), "small", "1.0");
    rpms::sign(&small, &room.key);
    fs_err::copy(&small, folder.join("small.rpm")).unwrap();
    let comps = b"<?xml version=\"1.0\"?>\n<comps><group><id>core</id><name>Core</name>\
        <packagelist><packagereq type=\"mandatory\">small</packagereq></packagelist></group></comps>";
    let extras = Extras { comps: Some(comps.to_vec()), updateinfo: None };
    let options = InPlace { extras, ..options(Format::Zstd) };
    room.signing(|signing| index_folder(&folder, &options, signing)).unwrap();

    let place = folder.display();
    let repository = format!(
        "[ours]\nname=ours\nbaseurl=file://{place}\nenabled=1\ngpgcheck=1\nrepo_gpgcheck=1\n\
         gpgkey=file://{place}/repodata/repomd.xml.key\n"
    );
    let dnf = |root: &str| testkit::dnf(&room.at(root), &repository).arg("--setopt=tsflags=nodb");
    let groups = dnf("first").args(["group", "list", "--hidden"]).text();
    assert!(groups.contains("Core"), "{groups}");
    dnf("first").args(["install", "small"]).run();
    let version = fs_err::read_to_string(room.at("first/root/usr/share/small/version")).unwrap();
    assert_eq!(version, "1.0\n");

    let repomd = folder.join("repodata/repomd.xml");
    let text = fs_err::read_to_string(&repomd).unwrap().replace("</repomd>", "\n</repomd>");
    fs_err::write(&repomd, text).unwrap();
    let said = dnf("second").args(["install", "small"]).fail();
    assert!(said.contains("signature"), "{said}");
}

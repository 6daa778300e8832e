//! Writes the small Debian archive and Python index that `fixtures/golden` is built from:
//!
//! ```text
//! cargo run -p cooperage-testkit --example mirror -- fixtures/golden
//! ```
//!
//! Below the folder: `mirror/debian`, `mirror/pypi` and the keyring `distros/keyrings/golden.gpg`. The
//! key is made for the run, so a second run changes the signature, and nothing else.
#![expect(clippy::unwrap_used, reason = "a tool of the developers stops with a panic")]

use std::collections::BTreeMap;
use std::path::Path;

use testkit::{AptRepo, DebBuilder, IndexFile, SigningKey, SimpleIndex, WheelBuilder};

fn main() {
    let folder = std::env::args().nth(1).unwrap();
    let folder = Path::new(&folder);
    let key = SigningKey::generate();
    write(&folder.join("mirror/debian"), &archive().files(Some(&key)));
    write(&folder.join("mirror/pypi"), &index());
    let keyring = BTreeMap::from([("golden.gpg".to_owned(), key.public())]);
    write(&folder.join("distros/keyrings"), &keyring);
}

fn write(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    for (path, bytes) in files {
        let path = folder.join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, bytes).unwrap();
    }
}

/// A base with accounts, links, a conffile and a diversion, and a package that only the service wants.
fn archive() -> AptRepo {
    let files = DebBuilder::new("base-files", "13")
        .field("Essential", "yes")
        .link("bin", "usr/bin")
        .link("lib", "usr/lib")
        .folder("home")
        .folder("root")
        .folder("tmp")
        .folder("var/cache")
        .folder("var/lib")
        .folder("var/log")
        .file("etc/debian_version", b"13.0\n")
        .file("usr/lib/os-release", b"ID=golden\nVERSION_ID=\"13\"\n")
        .link("etc/os-release", "../usr/lib/os-release")
        .file("usr/share/base-files/dot.profile", b"umask 022\n")
        .control_file("conffiles", "/etc/debian_version\n")
        .control_file(
            "postinst",
            "#!/bin/sh\ncp /usr/share/base-files/dot.profile /root/.profile\n",
        );
    let accounts = DebBuilder::new("base-passwd", "3")
        .field("Essential", "yes")
        .file("usr/share/base-passwd/passwd.master", b"root:*:0:0:root:/root:/bin/sh\n")
        .file("usr/share/base-passwd/group.master", b"root:*:0:\n")
        .control_file("preinst", "#!/bin/sh\nmake-accounts\n");
    let shell = DebBuilder::new("dash", "0.5")
        .field("Essential", "yes")
        .field("Depends", "libsmall1 (>= 1)")
        .program("usr/bin/dash", b"a shell\n")
        .link("usr/bin/sh", "dash")
        .folder("var/empty");
    let library = DebBuilder::new("libsmall1", "1.2-1")
        .field("Multi-Arch", "same")
        .file("usr/lib/x86_64-linux-gnu/libsmall.so.1.2", b"not a library\n")
        .link("usr/lib/x86_64-linux-gnu/libsmall.so.1", "libsmall.so.1.2");
    let python = DebBuilder::new("python3.13-minimal", "3.13.5-2")
        .field("Depends", "libsmall1")
        .field("Provides", "python3")
        .program("usr/bin/python3.13", b"an interpreter\n")
        .link("usr/bin/python3", "python3.13");
    let editor = DebBuilder::new("small-editor", "2:1.0~rc1-1")
        .program("usr/bin/small.basic", b"an editor\n")
        .control_file(
            "postinst",
            "#!/bin/sh\nupdate-alternatives --install /usr/bin/editor editor /usr/bin/small.basic 40\n",
        );
    let mut repo = AptRepo::new("golden");
    for deb in [files, accounts, shell, library, python, editor] {
        repo.add("amd64", &deb);
    }
    repo
}

/// A service with a program, data and a file of its own, and a library that it requires.
fn index() -> BTreeMap<String, Vec<u8>> {
    let service = WheelBuilder::new("demo", "1.0.0")
        .field("Requires-Dist", "small-library>=2")
        .field("Requires-Python", ">=3.10")
        .entry_points("[console_scripts]\ndemo-manage = demo.cmd:main\n")
        .file("demo/__init__.py", b"")
        .file("demo/cmd.py", b"def main():\n    print('demo')\n")
        .file("demo/locale/ä.txt", b"text\n")
        .file("demo-1.0.0.data/data/etc/demo/demo.conf", b"[DEFAULT]\n")
        .program("demo-1.0.0.data/scripts/demo-script", b"#!python\nprint('script')\n");
    let library = WheelBuilder::new("small-library", "2.1")
        .file("small_library/__init__.py", b"answer = 42\n")
        .file("small_library/py.typed", b"");
    let mut files = BTreeMap::new();
    for (project, wheel) in [("demo", service), ("small-library", library)] {
        let (name, bytes) = (wheel.file_name(), wheel.build());
        let link = format!("../packages/{name}");
        let page = SimpleIndex {
            project: project.to_owned(),
            files: vec![IndexFile::new(&name, &link, &bytes)],
        };
        files.insert(format!("{project}/index.html"), page.html().into_bytes());
        files.insert(format!("packages/{name}"), bytes);
    }
    files
}

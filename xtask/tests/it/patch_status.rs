//! What is told of the patches of a tree, with an index that is a folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::{cooperage_with, root, run, stdout};

/// A tree with a release, a service and a pinned library, and an index with their sources.
struct World {
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        let release = std::fs::read_to_string(root().join("releases/2025.2/release.toml")).unwrap();
        let recipe = "description = \"Demo\"\n[user]\nname = \"demo\"\nuid = 42000\ngid = 42000\n\
                      home = \"/var/lib/demo\"\n";
        for (path, text) in [
            ("tree/releases/2025.2/release.toml", release.as_str()),
            ("tree/releases/2025.2/source-refs.yaml", "demo: \"1.0.0\"\n"),
            ("tree/releases/2025.2/upper-constraints.txt", "small.library===2.1\n"),
            ("tree/services/demo.toml", recipe),
            ("demo-1.0.0/demo.py", "one\ntwo\nthree\nfour\nfive\nsix\n"),
            ("small_library-2.1/library.py", "one\ntwo\nthree\n"),
        ] {
            world.write(path, text);
        }
        for (project, top) in [("demo", "demo-1.0.0"), ("small-library", "small_library-2.1")] {
            let file = world.path(&format!("mirror/packages/{top}.tar.gz"));
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            let mut tar = Command::new("tar");
            run(tar.arg("-czf").arg(&file).arg("-C").arg(world.folder.path()).arg(top));
            let sum = stdout(Command::new("sha256sum").arg(&file));
            let link = format!(
                "<a href=\"../packages/{top}.tar.gz#sha256={}\">{top}.tar.gz</a>\n",
                &sum[..64]
            );
            world.write(&format!("mirror/{project}/index.html"), &link);
        }
        world
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn patch(&self, folder: &str, name: &str, file: &str, hunk: &str) {
        let text = format!("Why.\n\n--- a/{file}\n+++ b/{file}\n{hunk}");
        self.write(&format!("tree/patches/{folder}/{name}.patch"), &text);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = cooperage_with(&self.path("tree"), &self.path("store"));
        command.arg("--mirror").arg(format!("pypi={}", self.path("mirror").display()));
        command.args(arguments);
        command
    }

    fn words(&self, arguments: &[&str]) -> Vec<String> {
        let told = stdout(&mut self.command(arguments));
        told.lines().filter(|line| !line.starts_with(' ')).map(str::to_owned).collect()
    }
}

#[test]
fn each_patch_of_a_tree_is_told_of_and_offsets_are_written_back() {
    let world = World::new();
    let demo = |name, hunk: &str| world.patch("demo/2025.2", name, "demo.py", hunk);
    demo("0001-exact", "@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n");
    demo("0002-moved", "@@ -13,2 +13,3 @@\n four\n+and more\n five\n");
    demo("0003-had", "@@ -1,2 +1,2 @@\n-eins\n+one\n 2\n");
    demo("0004-not", "@@ -5,3 +5,3 @@\n and more\n-fünf\n+5\n six\n");
    let library = |release, name, hunk: &str| {
        world.patch(&format!("small.library/{release}"), name, "library.py", hunk);
    };
    library("2025.2", "0001-library", "@@ -2,2 +2,2 @@\n two\n-three\n+3\n");
    library("2031.1", "0001-later", "@@ -2,2 +2,2 @@\n two\n-three\n+3\n");
    world.patch("ghost/2025.2", "0001-none", "x", "@@ -1 +1 @@\n-x\n+y\n");
    world.write("tree/patches/small.library/2025.2/0002-empty.patch", "\n");

    let expected = [
        "orphan ghost 2025.2 0001-none.patch",
        "applies demo 2025.2 0001-exact.patch",
        "offset demo 2025.2 0002-moved.patch",
        "upstream demo 2025.2 0003-had.patch",
        "conflict demo 2025.2 0004-not.patch",
        "applies small.library 2025.2 0001-library.patch",
        "unreadable small.library 2025.2 0002-empty.patch",
        "orphan small.library 2031.1 0001-later.patch",
    ];
    let mut sorted = expected.to_vec();
    sorted.sort_by_key(|line| line.split_once(' ').unwrap().1);
    assert_eq!(world.words(&["patches", "status"]), sorted);
    // The second time the index is not needed.
    std::fs::remove_dir_all(world.path("mirror")).unwrap();
    let of_release = world.words(&["patches", "status", "2025.2", "--offline"]);
    assert_eq!(of_release.len(), 7);

    let json = stdout(&mut world.command(&["patches", "status", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let not = &json["patches"][3];
    assert_eq!(not["status"], "conflict");
    assert_eq!(not["conflicts"][0]["file"], "demo.py");
    assert_eq!(not["conflicts"][0]["hunk"], 1);
    assert_eq!(not["conflicts"][0]["patch-wants"][0], "fünf");
    assert_eq!(not["conflicts"][0]["file-has"][0], "five");

    let refreshed = stdout(&mut world.command(&["patches", "refresh"]));
    assert_eq!(refreshed, "patches/demo/2025.2/0002-moved.patch\n");
    let text = |path: &Path| std::fs::read_to_string(path).unwrap();
    let moved = text(&world.path("tree/patches/demo/2025.2/0002-moved.patch"));
    assert!(
        moved.starts_with("Why.\n\n--- a/demo.py\n") && moved.contains("@@ -4,2 +4,3 @@"),
        "{moved}"
    );
    assert_eq!(world.words(&["patches", "status"])[1], "applies demo 2025.2 0002-moved.patch");
    assert_eq!(stdout(&mut world.command(&["patches", "refresh"])), "");
}

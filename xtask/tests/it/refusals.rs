//! What is not right is refused: with a message that names it, the right exit code, and nothing
//! half-written.

use std::path::Path;
use std::process::Command;

use crate::bench::{root, shell, store};

/// A copy of the tree, to spoil.
pub(crate) struct Spoilt {
    folder: tempfile::TempDir,
}

impl Spoilt {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let line = format!(
            "mkdir tree && cd {} && tar c distros overrides patches releases services | tar x -C {}",
            root().display(),
            folder.path().join("tree").display()
        );
        shell(folder.path(), &line);
        Self { folder }
    }

    pub(crate) fn path(&self, file: &str) -> std::path::PathBuf {
        self.folder.path().join(file)
    }

    /// Replaces a text in a file of the tree.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path("tree").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} does not hold {from}");
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    }

    pub(crate) fn append(&self, file: &str, text: &str) {
        let path = self.path("tree").join(file);
        let old = std::fs::read_to_string(&path).unwrap_or_default();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, old + text).unwrap();
    }

    /// Runs the command in the spoilt tree and checks how it fails, and that neither the tree nor
    /// the output has changed.
    pub(crate) fn refuses(&self, arguments: &[&str], code: i32, wants: &[&str]) {
        let before = listing(self.folder.path());
        let output = Command::new(env!("CARGO_BIN_EXE_cooperage"))
            .current_dir(self.path("tree"))
            .arg("--store")
            .arg(if arguments.contains(&"cold") { self.path("cold") } else { store() })
            .args(arguments.iter().filter(|argument| **argument != "cold"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?} said:\n{said}");
        for want in wants {
            assert!(said.contains(want), "`{want}` is not in what {arguments:?} said:\n{said}");
        }
        assert!(!said.contains("panicked"), "{said}");
        assert_eq!(listing(self.folder.path()), before, "{arguments:?} left something behind");
    }
}

/// Every file but those of a store, with its digest.
fn listing(folder: &Path) -> String {
    shell(folder, "find . -path ./cold -prune -o -type f -print0 | sort -z | xargs -0 sha256sum")
}

#[test]
fn unknown_names_are_refused_with_those_that_there_are() {
    let tree = Spoilt::new();
    tree.refuses(
        &["build", "keystone", "2024.1"],
        2,
        &["2024.1", "2025.1, 2025.2, 2026.1, 2026.2"],
    );
    tree.refuses(&["build", "keystome", "2025.2"], 2, &["keystome", "did you mean keystone?"]);
    let distro = ["build", "keystone", "2025.2", "--distro", "debian-trixi"];
    tree.refuses(&distro, 2, &["did you mean debian-trixie?"]);
    tree.refuses(&["build", "keystone", "2025.3"], 2, &["such as 2025.2"]);
    tree.refuses(&["build", "key/stone", "2025.2"], 2, &["such as keystone"]);
}

#[test]
fn faults_of_the_tree_are_told_all_at_once() {
    let tree = Spoilt::new();
    tree.edit("releases/2025.1/release.toml", "series = ", "serie = ");
    tree.edit("releases/2025.2/source-refs.yaml", "keystone: ", "keystone:\t");
    tree.edit("services/keystone.toml", "uid = 42424", "uid = \"42424\"");
    tree.edit("distros/debian-trixie.toml", "glibc = ", "glibs = ");
    tree.append("overrides/2026.1/constraints.txt", "# Because.\n-sqlalchmey\n");
    let wants = [
        "releases/2025.1/release.toml:",
        "serie",
        "releases/2025.2/source-refs.yaml:",
        "tab",
        "services/keystone.toml:",
        "distros/debian-trixie.toml:",
        "overrides/2026.1/constraints.txt:",
        "sqlalchemy",
        "hint: ",
    ];
    tree.refuses(&["check"], 2, &wants);
    tree.refuses(&["build", "keystone", "2025.2"], 2, &["source-refs.yaml:"]);
}

#[test]
fn a_lock_that_is_stale_or_damaged_is_refused() {
    let tree = Spoilt::new();
    let locked = ["build", "keystone", "2025.2", "--locked", "--offline"];
    tree.edit("releases/2025.2/source-refs.yaml", "keystone: \"28.1.0\"", "keystone: \"28.0.0\"");
    tree.refuses(&["lock", "2025.2", "--check"], 2, &["keystone", "28.1.0", "28.0.0"]);
    tree.refuses(&locked, 2, &["28.1.0", "cargo xtask lock 2025.2"]);

    let tree = Spoilt::new();
    tree.edit("releases/2025.2/upper-constraints.txt", "sqlalchemy===", "sqlalchemy===1");
    tree.refuses(&["lock", "2025.2", "--check"], 2, &["sqlalchemy", "upper-constraints.txt:"]);

    let tree = Spoilt::new();
    tree.edit("releases/2025.2/debian-trixie.lock", "sha256 = \"sha256:", "sha256 = \"sha256:zz");
    tree.refuses(&locked, 2, &["releases/2025.2/debian-trixie.lock:"]);
}

#[test]
fn a_source_that_is_not_the_locked_one_is_refused() {
    let tree = Spoilt::new();
    let branch = "keystone: stable/2025.2";
    tree.edit("releases/2025.2/source-refs.yaml", "keystone: \"28.1.0\"", branch);
    let wants =
        ["the source of keystone 2025.2", "`stable/2025.2`", "`28.1.0`", "cargo xtask lock"];
    tree.refuses(&["lock", "2025.2", "keystone", "--check"], 2, &wants);
    tree.refuses(&["build", "keystone", "2025.2", "--locked", "--offline"], 2, &wants);
}

#[test]
fn what_cannot_be_written_is_said() {
    let tree = Spoilt::new();
    std::fs::write(tree.path("file"), "").unwrap();
    let out = tree.path("file");
    let arguments = ["build", "keystone", "2025.2", "--out", out.to_str().unwrap()];
    tree.refuses(&arguments, 2, &[out.to_str().unwrap()]);
}

#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn what_comes_in_is_verified() {
    let locked = ["--quiet", "build", "keystone", "2025.2", "--locked", "cold"];
    let tree = Spoilt::new();
    // A digest in the lock that the index's file does not have.
    let lock = std::fs::read_to_string(root().join("releases/2025.2/debian-trixie.lock")).unwrap();
    let mut lines = lock.lines().skip_while(|line| !line.starts_with("file = \"pbr-"));
    let line = lines.find(|line| line.starts_with("sha256 = ")).unwrap();
    let digest = line.trim_end_matches('"').rsplit(':').next().unwrap();
    let other = line.replace(digest, &digest.chars().rev().collect::<String>());
    tree.edit("releases/2025.2/debian-trixie.lock", line, &other);
    tree.refuses(&locked, 5, &["hash"]);

    // A mirror whose packages were changed.
    let tree = Spoilt::new();
    let lock = std::fs::read_to_string(root().join("distros/debian-trixie.lock")).unwrap();
    let mirror = tree.path("mirror");
    for path in lock.lines().filter_map(|line| line.strip_prefix("path = \"")) {
        let path = mirror.join(path.trim_end_matches('"'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "!<arch>\nnot the package").unwrap();
    }
    let argument = format!("debian={}", mirror.display());
    let arguments = [&locked[..], &["--mirror", &argument]].concat();
    tree.refuses(&arguments, 5, &["pool/main/", ".deb"]);
}

#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn indexes_without_a_good_signature_are_refused() {
    let tree = Spoilt::new();
    let suites = tree.path("mirror/dists/trixie");
    std::fs::create_dir_all(&suites).unwrap();
    let argument = format!("debian={}", tree.path("mirror").display());
    let arguments = ["--quiet", "lock", "2025.2", "keystone", "--update", "--mirror", &argument];
    let release = "Origin: Debian\nLabel: Debian\nSuite: stable\nCodename: trixie\n\
                   Date: Sat, 14 Nov 2026 10:00:00 UTC\nSHA256:\n";
    std::fs::write(suites.join("InRelease"), release).unwrap();
    tree.refuses(&arguments, 5, &["InRelease", "sign"]);
    let signed = format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{release}-----BEGIN PGP SIGNATURE-----\n\n\
         wsBzBAABCAAdFiEE\n=abcd\n-----END PGP SIGNATURE-----\n"
    );
    std::fs::write(suites.join("InRelease"), signed).unwrap();
    tree.refuses(&arguments, 5, &["InRelease", "signature"]);
}

#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn constraints_that_cannot_be_met_name_the_chain_and_both_lines() {
    let tree = Spoilt::new();
    tree.append(
        "overrides/2025.2/constraints.txt",
        "\n# Too old for keystone.\nsqlalchemy===1.3.24\n",
    );
    let wants = ["sqlalchemy", "1.3.24", "keystone", "overrides/2025.2/constraints.txt:"];
    tree.refuses(&["--quiet", "lock", "2025.2", "keystone"], 2, &wants);

    let tree = Spoilt::new();
    tree.append("overrides/2025.2/constraints.txt", "\n# No such version.\npbr===999.0\n");
    tree.refuses(&["--quiet", "lock", "2025.2", "keystone"], 2, &["pbr", "999.0"]);
}

#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn a_suite_that_is_older_than_the_lock_is_refused() {
    let tree = Spoilt::new();
    let lock = std::fs::read_to_string(root().join("distros/debian-trixie.lock")).unwrap();
    let date = lock.lines().find(|line| line.starts_with("date = ")).unwrap();
    tree.edit("distros/debian-trixie.lock", date, "date = \"2099-01-01T00:00:00Z\"");
    let arguments = ["--quiet", "lock", "2025.2", "keystone", "--update"];
    let wants =
        ["is of 20", "the lock was made from that of 2099-01-01T00:00:00Z", "--allow-older"];
    tree.refuses(&arguments, 5, &wants);
    let output = Command::new(env!("CARGO_BIN_EXE_cooperage"))
        .current_dir(tree.path("tree"))
        .arg("--store")
        .arg(store())
        .args(["--quiet", "lock", "2025.2", "keystone", "--outdated", "--allow-older"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

//! Where archives are that the machine does not name.

use std::process::Command;

use crate::bench::{image_digest, root, shell, stdout};
use crate::hardships::cold_store;

/// A machine whose apt has nothing but the main archive, and a lock whose `apt` is one of the security
/// updates: where those are is said by the `apt` of the main archive.
#[test]
#[ignore = "needs the network, bwrap and a machine with apt; .ci/run runs it"]
fn the_archive_of_security_updates_is_learnt_from_the_main_one() {
    let folder = tempfile::tempdir().unwrap();
    let cold = cold_store(folder.path());
    let locked = std::fs::read_to_string(root().join("distros/debian-trixie.lock")).unwrap();
    let locked: toml::Table = toml::from_str(&locked).unwrap();
    let debs = locked["deb"].as_array().unwrap();
    let security = debs.iter().filter(|deb| deb["archive"].as_str() == Some("debian-security"));
    let mut removed = Vec::new();
    for deb in security {
        let sha256 = deb["sha256"].as_str().unwrap().strip_prefix("sha256:").unwrap();
        let found = stdout(Command::new("find").arg(cold.join("blobs")).args([
            "-name",
            &sha256[2..],
            "-print",
            "-delete",
        ]));
        removed.extend((!found.is_empty()).then(|| deb["name"].as_str().unwrap()));
    }
    assert!(removed.contains(&"apt"), "the test needs another lock: {removed:?}");
    // The first source of apt: the main archive.
    let main = "apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) main' 'Created-By: Packages' 'Label: Debian' | sort -u | head -n 1 > apt/sources.list";
    shell(folder.path(), &format!("mkdir -p apt/apt.conf.d && {main} && test -s apt/sources.list"));
    let mut command = Command::new("bwrap");
    command.args(["--dev-bind", "/", "/", "--bind"]).arg(folder.path().join("apt")).arg("/etc/apt");
    command
        .arg(env!("CARGO_BIN_EXE_cooperage"))
        .arg("--root")
        .arg(root())
        .arg("--store")
        .arg(&cold);
    command
        .args(["build", "keystone", "2025.2", "--locked", "--out"])
        .arg(folder.path().join("out"));
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        let digest = |out: &str| image_digest(&folder.path().join(out).join("2025.2/keystone/oci"));
        assert_eq!(digest("out"), digest("first"));
    } else {
        // The address is a public one, which not every machine reaches.
        assert!(said.contains("the examples of the package apt"), "{said}");
    }
}

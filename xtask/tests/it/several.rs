//! `build all`.

use std::process::Output;

use crate::bench::{cooperage, cooperage_on, tree_copy};

/// What can be built is built; what cannot names the packages that must be built from source, and the
/// exit code is that of the worst.
#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn what_can_be_built_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    let out = folder.path().join("out");
    let Output { status, stdout, stderr } =
        cooperage_on(&tree).args(["build", "all", "2025.2", "--out"]).arg(&out).output().unwrap();
    let (table, said) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(status.code(), Some(2), "{said}");
    let line = |service: &str| {
        let start = format!("{service} 2025.2 ");
        table.lines().find(|line| line.starts_with(&start)).unwrap_or_default().to_owned()
    };
    for service in ["cinder", "horizon", "keystone", "placement"] {
        assert!(line(service).contains(" MB  sha256:"), "{table}");
        assert!(out.join("2025.2").join(service).join("oci/index.json").exists());
    }
    for (service, package) in [("glance", "simplegeneric"), ("neutron", "ovs"), ("nova", "ovs")] {
        assert!(line(service).ends_with("not built: exit code 2"), "{table}");
        let start = format!("{service} 2025.2: error");
        let part = &said[said.find(&start).unwrap()..];
        assert!(part.contains(&format!("{package} is pinned to")), "{said}");
        assert!(!out.join("2025.2").join(service).join("oci").exists());
    }
    assert_eq!(said.matches("ovs is pinned to").count(), 2, "told more than once:\n{said}");
    assert!(said.contains("3 of 7 builds have failed"), "{said}");
}

/// The same images one by one and together, and the same summary.
#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn images_do_not_depend_on_what_is_built_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let build = |arguments: &[&str], out: &str| -> serde_json::Value {
        let mut command = cooperage();
        command.args(["build"]).args(arguments).args(["--locked", "--json", "--out"]);
        let output = command.arg(folder.path().join(out)).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let together = build(&["keystone", "2025.1,2025.2"], "together");
    for (index, release) in ["2025.1", "2025.2"].into_iter().enumerate() {
        let alone = build(&["keystone", release], release);
        assert_eq!(together["builds"][index]["summary"], alone, "{release}");
    }
}

//! A service in several packages, judged by dpkg, lintian, rpm and rpmlint.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::tool;

use crate::bench::{cooperage_on, run, stdout, tree_copy};
use crate::debs::{packages, verify_equivalence};
use crate::linters::{lintian_finds_nothing, rpmlint_finds_nothing};

/// The parts of keystone: its tests, its configuration, and a package for each version.
const PARTS: &str = r#"
[[package.part]]
name = "openstack-{{ service }}-tests"
description = "OpenStack Identity service (tests)"
files = ["lib/python*/site-packages/keystone/tests"]
needs = ["openstack-{{ service }}-{{ version }}", "openstack-{{ service }}"]

[[package.part]]
name = "openstack-{{ service }}-common"
description = "OpenStack Identity service (configuration)"
files = ["/etc", "/usr/lib/sysusers.d", "/usr/lib/tmpfiles.d"]

[[package.part]]
name = "openstack-{{ service }}-{{ version }}"
description = "OpenStack Identity service, one version of it"
files = ["/opt/openstack"]
"#;

/// Adds the parts to the recipe of keystone in `tree`.
pub(crate) fn add_parts(tree: &Path) {
    let recipe = tree.join("services/keystone.toml");
    let text = std::fs::read_to_string(&recipe).unwrap();
    std::fs::write(&recipe, text + PARTS).unwrap();
}

/// How many packages have each path that is no directory, as `query` lists them: with a slash at the end
/// where it is one.
fn counted(packages: &[PathBuf], query: impl Fn(&Path) -> String) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for package in packages {
        for path in query(package).lines().filter(|path| !path.ends_with('/')) {
            *counts.entry(path.to_owned()).or_default() += 1;
        }
    }
    counts
}

#[test]
#[ignore = "needs dpkg, lintian, rpm, rpmlint and the network; .ci/run runs it"]
fn every_file_is_in_one_package() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    add_parts(&tree);
    let build = |out: &Path| {
        let words = ["build", "keystone", "2025.2", "--locked", "--format", "oci,deb,rpm", "--out"];
        run(cooperage_on(&tree).args(words).arg(out));
        let of = |format: &str| packages(&out.join("2025.2/keystone").join(format), format);
        (of("deb"), of("rpm"))
    };
    let out = folder.path().join("a");
    let (debs, rpms) = build(&out);
    let names = |packages: &[PathBuf]| -> Vec<String> {
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        packages.iter().map(name).collect()
    };
    assert_eq!(
        names(&debs),
        [
            "openstack-keystone-28.1.0_28.1.0-0+deb13_amd64.deb",
            "openstack-keystone-common_28.1.0-0+deb13_amd64.deb",
            "openstack-keystone-tests_28.1.0-0+deb13_amd64.deb",
            "openstack-keystone_28.1.0-0+deb13_amd64.deb",
        ]
    );
    assert_eq!(
        names(&rpms),
        [
            "openstack-keystone-28.1.0-1.fc42.x86_64.rpm",
            "openstack-keystone-28.1.0-28.1.0-1.fc42.x86_64.rpm",
            "openstack-keystone-common-28.1.0-1.fc42.x86_64.rpm",
            "openstack-keystone-tests-28.1.0-1.fc42.x86_64.rpm",
        ]
    );
    let of_debs = counted(&debs, |deb| {
        let line = "dpkg-deb --fsys-tarfile \"$0\" | tar --list --quoting-style=literal";
        stdout(Command::new("bash").args(["-euo", "pipefail", "-c", line]).arg(deb))
    });
    let of_rpms = counted(&rpms, |rpm| {
        let format = "[%{FILEMODES:perms} %{FILENAMES}\n]";
        let listed = tool("rpm").args(["-qp", "--nosignature", "--qf", format]).arg(rpm).text();
        listed
            .lines()
            .filter(|line| !line.starts_with('d'))
            .map(|line| line.to_owned() + "\n")
            .collect()
    });
    for counts in [of_debs, of_rpms] {
        assert!(counts.len() > 6000, "{}", counts.len());
        let twice: Vec<&String> =
            counts.iter().filter(|(_, count)| **count > 1).map(|(path, _)| path).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
    let field = |deb: usize, field: &str| {
        stdout(Command::new("dpkg-deb").arg("-f").arg(&debs[deb]).arg(field)).trim().to_owned()
    };
    let version = "(= 3:28.1.0-0+deb13)";
    let needs = ["28.1.0", "common"].map(|part| format!("openstack-keystone-{part} {version}"));
    assert_eq!(field(3, "Depends"), needs.join(", "));
    let needs =
        format!("python3.13, openstack-keystone {version}, openstack-keystone-28.1.0 {version}");
    assert_eq!(field(2, "Depends"), needs);
    assert_eq!([field(0, "Conflicts"), field(3, "Conflicts")], ["", "keystone, python3-keystone"]);
    let requires = tool("rpm").args(["-qp", "--nosignature", "--requires"]).arg(&rpms[0]).text();
    for part in ["28.1.0", "common"] {
        let want = format!("openstack-keystone-{part} = 3:28.1.0-1.fc42");
        assert!(requires.lines().any(|line| line == want), "{requires}");
    }

    // All packages together are what the image is.
    let json: serde_json::Value =
        serde_json::from_str(&stdout(&mut verify_equivalence(&out))).unwrap();
    let found = json["packages"].as_array().unwrap();
    assert_eq!(found.len(), 3);
    for one in found {
        assert!(one["paths"].as_u64().unwrap() > 5000, "{one}");
        assert_eq!(one["differences"], serde_json::json!([]));
        assert_eq!(one["others"].as_array().unwrap().len(), 3, "{one}");
    }
    // Without one of them something is missing.
    std::fs::remove_file(&debs[2]).unwrap();
    assert_eq!(verify_equivalence(&out).output().unwrap().status.code(), Some(5));

    let (debs, rpms) = build(&folder.path().join("b"));
    lintian_finds_nothing(&debs);
    rpmlint_finds_nothing(&rpms);
}

#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn what_cannot_be_split_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    let recipe = tree.join("services/keystone.toml");
    let good = std::fs::read_to_string(&recipe).unwrap();
    let refused = |part: &str, want: &str| {
        let text =
            format!("{good}\n[[package.part]]\nname = \"x-part\"\ndescription = \"X\"\n{part}\n");
        std::fs::write(&recipe, text).unwrap();
        let mut build = cooperage_on(&tree);
        build.args(["build", "keystone", "2025.2", "--locked", "--format", "deb", "--out"]);
        let output = build.arg(folder.path().join("out")).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(want), "{want}: {said}");
    };
    refused("files = [\"/etc/nova\"]", "no file is left for x-part");
    let want = "give /usr/lib/sysusers.d/openstack-keystone.conf to a part";
    refused("files = [\"/etc/keystone\"]", want);
    let want = "x-part has programs, so that it needs the package of keystone with \
                /opt/openstack/keystone-28.1.0/pyvenv.cfg, which needs x-part: name that one in `needs`";
    refused("files = [\"bin/keystone-*\"]", want);
    refused("files = [\"/etc\"]\nneeds = [\"y\"]", "no package of this recipe is called `y`");
}

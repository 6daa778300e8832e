//! The digests of a small image and its packages are committed. They change only together with the format
//! level, which is part of the key of every layer and package, so no store mixes those of two levels.

use std::collections::BTreeMap;

use pipeline::{DEB_FORMAT_LEVEL, FORMAT_LEVEL, RPM_FORMAT_LEVEL};

use crate::bench::{cooperage_with, root, run};

/// What `fixtures/golden/digests.toml` holds: image and layers by compression, by format level.
type Golden = BTreeMap<String, BTreeMap<String, Vec<String>>>;

fn golden() -> Golden {
    let path = root().join("fixtures/golden/digests.toml");
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Compares the digests of packages with those of their format level, which `name` holds.
#[track_caller]
pub(crate) fn are_golden(level: &str, name: &str, packages: &[String]) {
    assert_eq!(
        golden().get(level).map(|digests| &digests["package"][..]),
        Some(packages),
        "packages are other ones: raise pipeline::{name}, say so in docs/changelog.md, and add their \
         digests to fixtures/golden/digests.toml"
    );
}

#[test]
fn the_golden_image_has_the_digests_of_its_format_level() {
    let tree = root().join("fixtures/golden");
    let folder = tempfile::tempdir().unwrap();
    let mut made = BTreeMap::new();
    let mut packages = BTreeMap::new();
    for compression in ["gzip", "zstd"] {
        let out = folder.path().join(compression);
        let mut command = cooperage_with(&tree, &folder.path().join("store"));
        for archive in ["debian", "pypi"] {
            let mirror = tree.join("mirror").join(archive);
            command.arg("--mirror").arg(format!("{archive}={}", mirror.display()));
        }
        let build = ["--quiet", "build", "demo", "2025.2", "--distro", "golden", "--locked"];
        let formats = ["--format", "oci,deb,rpm", "--rpm-distro", "golden-rpm"];
        run(command
            .args(build)
            .args(formats)
            .args(["--compression", compression, "--out"])
            .arg(&out));
        let text = std::fs::read(out.join("2025.2/demo/build.json")).unwrap();
        let built: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let text = |value: &serde_json::Value| value["digest"].as_str().unwrap().to_owned();
        let mut digests = vec![text(&built)];
        digests.extend(built["images"][0]["layers"].as_array().unwrap().iter().map(text));
        made.insert(compression.to_owned(), digests);
        // The compression is that of layers: packages are the same both times.
        let built: Vec<String> = built["packages"].as_array().unwrap().iter().map(text).collect();
        packages.insert(built, ());
    }
    let packages: Vec<Vec<String>> = packages.into_keys().collect();
    let [deb, rpm] = &packages.concat()[..] else { panic!("{packages:?}") };
    let golden = golden();
    let made_text = toml::to_string(&BTreeMap::from([(FORMAT_LEVEL, &made)])).unwrap();
    assert_eq!(
        golden.get(FORMAT_LEVEL),
        Some(&made),
        "the image is another one: raise pipeline::FORMAT_LEVEL, say so in docs/changelog.md, and add \
         to fixtures/golden/digests.toml:\n{made_text}"
    );
    are_golden(DEB_FORMAT_LEVEL, "DEB_FORMAT_LEVEL", std::slice::from_ref(deb));
    are_golden(RPM_FORMAT_LEVEL, "RPM_FORMAT_LEVEL", std::slice::from_ref(rpm));
    let changelog = std::fs::read_to_string(root().join("docs/changelog.md")).unwrap();
    for level in golden.keys() {
        assert!(changelog.contains(&format!("`{level}`")), "{level} is not in the changelog");
    }
}

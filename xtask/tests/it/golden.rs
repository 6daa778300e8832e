//! The digests of a small image are committed. They change only together with the format level, which
//! is part of every layer's key, so no store mixes layers of two levels.

use std::collections::BTreeMap;

use pipeline::FORMAT_LEVEL;

use crate::bench::{cooperage_with, root, run};

/// What `fixtures/golden/digests.toml` holds: image and layers by compression, by format level.
type Golden = BTreeMap<String, BTreeMap<String, Vec<String>>>;

#[test]
fn the_golden_image_has_the_digests_of_its_format_level() {
    let tree = root().join("fixtures/golden");
    let folder = tempfile::tempdir().unwrap();
    let mut made = BTreeMap::new();
    for compression in ["gzip", "zstd"] {
        let out = folder.path().join(compression);
        let mut command = cooperage_with(&tree, &folder.path().join("store"));
        for archive in ["debian", "pypi"] {
            let mirror = tree.join("mirror").join(archive);
            command.arg("--mirror").arg(format!("{archive}={}", mirror.display()));
        }
        let build = ["--quiet", "build", "demo", "2025.2", "--distro", "golden", "--locked"];
        run(command.args(build).args(["--compression", compression, "--out"]).arg(&out));
        let text = std::fs::read(out.join("2025.2/demo/build.json")).unwrap();
        let built: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let text = |value: &serde_json::Value| value["digest"].as_str().unwrap().to_owned();
        let mut digests = vec![text(&built)];
        digests.extend(built["images"][0]["layers"].as_array().unwrap().iter().map(text));
        made.insert(compression.to_owned(), digests);
    }
    let text = std::fs::read_to_string(tree.join("digests.toml")).unwrap();
    let golden: Golden = toml::from_str(&text).unwrap();
    let made_text = toml::to_string(&BTreeMap::from([(FORMAT_LEVEL, &made)])).unwrap();
    assert_eq!(
        golden.get(FORMAT_LEVEL),
        Some(&made),
        "the image is another one: raise pipeline::FORMAT_LEVEL, say so in docs/changelog.md, and add \
         to fixtures/golden/digests.toml:\n{made_text}"
    );
    let changelog = std::fs::read_to_string(root().join("docs/changelog.md")).unwrap();
    for level in golden.keys() {
        assert!(changelog.contains(&format!("`{level}`")), "{level} is not in the changelog");
    }
}

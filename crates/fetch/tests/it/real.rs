//! The mirrors that the environment names.

use store::Fetcher as _;

use crate::{at, http};

/// Fetches `path` from the mirror that `variable` names.
#[track_caller]
fn check(variable: &str, path: &str, media_type: &str, part: &str) {
    let Ok(mirror) = std::env::var(variable) else { panic!("set {variable} to a mirror") };
    let document = http(&[&mirror]).document(&at(path), "text/html", 16 << 20).unwrap();
    assert!(document.media_type.starts_with(media_type), "{}", document.media_type);
    assert!(String::from_utf8_lossy(&document.bytes).contains(part), "{path} lacks {part}");
}

#[test]
#[ignore = "needs COOPERAGE_MIRROR_DEBIAN; .ci/run runs it"]
fn a_mirror_of_debian_answers() {
    check("COOPERAGE_MIRROR_DEBIAN", "dists/trixie/InRelease", "", "\nCodename: trixie\n");
}

#[test]
#[ignore = "needs COOPERAGE_MIRROR_PYPI; .ci/run runs it"]
fn an_index_of_python_packages_answers() {
    check("COOPERAGE_MIRROR_PYPI", "keystone/", "text/html", "keystone-28.0.0");
}

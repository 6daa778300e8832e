//! The tree of this repository.

use std::path::Path;

use constraints::Environment;
use names::{Arch, DistroId, PackageName};
use release::{Owner, Tree};

fn committed() -> Tree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Tree::read(&root).unwrap_or_else(|faults| panic!("{}", names::render_faults(&faults)))
}

#[test]
fn the_tree_of_this_repository_has_no_fault_and_no_remark() {
    let tree = committed();
    assert_eq!(names::render_faults(&tree.remarks), "");
    let releases: Vec<String> = tree.releases.keys().map(ToString::to_string).collect();
    assert!(releases.iter().map(String::as_str).is_sorted());
    assert!(
        ["2025.1", "2025.2", "2026.1", "2026.2"]
            .iter()
            .all(|id| { releases.iter().any(|release| release == id) })
    );
    for release in tree.releases.values() {
        assert!(release.sources.iter().count() >= 7, "{}", release.id);
        assert!(release.provenance.is_some(), "{}", release.id);
        assert_eq!(release.file.build_constraints[0].text, "setuptools<82");
    }
}

#[test]
fn pins_without_a_wheel_are_overridden_for_the_arch_that_lacks_one() {
    let tree = committed();
    let release = tree.release("2025.2".parse().unwrap()).unwrap();
    let version = |name: &str, arch| {
        let environment = Environment::linux("3.13.5", arch).unwrap();
        let name = PackageName::new(name).unwrap();
        let pins: Vec<_> = release.constraints.pins(&name, &environment).collect();
        assert_eq!(pins.len(), 1, "{name}");
        pins[0].pin.version.clone()
    };
    assert_eq!(version("testresources", Arch::Amd64), "2.0.1");
    assert_eq!(version("yappi", Arch::Amd64), "1.6.10");
    assert_eq!(version("yappi", Arch::Arm64), "1.7.3");
}

#[test]
fn the_recipe_of_keystone_says_what_the_image_needs() {
    let tree = committed();
    let keystone = tree.service(&"keystone".parse().unwrap()).unwrap();
    assert_eq!((keystone.user.uid, keystone.user.gid), (42424, 42424));
    let debian: DistroId = "debian-trixie".parse().unwrap();
    let packages: Vec<&str> = keystone.system_packages.of(&debian).into_iter().collect();
    assert_eq!(packages, ["libldap2", "libsasl2-2", "xmlsec1"]);
    let directories: Vec<&str> = keystone.directories.iter().map(|d| d.path.as_str()).collect();
    assert_eq!(
        directories,
        ["/etc/keystone", "/var/log/keystone", "/var/lib/keystone", "/var/cache/keystone"]
    );
    assert_eq!(keystone.files[0].owner, Owner { uid: 0, gid: 42424 });
    assert_eq!(keystone.wsgi["api"], "keystone.wsgi.api:application");
}

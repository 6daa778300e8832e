//! Platforms by the names of distros.

use bindep::{OsRelease, Platform};

use super::systems;

#[test]
fn distros_are_what_their_os_release_says() {
    for (distro, system) in [
        ("debian-bookworm", "debian-12"),
        ("debian-trixie", "debian-13"),
        ("ubuntu-jammy", "ubuntu-22.04"),
        ("ubuntu-noble", "ubuntu-24.04"),
        ("fedora-42", "fedora-42"),
        ("centos-9", "centos-9"),
        ("debian-13", "debian-13"),
        ("ubuntu-24.04", "ubuntu-24.04"),
        ("rocky-9.5", "rocky-9"),
        ("alpine-3.21.0", "alpine-3.21"),
        ("arch", "arch"),
        ("amzn-2023", "amzn-2023"),
        ("pop-22.04", "pop-22.04"),
        ("opensuse-leap-15.6", "opensuse-leap-15"),
    ] {
        let by_name = Platform::named(distro).unwrap();
        let by_file = Platform::new(&OsRelease::parse(&systems()[system])).unwrap();
        assert_eq!(by_name, by_file, "{distro}");
    }
}

#[test]
fn rpm_distros_need_a_version_alone() {
    for (distro, atoms) in [
        ("rocky-9", "base-py3 redhat rocky rocky-9 rocky-blue rocky-blue-onyx rpm"),
        ("el10", "base-py3 redhat rhel rhel-10 rpm"),
        ("rhel-7", "base-py2 redhat rhel rhel-7 rpm"),
        ("sles-15", "rpm sles sles-15 suse suselinux suselinux-15"),
    ] {
        let platform = Platform::of_distro(&distro.parse().unwrap()).unwrap();
        assert_eq!(platform.atoms.into_iter().collect::<Vec<_>>().join(" "), atoms, "{distro}");
    }
}

#[test]
fn what_is_not_known_is_said() {
    let said =
        |distro: &str| Platform::of_distro(&distro.parse().unwrap()).unwrap_err().to_string();
    assert_eq!(
        said("debian-potato"),
        "no platform is known for the distro debian-potato: name it as debian-trixie or rocky-9, or \
         give its os-release instead"
    );
    assert!(said("elephant").contains("elephant"));
    let broken = OsRelease::parse("ID=ubuntu\nVERSION_ID=rolling\n");
    assert_eq!(
        Platform::new(&broken).unwrap_err().to_string(),
        "`rolling` is not a version of ubuntu, by which its Python could be told"
    );
    assert!(Platform::new(&OsRelease::parse("NAME=x\n")).is_err());
}

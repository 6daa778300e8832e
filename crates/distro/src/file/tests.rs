//! A good file, and what is said about bad ones.

use std::path::Path;

use names::render_faults;

use super::*;

const GOOD: &str = r#"name = "Debian 13 (trixie)"
glibc = "2.41"
ldconfig = "ldconfig (Debian GLIBC @VERSION@)"

[python]
version = "3.13"
path = "/usr/bin/python3.13"

[[suite]]
archive = "debian"
suite = "trixie"
components = ["main"]
keyring = "debian-archive-trixie.gpg"

[base.full]
essential = true
packages = ["apt", "python3"]

[users]
messagebus = 100

[groups]
messagebus = 101

[[script]]
package = "dbus"
kind = "postinst"
sha256 = ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]
class = "effects"
reason = "makes its user"
effects = [
    { group = { name = "messagebus" } },
    { user = { name = "messagebus", group = "messagebus", home = "/nonexistent" } },
    { directory = { path = "/run/dbus", mode = 0o2755, group = "messagebus" } },
    "ld-cache",
]
"#;

fn parse(text: &str) -> Result<DistroFile, String> {
    DistroFile::parse(text, Path::new("distros/d.toml")).map_err(|faults| render_faults(&faults))
}

#[test]
fn a_good_file_is_read() {
    let file = parse(GOOD).unwrap();
    assert_eq!(file.base["full"].packages, ["apt", "python3"]);
    assert_eq!(file.suites[0].suite, "trixie");
    let Effect::Directory { mode, group, .. } = &file.scripts[0].effects[2] else { panic!() };
    assert_eq!((*mode, group.as_str()), (0o2755, "messagebus"));
    assert_eq!(file.scripts[0].effects[3], Effect::LdCache);
}

#[test]
fn every_fault_has_its_place() {
    for (good, bad, want) in [
        ("glibc = \"2.41\"", "glibc = \"new\"", "d.toml:2:9: glibc is not a version"),
        ("glibc = \"2.41\"", "", "missing field `glibc`"),
        ("glibc =", "libc =", "d.toml:2:1: unknown field `libc`"),
        ("glibc =", "unproven = \"\"\nglibc =", "d.toml:2:1: unproven has no reason"),
        ("\"3.13\"", "\"3\"", "d.toml:6:11: the python version is not one"),
        ("\"/usr/bin/python3.13\"", "\"python3\"", "d.toml:7:9: the python path is not absolute"),
        ("[[suite]]", "[[suites]]", "d.toml:9:3: unknown field `suites`"),
        ("\"trixie\"", "\"../trixie\"", "d.toml:11:9: `../trixie` is not a clean relative path"),
        ("\"apt\",", "\"Apt\",", "d.toml:17:13: `Apt` is not the name of a package"),
        ("messagebus = 100", "messagebus = 1000", "d.toml:20:1: the number 1000 of the user"),
        ("messagebus = 101", "a = 101\nmessagebus = 101", "the groups `a` and `messagebus` have"),
        ("messagebus = 100", "", "the postinst of dbus: `messagebus` has no number"),
        ("\"postinst\"", "\"prerm\"", "d.toml:28:12: the prerm of dbus does not run on a fresh"),
        ("\"postinst\"", "\"post\"", "d.toml:27:8: unknown variant `post`"),
        ("\"e3b0c4", "\"e3", "is not a SHA-256 digest"),
        ("\"effects\"", "\"nothing\"", "class = \"effects\" and a list of effects go together"),
        ("\"makes its user\"", "\"\"", "the postinst of dbus has no reason"),
        ("\"/run/dbus\"", "\"run/dbus\"", "d.toml:34:28: the postinst of dbus: `run/dbus` is not"),
        ("\"/run/dbus\"", "\"/run/../etc\"", "is not an absolute, clean path"),
        ("{ directory", "{ folder", "d.toml:34:7: unknown variant `folder`"),
        ("mode = 0o2755", "modus = 0o2755", "d.toml:34:41: unexpected keys in table: modus"),
        ("\"ld-cache\"", "\"ldcache\"", "d.toml:35:5: unknown variant `ldcache`"),
    ] {
        assert!(GOOD.contains(good), "{good}");
        let faults = parse(&GOOD.replacen(good, bad, 1)).unwrap_err();
        assert!(faults.contains(want), "{faults}\ninstead of {want}");
    }
}

#[test]
fn all_faults_come_at_once() {
    let text = GOOD.replace("2.41", "two").replace("3.13\"\n", "three\"\n");
    assert_eq!(parse(&text).unwrap_err().matches("d.toml:").count(), 2);
}

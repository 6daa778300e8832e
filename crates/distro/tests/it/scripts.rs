//! What the distro's file says about maintainer scripts, and what it does not.

use std::path::Path;

use distro::{ClassifyError, DistroFile, Effect, classify, normalise};
use testkit::Random;

use crate::debs::{Room, with_scripts};

const SCRIPT: &str = "#!/bin/sh\nset -e\nif [ \"$1\" = configure ]; then\n\ttouch /etc/hello\nfi\n";

/// A distro that classifies one script of the package `hello`.
fn distro(kind: &str, script: &str, version: &str, class: &str) -> DistroFile {
    let digest = normalise(script, version).digest.hex();
    let text = format!(
        r#"name = "test"
glibc = "2.41"
ldconfig = ""
python = {{ version = "3.13", path = "/usr/bin/python3" }}
base.full = {{ essential = true, packages = [] }}
[[suite]]
archive = "debian"
suite = "trixie"
components = ["main"]
keyring = "k"
[[script]]
package = "hello"
kind = "{kind}"
sha256 = ["{digest}"]
{class}
reason = "a test"
"#
    );
    DistroFile::parse(&text, Path::new("test.toml"))
        .unwrap_or_else(|faults| panic!("{}", names::render_faults(&faults)))
}

const EFFECTS: &str = "class = \"effects\"\neffects = [{ file = { path = \"/etc/hello\" } }]";

fn found(scripts: &[(&str, &str)], file: &DistroFile) -> Result<Vec<Effect>, ClassifyError> {
    let room = Room::new();
    classify(&room.unpack(&with_scripts(scripts)).unwrap(), file)
}

#[test]
fn a_known_script_has_its_effects_and_those_of_its_snippets() {
    let script = format!(
        "{SCRIPT}# Automatically added by dh_installsystemd/13.24.2\n\
         if [ \"$1\" = \"configure\" ] || [ \"$1\" = \"abort-upgrade\" ] ; then\n\
         \tdeb-systemd-helper enable 'hello.timer' >/dev/null || true\nfi\n\
         # End automatically added section\n"
    );
    let file = distro("postinst", SCRIPT, "1.0-1", EFFECTS);
    let effects = found(&[("postinst", &script)], &file).unwrap();
    assert!(matches!(&effects[0], Effect::File { path, .. } if path == "/etc/hello"));
    assert_eq!(effects[1..], [Effect::SystemdEnable { unit: "hello.timer".into(), user: false }]);
}

#[test]
fn a_script_of_snippets_alone_needs_no_entry() {
    let script = "#!/bin/sh\nset -e\n# Automatically added by dh_installdeb/13.24.2\n\
        dpkg-maintscript-helper rm_conffile /etc/hello 1.0\\~ -- \"$@\"\n\
        # End automatically added section\n";
    let file = distro("postinst", SCRIPT, "1.0-1", "class = \"nothing\"");
    assert_eq!(found(&[("preinst", script)], &file), Ok(Vec::new()));
}

#[test]
fn a_script_that_nobody_has_read_stops_everything() {
    let file = distro("postinst", SCRIPT, "1.0-1", EFFECTS);
    // Scripts that do not run on a fresh root are not looked at.
    assert_eq!(found(&[("prerm", "rm -rf /\n"), ("postrm", "rm -rf /\n")], &file), Ok(Vec::new()));
    let Err(ClassifyError::Unknown(new)) = found(&[("preinst", SCRIPT)], &file) else {
        panic!("an unknown preinst was taken")
    };
    assert!(!new.changed);
    assert!(new.to_string().contains("the preinst is new"), "{new}");
    assert!(new.to_string().contains("touch /etc/hello"), "the script is shown");

    let changed = SCRIPT.replace("touch /etc/hello", "touch /etc/hello /etc/other");
    let Err(ClassifyError::Unknown(unknown)) = found(&[("postinst", &changed)], &file) else {
        panic!("a changed postinst was taken")
    };
    assert!(unknown.changed);
    assert!(unknown.to_string().contains("the postinst has changed"), "{unknown}");
    let difference = unknown.difference(SCRIPT, "0.9-1");
    assert!(difference.contains("-\ttouch /etc/hello\n+\ttouch /etc/hello /etc/other\n"));
    // The digest that the message names is the one that the file must have.
    assert_eq!(unknown.digest, normalise(&changed, "1.0-1").digest);
}

#[test]
fn a_script_for_the_sandbox_is_an_error_with_its_reason() {
    let file = distro("postinst", SCRIPT, "1.0-1", "class = \"sandbox\"");
    let error = found(&[("postinst", SCRIPT)], &file).unwrap_err().to_string();
    assert!(
        error.contains("hello 1.0-1: the postinst has to be run") && error.contains("(a test)")
    );
}

/// Lines that scripts are made of, whole and broken.
fn line(random: &mut Random) -> String {
    let known = [
        "# Automatically added by dh_installinit/13.24.2",
        "# End automatically added section",
        "if [ \"$1\" = \"configure\" ] ; then",
        "\tdeb-systemd-helper enable 'hello.timer' >/dev/null || true",
        "update-alternatives --install /a b /c 5 \\",
        "dpkg-maintscript-helper rm_conffile /etc/a 1.0~ -- \"$@\"",
        "dpkg --compare-versions \"$2\" lt-nl 1.0-1",
        "fi",
        "touch /usr/lib/x86_64-linux-gnu/1.0-1",
    ];
    if random.below(2) == 0 {
        return random.pick(&known).to_owned();
    }
    let bytes: Vec<u8> = (b' '..=b'~').chain([b'\t']).collect();
    (0..random.below(40)).map(|_| char::from(random.pick(&bytes))).collect()
}

#[test]
fn a_normal_form_stays_as_it_is() {
    let mut random = Random::new(20_261_121);
    for _ in 0..1_000 {
        let lines: Vec<String> = (0..random.below(20)).map(|_| line(&mut random)).collect();
        let normal = normalise(&lines.join("\n"), "1.0-1");
        let again = normalise(&normal.text, "1.0-1");
        assert_eq!(again.text, normal.text, "{lines:?}");
        assert_eq!(again.digest, normal.digest, "{lines:?}");
        // What is left over is what nobody has understood.
        assert_eq!(again.effects, Vec::new(), "{lines:?}");
    }
}

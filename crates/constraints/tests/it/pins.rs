//! Files of pins: what is read, what is refused, and the normal form.

use std::path::Path;

use constraints::{Constraints, Environment};
use insta::assert_snapshot;
use names::{Arch, PackageName, render_faults};

/// The only place that knows the API: the normal form, or the faults.
pub(crate) fn normal(text: &str) -> String {
    match Constraints::parse(text, Path::new("pins.txt")) {
        Ok(constraints) => constraints.to_string(),
        Err(faults) => render_faults(&faults),
    }
}

#[test]
fn pins_are_sorted_by_normal_name_and_marker() {
    let text = "\
# A comment, and an empty line below.

Pint===0.24.4;python_version>='3.10'
  Flask_RESTful === 0.3.10  # why
Pint===0.23 ; python_version == '3.9'
amqp==5.3.1
backports.zoneinfo===0.2.1
";
    assert_snapshot!(normal(text), @"
    amqp==5.3.1
    backports-zoneinfo===0.2.1
    flask-restful===0.3.10
    pint===0.23;python_version == '3.9'
    pint===0.24.4;python_version>='3.10'
    ");
}

#[test]
fn the_normal_form_reads_as_itself() {
    let text = "b===2;python_version>='3.10'\na==1\nb===1; python_version < '3.10'\n";
    assert_eq!(normal(&normal(text)), normal(text));
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_do_not_count() {
    assert_eq!(normal("\u{feff}a===1\r\nb===2\r\n"), "a===1\nb===2\n");
}

#[test]
fn an_empty_file_has_no_pins() {
    assert_eq!(normal(""), "");
    assert_eq!(normal("# nothing here\n\n"), "");
}

#[test]
fn every_pin_knows_its_place() {
    let text = "# one\na===1\n   b===2\n";
    let constraints = Constraints::parse(text, Path::new("dir/pins.txt")).unwrap();
    let places: Vec<String> = constraints.iter().map(|pin| pin.place.to_string()).collect();
    assert_eq!(places, ["dir/pins.txt:2:1", "dir/pins.txt:3:4"]);
}

#[test]
fn a_pin_counts_where_its_marker_holds() {
    let text = "yappi===1.6.10;platform_machine=='x86_64'\n\
                yappi===1.7.3;platform_machine=='aarch64'\n\
                click===8.1.8;python_version=='3.9'\n";
    let constraints = Constraints::parse(text, Path::new("pins.txt")).unwrap();
    let versions = |name: &str, arch| {
        let environment = Environment::linux("3.13.5", arch).unwrap();
        let name = PackageName::new(name).unwrap();
        let pins = constraints.pins(&name, &environment);
        pins.map(|pin| pin.version.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(versions("YAPPI", Arch::Amd64), "1.6.10");
    assert_eq!(versions("yappi", Arch::Arm64), "1.7.3");
    assert_eq!(versions("click", Arch::Amd64), "");
    assert_eq!(versions("certifi", Arch::Amd64), "");
}

#[test]
fn lines_that_are_no_pins_are_told_all_at_once() {
    let text = "\
amqp
amqp;python_version>='3'
amqp===
amqp>=5.1
amqp~=5.1
amqp 5.1
amqp[extra]===5.1
amqp==5.*
amqp===5.1,!=5.2
amqp===5.1 kombu===1
amqp===five
amqp===1.0-1
amqp=5.1
===5.1
_amqp===5.1
àmqp===5.1
-r other.txt
git+https://example.org/amqp
amqp @ file:///amqp
amqp===5.1 --hash=sha256:0
amqp===5.1 \\
amqp===5.1;
amqp===5.1;python_version>
amqp===5.1;python>='3'
amqp===5.1;python_version>='3' and
";
    assert_snapshot!(normal(text), @"
    pins.txt:1:1: amqp has no version
      hint: pin one version: amqp===1.2.3
    pins.txt:2:5: amqp has no version
      hint: pin one version: amqp===1.2.3
    pins.txt:3:8: amqp has no version
      hint: pin one: amqp===1.2.3
    pins.txt:4:5: `>=` leaves the version of amqp open
      hint: pin one version: amqp===1.2.3
    pins.txt:5:5: `~=` leaves the version of amqp open
      hint: pin one version: amqp===1.2.3
    pins.txt:6:6: `5.1` after amqp is not understood
      hint: pin one version: amqp===1.2.3
    pins.txt:7:5: the pin of amqp has extras
      hint: extras belong to requirements: pin one version: amqp===1.2.3
    pins.txt:8:7: `5.*` is not a version of amqp
      hint: a pin names one version, without `*`
    pins.txt:9:8: `5.1,!=5.2` is not a version of amqp
      hint: a pin names one version; a second condition has no place here
    pins.txt:10:8: `5.1 kombu===1` is not a version of amqp
      hint: one pin a line; a comment starts with ` #`, a marker with `;`
    pins.txt:11:8: `five` is not a version of amqp
      hint: versions look like 1.2.3, 1.0.0rc1 or 4.2.4.post1 (PEP 440)
    pins.txt:12:8: `1.0-1` is met by no version
      hint: `===` compares texts: write amqp===1.0.post1
    pins.txt:13:5: `=5.1` after amqp is not understood
      hint: pin one version: amqp===1.2.3
    pins.txt:14:1: `===5.1` is not the name of a Python project
      hint: a name has ASCII letters, digits, `-`, `_` and `.`, and a letter or digit at both ends
    pins.txt:15:1: `_amqp` is not the name of a Python project
      hint: a name has ASCII letters, digits, `-`, `_` and `.`, and a letter or digit at both ends
    pins.txt:16:1: `àmqp===5.1` is not the name of a Python project
      hint: a name has ASCII letters, digits, `-`, `_` and `.`, and a letter or digit at both ends
    pins.txt:17:1: `-r` is an option of pip, not a pin
      hint: write the pins themselves, one a line: name===version
    pins.txt:18:1: `git+https://example.org/amqp` names a source, not a version
      hint: write name===version here; an address may stand in overrides/<release>/constraints.txt
    pins.txt:19:1: `amqp` names a source, not a version
      hint: write name===version here; an address may stand in overrides/<release>/constraints.txt
    pins.txt:20:8: `5.1 --hash=sha256:0` is not a version of amqp
      hint: one pin a line; a comment starts with ` #`, a marker with `;`
    pins.txt:21:12: a line goes on in the next one
      hint: write each pin in one line
    pins.txt:22:12: the marker of amqp is not understood: expected an environment marker such as python_version, or a text in quotes, found the end, at byte 0
      hint: markers look like python_version>='3.10' or platform_machine=='aarch64' (PEP 508)
    pins.txt:23:27: the marker of amqp is not understood: expected an environment marker such as python_version, or a text in quotes, found the end, at byte 15
      hint: markers look like python_version>='3.10' or platform_machine=='aarch64' (PEP 508)
    pins.txt:24:12: the marker of amqp is not understood: expected an environment marker such as python_version, or a text in quotes, found `python`, at byte 0
      hint: markers look like python_version>='3.10' or platform_machine=='aarch64' (PEP 508)
    pins.txt:25:35: the marker of amqp is not understood: expected an environment marker such as python_version, or a text in quotes, found the end, at byte 23
      hint: markers look like python_version>='3.10' or platform_machine=='aarch64' (PEP 508)
    ");
}

#[test]
fn two_pins_for_the_same_environments_are_a_fault() {
    assert_snapshot!(normal("oslo.db===1\nOslo_DB===1\n"), @"
    pins.txt:2:1: oslo-db is pinned twice, first in line 1
      hint: remove one of the two
    ");
    assert_snapshot!(normal("a===1\na===2\n"), @"
    pins.txt:2:1: a is pinned to 2 and, in line 1, to 1
      hint: remove one of the two, or give them markers that exclude each other
    ");
    assert_snapshot!(normal("a===1;python_version=='3.9'\na===2;python_version=='3.9'\n"), @"
    pins.txt:2:1: a is pinned to 2 and, in line 1, to 1
      hint: remove one of the two, or give them markers that exclude each other
    ");
    assert_snapshot!(normal("a===1\na===2;python_version=='3.9'\n"), @"
    pins.txt:2:1: a is pinned twice for some environments: see line 1
      hint: give each of its lines a marker, so that one counts at a time
    ");
}

#[test]
fn texts_from_outside_are_shown_without_control_characters() {
    assert_snapshot!(normal("a===\u{1b}[31m\u{0}\n"), @r"
    pins.txt:1:5: `\u{1b}[31m\0` is not a version of a
      hint: versions look like 1.2.3, 1.0.0rc1 or 4.2.4.post1 (PEP 440)
    ");
    assert_snapshot!(normal(&format!("a==={}\n", "x".repeat(100))), @"
    pins.txt:1:5: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` is not a version of a
      hint: versions look like 1.2.3, 1.0.0rc1 or 4.2.4.post1 (PEP 440)
    ");
}

#[test]
fn too_long_a_file_is_one_fault_and_many_faults_are_cut() {
    assert_snapshot!(normal(&"#".repeat(1_048_577)), @"
    pins.txt: the file has 1048577 bytes, and at most 1048576 are read
      hint: name a file with one pin a line
    ");
    assert_eq!(normal(&"?\n".repeat(1000)).matches("pins.txt:").count(), 100);
}

//! Overrides: what they change, and which of them are refused.

use std::fmt::Write as _;
use std::path::Path;

use constraints::{Applied, Constraints, Origin, Overrides, apply};
use insta::assert_snapshot;
use names::{PackageName, render_faults};

const UPSTREAM: &str = "amqp===5.3.1\nclick===8.1.8;python_version=='3.9'\n\
                        click===8.2.2;python_version>='3.10'\nyappi===1.6.10\n";

fn applied(overrides: &str) -> Result<Applied, String> {
    let upstream = Constraints::parse(UPSTREAM, Path::new("pins.txt")).unwrap();
    let overrides = Overrides::parse(overrides, Path::new("overrides.txt"))
        .map_err(|faults| render_faults(&faults))?;
    Ok(apply(&upstream, &overrides))
}

/// The only place that knows the API: the pins that count, then faults and remarks.
fn merged(overrides: &str) -> String {
    let applied = match applied(overrides) {
        Ok(applied) => applied,
        Err(faults) => return faults,
    };
    let mut text = String::new();
    for entry in applied.effective.iter() {
        write!(text, "{} ({}", entry.pin, entry.pin.place).unwrap();
        match &entry.origin {
            Origin::Upstream => writeln!(text, ")").unwrap(),
            Origin::Override { reason } => writeln!(text, ": {reason})").unwrap(),
        }
    }
    for (kind, faults) in [("fault", applied.faults), ("remark", applied.remarks)] {
        for fault in faults {
            writeln!(text, "{kind}: {fault}").unwrap();
        }
    }
    text
}

#[test]
fn without_overrides_all_stays() {
    assert_snapshot!(merged(""), @"
    amqp===5.3.1 (pins.txt:1:1)
    click===8.1.8;python_version=='3.9' (pins.txt:2:1)
    click===8.2.2;python_version>='3.10' (pins.txt:3:1)
    yappi===1.6.10 (pins.txt:4:1)
    ");
}

#[test]
fn an_override_replaces_every_pin_of_its_name() {
    assert_snapshot!(merged("# It is broken,\n# as everybody knows.\nClick===8.3.1\n"), @"
    amqp===5.3.1 (pins.txt:1:1)
    click===8.3.1 (overrides.txt:3:1: It is broken, as everybody knows.)
    yappi===1.6.10 (pins.txt:4:1)
    ");
}

#[test]
fn several_lines_of_a_name_stand_together() {
    let text = "# amd64 has a wheel\nyappi===1.6.10;platform_machine=='x86_64'\n\
                # arm64 has none\nyappi===1.7.3;platform_machine=='aarch64'\n";
    assert_snapshot!(merged(text), @"
    amqp===5.3.1 (pins.txt:1:1)
    click===8.1.8;python_version=='3.9' (pins.txt:2:1)
    click===8.2.2;python_version>='3.10' (pins.txt:3:1)
    yappi===1.7.3;platform_machine=='aarch64' (overrides.txt:4:1: arm64 has none)
    yappi===1.6.10;platform_machine=='x86_64' (overrides.txt:2:1: amd64 has a wheel)
    ");
}

#[test]
fn a_name_that_is_not_pinned_is_added() {
    assert_snapshot!(merged("# reproducible\nsetuptools===81.0.0\n"), @"
    amqp===5.3.1 (pins.txt:1:1)
    click===8.1.8;python_version=='3.9' (pins.txt:2:1)
    click===8.2.2;python_version>='3.10' (pins.txt:3:1)
    setuptools===81.0.0 (overrides.txt:2:1: reproducible)
    yappi===1.6.10 (pins.txt:4:1)
    ");
}

#[test]
fn a_minus_removes_every_pin_of_a_name() {
    let text = "# built from source\n-CLICK\n";
    assert_snapshot!(merged(text), @"
    amqp===5.3.1 (pins.txt:1:1)
    yappi===1.6.10 (pins.txt:4:1)
    ");
    let name = PackageName::new("click").unwrap();
    let effective = applied(text).unwrap().effective;
    assert_eq!(effective.removal(&name).unwrap().reason, "built from source");
    assert!(effective.all(&name).is_empty());
    assert_eq!(effective.names().count(), 2);
}

#[test]
fn a_plus_adds_a_name_that_resembles_another() {
    assert_snapshot!(merged("# why\nyappy===1\n"), @"
    amqp===5.3.1 (pins.txt:1:1)
    click===8.1.8;python_version=='3.9' (pins.txt:2:1)
    click===8.2.2;python_version>='3.10' (pins.txt:3:1)
    yappi===1.6.10 (pins.txt:4:1)
    yappy===1 (overrides.txt:2:1: why)
    fault: overrides.txt:2:1: no constraint pins yappy, but one pins yappi
      hint: write yappi, or +yappy if a new name is meant
    ");
    assert_snapshot!(merged("# why\n+yappy===1\n"), @"
    amqp===5.3.1 (pins.txt:1:1)
    click===8.1.8;python_version=='3.9' (pins.txt:2:1)
    click===8.2.2;python_version>='3.10' (pins.txt:3:1)
    yappi===1.6.10 (pins.txt:4:1)
    yappy===1 (overrides.txt:2:2: why)
    ");
    assert_snapshot!(merged("# why\n+yappi===1\n"), @"
    amqp===5.3.1 (pins.txt:1:1)
    click===8.1.8;python_version=='3.9' (pins.txt:2:1)
    click===8.2.2;python_version>='3.10' (pins.txt:3:1)
    yappi===1 (overrides.txt:2:2: why)
    fault: overrides.txt:2:2: yappi is pinned already: pins.txt:4:1
      hint: write the line without `+` to replace that pin
    ");
}

#[test]
fn a_name_to_remove_must_be_there() {
    assert_snapshot!(merged("# why\n-yapi\n# why\n-horizon\n"), @"
    amqp===5.3.1 (pins.txt:1:1)
    click===8.1.8;python_version=='3.9' (pins.txt:2:1)
    click===8.2.2;python_version>='3.10' (pins.txt:3:1)
    yappi===1.6.10 (pins.txt:4:1)
    fault: overrides.txt:2:1: no constraint pins yapi
      hint: did you mean `-yappi`?
    fault: overrides.txt:4:1: no constraint pins horizon
      hint: delete the line
    ");
}

#[test]
fn overrides_that_change_nothing_are_remarked() {
    assert_snapshot!(merged("# why\namqp===5.3.1\n"), @"
    amqp===5.3.1 (overrides.txt:2:1: why)
    click===8.1.8;python_version=='3.9' (pins.txt:2:1)
    click===8.2.2;python_version>='3.10' (pins.txt:3:1)
    yappi===1.6.10 (pins.txt:4:1)
    remark: overrides.txt:2:1: the override of amqp changes nothing
      hint: delete the line: the constraints say the same
    ");
    // One of two lines changes something: both are needed.
    let text = "# a\nclick===8.1.8;python_version=='3.9'\n# b\nclick===9;python_version>='3.10'\n";
    assert!(!merged(text).contains("remark"));
}

#[test]
fn every_line_has_its_reason_directly_above_it() {
    let text =
        "amqp===5\n# why\n\nclick===1\n# good\nyappi===2\n-kombu\n#\nfoo===1\nbar===1 # no\n";
    assert_snapshot!(merged(text), @"
    overrides.txt:1:1: `amqp===5` has no reason
      hint: say why in a comment line directly above it
    overrides.txt:4:1: `click===1` has no reason
      hint: say why in a comment line directly above it
    overrides.txt:7:1: `-kombu` has no reason
      hint: say why in a comment line directly above it
    overrides.txt:9:1: `foo===1` has no reason
      hint: say why in a comment line directly above it
    overrides.txt:10:1: `bar===1` has no reason
      hint: say why in a comment line directly above it
    ");
}

#[test]
fn lines_that_contradict_each_other_are_faults() {
    let text = "# a\namqp===1\n# a\n-amqp\n# a\n-click\n# a\nclick===1\n# a\n-yappi\n# a\n-yappi\n\
                # a\nkombu===1\n# a\nkombu===2\n";
    assert_snapshot!(merged(text), @"
    overrides.txt:4:1: line 2 says something else about amqp
      hint: either pin a name or remove it, and remove it once
    overrides.txt:8:1: line 6 says something else about click
      hint: either pin a name or remove it, and remove it once
    overrides.txt:12:1: line 10 says something else about yappi
      hint: either pin a name or remove it, and remove it once
    overrides.txt:16:1: kombu is pinned to 2 and, in line 14, to 1
      hint: remove one of the two, or give them markers that exclude each other
    ");
}

#[test]
fn other_forms_are_faults() {
    let text = "# a\n-amqp===5\n# a\n-\n# a\n-r other\n# a\namqp>=5\n# a\n+\n# a\n--amqp\n";
    assert_snapshot!(merged(text), @"
    overrides.txt:2:1: `-amqp` takes no version
      hint: write -amqp alone: it removes every pin of the name
    overrides.txt:4:2: the name of a project is missing
      hint: a name has ASCII letters, digits, `-`, `_` and `.`, and a letter or digit at both ends
    overrides.txt:6:2: `r other` is not the name of a Python project
      hint: a name has ASCII letters, digits, `-`, `_` and `.`, and a letter or digit at both ends
    overrides.txt:8:5: `>=` leaves the version of amqp open
      hint: pin one version: amqp===1.2.3
    overrides.txt:10:2: the name of a project is missing
      hint: a name has ASCII letters, digits, `-`, `_` and `.`, and a letter or digit at both ends
    overrides.txt:12:2: `-amqp` is not the name of a Python project
      hint: a name has ASCII letters, digits, `-`, `_` and `.`, and a letter or digit at both ends
    ");
}

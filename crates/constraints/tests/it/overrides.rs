//! Overrides: what they change, and which of them are refused.

use std::fmt::Write as _;
use std::path::Path;

use constraints::{Applied, Constraints, Environment, Origin, Overrides, apply};
use insta::assert_snapshot;
use names::{Arch, PackageName, render_faults};

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
    for name in applied.effective.changed() {
        for bound in applied.effective.bounds(name) {
            let (line, place) = (&bound.requirement.text, &bound.place);
            writeln!(text, "{name}: {line} ({place}: {})", bound.reason).unwrap();
        }
        for removal in applied.effective.exclusions(name) {
            let marker = removal.marker.as_ref().unwrap();
            writeln!(text, "{name}: not where {marker} ({}: {})", removal.place, removal.reason)
                .unwrap();
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
        "amqp===5\n# why\n\nclick===1\n# good\nyappi===2\n-kombu\n#\nfoo===1\nbar===1 # yes\n";
    assert_snapshot!(merged(text), @"
    overrides.txt:1:1: `amqp===5` has no reason
      hint: say why in a comment, directly above it or behind it
    overrides.txt:4:1: `click===1` has no reason
      hint: say why in a comment, directly above it or behind it
    overrides.txt:7:1: `-kombu` has no reason
      hint: say why in a comment, directly above it or behind it
    overrides.txt:9:1: `foo===1` has no reason
      hint: say why in a comment, directly above it or behind it
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
    overrides.txt:10:2: the name of a project is missing
      hint: a name has ASCII letters, digits, `-`, `_` and `.`, and a letter or digit at both ends
    overrides.txt:12:2: `-amqp` is not the name of a Python project
      hint: a name has ASCII letters, digits, `-`, `_` and `.`, and a letter or digit at both ends
    ");
}

#[test]
fn ranges_and_addresses_stand_in_place_of_pins() {
    let text = "# a\namqp>=5,<6\n# b\nClick~=8.1; python_version<'3.10'\nyappi==1.* # c\n\
                # d\n+tap-as-a-service @ git+https://opendev.example/openstack/taas@stable/2025.2\n\
                # e\ngit+https://opendev.example/x/Foo.Bar.git@main\n\
                # f\nfile:///srv/wheels#egg=baz&subdirectory=x ; platform_machine=='aarch64'\n";
    assert_snapshot!(merged(text), @"
    amqp: amqp>=5,<6 (overrides.txt:2:1: a)
    baz: file:///srv/wheels#egg=baz&subdirectory=x ; platform_machine=='aarch64' (overrides.txt:11:1: f)
    click: Click~=8.1; python_version<'3.10' (overrides.txt:4:1: b)
    foo-bar: git+https://opendev.example/x/Foo.Bar.git@main (overrides.txt:9:1: e)
    tap-as-a-service: tap-as-a-service @ git+https://opendev.example/openstack/taas@stable/2025.2 (overrides.txt:7:2: d)
    yappi: yappi==1.* (overrides.txt:5:1: c)
    ");
    assert_snapshot!(merged("# a\namqp>=5,<\n# b\namqp[x]>=5\n# c\nfile:///#egg=-\n# d\namqp @\n"), @"
    overrides.txt:2:9: `amqp>=5,<` is not understood: a wrong version specifier at byte 8
      hint: write name===1.2.3, name>=1.2,<2, or name @ git+https://...
    overrides.txt:4:5: the pin of amqp has extras
      hint: extras belong to requirements: pin one version: amqp===1.2.3
    overrides.txt:6:1: `file:///#egg=-` does not say of which project it is
      hint: write the name in front: name @ git+https://...
    overrides.txt:8:7: `amqp` is not understood: expected a URL after `@`, found the end, at byte 6
      hint: write name===1.2.3, name>=1.2,<2, or name @ git+https://...
    ");
}

#[test]
fn a_minus_with_a_marker_excludes_environments() {
    let text = "# no wheel\n-yappi; platform_machine=='aarch64'\n# a\namqp===6\n# b\n\
                -amqp;python_version<'3.10'\n";
    assert_snapshot!(merged(text), @"
    amqp===6 (overrides.txt:4:1: a)
    click===8.1.8;python_version=='3.9' (pins.txt:2:1)
    click===8.2.2;python_version>='3.10' (pins.txt:3:1)
    yappi===1.6.10 (pins.txt:4:1)
    amqp: not where python_version<'3.10' (overrides.txt:6:1: b)
    yappi: not where platform_machine=='aarch64' (overrides.txt:2:1: no wheel)
    ");
    let name = PackageName::new("yappi").unwrap();
    let effective = applied(text).unwrap().effective;
    for (arch, pins) in [(Arch::Amd64, 1), (Arch::Arm64, 0)] {
        let target = Environment::linux("3.13.5", arch).unwrap();
        assert_eq!(effective.pins(&name, &target).count(), pins);
        assert_eq!(effective.is_excluded(&name, &target), pins == 0);
    }
    assert_snapshot!(merged("# a\n-amqp;x\n# a\n-amqp\n# a\n-amqp;python_version>'3'\n# b\n\
                             -nothing;python_version>'3'\n"), @"
    overrides.txt:2:7: the marker of amqp is not understood: expected an environment marker such as python_version, or a text in quotes, found `x`, at byte 0
      hint: markers look like python_version>='3.10' or platform_machine=='aarch64' (PEP 508)
    overrides.txt:6:1: line 4 says something else about amqp
      hint: either pin a name or remove it, and remove it once
    ");
}

#[test]
fn later_files_change_what_earlier_ones_have_left() {
    let upstream = Constraints::parse(UPSTREAM, Path::new("pins.txt")).unwrap();
    let files = [
        ("one.txt", "# a\namqp===6\n# b\n-yappi\n# c\nnew===1\n"),
        ("two.txt", "# d\namqp===7\n# e\n+yappi===2\n# f\n-new\n# g\namqq===1\n"),
    ]
    .map(|(name, text)| Overrides::parse(text, Path::new(name)).unwrap());
    let applied = constraints::apply_all(&upstream, &files);
    let shown = |entry: &constraints::EffectivePin| format!("{} {}", entry.pin, entry.pin.place);
    let all: Vec<String> = applied.effective.iter().map(shown).collect();
    assert_snapshot!(all.join("\n"), @"
    amqp===7 two.txt:2:1
    amqq===1 two.txt:8:1
    click===8.1.8;python_version=='3.9' pins.txt:2:1
    click===8.2.2;python_version>='3.10' pins.txt:3:1
    yappi===2 two.txt:4:2
    ");
    let amqp = PackageName::new("amqp").unwrap();
    let replaced: Vec<String> = applied.effective.replaced(&amqp).iter().map(shown).collect();
    assert_eq!(replaced, ["amqp===5.3.1 pins.txt:1:1", "amqp===6 one.txt:2:1"]);
    assert_eq!(
        render_faults(&applied.faults),
        "two.txt:8:1: no constraint pins amqq, but one pins amqp\n  \
         hint: write amqp, or +amqq if a new name is meant"
    );
}

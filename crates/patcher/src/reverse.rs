//! Patches that take back what another one brings.

use crate::{Action, Binary, Body, Hunk, Patch, Section, Side};

/// The patch that takes `patch` back; `None` where it does not hold all that this needs.
pub(crate) fn reversed(patch: &Patch) -> Option<Patch> {
    let last = patch.sections.last().map_or(0, |section| section.mail);
    let sections = patch.sections.iter().rev().map(|section| reversed_section(section, last));
    Some(Patch { name: patch.name.clone(), sections: sections.collect::<Option<_>>()? })
}

fn reversed_section(section: &Section, last_mail: usize) -> Option<Section> {
    let action = match section.action {
        Action::Modify => Action::Modify,
        Action::Create => Action::Delete,
        Action::Delete => Action::Create,
        Action::Rename => Action::Rename,
        // What it was copied from may have changed in the same patch.
        Action::Copy => return None,
    };
    let body = match &section.body {
        Body::Same => Body::Same,
        Body::Text(hunks) => Body::Text(hunks.iter().map(reversed_hunk).collect()),
        Body::Binary(binary) => Body::Binary(Binary {
            old_id: binary.new_id.clone(),
            new_id: binary.old_id.clone(),
            forward: binary.backward.clone()?,
            backward: Some(binary.forward.clone()),
            line: binary.line,
        }),
    };
    Some(Section {
        line: section.line,
        mail: last_mail - section.mail,
        old: section.new.clone(),
        new: section.old.clone(),
        action,
        old_kind: section.new_kind,
        new_kind: section.old_kind,
        carriage_returns: section.carriage_returns,
        body,
    })
}

/// The hunk that takes this one back.
pub(crate) fn reversed_hunk(hunk: &Hunk) -> Hunk {
    let mut hunk = hunk.clone();
    std::mem::swap(&mut hunk.old_start, &mut hunk.new_start);
    std::mem::swap(&mut hunk.old_count, &mut hunk.new_count);
    for line in &mut hunk.lines {
        line.side = match line.side {
            Side::Both => Side::Both,
            Side::Old => Side::New,
            Side::New => Side::Old,
        };
    }
    hunk
}

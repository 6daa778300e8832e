//! What became of a series of patches.

use std::collections::BTreeMap;

use crate::{Action, File};

/// The result of a series: plain data, nothing is written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Applied {
    /// Every file that is another one than before, by its path; `None` where it is gone. What a
    /// series changes and then changes back is not listed.
    pub files: BTreeMap<String, Option<File>>,
    /// The patches, in their order.
    pub patches: Vec<AppliedPatch>,
}

/// A patch that was applied.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AppliedPatch {
    /// The name of the patch.
    pub name: String,
    /// What it did to each file, in its order.
    pub sections: Vec<AppliedSection>,
}

/// What a patch did to one file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AppliedSection {
    /// The file afterwards; the deleted file.
    pub path: String,
    /// The file before, where it had another name.
    pub from: Option<String>,
    /// What happened to it.
    pub action: Action,
    /// Where each hunk was applied.
    pub hunks: Vec<Placement>,
}

/// Where a hunk was applied.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Placement {
    /// The line of the patch with the header of the hunk, from 1.
    pub hunk: usize,
    /// The line of the file where it was applied, from 1, counted with the hunks before it.
    pub line: usize,
    /// How many lines further down than the header says; negative for further up.
    pub offset: i64,
    /// How many lines of context were left out at each end.
    pub fuzz: usize,
    /// How many other places it would fit as well. 0 where it is in the place that the header says.
    pub elsewhere: usize,
}

impl Applied {
    /// Whether each hunk was applied exactly where its header says.
    pub fn is_exact(&self) -> bool {
        self.patches.iter().all(AppliedPatch::is_exact)
    }

    /// What a user should know although all was applied: a line for each hunk with an offset or fuzz.
    pub fn notes(&self) -> Vec<String> {
        self.patches.iter().flat_map(AppliedPatch::notes).collect()
    }
}

impl AppliedPatch {
    /// Whether each hunk was applied exactly where its header says.
    pub fn is_exact(&self) -> bool {
        let mut hunks = self.sections.iter().flat_map(|section| &section.hunks);
        hunks.all(|hunk| hunk.offset == 0 && hunk.fuzz == 0)
    }

    /// A line for each hunk with an offset or fuzz.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for section in &self.sections {
            for hunk in section.hunks.iter().filter(|hunk| hunk.offset != 0 || hunk.fuzz > 0) {
                notes.push(note(&self.name, &section.path, hunk));
            }
        }
        notes
    }
}

fn note(patch: &str, path: &str, hunk: &Placement) -> String {
    let lines = |count: u64| if count == 1 { "1 line".into() } else { format!("{count} lines") };
    let mut note = format!("{patch}:{}: {path}: applied at line {}", hunk.hunk, hunk.line);
    if hunk.offset != 0 {
        let way = if hunk.offset > 0 { "further down" } else { "further up" };
        note += &format!(", {} {way}", lines(hunk.offset.unsigned_abs()));
    }
    if hunk.fuzz > 0 {
        note += &format!(", without {} of its context", lines(hunk.fuzz as u64));
    }
    if hunk.elsewhere > 0 {
        note += &format!("; {} other places look the same", hunk.elsewhere);
    }
    note
}

//! What becomes of each patch of a series, whatever becomes of the others.

use crate::apply::{Stop, apply_patch, read_error, takes_back};
use crate::state::{Changes, State};
use crate::{AppliedPatch, ApplyError, Failure, Options, Patch, Source};

/// What becomes of one patch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PatchStatus {
    /// The name of the patch.
    pub name: String,
    /// What becomes of it.
    pub outcome: Outcome,
}

/// What becomes of a patch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It applies; where each hunk went says whether it was exactly where the patch has it.
    Applies(AppliedPatch),
    /// Taking it back would succeed: the files have all that it brings.
    Upstream,
    /// It does not apply, for these reasons, at least one.
    Conflicts(Vec<Failure>),
}

impl Outcome {
    /// Whether the patch applies, and each hunk where its header says.
    pub fn is_exact(&self) -> bool {
        matches!(self, Outcome::Applies(applied) if applied.is_exact())
    }
}

/// Tries each patch of `series` on the files of `source` as those before it that apply have left them.
/// Unlike [`apply`](crate::apply()) it goes on behind a patch that does not apply.
///
/// # Errors
/// When a file cannot be read.
pub fn status(
    source: &dyn Source,
    series: &[Patch],
    options: &Options,
) -> Result<Vec<PatchStatus>, ApplyError> {
    let mut changes = Changes::new();
    let mut all = Vec::with_capacity(series.len());
    for patch in series {
        let mut state = State::new(source, changes.clone());
        let outcome = match apply_patch(&mut state, patch, options) {
            Ok(sections) => {
                changes = state.changes;
                Outcome::Applies(AppliedPatch { name: patch.name.clone(), sections })
            }
            Err(Stop::Read(file, error)) => return Err(read_error(patch, file, error)),
            Err(Stop::Failures(_)) if takes_back(source, changes.clone(), patch) => {
                Outcome::Upstream
            }
            Err(Stop::Failures(failures)) => Outcome::Conflicts(failures),
        };
        all.push(PatchStatus { name: patch.name.clone(), outcome });
    }
    Ok(all)
}

//! Source archives that are none of the index.

use super::WheelStep;
use crate::lock::LockedSource;
use crate::sources::Origin;

/// What a source archive that is none of the index is made from.
#[derive(Clone, Debug)]
pub(crate) struct MadeFrom<'a> {
    pub(crate) origin: Origin,
    pub(crate) component: &'a str,
    pub(crate) source: &'a LockedSource,
}

impl WheelStep<'_> {
    /// The source archive for people: what it is made from, where it is none of the index.
    pub(crate) fn source(&self) -> String {
        match &self.made {
            None => self.sdist.file.clone(),
            Some(MadeFrom { component, source, .. }) => {
                let commit = source.commit.map(|commit| format!(", commit {commit}"));
                let commit = commit.unwrap_or_default();
                format!("{} ({component} from {}{commit})", self.sdist.file, source.shown())
            }
        }
    }
}

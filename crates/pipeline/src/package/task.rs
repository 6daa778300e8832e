//! What a package is made from, whatever its format.

use names::ReleaseId;

use super::error::PackageError;
use super::named::Named;
use super::output::Output;
use crate::describe::Description;
use crate::lock::LockedSource;
use crate::plan::Plan;

/// What a package is made from.
#[derive(Debug)]
pub(crate) struct Task<'a> {
    pub(crate) description: &'a Description,
    pub(crate) plan: &'a Plan<'a>,
    pub(crate) source: &'a LockedSource,
    pub(crate) release: ReleaseId,
    pub(crate) output: Output<'a>,
}

impl<'a> Task<'a> {
    /// Fills in the names of the recipe.
    pub(crate) fn named(&self) -> Result<Named<'a>, PackageError> {
        Named::of(self.plan.service, self.source, self.release)
    }
}

//! The closure of some requirements under the constraints of a release.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use constraints::{Effective, Requirement};
use names::{Epoch, PackageName, Place};
use store::Store;

use crate::locator::Locator;
use crate::locked::LockedWheel;
use crate::metadata::Metadata;
use crate::tags::Target;

mod chain;
mod choose;
mod error;
mod round;
mod walk;

pub use chain::{Chain, Step};
pub use error::{ClosureError, ClosureErrors};

/// What is to be resolved.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What is asked for. The component that is built is one of them, pinned: `keystone==28.1.0`.
    pub roots: &'a [Root],
    /// Projects that no constraint may pin: the components that are built.
    pub own: &'a BTreeSet<PackageName>,
    /// The constraints with the overrides applied.
    pub constraints: &'a Effective,
    /// What it must run on.
    pub target: &'a Target,
    /// The latest upload that a project without a pin may come from.
    pub cutoff: Option<Epoch>,
    /// Projects of `own` that are built from source: no file is chosen for them, and what they need is
    /// taken from here.
    pub given: &'a BTreeMap<PackageName, Given>,
    /// What is locked already: a file that still is a right answer stays the answer.
    pub prefer: &'a [LockedWheel],
}

/// A project that is built from source.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Given {
    /// The file that its metadata is in, for messages.
    pub file: String,
    /// What it needs.
    pub metadata: Arc<Metadata>,
}

/// A requirement that a user wrote.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Root {
    /// The requirement.
    pub requirement: Requirement,
    /// Where it is written.
    pub place: Place,
}

/// All that the roots need, themselves included, but for what is built from source.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Closure {
    /// The wheels, by project.
    pub wheels: BTreeMap<PackageName, ClosureWheel>,
}

/// A wheel of a closure.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClosureWheel {
    /// The file.
    pub wheel: LockedWheel,
    /// The extras that are wanted of it.
    pub extras: BTreeSet<PackageName>,
    /// The projects that it needs on this target.
    pub requires: BTreeSet<PackageName>,
    /// Why the file was withdrawn from the index, where it was: only a pin takes such a file.
    pub yanked: Option<String>,
}

/// Walks the requirements from the roots on, each project at its pin, and gives the exact wheels.
///
/// A project that no constraint pins takes the newest final version that fits all requirements,
/// runs on the target's Python, has a wheel, is not withdrawn, and is no later than the cut-off; it
/// is marked open. Where a later requirement lowers such a choice, the walk begins again, and
/// choices only ever go down, so that it ends and the answer does not depend on any order.
///
/// Where the fetcher may not use the network, the files of `prefer` are all that there is to choose from.
///
/// # Errors
/// All that is wrong, not only the first: pins without a wheel for the target or against a
/// requirement, projects for which no version fits, METADATA that is wrong; without the network all
/// that is missing, see [`ClosureErrors::offline`]. When the network fails, that alone.
pub fn closure(
    request: &Request<'_>,
    store: &Store,
    locator: &Locator<'_>,
) -> Result<Closure, ClosureErrors> {
    walk::closure(request, store, locator)
}

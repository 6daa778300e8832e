//! What every operation works with.

use std::path::Path;

use names::{Arch, Epoch};
use signer::OpenPgpKey;
use store::Store;
use wheels::Locator;

use crate::Outside;

/// Where an operation works, and with what. Plain references: the caller owns all of it.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The tree: the folder with `releases/`, `services/` and `distros/`.
    pub root: &'a Path,
    /// The content store.
    pub store: &'a Store,
    /// The way to the outside.
    pub outside: &'a Outside,
    /// The time now, for the validity of signatures and indexes alone. It never reaches what is
    /// written, but as the time of a signature where no other one is given.
    pub now: Epoch,
    /// The architecture of this machine: the one that a build step can be run for.
    pub host: Arch,
    /// This program, whose `main` begins with `sandbox::reenter`: a build step starts it anew.
    pub program: &'a Path,
    /// Threads for unpacking and compressing; what is written does not depend on it.
    pub jobs: usize,
    /// The key that signs packages; none where they go out unsigned.
    pub package_key: Option<&'a dyn OpenPgpKey>,
}

impl<'a> Setting<'a> {
    /// What finds files in the Python index. It asks for each page once.
    pub(crate) fn locator(&self) -> Locator<'a> {
        Locator::new(self.outside, "pypi".parse().expect("pypi is the name of an archive"))
    }
}

/// Who is told what happens meanwhile.
pub type Listener<'a> = &'a mut (dyn FnMut(crate::Event) + Send);

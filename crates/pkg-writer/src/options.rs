//! How packages are written, whatever their format.

use std::collections::BTreeMap;
use std::path::PathBuf;

use names::Epoch;

use crate::Compression;

/// How a package is written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    /// How the archives inside are compressed.
    pub compression: Compression,
    /// Number of threads that compress, at least one. The bytes do not depend on it. For xz, each takes
    /// about 60 MB.
    pub jobs: usize,
    /// The time of the package itself; times of files later than this are set to it
    /// (`SOURCE_DATE_EPOCH`).
    pub epoch: Epoch,
    /// A folder for the compressed files of the tree, until the package is written. Nothing is left
    /// in it.
    pub scratch: PathBuf,
    /// Whether the bytes of each file are checked against its digest while they are read; their number
    /// always is. A caller that has just read the same tree, to make an image of it, need not do it
    /// again: hashing takes about as long as Zstandard.
    pub check_contents: bool,
    /// Names of the owners of files: a tree has numbers alone.
    pub accounts: Accounts,
}

/// Names of users and groups by their numbers. Number 0 is `root`, listed or not.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Accounts {
    /// Names of users.
    pub users: BTreeMap<u32, String>,
    /// Names of groups.
    pub groups: BTreeMap<u32, String>,
}

impl Accounts {
    /// The name of a user.
    pub(crate) fn user(&self, number: u32) -> Option<&str> {
        name(&self.users, number)
    }

    /// The name of a group.
    pub(crate) fn group(&self, number: u32) -> Option<&str> {
        name(&self.groups, number)
    }
}

fn name(names: &BTreeMap<u32, String>, number: u32) -> Option<&str> {
    let root = (number == 0).then_some("root");
    names.get(&number).map(String::as_str).or(root)
}

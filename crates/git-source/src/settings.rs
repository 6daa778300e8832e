//! What the machine says about how to reach repositories.

use std::collections::BTreeMap;
use std::time::Duration;

/// How repositories are reached. All of it is given: neither the environment nor configuration files
/// of git are read, but by the programs that are started (git, for `file://` and credentials; ssh).
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether the network, and the folders of `file://`, may be used.
    pub network: Network,
    /// The environment, of which the proxies are read: `http_proxy`, `https_proxy`, `all_proxy`,
    /// `no_proxy`, in lower or upper case.
    pub environment: BTreeMap<String, String>,
    /// The text of the netrc file, empty where there is none.
    pub netrc: String,
    /// Whether `git credential fill` is asked for what the netrc file does not know.
    pub helpers: Helpers,
    /// The ssh command with its options, as in `GIT_SSH_COMMAND`; `None` for `ssh`.
    pub ssh_command: Option<String>,
    /// The longest time without an answer.
    pub patience: Duration,
    /// Limits on what servers send.
    pub limits: Limits,
}

/// Whether the network may be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Network {
    /// It may.
    On,
    /// It may not: what is not in the cache is an error that names it.
    Off,
}

/// Whether git's credential helpers are asked. They never prompt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Helpers {
    /// `git credential` is asked, which asks what git is configured to ask.
    Asked,
    /// Only the netrc file counts.
    Ignored,
}

/// How much a server may send, and a tree may hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Bytes of one pack.
    pub pack_bytes: u64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of all files of a tree.
    pub tree_bytes: u64,
    /// Files of a tree.
    pub files: usize,
    /// Bytes of a path.
    pub path_bytes: usize,
    /// Folders inside each other.
    pub depth: usize,
}

impl Limits {
    /// Far above any service of OpenStack: packs of 4 GiB, files of 256 MiB, trees of 4 GiB and
    /// 500,000 files, paths of 1,000 bytes and 64 folders.
    pub const USUAL: Self = Self {
        pack_bytes: 4 << 30,
        file_bytes: 256 << 20,
        tree_bytes: 4 << 30,
        files: 500_000,
        path_bytes: 1_000,
        depth: 64,
    };
}

impl Settings {
    /// The usual: network on, no proxies, no netrc file, helpers asked, two minutes of patience.
    pub fn new() -> Self {
        Self {
            network: Network::On,
            environment: BTreeMap::new(),
            netrc: String::new(),
            helpers: Helpers::Asked,
            ssh_command: None,
            patience: Duration::from_secs(120),
            limits: Limits::USUAL,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

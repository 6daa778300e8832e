//! Snapshots: what a channel is at one moment.

use std::collections::BTreeMap;

use names::{Digest, Epoch, Sha256};

use crate::RepoError;
use crate::channel::{ChannelName, ChannelSettings};
use crate::record::Record;
use crate::storage::Storage;
use crate::table::Table;

/// The file of a snapshot that describes it, written last.
pub(crate) const STATE: &str = "state.json";
/// The most that a state can have.
const LIMIT: u64 = 64 << 20;
const FORMAT: u32 = 1;

/// A snapshot of a channel.
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct State {
    pub(crate) format: u32,
    pub(crate) channel: String,
    pub(crate) settings: ChannelSettings,
    /// Counts the snapshots of the channel.
    pub(crate) sequence: u64,
    /// When it was published. It never goes back, since apt does not take an older Release file.
    pub(crate) date: Epoch,
    /// A line for each package.
    pub(crate) catalog: Table,
    /// The indexes by their path without a suffix: `main/binary-amd64/Packages`, `primary`.
    pub(crate) indexes: BTreeMap<String, Index>,
    /// Files that the user gives: `comps`, `updateinfo`.
    #[serde(default)]
    pub(crate) extra: BTreeMap<String, IndexFile>,
}

/// An index: its entries and its files.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Index {
    pub(crate) table: Table,
    /// By name, from the channel's folder.
    pub(crate) files: BTreeMap<String, IndexFile>,
}

/// A file of an index.
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct IndexFile {
    pub(crate) sha256: Digest,
    pub(crate) sha512: String,
    pub(crate) size: u64,
    /// Digest and size before it was compressed.
    pub(crate) open_sha256: Digest,
    pub(crate) open_size: u64,
}

impl State {
    /// The first state of a channel, which has no packages.
    pub(crate) fn new(channel: &ChannelName, settings: ChannelSettings, date: Epoch) -> Self {
        Self {
            format: FORMAT,
            channel: channel.to_string(),
            settings,
            sequence: 0,
            date,
            catalog: Table::default(),
            indexes: BTreeMap::new(),
            extra: BTreeMap::new(),
        }
    }

    /// The snapshot's name: its number, and a part of its digest, so that no two are the same.
    pub(crate) fn id(&self, json: &[u8]) -> String {
        let digest = Sha256::digest(json);
        format!("{:08}-{}", self.sequence, &digest.hex()[..16])
    }

    /// The packages, in order of name, architecture and version.
    pub(crate) fn records(&self, storage: &dyn Storage) -> Result<Vec<Record>, RepoError> {
        let entries = self.catalog.entries(storage)?;
        let parse = |(_, line): (String, String)| {
            let path = format!("the list of {}", self.channel);
            let damaged = RepoError::Damaged { path, reason: "a line describes no package" };
            Record::parse(&line).ok_or(damaged)
        };
        entries.into_iter().map(parse).collect()
    }
}

/// The folder of a snapshot.
pub(crate) fn folder(channel: &ChannelName, id: &str) -> String {
    format!("snapshots/{}/{id}", channel.path())
}

/// Reads the state of a snapshot; `None` if there is none.
pub(crate) fn read(
    storage: &dyn Storage,
    channel: &ChannelName,
    id: &str,
) -> Result<Option<State>, RepoError> {
    let path = format!("{}/{STATE}", folder(channel, id));
    let Some(bytes) = storage.read(&path, LIMIT)? else { return Ok(None) };
    let damaged = |reason| RepoError::Damaged { path: path.clone(), reason };
    let state: State =
        serde_json::from_slice(&bytes).map_err(|_| damaged("it describes no snapshot"))?;
    if state.id(&bytes) != id {
        return Err(damaged("it is not what was published"));
    }
    if state.format != FORMAT {
        return Err(damaged("it is of a later version of cooperage"));
    }
    Ok(Some(state))
}

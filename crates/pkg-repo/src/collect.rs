//! Removing what nothing points to.

use std::collections::BTreeSet;

use names::Epoch;

use crate::RepoError;
use crate::apt_index::by_hash;
use crate::channel::ChannelName;
use crate::folder::SoleFolder;
use crate::provenance::provenance_path;
use crate::repository::Repository;
use crate::state::{self, STATE, State};
use crate::storage::Storage;
use crate::yum_index::package_href;
use crate::{package, table};

/// Which snapshots stay. The current one of each channel always does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Retention {
    /// The newest of each channel stay, as many as this.
    pub count: usize,
    /// Those that are not older than this, in seconds, stay as well.
    pub seconds: u64,
    /// The present time.
    pub now: Epoch,
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Collected {
    /// Snapshots.
    pub snapshots: usize,
    /// Files, of packages, indexes and snapshots.
    pub files: usize,
    /// Their size in bytes. A file of several names counts for each.
    pub bytes: u64,
}

/// A snapshot of a channel.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Snapshot {
    /// Its name.
    pub id: String,
    /// When it was published.
    pub date: Epoch,
    /// How many packages it has.
    pub packages: u64,
    /// Whether the channel is at it.
    pub current: bool,
}

impl Repository<'_> {
    /// The snapshots of a channel, from the newest.
    ///
    /// # Errors
    /// When there is no such channel, or the storage fails.
    pub fn snapshots(&self, channel: &ChannelName) -> Result<Vec<Snapshot>, RepoError> {
        let (current, _) = self.current(channel)?;
        let states = states(self.storage, channel)?;
        let snapshot = |(id, state): (String, State)| Snapshot {
            current: id == current,
            date: state.date,
            packages: state.catalog.len(),
            id,
        };
        Ok(states.into_iter().map(snapshot).collect())
    }
}

/// The finished snapshots of a channel, from the newest.
fn states(storage: &dyn Storage, channel: &ChannelName) -> Result<Vec<(String, State)>, RepoError> {
    let folder = format!("snapshots/{}", channel.path());
    let mut found = Vec::new();
    for path in storage.list(&folder)? {
        let Some(rest) = path.strip_prefix(&folder) else { continue };
        let Some((id, STATE)) = rest.trim_start_matches('/').split_once('/') else { continue };
        let state = state::read(storage, channel, id);
        if let Some(state) = state.map_err(|source| old(channel, id, source))? {
            found.push((id.to_owned(), state));
        }
    }
    found.sort_by(|left, right| right.0.cmp(&left.0));
    Ok(found)
}

/// That a snapshot cannot be read, and which.
fn old(channel: &ChannelName, id: &str, source: RepoError) -> RepoError {
    match source {
        RepoError::Missing { .. } | RepoError::Damaged { .. } => {
            RepoError::OldSnapshot { folder: state::folder(channel, id), source: Box::new(source) }
        }
        other => other,
    }
}

/// Removes snapshots that need not stay, and then every file that no snapshot has: packages with
/// their descriptions and provenance, chunks, indexes, links of channels that are gone. Nobody else
/// uses the folder meanwhile, but clients read it as before: what a current snapshot has is not
/// touched.
///
/// # Errors
/// When a snapshot cannot be read: then nothing is removed. When a file cannot be removed.
pub fn collect(folder: &SoleFolder, retention: Retention) -> Result<Collected, RepoError> {
    let storage = folder.folder();
    let repository = Repository { storage, workers: 1 };
    let mut kept = BTreeSet::new();
    let mut snapshots = BTreeSet::new();
    let oldest = retention.now.0.saturating_sub(retention.seconds);
    let channels = repository.channels()?;
    for channel in &channels {
        let (current, _) = repository.current(channel)?;
        for (index, (id, state)) in states(storage, channel)?.into_iter().enumerate() {
            if id == current || index < retention.count || state.date.0 >= oldest {
                mark(storage, channel, &state, &mut kept).map_err(|source| {
                    match id == current {
                        true => source,
                        false => old(channel, &id, source),
                    }
                })?;
                snapshots.insert(format!("{}/", state::folder(channel, &id)));
            }
        }
    }
    let mut collected = Collected::default();
    for part in ["snapshots", "dists", "yum", "chunks", "packages", "pool"] {
        for path in storage.list(part)? {
            let size = storage.size(&path)?;
            let stays = match part {
                "snapshots" => snapshots.iter().any(|folder| path.starts_with(folder)),
                // A link that leads nowhere is of a channel or an index that is gone.
                "dists" | "yum" if !is_immutable(&path) => size.is_some(),
                _ => kept.contains(&path),
            };
            if !stays {
                collected.snapshots += usize::from(path.ends_with(STATE));
                collected.files += 1;
                collected.bytes += size.unwrap_or(0);
                storage.remove(&path)?;
            }
        }
    }
    Ok(collected)
}

/// Whether a file below a channel is served for ever, and is no link through a pointer.
fn is_immutable(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    match path.starts_with("yum/") {
        true => !name.starts_with("repomd.xml"),
        false => path.contains("/by-hash/"),
    }
}

/// Notes all files that a snapshot needs.
fn mark(
    storage: &dyn Storage,
    channel: &ChannelName,
    state: &State,
    kept: &mut BTreeSet<String>,
) -> Result<(), RepoError> {
    for record in state.records(storage)? {
        kept.insert(package::place(&record.sha256));
        kept.insert(provenance_path(&record));
        if matches!(channel, ChannelName::Yum(_)) {
            kept.insert(format!("{}/{}", channel.path(), package_href(&record)));
        }
        kept.insert(record.path);
    }
    let tables = state.indexes.values().map(|index| &index.table).chain([&state.catalog]);
    for chunk in tables.flat_map(|table| &table.chunks) {
        kept.extend(table::files(&chunk.digest));
    }
    for (name, index) in &state.indexes {
        for (path, file) in &index.files {
            match channel {
                ChannelName::Apt(_) => {
                    kept.extend(<[String; 2]>::from(by_hash(channel, name, file)))
                }
                ChannelName::Yum(_) => {
                    kept.insert(format!("{}/{path}", channel.path()));
                }
            }
        }
    }
    for path in state.extra.keys() {
        kept.insert(format!("{}/{path}", channel.path()));
    }
    Ok(())
}

//! Changing a channel: every change makes a snapshot, and one pointer is swapped at the end.

use names::Epoch;
use signer::OpenPgpKey;

use crate::apt_index;
use crate::channel::{ChannelName, ChannelSettings};
use crate::package::{Change, Known};
use crate::record::Record;
use crate::state::{self, STATE, State};
use crate::storage::{Content, PointerChange, Storage};
use crate::table::Shape;
use crate::{RepoError, yum_index};

/// A repository: apt suites and yum repositories over one pool of packages.
#[derive(Clone, Copy)]
pub struct Repository<'a> {
    /// Where it lies.
    pub storage: &'a dyn Storage,
    /// How many threads read and compress.
    pub workers: usize,
}

/// Who signs, and when it is.
#[derive(Clone, Copy, Debug)]
pub struct Signing<'a> {
    /// The keys: all of them sign. Without any, indexes are published unsigned: give the choice to a
    /// user by its own word.
    pub keys: &'a [&'a dyn OpenPgpKey],
    /// The time of the publication and of its signatures.
    pub now: Epoch,
}

/// What shall become of a channel.
pub(crate) enum Next {
    /// Nothing: it is as it should be.
    Unchanged,
    /// These packages go and come. Of some of them it is known what indexes say.
    Packages { removed: Vec<Record>, added: Vec<Record>, known: Known },
    /// It gets this state, but for its number and date.
    State(Box<State>),
}

/// Says from the current state and its packages what comes next, and what to tell the caller.
pub(crate) type Planning<'a, T> = dyn FnMut(&State, &[Record]) -> Result<(Next, T), RepoError> + 'a;

impl Repository<'_> {
    /// Makes a new snapshot of a channel as `plan` says from the current one, and swaps the pointer.
    /// If somebody else has swapped it meanwhile, all is done again from what is there then, so that
    /// nothing is lost. Returns the snapshot, and what the last plan gave.
    pub(crate) fn transact<T>(
        &self,
        channel: &ChannelName,
        signing: &Signing<'_>,
        plan: &mut Planning<'_, T>,
    ) -> Result<(String, T), RepoError> {
        let name = channel.path();
        let _turn = self.storage.turn(&name)?;
        loop {
            let no_channel = || RepoError::NoChannel { channel: channel.clone() };
            let from = self.storage.pointer(&name)?.ok_or_else(no_channel)?;
            // A snapshot goes only after its pointer has moved on: then this is tried again.
            let Some(current) = state::read(self.storage, channel, &from)? else {
                if self.storage.pointer(&name)?.as_deref() == Some(&from) {
                    let snapshot = from;
                    return Err(RepoError::NoSnapshot { channel: channel.clone(), snapshot });
                }
                continue;
            };
            let records = current.records(self.storage)?;
            let (next, told) = plan(&current, &records)?;
            let mut state = match next {
                Next::Unchanged => return Ok((from, told)),
                Next::State(state) => *state,
                Next::Packages { removed, added, known } => {
                    self.apply(channel, &current, &records, removed, added, &known)?
                }
            };
            state.sequence = current.sequence + 1;
            state.date = signing.now.max(current.date);
            let (id, serve) = self.write(channel, &current, &mut state, signing)?;
            let change =
                PointerChange { name: &name, from: Some(&from), to: Some(&id), serve: &serve };
            if self.storage.swap(&change)? {
                return Ok((id, told));
            }
        }
    }

    /// Makes the state with other packages.
    pub(crate) fn apply(
        &self,
        channel: &ChannelName,
        current: &State,
        records: &[Record],
        removed: Vec<Record>,
        added: Vec<Record>,
        known: &Known,
    ) -> Result<State, RepoError> {
        let mut state = current.clone();
        let mut lines: std::collections::BTreeMap<String, Option<String>> =
            removed.iter().map(|record| (record.key(), None)).collect();
        lines.extend(added.iter().map(|record| (record.key(), Some(record.line()))));
        let shape = Shape { entries: 64, formats: &[] };
        let replace = |_: &str, _: Option<&str>, new: &Option<String>| new.clone();
        let staying: Vec<Record> =
            records.iter().filter(|record| !lines.contains_key(&record.key())).cloned().collect();
        state.catalog =
            current.catalog.update(self.storage, shape, &lines, &replace, self.workers)?;
        if matches!(channel, ChannelName::Yum(_)) {
            yum_index::serve_packages(self.storage, channel, &added, self.workers)?;
        }
        let going = removed.into_iter().map(|record| Change { record, comes: false });
        let coming = added.into_iter().map(|record| Change { record, comes: true });
        let changes: Vec<Change> = going.chain(coming).collect();
        state.indexes = match &current.settings {
            ChannelSettings::Apt(settings) => apt_index::update(
                self.storage,
                settings,
                &current.indexes,
                &changes,
                &staying,
                known,
                self.workers,
            )?,
            ChannelSettings::Yum(settings) => {
                let indexes = &current.indexes;
                yum_index::update(self.storage, settings, indexes, &changes, known, self.workers)?
            }
        };
        Ok(state)
    }

    /// Writes the snapshot, and returns its name and the files of it that are served.
    pub(crate) fn write(
        &self,
        channel: &ChannelName,
        current: &State,
        state: &mut State,
        signing: &Signing<'_>,
    ) -> Result<(String, Vec<String>), RepoError> {
        let settings = state.settings.clone();
        let mut indexes = std::mem::take(&mut state.indexes);
        match &settings {
            ChannelSettings::Apt(_) => {
                apt_index::write(self.storage, channel, &current.indexes, &mut indexes)?;
            }
            ChannelSettings::Yum(settings) => {
                yum_index::write(self.storage, channel, settings, &current.indexes, &mut indexes)?;
            }
        }
        state.indexes = indexes;
        let json = serde_json::to_vec(state).expect("texts and numbers make JSON");
        let id = state.id(&json);
        let folder = state::folder(channel, &id);
        let put = |name: &str, content: Content<'_>| {
            self.storage.put(&format!("{folder}/{name}"), content)
        };
        let sign = |source| RepoError::Sign { channel: channel.clone(), source };
        let mut serve = Vec::new();
        match (channel, &settings) {
            (ChannelName::Apt(suite), ChannelSettings::Apt(settings)) => {
                for (name, index) in &state.indexes {
                    for (path, file) in &index.files {
                        let (sha256, _) = apt_index::by_hash(channel, name, file);
                        put(path, Content::Same(&sha256))?;
                        serve.push(path.clone());
                    }
                }
                let text = apt_index::release(suite, settings, state.date, &state.indexes);
                put("Release", Content::Bytes(text.as_bytes()))?;
                serve.push("Release".to_owned());
                if !signing.keys.is_empty() {
                    let document = signer::sign_cleartext(signing.keys, &text, signing.now);
                    put("InRelease", Content::Bytes(document.map_err(sign)?.as_bytes()))?;
                    let detached = signer::sign_armored(signing.keys, text.as_bytes(), signing.now);
                    put("Release.gpg", Content::Bytes(detached.map_err(sign)?.as_bytes()))?;
                    serve.extend(["InRelease", "Release.gpg"].map(str::to_owned));
                }
            }
            _ => {
                let text = yum_index::repomd(state);
                put("repodata/repomd.xml", Content::Bytes(text.as_bytes()))?;
                serve.push("repodata/repomd.xml".to_owned());
                if !signing.keys.is_empty() {
                    let detached = signer::sign_armored(signing.keys, text.as_bytes(), signing.now);
                    let detached = detached.map_err(sign)?;
                    put("repodata/repomd.xml.asc", Content::Bytes(detached.as_bytes()))?;
                    serve.push("repodata/repomd.xml.asc".to_owned());
                }
            }
        }
        put(STATE, Content::Bytes(&json))?;
        Ok((id, serve))
    }
}

impl std::fmt::Debug for Repository<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository").field("workers", &self.workers).finish_non_exhaustive()
    }
}

//! Checking a repository: is everything there, and is it what the signed indexes say?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use names::{Epoch, Sha256};
use signer::{Keyring, verify_cleartext, verify_detached};

use crate::RepoError;
use crate::apt_index::{self, by_hash, release};
use crate::channel::{ChannelName, ChannelSettings};
use crate::compress::Format;
use crate::package::{SMALL, kept, place};
use crate::record::Record;
use crate::repomd::INDEXES;
use crate::repository::Repository;
use crate::state::{Index, State, folder};
use crate::whole::digest_of;
use crate::yum_index::{self, package_href, repomd};

/// The most that a Release file or repomd.xml can have here, or a signature.
const LIMIT: u64 = 64 << 20;

/// Nothing else says what a snapshot has.
const ANEW: &str = "make the channel anew";

/// How thorough a check is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Depth {
    /// Packages have their sizes.
    Sizes,
    /// Packages have their digests: all of them are read.
    Bytes,
}

/// Something that is wrong in a repository.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Finding {
    /// The channel.
    pub channel: ChannelName,
    /// The file, from the root of the repository.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.channel, self.path, self.problem)
    }
}

/// What [`Repository::verify`] looks for.
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    /// The keys whose signatures count; `None` if the indexes are unsigned on purpose.
    pub keyring: Option<&'a Keyring>,
    /// The present time: signatures must not be of a later one.
    pub now: Epoch,
    /// How thorough it is.
    pub depth: Depth,
}

struct Findings<'a> {
    channel: &'a ChannelName,
    list: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, path: &str, problem: impl Into<String>) {
        let channel = self.channel.clone();
        self.list.push(Finding { channel, path: path.to_owned(), problem: problem.into() });
    }
}

impl Repository<'_> {
    /// Checks a channel as its clients see it: signatures, indexes against the packages that they
    /// list, packages against their digests. Returns all that is wrong, sorted.
    ///
    /// # Errors
    /// When there is no such channel, or the storage fails.
    pub fn verify(
        &self,
        channel: &ChannelName,
        check: &Check<'_>,
    ) -> Result<Vec<Finding>, RepoError> {
        let mut findings = Findings { channel, list: Vec::new() };
        let (id, state) = match self.current(channel) {
            Err(RepoError::Damaged { path, reason }) => {
                findings.add(&path, format!("{reason}: {ANEW}"));
                return Ok(findings.list);
            }
            Err(RepoError::NoSnapshot { snapshot, .. }) => {
                findings.add(&folder(channel, &snapshot), format!("it is missing: {ANEW}"));
                return Ok(findings.list);
            }
            current => current?,
        };
        let records = match state.records(self.storage) {
            Ok(records) => records,
            Err(error) => {
                findings.add(&folder(channel, &id), format!("{error}: {ANEW}"));
                return Ok(findings.list);
            }
        };
        self.check_packages(channel, &records, check.depth, &mut findings)?;
        self.check_entries(&state, &records, &mut findings)?;
        self.check_indexes(channel, &state, &mut findings)?;
        self.check_signed(channel, &state, check, &mut findings)?;
        findings.list.sort();
        Ok(findings.list)
    }

    fn check_packages(
        &self,
        channel: &ChannelName,
        records: &[Record],
        depth: Depth,
        findings: &mut Findings<'_>,
    ) -> Result<(), RepoError> {
        let problems = parallel::for_each(records, self.workers, |record| {
            let served = match channel {
                ChannelName::Apt(_) => record.path.clone(),
                ChannelName::Yum(_) => format!("{}/{}", channel.path(), package_href(record)),
            };
            if served != record.path && self.storage.size(&record.path)?.is_none() {
                return Ok(Some((record.path.clone(), "the package is missing")));
            }
            let problem = match self.storage.size(&served)? {
                None => Some("the package is missing"),
                Some(size) if size != record.size => Some("the package has another size"),
                Some(_) if depth == Depth::Sizes => None,
                Some(_) => (digest_of(self.storage, &served)? != Some(record.sha256))
                    .then_some("the package has other content"),
            };
            Ok::<_, RepoError>(problem.map(|problem| (served, problem)))
        })?;
        for (path, problem) in problems.into_iter().flatten() {
            findings.add(&path, problem);
        }
        Ok(())
    }

    /// Whether the indexes list what the catalog does: in the words of its description, where it is kept, and else
    /// under its digest.
    fn check_entries(
        &self,
        state: &State,
        records: &[Record],
        findings: &mut Findings<'_>,
    ) -> Result<(), RepoError> {
        let mut listed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (_, index) in state.indexes.iter().filter(|(name, _)| !name.contains("Contents")) {
            // What is damaged there is found with the indexes.
            let Ok(entries) = index.table.entries(self.storage) else { return Ok(()) };
            for (key, text) in entries {
                listed.entry(key).or_default().insert(text);
            }
        }
        for record in records {
            let mut texts = listed.remove(&record.key()).unwrap_or_default();
            match kept(self.storage, &record.sha256) {
                Err(error) => findings.add(&record.path, error.to_string()),
                Ok(Some(description)) => {
                    for (index, entry) in &description.entries {
                        if !texts.remove(entry) {
                            findings.add(&record.path, format!("the index {index} lacks it"));
                        }
                    }
                }
                Ok(None) if record.size > SMALL => {
                    findings.add(&place(&record.sha256), "it is missing");
                }
                Ok(None) => {
                    let digest = record.sha256.hex();
                    let before = texts.len();
                    texts.retain(|text| !text.contains(&digest));
                    if texts.len() == before {
                        findings.add(&record.path, "the indexes lack it");
                    }
                }
            }
            listed.entry(record.key()).or_default().extend(texts);
        }
        for text in listed.into_values().flatten() {
            let line = text.lines().next().unwrap_or_default().to_owned();
            findings.add("", format!("an index lists what is not there: {line}"));
        }
        Ok(())
    }

    fn check_indexes(
        &self,
        channel: &ChannelName,
        state: &State,
        findings: &mut Findings<'_>,
    ) -> Result<(), RepoError> {
        let served = state.indexes.iter().flat_map(|(name, index)| {
            index.files.iter().map(move |(path, file)| (Some(name), path, file))
        });
        let extra = state.extra.iter().map(|(path, file)| (None, path, file));
        for (name, path, file) in served.chain(extra) {
            let mut places = vec![format!("{}/{path}", channel.path())];
            if let (ChannelName::Apt(_), Some(name)) = (channel, name) {
                let (sha256, sha512) = by_hash(channel, name, file);
                places.extend([sha256, sha512]);
            }
            for place in places {
                match digest_of(self.storage, &place)? {
                    None => findings.add(&place, "the index is missing"),
                    Some(digest) if digest != file.sha256 => {
                        findings.add(&place, "the index has other content");
                    }
                    Some(_) => {}
                }
            }
        }
        for (name, index) in &state.indexes {
            if let Err(error) = index.table.entries(self.storage) {
                findings.add(name, error.to_string());
            }
            for (path, file) in &index.files {
                let made = self.assemble(state, name, index, Format::of(path));
                if !made.is_ok_and(|bytes| Sha256::digest(bytes) == file.sha256) {
                    findings.add(path, "its chunks do not make the index");
                }
            }
        }
        Ok(())
    }

    /// A file of an index, put together from its chunks.
    fn assemble(
        &self,
        state: &State,
        name: &str,
        index: &Index,
        format: Format,
    ) -> Result<Vec<u8>, RepoError> {
        match INDEXES.iter().find(|kind| kind.name == name) {
            Some(kind) if matches!(state.settings, ChannelSettings::Yum(_)) => {
                yum_index::assemble(self.storage, kind, index, format)
            }
            _ => apt_index::assemble(self.storage, name, index, format),
        }
    }

    /// Whether the indexes, and what they are made of, are what the snapshot says.
    pub(crate) fn are_indexes_whole(
        &self,
        channel: &ChannelName,
        state: &State,
    ) -> Result<bool, RepoError> {
        let mut findings = Findings { channel, list: Vec::new() };
        self.check_indexes(channel, state, &mut findings)?;
        Ok(findings.list.is_empty())
    }

    fn check_signed(
        &self,
        channel: &ChannelName,
        state: &State,
        check: &Check<'_>,
        findings: &mut Findings<'_>,
    ) -> Result<(), RepoError> {
        let (file, detached, text) = match (channel, &state.settings) {
            (ChannelName::Apt(suite), ChannelSettings::Apt(settings)) => {
                let text = release(suite, settings, state.date, &state.indexes);
                ("Release", "Release.gpg", text)
            }
            _ => ("repodata/repomd.xml", "repodata/repomd.xml.asc", repomd(state)),
        };
        let place = |name: &str| format!("{}/{name}", channel.path());
        let there = self.storage.read(&place(file), LIMIT)?.unwrap_or_default();
        if there != text.as_bytes() {
            findings.add(&place(file), "it is not that of the current snapshot");
        }
        let Some(keyring) = check.keyring else { return Ok(()) };
        let signature = self.storage.read(&place(detached), LIMIT)?.unwrap_or_default();
        if let Err(error) = verify_detached(&there, &signature, keyring, Some(check.now)) {
            findings.add(&place(detached), error.to_string());
        }
        if matches!(channel, ChannelName::Apt(_)) {
            let document = self.storage.read(&place("InRelease"), LIMIT)?.unwrap_or_default();
            match verify_cleartext(&document, keyring, Some(check.now)) {
                Err(error) => findings.add(&place("InRelease"), error.to_string()),
                Ok(signed) if signed.text != text => {
                    findings.add(&place("InRelease"), "it is not that of the current snapshot");
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }
}

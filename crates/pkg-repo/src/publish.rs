//! What can be done to channels.

use names::{Digest, Sha256};
use signer::Certificate;

use crate::channel::{ChannelName, ChannelSettings, is_word};
use crate::gate::{GateRules, Removal, check_gate};
use crate::package::{Known, NewPackage, take_in};
use crate::record::Record;
use crate::repository::{Next, Repository, Signing};
use crate::state::{self, State};
use crate::storage::{Content, PointerChange};
use crate::whole::put_whole;
use crate::{RepoError, apt_index, yum_index};

/// What a change did.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Published {
    /// The snapshot that is current now.
    pub snapshot: String,
    /// Packages that came.
    pub added: Vec<Record>,
    /// Packages that were there already, with the same content.
    pub skipped: Vec<Record>,
    /// Packages that went, each with the reason.
    pub removed: Vec<(Record, Removal)>,
}

impl Repository<'_> {
    /// Makes a channel without packages. Where it is there already with the same settings, nothing
    /// happens.
    ///
    /// # Errors
    /// When the settings are wrong, or the channel is there with other ones.
    pub fn init(
        &self,
        channel: &ChannelName,
        settings: &ChannelSettings,
        signing: &Signing<'_>,
    ) -> Result<(), RepoError> {
        check_settings(channel, settings)?;
        let name = channel.path();
        if let Some(id) = self.storage.pointer(&name)? {
            let there = state::read(self.storage, channel, &id)?;
            if there.is_some_and(|there| there.settings == *settings) {
                return Ok(());
            }
            return Err(RepoError::ChannelExists { channel: channel.clone() });
        }
        let mut state = State::new(channel, settings.clone(), signing.now);
        if let ChannelSettings::Apt(settings) = settings {
            let (none, known) = (&state.indexes, Known::default());
            state.indexes =
                apt_index::update(self.storage, settings, none, &[], &[], &known, self.workers)?;
        } else if let ChannelSettings::Yum(settings) = settings {
            let (none, known) = (&state.indexes, Known::default());
            state.indexes =
                yum_index::update(self.storage, settings, none, &[], &known, self.workers)?;
        }
        let empty = State { indexes: Default::default(), ..state.clone() };
        let (id, serve) = self.write(channel, &empty, &mut state, signing)?;
        let change = PointerChange { name: &name, from: None, to: Some(&id), serve: &serve };
        if self.storage.swap(&change)? {
            return Ok(());
        }
        // Somebody else was faster.
        self.init(channel, settings, signing)
    }

    /// Publishes packages in a channel, through the version gate: see [`check_gate`]. All of them come
    /// or none. Of those that are there already, what is damaged or lost comes back.
    ///
    /// # Errors
    /// When a package cannot be read or does not fit, when the gate is shut, or when the storage or a
    /// key fails. The channel is then as it was.
    pub fn publish(
        &self,
        channel: &ChannelName,
        packages: &[NewPackage],
        rules: GateRules,
        signing: &Signing<'_>,
    ) -> Result<Published, RepoError> {
        let (records, known) = take_in(self.storage, channel, packages, self.workers)?;
        self.admit(channel, &records, &known, rules, signing)
    }

    /// Publishes packages that another channel of the same side has, by their digests: the files stay
    /// where they are.
    ///
    /// # Errors
    /// As [`Repository::publish`], and when `from` has no such package.
    pub fn promote(
        &self,
        from: &ChannelName,
        to: &ChannelName,
        packages: &[Digest],
        rules: GateRules,
        signing: &Signing<'_>,
    ) -> Result<Published, RepoError> {
        if std::mem::discriminant(from) != std::mem::discriminant(to) {
            let reason = format!("packages of {from} cannot be in it");
            return Err(RepoError::Settings { channel: to.clone(), reason });
        }
        let there = self.records(from)?;
        let find = |digest: &Digest| {
            let found = there.iter().find(|record| record.sha256 == *digest);
            let wanted = digest.to_string();
            found.cloned().ok_or(RepoError::NoPackage { channel: from.clone(), wanted })
        };
        let records = packages.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        self.admit(to, &records, &Known::default(), rules, signing)
    }

    fn admit(
        &self,
        channel: &ChannelName,
        new: &[Record],
        known: &Known,
        rules: GateRules,
        signing: &Signing<'_>,
    ) -> Result<Published, RepoError> {
        let (snapshot, mut published) =
            self.transact(channel, signing, &mut |current: &State, there| {
                for record in new {
                    check_place(channel, &current.settings, record)?;
                }
                let plan = check_gate(there, new, rules, current.settings.keep());
                let plan =
                    plan.map_err(|errors| RepoError::Gate { channel: channel.clone(), errors })?;
                let removed = plan.removed.iter().map(|(record, _)| record.clone()).collect();
                let next = match plan.added.is_empty() && plan.removed.is_empty() {
                    true => Next::Unchanged,
                    false => Next::Packages {
                        removed,
                        added: plan.added.clone(),
                        known: Known::clone(known),
                    },
                };
                let published = Published {
                    snapshot: String::new(),
                    added: plan.added,
                    skipped: plan.skipped,
                    removed: plan.removed,
                };
                Ok((next, published))
            })?;
        published.snapshot = snapshot;
        if matches!(channel, ChannelName::Yum(_)) {
            // These may be damaged or lost where they are served.
            yum_index::serve_packages(self.storage, channel, &published.skipped, self.workers)?;
        }
        Ok(published)
    }

    /// Removes packages from a channel, by their digests. Their files stay until [`crate::collect`]
    /// finds that no snapshot has them.
    ///
    /// # Errors
    /// When one of them is not there.
    pub fn remove(
        &self,
        channel: &ChannelName,
        packages: &[Digest],
        signing: &Signing<'_>,
    ) -> Result<Published, RepoError> {
        let (snapshot, removed) = self.transact(channel, signing, &mut |_, there| {
            let find = |digest: &Digest| {
                let found = there.iter().find(|record| record.sha256 == *digest);
                let wanted = digest.to_string();
                found.cloned().ok_or(RepoError::NoPackage { channel: channel.clone(), wanted })
            };
            let removed = packages.iter().map(find).collect::<Result<Vec<_>, _>>()?;
            let (gone, added) = (removed.clone(), Vec::new());
            Ok((Next::Packages { removed: gone, added, known: Known::default() }, removed))
        })?;
        let removed = removed.into_iter().map(|record| (record, Removal::Asked)).collect();
        Ok(Published { snapshot, removed, ..Published::default() })
    }

    /// Makes a channel what it was in an earlier snapshot. It is a new snapshot, of the present time
    /// and signed anew, as apt does not go back to an older Release file. Settings stay as they are.
    ///
    /// # Errors
    /// When there is no such snapshot.
    pub fn rollback(
        &self,
        channel: &ChannelName,
        snapshot: &str,
        signing: &Signing<'_>,
    ) -> Result<String, RepoError> {
        let gone =
            || RepoError::NoSnapshot { channel: channel.clone(), snapshot: snapshot.to_owned() };
        if !is_word(snapshot) {
            return Err(gone());
        }
        let old = state::read(self.storage, channel, snapshot)?.ok_or_else(gone)?;
        let (id, ()) = self.transact(channel, signing, &mut |current: &State, _| {
            let state = State { settings: current.settings.clone(), ..old.clone() };
            Ok((Next::State(Box::new(state)), ()))
        })?;
        Ok(id)
    }

    /// Signs a channel anew at the present time: for a new key, and before `Valid-Until` is over. Indexes that are
    /// damaged are made anew from the packages.
    ///
    /// # Errors
    /// When there is no such channel, a package is missing whose index is damaged, or the storage or a key fails.
    pub fn refresh(
        &self,
        channel: &ChannelName,
        signing: &Signing<'_>,
    ) -> Result<String, RepoError> {
        let (id, ()) = self.transact(channel, signing, &mut |current: &State, records| {
            let mut state = current.clone();
            if !self.are_indexes_whole(channel, current)? {
                for index in std::mem::take(&mut state.indexes).values() {
                    index.table.remove_damaged(self.storage)?;
                }
                let (none, all) = (Vec::new(), records.to_vec());
                state = self.apply(channel, &state, records, none, all, &Known::default())?;
            }
            Ok((Next::State(Box::new(state)), ()))
        })?;
        Ok(id)
    }

    /// Removes a channel: a change's own repository once it is merged. Its packages stay in the pool
    /// as long as another channel has them.
    ///
    /// # Errors
    /// When there is no such channel.
    pub fn remove_channel(&self, channel: &ChannelName) -> Result<(), RepoError> {
        let name = channel.path();
        loop {
            let from = self.storage.pointer(&name)?;
            let from = from.ok_or_else(|| RepoError::NoChannel { channel: channel.clone() })?;
            let change = PointerChange { name: &name, from: Some(&from), to: None, serve: &[] };
            if self.storage.swap(&change)? {
                return Ok(());
            }
        }
    }

    /// The channels, in order of their paths.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn channels(&self) -> Result<Vec<ChannelName>, RepoError> {
        let pointers = self.storage.pointers()?;
        Ok(pointers.iter().filter_map(|path| ChannelName::from_path(path)).collect())
    }

    /// The packages of a channel, in order of name, architecture and version.
    ///
    /// # Errors
    /// When there is no such channel, or the storage fails.
    pub fn records(&self, channel: &ChannelName) -> Result<Vec<Record>, RepoError> {
        self.current(channel)?.1.records(self.storage)
    }

    /// The current snapshot of a channel and its state.
    pub(crate) fn current(&self, channel: &ChannelName) -> Result<(String, State), RepoError> {
        loop {
            let id = self.storage.pointer(&channel.path())?;
            let id = id.ok_or_else(|| RepoError::NoChannel { channel: channel.clone() })?;
            if let Some(state) = state::read(self.storage, channel, &id)? {
                return Ok((id, state));
            }
            if self.storage.pointer(&channel.path())?.as_deref() == Some(&id) {
                return Err(RepoError::NoSnapshot { channel: channel.clone(), snapshot: id });
            }
        }
    }

    /// Puts the public half of a key where clients find it: `keys/FINGERPRINT.asc`, and `.gpg` in
    /// binary form. Returns the path of the first.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn export_key(&self, certificate: &Certificate) -> Result<String, RepoError> {
        let path = format!("keys/{}", certificate.fingerprint());
        let armored = format!("{path}.asc");
        let (binary, text) = (certificate.to_bytes(), certificate.to_armor());
        for (path, bytes) in
            [(format!("{path}.gpg"), binary.as_slice()), (armored.clone(), text.as_bytes())]
        {
            // A key that was extended keeps its fingerprint.
            put_whole(self.storage, &path, Content::Bytes(bytes), &Sha256::digest(bytes))?;
        }
        Ok(armored)
    }
}

fn check_settings(channel: &ChannelName, settings: &ChannelSettings) -> Result<(), RepoError> {
    let wrong = |reason: &str| {
        Err(RepoError::Settings { channel: channel.clone(), reason: reason.to_owned() })
    };
    match (channel, settings) {
        (ChannelName::Apt(_), ChannelSettings::Apt(settings)) => {
            let lines = [&settings.origin, &settings.label, &settings.description];
            if lines.iter().any(|line| line.contains(char::is_control)) {
                return wrong("a text has control characters");
            }
            let mut words = settings.components.iter().chain(&settings.architectures);
            if !is_word(&settings.codename) || !words.all(|word| is_word(word)) {
                return wrong("codename, components and architectures must be simple words");
            }
            if settings.components.is_empty() || settings.architectures.is_empty() {
                return wrong("want at least one component and one architecture");
            }
            if settings.architectures.iter().any(|arch| arch == "all") {
                return wrong("`all` is no architecture of a suite: its packages are in each");
            }
            Ok(())
        }
        (ChannelName::Yum(_), ChannelSettings::Yum(_)) => Ok(()),
        _ => wrong("they are those of the other side"),
    }
}

fn check_place(
    channel: &ChannelName,
    settings: &ChannelSettings,
    record: &Record,
) -> Result<(), RepoError> {
    let ChannelSettings::Apt(settings) = settings else { return Ok(()) };
    let refused = |reason: String| {
        let path = record.path.clone().into();
        Err(RepoError::Package { path, channel: channel.clone(), reason })
    };
    if !settings.components.contains(&record.component) {
        let known = settings.components.join(", ");
        return refused(format!("it has no component `{}`, but {known}", record.component));
    }
    if record.architecture != "all" && !settings.architectures.contains(&record.architecture) {
        let known = settings.architectures.join(", ");
        return refused(format!("it is for {known}, not for {}", record.architecture));
    }
    Ok(())
}

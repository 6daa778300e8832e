//! The packages that a distribution has now.

use std::collections::BTreeMap;

use distro::{DistroFile, Index, LockedSuite, Suite, SuiteError};
use names::{Arch, DistroId};
use signer::{Keyring, KeyringError};
use store::FetchError;

use crate::blame::Blame;
use crate::describe::Description;
use crate::examples;
use crate::setting::{Listener, Setting};

/// Why the packages of a distribution are not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchivesError {
    /// A keyring of the distribution is none.
    #[error("distros/keyrings/{keyring} cannot be used")]
    Keyring {
        /// The file.
        keyring: String,
        /// Why.
        source: KeyringError,
    },
    /// The archives' indexes cannot be had or trusted.
    #[error("the archives of {distro} cannot be read")]
    Suites {
        /// The distribution.
        distro: DistroId,
        /// Why.
        source: SuiteError,
    },
    /// The package that says where other archives are cannot be fetched.
    #[error("cannot get the packages of the distribution")]
    Examples(#[from] FetchError),
}

impl ArchivesError {
    /// Who must act.
    pub fn blame(&self) -> Blame {
        let source = match self {
            ArchivesError::Keyring { .. } => return Blame::Input,
            ArchivesError::Examples(error) => return Blame::of_fetch(error),
            ArchivesError::Suites { source, .. } => source,
        };
        match source {
            SuiteError::Fetch { source, .. } => Blame::of_fetch(source),
            SuiteError::NoKeyring { .. } | SuiteError::NoComponent { .. } => Blame::Input,
            SuiteError::Store { .. } | SuiteError::StoreIndex(_) => Blame::Input,
            _ => Blame::Verification,
        }
    }
}

/// A distribution whose packages come from archives that its keyrings sign for.
pub(crate) struct Archives<'a> {
    setting: &'a Setting<'a>,
    distro: &'a DistroFile,
    id: &'a DistroId,
    keyrings: BTreeMap<String, Keyring>,
}

impl<'a> Archives<'a> {
    pub(crate) fn new(
        setting: &'a Setting<'a>,
        description: &'a Description,
        distro: &'a DistroFile,
    ) -> Result<Self, ArchivesError> {
        let mut keyrings = BTreeMap::new();
        for (name, bytes) in &description.keyrings {
            let keyring = Keyring::parse(bytes)
                .map_err(|source| ArchivesError::Keyring { keyring: name.clone(), source })?;
            keyrings.insert(name.clone(), keyring);
        }
        Ok(Self { setting, distro, id: &description.id, keyrings })
    }

    /// Fetches and verifies the indexes. Where nobody has named the address of an archive, it is learnt
    /// first.
    pub(crate) fn read(
        &self,
        arch: Arch,
        tell: Listener<'_>,
    ) -> Result<(Index, Vec<LockedSuite>), ArchivesError> {
        self.learn(arch, tell)?;
        self.fetch(&self.distro.suites, arch)
    }

    /// Learns where the archives are that nobody has named: the example sources in the newest package
    /// `apt` of the others say so.
    pub(crate) fn learn(&self, arch: Arch, tell: Listener<'_>) -> Result<(), ArchivesError> {
        let suites = &self.distro.suites;
        let known =
            |suite: &&Suite| !suite.serves(arch) || self.setting.outside.knows(&suite.archive);
        let known: Vec<Suite> = suites.iter().filter(known).cloned().collect();
        if known.len() < suites.len()
            && let Some(apt) = self.fetch(&known, arch)?.0.newest("apt")
        {
            examples::learn(self.setting, &apt, tell)?;
        }
        Ok(())
    }

    fn fetch(
        &self,
        suites: &[Suite],
        arch: Arch,
    ) -> Result<(Index, Vec<LockedSuite>), ArchivesError> {
        let Setting { outside, store, now, .. } = *self.setting;
        distro::fetch_suites(outside, store, suites, &self.keyrings, arch, Some(now))
            .map_err(|source| ArchivesError::Suites { distro: self.id.clone(), source })
    }
}

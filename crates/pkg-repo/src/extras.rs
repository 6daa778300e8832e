//! Files of a yum repository that a user writes.

use crate::RepoError;
use crate::channel::{ChannelName, ChannelSettings};
use crate::compress::compress;
use crate::repository::{Next, Repository, Signing};
use crate::state::{IndexFile, State};
use crate::yum_index;

/// Files that are published with a yum repository as they are given.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Extras {
    /// Groups of packages: the text of a `comps.xml`.
    pub comps: Option<Vec<u8>>,
    /// Advisories: the text of an `updateinfo.xml`.
    pub updateinfo: Option<Vec<u8>>,
}

impl Repository<'_> {
    /// Publishes groups and advisories with a yum repository, in place of those that were there; what
    /// is `None` goes. Returns the new snapshot.
    ///
    /// # Errors
    /// When there is no such channel or it is an apt suite, or the storage or a key fails.
    pub fn set_extras(
        &self,
        channel: &ChannelName,
        extras: &Extras,
        signing: &Signing<'_>,
    ) -> Result<String, RepoError> {
        let (id, ()) = self.transact(channel, signing, &mut |current: &State, _| {
            let ChannelSettings::Yum(settings) = &current.settings else {
                let reason = "groups and advisories are for yum repositories".to_owned();
                return Err(RepoError::Settings { channel: channel.clone(), reason });
            };
            let mut state = current.clone();
            state.extra.clear();
            if let Some(comps) = &extras.comps {
                // Some clients take groups from a plain file alone.
                let open = IndexFile::of(comps);
                let put = yum_index::put(self.storage, channel, "comps.xml", comps, &open)?;
                state.extra.extend([put]);
            }
            if let Some(updateinfo) = &extras.updateinfo {
                let open = IndexFile::of(updateinfo);
                let bytes = compress(updateinfo, settings.compression);
                let name = format!("updateinfo.xml{}", settings.compression.suffix());
                state.extra.extend([yum_index::put(self.storage, channel, &name, &bytes, &open)?]);
            }
            Ok((Next::State(Box::new(state)), ()))
        })?;
        Ok(id)
    }
}

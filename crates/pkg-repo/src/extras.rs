//! Files of a yum repository that a user writes.

use std::borrow::Cow;

use crate::RepoError;
use crate::channel::{ChannelName, ChannelSettings};
use crate::compress::{Format, compress};
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

/// A file that is published: its name, its bytes, and the bytes before they were compressed.
type ExtraFile<'a> = (String, Cow<'a, [u8]>, &'a [u8]);

impl Extras {
    /// The files that are there.
    pub(crate) fn files(&self, compression: Format) -> Vec<ExtraFile<'_>> {
        let mut files = Vec::new();
        if let Some(comps) = &self.comps {
            // Some clients take groups from a plain file alone.
            files.push(("comps.xml".to_owned(), Cow::Borrowed(&**comps), &**comps));
        }
        if let Some(updateinfo) = &self.updateinfo {
            let name = format!("updateinfo.xml{}", compression.suffix());
            files.push((name, compress(updateinfo, compression).into(), updateinfo));
        }
        files
    }
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
            for (name, bytes, open) in extras.files(settings.compression) {
                let open = IndexFile::of(open);
                state.extra.extend([yum_index::put(self.storage, channel, &name, &bytes, &open)?]);
            }
            Ok((Next::State(Box::new(state)), ()))
        })?;
        Ok(id)
    }
}

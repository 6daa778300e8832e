//! An archive that is named by its digest.

use std::io::{self, Write as _};
use std::path::Path;

use filetree::{Tree, TreePath};
use names::Digest;
use store::{Address, Blob, Fetcher as _, Want};

use super::origin::Tarball;
use super::{Found, SourceError, Wanted};
use crate::setting::Setting;

/// The files of an archive. Where `sha256` is not known, it is a file of this machine.
pub(super) fn found(
    setting: &Setting<'_>,
    wanted: Wanted<'_>,
    tarball: &Tarball,
    sha256: Option<Digest>,
) -> Result<Found, SourceError> {
    let component = || wanted.component.to_owned();
    let here = sha256.and_then(|sha256| setting.store.blob(&sha256));
    let blob = match (here, sha256) {
        (Some(blob), _) => blob,
        (None, Some(sha256)) if !tarball.url.starts_with("file://") => {
            let addresses = vec![Address::Url(tarball.url.clone())];
            let want = Want { addresses, sha256, size: None };
            let found = setting.outside.blobs(setting.store, &[want], &mut |_, _, _| {});
            let mut found = found.map_err(|source| {
                let (component, url) = (component(), tarball.url.clone());
                SourceError::Fetch { component, url, source }
            })?;
            found.swap_remove(0)
        }
        (None, sha256) => read(setting, wanted, tarball, sha256)?,
    };
    let pack = wheels::unpack_sdist(setting.store, &blob)
        .map_err(|source| SourceError::Unpack { component: component(), source })?;
    let prefix = tarball.subdirectory.as_ref().map(|folder| format!("{folder}/"));
    let mut tree = Tree::new();
    for (path, node) in &pack.entries {
        let below = match &prefix {
            None => Some(path.as_str()),
            Some(prefix) => path.as_str().strip_prefix(prefix.as_str()),
        };
        let Some(below) = below.filter(|below| !below.is_empty()) else { continue };
        let place = TreePath::from_member(below)
            .map_err(|source| SourceError::Path { component: component(), source })?;
        tree.insert_with_parents(place, node.clone())
            .map_err(|source| SourceError::Tree { component: component(), source })?;
    }
    let sha256 = Some(blob.digest);
    Ok(Found { tree, version: None, commit: None, changed: false, sha256, pbr_json: None })
}

/// Puts a file of this machine into the store.
fn read(
    setting: &Setting<'_>,
    wanted: Wanted<'_>,
    tarball: &Tarball,
    sha256: Option<Digest>,
) -> Result<Blob, SourceError> {
    let component = || wanted.component.to_owned();
    let failed = |source| SourceError::Read { component: component(), source };
    let stored = |source| SourceError::Store { component: component(), source };
    let path = tarball.url.strip_prefix("file://").unwrap_or(&tarball.url);
    let mut file = fs_err::File::open(Path::new(path)).map_err(failed)?;
    let mut writer = setting.store.blob_writer().map_err(stored)?;
    io::copy(&mut file, &mut writer).map_err(failed)?;
    writer.flush().map_err(failed)?;
    writer.finish(sha256.as_ref()).map_err(stored)
}

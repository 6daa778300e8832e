//! The source archive of a version, from a lock, the store or the index.

use constraints::Version;
use names::PackageName;
use store::Blob;
use wheels::{LocateError, LockedWheel};

use crate::fetching;
use crate::key::Key;
use crate::setting::{Listener, Setting};

/// The kind of the records in the store that say which file a source archive is.
pub(crate) const RECORDS: &str = "found-sdist-2";

/// Puts the source archive of a version into the store, if it is not there: the one among `locked`, or
/// else the one that the index was asked for, now or before. A file of an index never changes.
pub(crate) fn sdist_of(
    setting: &Setting<'_>,
    project: &PackageName,
    version: &Version,
    locked: &[LockedWheel],
    tell: Listener<'_>,
) -> Result<(LockedWheel, Blob), LocateError> {
    let text = version.to_string();
    let known = locked.iter().find(|file| file.project == *project && file.version == text);
    let key = Key::new(RECORDS).with("project", project.as_str()).with("version", &text).finish();
    let file = match known.cloned().or_else(|| recall(setting, &key)) {
        Some(file) => file,
        None => {
            let file = setting.locator().sdist(project, version)?;
            remember(setting, &key, &file);
            file
        }
    };
    let blob = match setting.store.blob(&file.sha256) {
        Some(blob) => blob,
        None => fetching::wheel(setting, &file, tell)?,
    };
    Ok((file, blob))
}

fn recall(setting: &Setting<'_>, key: &names::Digest) -> Option<LockedWheel> {
    serde_json::from_slice(&setting.store.record(RECORDS, key)?).ok()
}

/// Without the record the index is asked once more, and nothing else is lost.
fn remember(setting: &Setting<'_>, key: &names::Digest, file: &LockedWheel) {
    if let Ok(text) = serde_json::to_vec(file) {
        let _ = setting.store.write_record(RECORDS, key, &text);
    }
}

//! The indexes of a channel of the yum side: primary, filelists, other, and repomd.xml.

use std::collections::BTreeMap;

use crate::RepoError;
use crate::channel::{ChannelName, YumSettings};
use crate::compress::{Format, compress, join};
use crate::package::{Change, Known, each_described};
use crate::record::Record;
use crate::repomd::{self, INDEXES, IndexKind, NamedFile};
use crate::state::{Index, IndexFile, State};
use crate::storage::{Content, Storage};
use crate::table::Shape;
use crate::whole::put_whole;

/// Where the file of a package is served, from the folder of its channel: under its name in the pool, which has the
/// digest, so that a path never gets other content. Of a package that came when the digest was a folder there, it is
/// that folder and the file.
pub(crate) fn package_href(record: &Record) -> String {
    let digest = record.path.find(&record.sha256.hex()[..16]).unwrap_or(0);
    let start = record.path[..digest].rfind('/').map_or(0, |slash| slash + 1);
    format!("Packages/{}", &record.path[start..])
}

/// Brings the indexes up to date, and puts packages that come where they are served.
pub(crate) fn update(
    storage: &dyn Storage,
    settings: &YumSettings,
    indexes: &BTreeMap<String, Index>,
    changes: &[Change],
    known: &Known,
    workers: usize,
) -> Result<BTreeMap<String, Index>, RepoError> {
    let mut entries: BTreeMap<&str, BTreeMap<String, Option<String>>> = BTreeMap::new();
    // What goes is known by its key alone.
    let (coming, going): (Vec<&Change>, Vec<&Change>) =
        changes.iter().partition(|change| change.comes);
    for IndexKind { name, .. } in INDEXES {
        let gone = going.iter().map(|change| (change.record.key(), None));
        entries.entry(name).or_default().extend(gone);
    }
    each_described(storage, &coming, known, workers, |change, description| {
        for IndexKind { name, .. } in INDEXES {
            let entry = description.and_then(|description| description.entries.get(name)).cloned();
            entries.entry(name).or_default().insert(change.record.key(), entry);
        }
        Ok(())
    })?;
    let formats = [settings.compression];
    let mut updated = BTreeMap::new();
    for IndexKind { name, .. } in INDEXES {
        let old = indexes.get(name).cloned().unwrap_or_default();
        let changes = entries.remove(name).unwrap_or_default();
        let shape = Shape { entries: 48, formats: &formats };
        let replace = |_: &str, _: Option<&str>, new: &Option<String>| new.clone();
        let table = old.table.update(storage, shape, &changes, &replace, workers)?;
        updated.insert(name.to_owned(), Index { table, files: old.files });
    }
    Ok(updated)
}

/// Writes the files of the indexes that have changed since `old`, each under its digest.
pub(crate) fn write(
    storage: &dyn Storage,
    channel: &ChannelName,
    settings: &YumSettings,
    old: &BTreeMap<String, Index>,
    indexes: &mut BTreeMap<String, Index>,
) -> Result<(), RepoError> {
    for kind in INDEXES {
        let name = kind.name;
        let Some(index) = indexes.get_mut(name) else { continue };
        let same = old.get(name).is_some_and(|old| old.table == index.table);
        if same && !index.files.is_empty() {
            continue;
        }
        let open = IndexFile::of(&assemble(storage, &kind, index, Format::Plain)?);
        let bytes = assemble(storage, &kind, index, settings.compression)?;
        let suffix = settings.compression.suffix();
        let (path, file) = put(storage, channel, &format!("{name}.xml{suffix}"), &bytes, &open)?;
        index.files = BTreeMap::from([(path, file)]);
    }
    Ok(())
}

/// Puts the file of an index together.
pub(crate) fn assemble(
    storage: &dyn Storage,
    kind: &IndexKind,
    index: &Index,
    format: Format,
) -> Result<Vec<u8>, RepoError> {
    let mut pieces = vec![compress(kind.head(index.table.len()).as_bytes(), format)];
    pieces.extend(index.table.pieces(storage, format)?);
    pieces.push(compress(kind.foot().as_bytes(), format));
    let path = format!("the chunks of {}", kind.name);
    join(&pieces, format).ok_or(RepoError::Damaged { path, reason: "one is damaged" })
}

/// Puts a file where it is served: `repodata/DIGEST-NAME`.
pub(crate) fn put(
    storage: &dyn Storage,
    channel: &ChannelName,
    name: &str,
    bytes: &[u8],
    open: &IndexFile,
) -> Result<(String, IndexFile), RepoError> {
    let file = IndexFile { open_sha256: open.sha256, open_size: open.size, ..IndexFile::of(bytes) };
    let path = format!("repodata/{}-{name}", file.sha256.hex());
    put_whole(storage, &format!("{}/{path}", channel.path()), Content::Bytes(bytes), &file.sha256)?;
    Ok((path, file))
}

/// Puts packages where they are served.
pub(crate) fn serve_packages(
    storage: &dyn Storage,
    channel: &ChannelName,
    records: &[Record],
    workers: usize,
) -> Result<(), RepoError> {
    let serve = |record: &Record| {
        let path = format!("{}/{}", channel.path(), package_href(record));
        put_whole(storage, &path, Content::Same(&record.path), &record.sha256)
    };
    parallel::for_each(records, workers, serve)?;
    Ok(())
}

/// The text of repomd.xml.
pub(crate) fn repomd(state: &State) -> String {
    let open = |file: &IndexFile| Some((file.open_sha256, file.open_size));
    let named = |kind, path, file: &IndexFile, open| {
        let IndexFile { sha256, size, .. } = *file;
        NamedFile { kind, path, sha256, size, open }
    };
    let indexes = INDEXES.iter().flat_map(|kind| {
        let index = state.indexes.get(kind.name);
        let files = index.into_iter().flat_map(|index| &index.files);
        files.map(|(path, file)| named(kind.name, path, file, open(file)))
    });
    let extra = state.extra.iter().map(|(path, file)| match path.ends_with("-comps.xml") {
        true => named("group", path, file, None),
        false => named("updateinfo", path, file, open(file)),
    });
    repomd::repomd(state.date, indexes.chain(extra))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::PackageKind;

    #[test]
    fn a_package_is_served_under_its_digest() {
        let sha256 = names::Sha256::digest(b"a package");
        let short = sha256.hex()[..16].to_owned();
        let record = |path: String| Record {
            name: "p".to_owned(),
            version: "1-1".to_owned(),
            architecture: "noarch".to_owned(),
            kind: PackageKind::Rpm,
            source: "p".to_owned(),
            source_version: "1-1".to_owned(),
            component: "-".to_owned(),
            sha256,
            size: 1,
            path,
        };
        for (path, href) in [
            (format!("pool/p/p-1-1.noarch.{short}.rpm"), format!("p-1-1.noarch.{short}.rpm")),
            (format!("pool/p/p/{short}/p-1-1.noarch.rpm"), format!("{short}/p-1-1.noarch.rpm")),
        ] {
            assert_eq!(package_href(&record(path)), format!("Packages/{href}"));
        }
    }
}

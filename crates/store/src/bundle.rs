//! Files of a store as one archive, for a machine that cannot fetch or make them.
//!
//! A bundle is a tar archive (POSIX ustar) of regular files. The first, `index`, begins with the line
//! `cooperage store 1` and has a line for each of the others, in their order:
//! `NAME SHA256 SIZE`, where the name is `sha256:HEX` or `KIND/HEX`. They follow as `blobs/HEX` and
//! `derived/KIND/HEX`. Times and owners are zero and the order is that of the names, so that equal
//! files make equal bundles.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use names::{Digest, Hashing};
use tar::{Archive, Builder, EntryType, Header};
use tempfile::NamedTempFile;

use crate::care::hash;
use crate::{BlobError, KeyError, Store, StoreKey, Tally};

/// The first line of the index.
const FIRST_LINE: &str = "cooperage store 1";
const INDEX: &str = "index";
/// Longest index that is read: that of 200 000 files.
const LONGEST_INDEX: u64 = 32 << 20;

/// Why a bundle could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// Files to export are not in the store.
    #[error("the store does not have these files; build what needs them first:{}", list(.0))]
    Missing(Vec<StoreKey>),
    /// A file of the store is damaged.
    #[error("{key} is damaged: run `cargo xtask store verify --remove`, and build again")]
    Damaged {
        /// The file.
        key: StoreKey,
    },
    /// A file cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no bundle.
    #[error("{} is no bundle of a store: {reason}", .path.display())]
    NotBundle {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// What is in the bundle is not what its index says.
    #[error("{}: {key} is not what it should be: {reason}", .path.display())]
    WrongBytes {
        /// The bundle.
        path: PathBuf,
        /// The file in it.
        key: StoreKey,
        /// What is wrong.
        reason: String,
    },
    /// The bundle ends too early.
    #[error("{} ends before {key}: copy it again", .path.display())]
    Incomplete {
        /// The bundle.
        path: PathBuf,
        /// The first file that is missing.
        key: StoreKey,
    },
    /// The store cannot take a file.
    #[error("cannot put {key} into the store")]
    Store {
        /// The file.
        key: StoreKey,
        /// Why.
        source: BlobError,
    },
}

/// One a line.
fn list(keys: &[StoreKey]) -> String {
    keys.iter().map(|key| format!("\n  {key}")).collect()
}

struct Line {
    key: StoreKey,
    sha256: Digest,
    size: u64,
}

/// Writes the files `keys` of `store` to the bundle `out`, which appears whole or not at all. Gives
/// the digest of the bundle, and number and bytes of the files in it.
///
/// # Errors
/// When files are missing (all of them are named) or damaged, or the bundle cannot be written.
pub fn export(
    store: &Store,
    keys: &BTreeSet<StoreKey>,
    out: &Path,
) -> Result<(Digest, Tally), BundleError> {
    let missing: Vec<StoreKey> =
        keys.iter().filter(|key| find(store, key).is_none()).cloned().collect();
    if !missing.is_empty() {
        return Err(BundleError::Missing(missing));
    }
    let mut lines = Vec::new();
    let mut tally = Tally::default();
    for key in keys {
        let path = find(store, key).ok_or_else(|| BundleError::Missing(vec![key.clone()]))?;
        let (sha256, size) = hash(&path).map_err(|source| BundleError::Read { path, source })?;
        if matches!(key, StoreKey::Blob(digest) if *digest != sha256) {
            return Err(BundleError::Damaged { key: key.clone() });
        }
        tally.files += 1;
        tally.bytes += size;
        lines.push(Line { key: key.clone(), sha256, size });
    }
    let failed = |source| BundleError::Write { path: out.to_owned(), source };
    let parent = out.parent().filter(|parent| *parent != Path::new(""));
    let mut bundle = NamedTempFile::new_in(parent.unwrap_or(Path::new("."))).map_err(failed)?;
    let mut builder = Builder::new(Hashing::new(&mut bundle));
    let text = render(&lines);
    append(&mut builder, INDEX, text.len() as u64, text.as_bytes()).map_err(failed)?;
    for line in &lines {
        let key = || line.key.clone();
        let path = find(store, &line.key).ok_or_else(|| BundleError::Missing(vec![key()]))?;
        let read = |source| BundleError::Read { path: path.clone(), source };
        let file = fs_err::File::open(&path).map_err(read)?;
        let mut content = Hashing::new(file.take(line.size));
        append(&mut builder, &member(&line.key), line.size, &mut content).map_err(failed)?;
        if content.finish().0 != line.sha256 {
            return Err(BundleError::Damaged { key: key() });
        }
    }
    let (digest, _) = builder.into_inner().map_err(failed)?.finish();
    bundle.as_file().sync_data().map_err(failed)?;
    use std::os::unix::fs::PermissionsExt as _;
    let readable = std::fs::Permissions::from_mode(0o644);
    bundle.as_file().set_permissions(readable).map_err(failed)?;
    bundle.persist(out).map_err(|error| failed(error.error))?;
    Ok((digest, tally))
}

/// Reads the bundle at `path` into `store`; gives the names of the files that were not there before,
/// and number and bytes of all files of the bundle. Each file is verified before it appears: blobs by their
/// names, derived files by the digests in the index. That a derived file was made from what its name
/// says cannot be seen from it: import what you would also run.
///
/// # Errors
/// When the file is no bundle, is damaged or ends too early, or the store cannot be written. The files
/// before the fault are in the store then, each whole.
pub fn import(store: &Store, path: &Path) -> Result<(Vec<StoreKey>, Tally), BundleError> {
    let read = |source| BundleError::Read { path: path.to_owned(), source };
    let bad = |reason: String| BundleError::NotBundle { path: path.to_owned(), reason };
    let file = fs_err::File::open(path).map_err(read)?;
    let mut archive = Archive::new(io::BufReader::with_capacity(1 << 16, file));
    // Raw: names are short, so extensions for long ones are not read, however long they claim to be.
    let mut entries = archive.entries().map_err(read)?.raw(true);
    let mut next = || match entries.next() {
        Some(entry) => entry.map(Some).map_err(|error| bad(error.to_string())),
        None => Ok(None),
    };
    let first = next()?.ok_or_else(|| bad("it is empty".to_owned()))?;
    if first.path_bytes() != INDEX.as_bytes() || first.size() > LONGEST_INDEX {
        return Err(bad("it does not begin with its index".to_owned()));
    }
    let (size, mut text) = (first.size(), String::new());
    first.take(LONGEST_INDEX).read_to_string(&mut text).map_err(|error| bad(error.to_string()))?;
    if (text.len() as u64) < size {
        return Err(bad("it ends in its index: copy it again".to_owned()));
    }
    let lines = parse(&text).map_err(bad)?;
    let (mut new, mut tally) = (Vec::new(), Tally::default());
    for Line { key, sha256, size } in lines {
        let incomplete = || BundleError::Incomplete { path: path.to_owned(), key: key.clone() };
        let wrong =
            |reason| BundleError::WrongBytes { path: path.to_owned(), key: key.clone(), reason };
        let entry = next()?.ok_or_else(incomplete)?;
        let plain = entry.header().entry_type() == EntryType::Regular;
        if !plain || entry.path_bytes() != member(&key).as_bytes() || entry.size() != size {
            return Err(wrong("another file is in its place".to_owned()));
        }
        let stored = |source| BundleError::Store { key: key.clone(), source };
        let is_new = find(store, &key).is_none();
        match &key {
            StoreKey::Blob(digest) => {
                let mut writer = store.blob_writer().map_err(stored)?;
                copy(entry, &mut writer, (store, path), &key)?;
                let (actual, arrived) = (writer.digest(), writer.size());
                if arrived < size {
                    return Err(incomplete());
                }
                if actual != sha256 || sha256 != *digest {
                    return Err(wrong(format!("it hashes to {actual}")));
                }
                writer.finish(Some(digest)).map_err(stored)?;
            }
            StoreKey::Derived { kind, key: inputs } => {
                let mut writer = store.derived_writer(kind, inputs).map_err(stored)?;
                let mut hashing = Hashing::new(&mut writer);
                let arrived = copy(entry, &mut hashing, (store, path), &key)?;
                if arrived < size {
                    return Err(incomplete());
                }
                let (actual, _) = hashing.finish();
                if actual != sha256 {
                    return Err(wrong(format!("it hashes to {actual}, not to {sha256}")));
                }
                writer.finish().map_err(stored)?;
            }
        }
        tally.files += 1;
        tally.bytes += size;
        if is_new {
            new.push(key);
        }
    }
    match next()? {
        None => Ok((new, tally)),
        Some(_) => Err(bad("it has files that its index does not name".to_owned())),
    }
}

/// Copies an entry; what fails on the way out is the store's fault, and on the way in the bundle's.
fn copy(
    mut entry: impl Read,
    out: &mut dyn Write,
    (store, path): (&Store, &Path),
    key: &StoreKey,
) -> Result<u64, BundleError> {
    let mut buffer = vec![0; 1 << 16];
    let mut copied = 0;
    loop {
        let read = entry
            .read(&mut buffer)
            .map_err(|source| BundleError::Read { path: path.to_owned(), source })?;
        if read == 0 {
            return Ok(copied);
        }
        out.write_all(&buffer[..read]).map_err(|source| {
            let source = BlobError::Write { path: store.root().to_owned(), source };
            BundleError::Store { key: key.clone(), source }
        })?;
        copied += read as u64;
    }
}

fn find(store: &Store, key: &StoreKey) -> Option<PathBuf> {
    match key {
        StoreKey::Blob(digest) => store.blob(digest).map(|blob| blob.path),
        StoreKey::Derived { kind, key } => store.derived(kind, key),
    }
}

/// The name of a file in a bundle.
fn member(key: &StoreKey) -> String {
    match key {
        StoreKey::Blob(digest) => format!("blobs/{}", digest.hex()),
        StoreKey::Derived { kind, key } => format!("derived/{kind}/{}", key.hex()),
    }
}

fn render(lines: &[Line]) -> String {
    let mut text = format!("{FIRST_LINE}\n");
    for Line { key, sha256, size } in lines {
        text.push_str(&format!("{key} {sha256} {size}\n"));
    }
    text
}

fn parse(text: &str) -> Result<Vec<Line>, String> {
    let mut lines = text.lines();
    match lines.next() {
        Some(FIRST_LINE) => {}
        Some(line) if line.starts_with("cooperage store ") => {
            return Err("its format is that of a later version: use a newer cooperage".to_owned());
        }
        _ => return Err("its index is none".to_owned()),
    }
    let line = |line: &str| {
        let mut words = line.split(' ');
        let (Some(key), Some(sha256), Some(size), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err("a line of its index is none".to_owned());
        };
        Ok(Line {
            key: key.parse().map_err(|error: KeyError| error.to_string())?,
            sha256: sha256.parse().map_err(|_| format!("the digest of {key} is none"))?,
            size: size.parse().map_err(|_| format!("the size of {key} is none"))?,
        })
    };
    lines.map(line).collect()
}

fn append(
    builder: &mut Builder<impl Write>,
    name: &str,
    size: u64,
    content: impl Read,
) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_path(name)?;
    header.set_mode(0o644);
    header.set_size(size);
    header.set_cksum();
    builder.append(&header, content)
}

//! METADATA of a wheel in an index, by the shortest way.

use std::io::Read as _;
use std::path::Path;

use constraints::Version;
use names::{PackageName, Sha256};
use store::{Address, BlobError, FetchError, Store, Want};

use crate::file_name::WheelName;
use crate::index::File;
use crate::locator::Locator;
use crate::metadata::{Metadata, MetadataError};

/// The longest METADATA that is read, in bytes.
const LONGEST: u64 = 16 << 20;

/// METADATA as it is in the wheel; the number is the level of this form.
const KIND: &str = "metadata-2";

/// Why METADATA of a wheel cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WheelMetadataError {
    /// The wheel cannot be fetched.
    #[error("cannot get {file}")]
    Fetch {
        /// The wheel.
        file: String,
        /// Why.
        source: FetchError,
    },
    /// The wheel in the store cannot be read.
    #[error("cannot read {file}")]
    Read {
        /// The wheel, or the file of the store.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The wheel is no zip archive.
    #[error("{file} is damaged")]
    Zip {
        /// The wheel.
        file: String,
        /// Why.
        source: zip::result::ZipError,
    },
    /// It has not exactly one METADATA of its project.
    #[error("{file} has no METADATA in the one folder *.dist-info that a wheel must have")]
    NoMetadata {
        /// The wheel.
        file: String,
    },
    /// METADATA is too long or not in UTF-8.
    #[error("METADATA of {file} is longer than {LONGEST} bytes or not in UTF-8")]
    Text {
        /// The wheel.
        file: String,
    },
    /// METADATA cannot be read.
    #[error("METADATA of {file} is wrong")]
    Parse {
        /// The wheel.
        file: String,
        /// Why.
        source: MetadataError,
    },
    /// METADATA is of another project or version.
    #[error("METADATA of {file} is that of {name} {version}")]
    Mismatch {
        /// The wheel.
        file: String,
        /// The name in METADATA.
        name: PackageName,
        /// The version in METADATA.
        version: Version,
    },
    /// The store cannot be written.
    #[error("cannot keep METADATA of {file}")]
    Keep {
        /// The wheel.
        file: String,
        /// Why.
        source: BlobError,
    },
}

/// METADATA of some wheels, in their order: from the store, else by itself where the index offers
/// it, else out of the wheel, which is fetched into the store. Several are fetched at a time.
///
/// Each file must have a digest; one without is an error of the caller and gives `NoMetadata`.
///
/// # Errors
/// When the network fails, so that the rest has no use.
pub(crate) fn metadata_of(
    store: &Store,
    locator: &Locator<'_>,
    files: &[&File],
) -> Result<Vec<Result<Metadata, WheelMetadataError>>, WheelMetadataError> {
    fetch_missing(store, locator, files)?;
    Ok(files.iter().map(|file| read(store, locator, file)).collect())
}

/// Fetches what is not there yet, all at once. A file that is gone, damaged or out of reach without the
/// network is not an error here: it is asked for once more, alone, and then tells its own.
fn fetch_missing(
    store: &Store,
    locator: &Locator<'_>,
    files: &[&File],
) -> Result<(), WheelMetadataError> {
    let missing = |file: &&&File| {
        file.sha256
            .is_some_and(|key| store.derived(KIND, &key).is_none() && store.blob(&key).is_none())
    };
    let missing: Vec<&File> = files.iter().filter(missing).copied().collect();
    let short: Vec<Want> = missing.iter().filter_map(|file| metadata_want(file)).collect();
    // Where METADATA is not served after all, the wheel has it.
    let short_came =
        short.is_empty() || locator.fetcher().blobs(store, &short, &mut |_, _, _| {}).is_ok();
    let without = |file: &&&File| !(short_came && file.metadata_sha256.is_some());
    let whole: Vec<&File> = missing.iter().filter(without).copied().collect();
    let wants: Vec<Want> = whole.iter().filter_map(|file| wheel_want(file)).collect();
    let Some(first) = whole.first() else { return Ok(()) };
    match locator.fetcher().blobs(store, &wants, &mut |_, _, _| {}) {
        Ok(_)
        | Err(
            FetchError::NotFound { .. } | FetchError::Damaged { .. } | FetchError::Offline { .. },
        ) => Ok(()),
        Err(source) => Err(WheelMetadataError::Fetch { file: first.name.clone(), source }),
    }
}

fn metadata_want(file: &File) -> Option<Want> {
    let address = Address::Url(format!("{}.metadata", file.url));
    Some(Want { addresses: vec![address], sha256: file.metadata_sha256?, size: None })
}

fn wheel_want(file: &File) -> Option<Want> {
    let addresses = vec![Address::Url(file.url.clone())];
    Some(Want { addresses, sha256: file.sha256?, size: file.size })
}

fn read(store: &Store, locator: &Locator<'_>, file: &File) -> Result<Metadata, WheelMetadataError> {
    let name = || file.name.clone();
    let (Some(key), Some(wheel)) = (file.sha256, file.wheel()) else {
        return Err(WheelMetadataError::NoMetadata { file: name() });
    };
    let kept = store.record(KIND, &key).and_then(|text| String::from_utf8(text).ok());
    if let Some(text) = kept {
        return check(file, &wheel, &text);
    }
    let short = file.metadata_sha256.and_then(|digest| store.blob(&digest));
    let text = match short {
        Some(blob) => {
            let text = text(&blob.path, file)?;
            if Sha256::digest(&text) != blob.digest {
                let reason = "it was changed since it was fetched: delete it and run again";
                let source = std::io::Error::new(std::io::ErrorKind::InvalidData, reason);
                let file = blob.path.display().to_string();
                return Err(WheelMetadataError::Read { file, source });
            }
            text
        }
        None => {
            let want =
                wheel_want(file).ok_or_else(|| WheelMetadataError::NoMetadata { file: name() })?;
            let blob = locator.fetcher().blob(store, &want);
            let blob = blob.map_err(|source| WheelMetadataError::Fetch { file: name(), source })?;
            out_of(&blob.path, file, &wheel)?
        }
    };
    let metadata = check(file, &wheel, &text)?;
    let keep = |source| WheelMetadataError::Keep { file: name(), source };
    store.write_record(KIND, &key, text.as_bytes()).map_err(keep)?;
    Ok(metadata)
}

fn check(file: &File, wheel: &WheelName, text: &str) -> Result<Metadata, WheelMetadataError> {
    let metadata = Metadata::parse(text)
        .map_err(|source| WheelMetadataError::Parse { file: file.name.clone(), source })?;
    if metadata.name != wheel.project || metadata.version != wheel.version {
        let Metadata { name, version, .. } = metadata;
        return Err(WheelMetadataError::Mismatch { file: file.name.clone(), name, version });
    }
    Ok(metadata)
}

/// Reads a text from the store.
fn text(path: &Path, file: &File) -> Result<String, WheelMetadataError> {
    let unread = |source| WheelMetadataError::Read { file: file.name.clone(), source };
    let opened = fs_err::File::open(path).map_err(unread)?;
    limited(opened, file)
}

fn limited(reader: impl std::io::Read, file: &File) -> Result<String, WheelMetadataError> {
    let unread = |source| WheelMetadataError::Read { file: file.name.clone(), source };
    let mut bytes = Vec::new();
    reader.take(LONGEST + 1).read_to_end(&mut bytes).map_err(unread)?;
    let wrong = || WheelMetadataError::Text { file: file.name.clone() };
    if bytes.len() as u64 > LONGEST {
        return Err(wrong());
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

/// METADATA out of the wheel at `path`.
fn out_of(path: &Path, file: &File, wheel: &WheelName) -> Result<String, WheelMetadataError> {
    let broken = |source| WheelMetadataError::Zip { file: file.name.clone(), source };
    let none = || WheelMetadataError::NoMetadata { file: file.name.clone() };
    let opened = fs_err::File::open(path)
        .map_err(|source| WheelMetadataError::Read { file: file.name.clone(), source })?;
    let mut archive = zip::ZipArchive::new(std::io::BufReader::new(opened)).map_err(broken)?;
    let own = |name: &str| {
        let folder = name.strip_suffix(".dist-info/METADATA")?.rsplit_once('-')?;
        PackageName::new(folder.0).is_ok_and(|project| project == wheel.project).then_some(())
    };
    let mut found = None;
    for name in archive.file_names() {
        let name = name.map_err(broken)?;
        if own(&name).is_some() && found.replace(name.into_owned()).is_some() {
            return Err(none());
        }
    }
    let name = found.ok_or_else(none)?;
    let entry = archive.by_name(&name).map_err(broken)?;
    limited(entry, file)
}

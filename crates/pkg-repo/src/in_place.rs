//! A folder of rpms becomes a yum repository where it lies, as createrepo_c(8) makes it one.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use names::{Digest, Sha256};
use tempfile::Builder;

use crate::RepoError;
use crate::compress::{Format, compress, join};
use crate::extras::Extras;
use crate::package::Unfit;
use crate::repomd::{INDEXES, NamedFile, repomd};
use crate::repository::Signing;
use crate::rpm_package::RpmPackage;
use crate::rpm_xml;

/// So many packages make a piece of an index.
const PIECE: usize = 64;
/// So many pieces for each thread are in memory before they are compressed.
const PIECES_AT_ONCE: usize = 4;
/// The folder of the index, and its files beside the indexes.
const REPODATA: &str = "repodata";
const REPOMD: &str = "repomd.xml";
const SIGNATURE: &str = "repomd.xml.asc";
const KEY: &str = "repomd.xml.key";
/// Files that are not whole yet begin with it.
const PARTIAL: &str = ".partial-";

/// How a folder is indexed.
#[derive(Clone, Debug)]
pub struct InPlace {
    /// How the indexes are compressed.
    pub compression: Format,
    /// What is published with them.
    pub extras: Extras,
    /// How many threads read and compress.
    pub workers: usize,
}

/// Indexes the rpms below `folder`, which stay where they are, in `folder/repodata`: `primary`, `filelists` and `other`
/// under their digests, then `repomd.xml` with its signature and, as `repomd.xml.key`, the public keys. Returns how many
/// packages there are.
///
/// Files whose names end in `.rpm` are packages, and so are links to such files; hidden folders and links to folders are
/// left out. Indexes that the `repomd.xml` before has named stay for those who are reading, older ones go. Between the
/// signature and `repomd.xml` there is a moment when they do not fit together: who cannot have that publishes in a
/// channel ([`crate::Repository::publish`]).
///
/// # Errors
/// When something in the folder cannot be read, a package is damaged, or the index cannot be signed or written. But for
/// the last, the index is then as it was.
pub fn index_folder(
    folder: &Path,
    options: &InPlace,
    signing: &Signing<'_>,
) -> Result<u64, RepoError> {
    let mut packages = Vec::new();
    find(folder, "", &mut packages)?;
    packages.sort();
    let mut files = index(folder, &packages, options)?;
    for (name, bytes, open) in options.extras.files(options.compression) {
        let kind = if name == "comps.xml" { "group" } else { "updateinfo" };
        let open = (kind != "group").then(|| (Sha256::digest(open), open.len() as u64));
        files.push(IndexFile::new(kind, &name, bytes.into_owned(), open));
    }
    let text = repomd(signing.now, files.iter().map(IndexFile::named));
    let signed = match signing.keys {
        [] => None,
        keys => {
            let signature = signer::sign_armored(keys, text.as_bytes(), signing.now);
            let failed = |source| RepoError::SignFolder { folder: folder.to_owned(), source };
            let certificates = keys.iter().map(|key| key.certificate().to_armor());
            Some((signature.map_err(failed)?, certificates.collect::<String>()))
        }
    };
    write(&folder.join(REPODATA), &files, &text, signed.as_ref())?;
    Ok(packages.len() as u64)
}

/// An index as it is written.
struct IndexFile {
    kind: &'static str,
    /// From the folder that is indexed.
    path: String,
    sha256: Digest,
    bytes: Vec<u8>,
    open: Option<(Digest, u64)>,
}

impl IndexFile {
    fn new(kind: &'static str, name: &str, bytes: Vec<u8>, open: Option<(Digest, u64)>) -> Self {
        let sha256 = Sha256::digest(&bytes);
        Self { kind, path: format!("{REPODATA}/{}-{name}", sha256.hex()), sha256, bytes, open }
    }

    fn named(&self) -> NamedFile<'_> {
        let Self { kind, path, sha256, bytes, open } = self;
        NamedFile { kind, path, sha256: *sha256, size: bytes.len() as u64, open: *open }
    }
}

/// Finds the packages below `folder`/`inside`, as paths from `folder`.
fn find(folder: &Path, inside: &str, packages: &mut Vec<String>) -> Result<(), RepoError> {
    let place = folder.join(inside);
    let failed = |source| RepoError::Folder { action: "list", path: place.clone(), source };
    for entry in fs::read_dir(&place).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.contains(char::is_control)) else {
            let reason = "its name cannot stand in an index: rename it".to_owned();
            return Err(RepoError::Unfit { path: entry.path(), reason });
        };
        let path = if inside.is_empty() { name.to_owned() } else { format!("{inside}/{name}") };
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            if !name.starts_with('.') && path != REPODATA {
                find(folder, &path, packages)?;
            }
        } else if name.ends_with(".rpm") {
            let is_file = kind.is_file() || fs::metadata(entry.path()).map_err(failed)?.is_file();
            packages.extend(is_file.then_some(path));
        }
    }
    Ok(())
}

/// A part of the three indexes, each as text and compressed.
type Piece = [(String, Vec<u8>); 3];

/// Reads the packages and makes the indexes of them.
fn index(
    folder: &Path,
    packages: &[String],
    options: &InPlace,
) -> Result<Vec<IndexFile>, RepoError> {
    let pieces: Vec<&[String]> = packages.chunks(PIECE).collect();
    let piece = |packages: &&[String]| -> Result<Piece, RepoError> {
        let mut texts = [String::new(), String::new(), String::new()];
        for path in *packages {
            let rpm = read(&folder.join(path))?;
            texts[0].push_str(&rpm_xml::primary(&rpm, path));
            texts[1].push_str(&rpm_xml::filelists(&rpm));
            texts[2].push_str(&rpm_xml::other(&rpm));
        }
        Ok(texts.map(|text| {
            let bytes = compress(text.as_bytes(), options.compression);
            (text, bytes)
        }))
    };
    let mut indexes = INDEXES.map(|kind| {
        let mut index = Growing { pieces: Vec::new(), open: Sha256::new(), size: 0 };
        index.add(&kind.head(packages.len() as u64), options.compression);
        index
    });
    for pieces in pieces.chunks(PIECES_AT_ONCE * options.workers.max(1)) {
        for piece in parallel::for_each(pieces, options.workers, piece)? {
            for (index, (text, bytes)) in indexes.iter_mut().zip(piece) {
                index.add_compressed(&text, bytes);
            }
        }
    }
    let files = INDEXES.into_iter().zip(indexes).map(|(kind, mut index)| {
        index.add(&kind.foot(), options.compression);
        let name = format!("{}.xml{}", kind.name, options.compression.suffix());
        let bytes = join(&index.pieces, options.compression).expect("the pieces are our own");
        IndexFile::new(kind.name, &name, bytes, Some((index.open.finalize(), index.size)))
    });
    Ok(files.collect())
}

/// An index that is being put together.
struct Growing {
    pieces: Vec<Vec<u8>>,
    open: Sha256,
    size: u64,
}

impl Growing {
    fn add(&mut self, text: &str, compression: Format) {
        self.add_compressed(text, compress(text.as_bytes(), compression));
    }

    fn add_compressed(&mut self, text: &str, bytes: Vec<u8>) {
        self.open.update(text.as_bytes());
        self.size += text.len() as u64;
        self.pieces.push(bytes);
    }
}

fn read(path: &Path) -> Result<RpmPackage, RepoError> {
    let read = fs::File::open(path).map_err(Unfit::Read).and_then(RpmPackage::read);
    read.map_err(|unfit| {
        let refused = |reason| RepoError::Unfit { path: path.to_owned(), reason };
        unfit.of(path, refused)
    })
}

/// Writes the index into `repodata`, repomd.xml last, and removes what nobody reads any more.
fn write(
    repodata: &Path,
    files: &[IndexFile],
    text: &str,
    signed: Option<&(String, String)>,
) -> Result<(), RepoError> {
    let failed = |action| {
        let path = repodata.to_owned();
        move |source| RepoError::Folder { action, path, source }
    };
    fs::create_dir_all(repodata).map_err(failed("make"))?;
    // Who indexes the folder at the same time waits; the lock goes with the process.
    let lock = fs::File::open(repodata).map_err(failed("lock"))?;
    lock.file().lock().map_err(failed("lock"))?;
    let before = named_before(&repodata.join(REPOMD)).map_err(failed("read the index in"))?;
    let work = || -> io::Result<()> {
        for file in files {
            let path = repodata.join(&file.path[REPODATA.len() + 1..]);
            replace(&path, &file.bytes)?;
        }
        if let Some((signature, key)) = signed {
            replace(&repodata.join(KEY), key.as_bytes())?;
            replace(&repodata.join(SIGNATURE), signature.as_bytes())?;
        } else {
            remove(&repodata.join(SIGNATURE))?;
            remove(&repodata.join(KEY))?;
        }
        replace(&repodata.join(REPOMD), text.as_bytes())?;
        for entry in fs::read_dir(repodata)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let now = files.iter().any(|file| file.path.ends_with(&name));
            let old = is_under_digest(&name) && !now && !before.contains(&name);
            if old || name.starts_with(PARTIAL) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    };
    work().map_err(failed("write the index in"))
}

/// The names of the files that an index names.
fn named_before(repomd: &Path) -> io::Result<BTreeSet<String>> {
    let text = match fs::read_to_string(repomd) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let hrefs = text.split("<location href=\"repodata/").skip(1);
    Ok(hrefs.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect())
}

/// Whether a file of an index has its digest in its name.
fn is_under_digest(name: &str) -> bool {
    let digest = name.split_once('-').map_or("", |(digest, _)| digest);
    digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Writes a file beside its place, and puts it there when it is whole.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    let mut file = Builder::new().prefix(PARTIAL).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

fn remove(path: &PathBuf) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

//! Whether an image and a package hold the same.

mod image;
mod package;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use distro::DebError;
use names::{Digest, Sha256};
use oci_writer::ReadImageError;
use store::{Store, StoreError};
use wheels::{RecordHash, RecordLine};

use self::package::Deb;
use crate::service_layer::PREFIX;

/// The longest file that is compared byte by byte.
const LARGEST: u64 = 32 << 20;

/// What came of comparing a package with the image.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Equivalence {
    /// The file of the package.
    pub package: PathBuf,
    /// Where the virtual environment lies in it.
    pub prefix: String,
    /// How many paths both have below their prefixes.
    pub paths: usize,
    /// The files that carry the prefix, and are equal once it is replaced.
    pub carriers: Vec<String>,
    /// The RECORDs that carry digests and sizes of these, and are equal but for them.
    pub records: Vec<String>,
    /// What is not equal: a path, and how.
    pub differences: Vec<String>,
}

/// Why they cannot be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EquivalenceError {
    /// There is no package.
    #[error("{} has no packages: build some with --format oci,deb", .0.display())]
    NoPackage(PathBuf),
    /// A package holds no virtual environment, or several.
    #[error("{} holds {found} files called pyvenv.cfg, not one", .package.display())]
    Environment {
        /// The package.
        package: PathBuf,
        /// How many.
        found: usize,
    },
    /// A package is for an architecture that images are not built for.
    #[error("{} is for `{arch}`", .package.display())]
    Arch {
        /// The package.
        package: PathBuf,
        /// The architecture.
        arch: String,
    },
    /// The image cannot be read.
    #[error(transparent)]
    Image(#[from] ReadImageError),
    /// A package cannot be read.
    #[error("a package cannot be read")]
    Deb(#[from] DebError),
    /// A file cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no room for what is unpacked.
    #[error("the package cannot be unpacked")]
    Scratch(#[from] StoreError),
}

/// A path below a prefix.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Found {
    Directory(u32),
    File(u32, Digest, u64),
    Link(String),
}

type Listing = BTreeMap<String, Found>;

/// Compares each package in the folder of a build's results, `<out>/<release>/<service>`, with the image
/// beside it: both hold the same paths below their prefixes, with equal modes and digests. Files that
/// carry the prefix are compared once it is replaced; RECORDs of wheels (PyPA, "recording installed
/// projects") may differ in the digests and sizes of such files, which must be those of the files.
/// Nothing is taken from the store or the locks: what is compared is what was written.
///
/// # Errors
/// When there is nothing to compare, or it cannot be read.
pub fn verify_equivalence(folder: &Path) -> Result<Vec<Equivalence>, EquivalenceError> {
    let debs = folder.join("deb");
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| EquivalenceError::Read { path, source }
    };
    let mut packages = Vec::new();
    if debs.is_dir() {
        for entry in fs_err::read_dir(&debs).map_err(failed(&debs))? {
            let path = entry.map_err(failed(&debs))?.path();
            packages.extend(Some(path).filter(|path| path.extension().is_some_and(|e| e == "deb")));
        }
    }
    packages.sort();
    if packages.is_empty() {
        return Err(EquivalenceError::NoPackage(folder.to_owned()));
    }
    let scratch = tempfile::tempdir_in(folder).map_err(failed(folder))?;
    let store = Store::open(scratch.path())?;
    packages.into_iter().map(|package| compare(folder, package, &store)).collect()
}

fn compare(
    folder: &Path,
    package: PathBuf,
    store: &Store,
) -> Result<Equivalence, EquivalenceError> {
    let deb = Deb::read(&package, store)?;
    let layout = folder.join("oci");
    let image = image::listing(&layout, deb.arch)?;
    let mut result =
        Equivalence { package, prefix: format!("/{}", deb.prefix), ..Equivalence::default() };
    let mut open = BTreeSet::new();
    for path in image.keys().chain(deb.listing.keys()).collect::<BTreeSet<_>>() {
        match (image.get(path), deb.listing.get(path)) {
            (Some(one), Some(other)) => {
                result.paths += 1;
                match (one, other) {
                    (one, other) if one == other => {}
                    (Found::File(mode, ..), Found::File(other, ..)) if mode == other => {
                        open.insert(path.clone());
                    }
                    (Found::Link(one), Found::Link(other))
                        if one.replace(PREFIX, &result.prefix) == *other =>
                    {
                        result.carriers.push(path.clone());
                    }
                    _ => result.differences.push(format!("{path}: of another kind or mode")),
                }
            }
            (Some(_), None) => result.differences.push(format!("{path}: only in the image")),
            _ => result.differences.push(format!("{path}: only in the package")),
        }
    }
    let mut texts = Texts { records: Vec::new(), result };
    image::visit_files(&layout, deb.arch, |path, mode, bytes| {
        if !open.contains(path) {
            return Ok(());
        }
        // A file that another layer replaces is not the image's.
        let mut content = Vec::new();
        bytes.take(LARGEST + 1).read_to_end(&mut content)?;
        let digest = Sha256::digest(&content);
        if image.get(path) == Some(&Found::File(mode, digest, content.len() as u64)) {
            texts.compare(path, &content, &deb.content(path)?);
        }
        Ok(())
    })?;
    Ok(texts.finish(&image, &deb.listing))
}

/// The files whose bytes are compared.
struct Texts {
    /// RECORDs, of the image and of the package.
    records: Vec<(String, Vec<u8>, Vec<u8>)>,
    result: Equivalence,
}

impl Texts {
    fn compare(&mut self, path: &str, image: &[u8], package: &[u8]) {
        let replaced = replaced(image, PREFIX.as_bytes(), self.result.prefix.as_bytes());
        if replaced == package {
            self.result.carriers.push(path.to_owned());
        } else if path.ends_with(".dist-info/RECORD") {
            self.records.push((path.to_owned(), image.to_owned(), package.to_owned()));
        } else {
            self.result.differences.push(format!("{path}: other bytes"));
        }
    }

    fn finish(mut self, image: &Listing, package: &Listing) -> Equivalence {
        for (path, one, other) in std::mem::take(&mut self.records) {
            let carriers = &self.result.carriers;
            match records_agree(&path, (&one, image), (&other, package), carriers) {
                true => self.result.records.push(path),
                false => self.result.differences.push(format!("{path}: other lines")),
            }
        }
        self.result.carriers.sort();
        self.result.records.sort();
        self.result.differences.sort();
        self.result
    }
}

/// Whether two RECORDs differ in the lines of `carriers` alone, and each has what its files are.
fn records_agree(
    path: &str,
    (one, image): (&[u8], &Listing),
    (other, package): (&[u8], &Listing),
    carriers: &[String],
) -> bool {
    let read = |bytes: &[u8]| wheels::parse_record(&String::from_utf8_lossy(bytes));
    let (Ok(one), Ok(other)) = (read(one), read(other)) else { return false };
    // RECORD's paths begin at the folder that holds `.dist-info`.
    let base = path.rsplitn(3, '/').nth(2).unwrap_or_default();
    let right = |line: &RecordLine, listing: &Listing| {
        let place = joined(base, &line.path);
        let Some(Found::File(_, digest, size)) = listing.get(&place) else { return false };
        carriers.contains(&place)
            && line.hash == Some(RecordHash::Sha256(*digest))
            && line.size == Some(*size)
    };
    one.len() == other.len()
        && one.iter().zip(&other).all(|(one, other)| {
            one == other || one.path == other.path && right(one, image) && right(other, package)
        })
}

/// A path with `..` as seen from `base`.
fn joined(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = base.split('/').collect();
    for part in path.split('/') {
        match part {
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_replaced_wherever_they_are() {
        assert_eq!(replaced(b"a/b x a/b", b"a/b", b"c"), b"c x c");
        assert_eq!(replaced(b"a", b"a/b", b"c"), b"a");
    }

    #[test]
    fn records_may_differ_in_what_carries_the_prefix_alone() {
        let (one, other) = (Sha256::digest("1"), Sha256::digest("2"));
        let record = |digest: Digest, size: u64| {
            let line = |path: &str, hash, size| RecordLine { path: path.to_owned(), hash, size };
            let hash = Some(RecordHash::Sha256(digest));
            let lines =
                [line("../../bin/x", hash, Some(size)), line("x.dist-info/RECORD", None, None)];
            wheels::render_record(&lines).into_bytes()
        };
        let listing = |digest| Listing::from([("bin/x".to_owned(), Found::File(0o755, digest, 7))]);
        let path = "lib/site/x.dist-info/RECORD";
        let carriers = ["bin/x".to_owned()];
        let agree = |size, carriers: &[String]| {
            let image = (&record(one, 7)[..], &listing(one));
            let package = (&record(other, size)[..], &listing(other));
            records_agree(path, image, package, carriers)
        };
        assert!(agree(7, &carriers));
        assert!(!agree(8, &carriers), "a wrong size");
        assert!(!agree(7, &[]), "a file that does not carry the prefix");
    }
}

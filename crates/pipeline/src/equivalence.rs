//! Whether images and packages hold the same.

mod deb;
mod holder;
mod image;
mod rpm;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use distro::DebError;
use filetree::{Content, TreePath};
use names::{Digest, Hashing};
use oci_writer::ReadImageError;
use store::{Store, StoreError};
use wheels::{RecordHash, RecordLine};

use self::holder::{Holder, Member};
use crate::package::SYMBOLS_SUFFIX;
use crate::recorded;

/// The longest file that is compared byte by byte.
const LARGEST: u64 = 32 << 20;

/// What came of comparing a package with the image, or with another package.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Equivalence {
    /// The file of the package; of several that a service is split into, the one with `pyvenv.cfg`.
    pub package: PathBuf,
    /// The others, which count together with it.
    pub others: Vec<PathBuf>,
    /// What it was compared with: `image`, or the name of the other package's file.
    pub with: String,
    /// Where the virtual environment lies in it.
    pub prefix: String,
    /// How many paths both have below their prefixes.
    pub paths: usize,
    /// The files that carry the prefix, and are equal once it is replaced.
    pub carriers: Vec<String>,
    /// The libraries and programs that the package has without their symbols, and that are what taking these out
    /// of the image's leaves.
    pub stripped: Vec<String>,
    /// How many files of the package are the bytecode of a module that the image has; the module may then be missing in
    /// the package.
    pub compiled: usize,
    /// The RECORDs that carry digests and sizes of these and of the carriers, and are equal but for them.
    pub records: Vec<String>,
    /// What is not equal: a path, and how.
    pub differences: Vec<String>,
}

/// Why they cannot be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EquivalenceError {
    /// There is no package.
    #[error("{} has no packages: build some with --format oci,deb,rpm", .0.display())]
    NoPackage(PathBuf),
    /// There is one package, and no image.
    #[error("{} has no image to compare with: build one with --format oci,deb,rpm", .0.display())]
    Alone(PathBuf),
    /// The packages for an architecture hold no virtual environment, or several.
    #[error("{} holds {found} files called pyvenv.cfg, not one", .package.display())]
    Environment {
        /// The package, or the folder of several.
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

/// What a package has, by its place.
type Entries = BTreeMap<TreePath, Found>;

/// Compares what is in the folder of a build's results, `<out>/<release>/<service>`: each package with the
/// image, and each rpm with the Debian package for the same architecture. The packages that a service is split
/// into count as one, and no file may be in two of them. Both hold the same paths below
/// their prefixes, with equal modes and digests. Files that carry the prefix are compared once it is
/// replaced, and libraries whose symbols are in a package of their own once these are taken out; RECORDs of wheels (PyPA, "recording installed projects") may differ in the digests and sizes of
/// such files, which must be those of the files.
/// Packages may have the bytecode of modules, and then lack these. In `pyvenv.cfg` the version of the interpreter may be
/// shorter: packages for rpm do not know all of it. Nothing is taken from the store or the locks: what is
/// compared is what was written.
///
/// # Errors
/// When there is nothing to compare, or it cannot be read.
pub fn verify_equivalence(folder: &Path) -> Result<Vec<Equivalence>, EquivalenceError> {
    let debs = packages(folder, "deb")?;
    let rpms = packages(folder, "rpm")?;
    if debs.is_empty() && rpms.is_empty() {
        return Err(EquivalenceError::NoPackage(folder.to_owned()));
    }
    let failed = |source| EquivalenceError::Read { path: folder.to_owned(), source };
    let scratch = tempfile::tempdir_in(folder).map_err(failed)?;
    let store = Store::open(scratch.path())?;
    let debs = debs.into_iter().map(|path| Member::deb(path, &store));
    let debs = Holder::packages(&folder.join("deb"), &debs.collect::<Result<Vec<_>, _>>()?)?;
    let rpms = rpms.into_iter().map(Member::rpm);
    let rpms = Holder::packages(&folder.join("rpm"), &rpms.collect::<Result<Vec<_>, _>>()?)?;
    let layout = folder.join("oci");
    let mut results = Vec::new();
    if layout.is_dir() {
        for package in debs.iter().chain(&rpms) {
            results.push(compare(&Holder::image(&layout, package.held.arch)?, package)?);
        }
    }
    for rpm in &rpms {
        for deb in debs.iter().filter(|deb| deb.held.arch == rpm.held.arch) {
            results.push(compare(deb, rpm)?);
        }
    }
    match results.is_empty() {
        true => Err(EquivalenceError::Alone(folder.to_owned())),
        false => Ok(results),
    }
}

/// The packages of a format, in the order of their names.
fn packages(folder: &Path, format: &str) -> Result<Vec<PathBuf>, EquivalenceError> {
    let folder = folder.join(format);
    let failed = |source| EquivalenceError::Read { path: folder.clone(), source };
    let mut packages = Vec::new();
    if folder.is_dir() {
        for entry in fs_err::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            packages
                .extend(Some(path).filter(|path| path.extension().is_some_and(|e| e == format)));
        }
    }
    packages.sort();
    Ok(packages)
}

/// The place of the one virtual environment among the paths of a package.
fn prefix_of<'a>(
    package: &Path,
    paths: impl Iterator<Item = &'a TreePath>,
) -> Result<TreePath, EquivalenceError> {
    let environments = paths.filter(|path| path.file_name() == "pyvenv.cfg");
    let environments: Vec<TreePath> = environments.filter_map(TreePath::parent).collect();
    match &environments[..] {
        [prefix] => Ok(prefix.clone()),
        _ => {
            let (package, found) = (package.to_owned(), environments.len());
            Err(EquivalenceError::Environment { package, found })
        }
    }
}

fn compare(one: &Holder, other: &Holder) -> Result<Equivalence, EquivalenceError> {
    let (first, second) = (&one.held, &other.held);
    let mut result = Equivalence {
        package: other.path.clone(),
        others: other.others.clone(),
        differences: other.twice.clone(),
        with: one.name.clone(),
        prefix: second.prefix.clone(),
        ..Equivalence::default()
    };
    let mut open = BTreeSet::new();
    for path in first.listing.keys().chain(second.listing.keys()).collect::<BTreeSet<_>>() {
        match (first.listing.get(path), second.listing.get(path)) {
            (Some(here), Some(there)) => {
                result.paths += 1;
                match (here, there) {
                    (here, there) if here == there => {}
                    (Found::File(mode, ..), Found::File(other, ..)) if mode == other => {
                        open.insert(path.clone());
                    }
                    (Found::Link(here), Found::Link(there))
                        if here.replace(&first.prefix, &second.prefix) == *there =>
                    {
                        result.carriers.push(path.clone());
                    }
                    _ => result.differences.push(format!("{path}: of another kind or mode")),
                }
            }
            (Some(_), None) if second.listing.contains_key(&format!("{path}c")) => {}
            (None, Some(Found::File(0o644, ..))) if is_bytecode(path, &first.listing) => {
                result.compiled += 1;
            }
            (None, Some(Found::Directory(0o755))) if path.ends_with("/__pycache__") => {}
            (Some(_), None) => {
                result.differences.push(format!("{path}: only in the {}", one.kind()));
            }
            _ => result.differences.push(format!("{path}: only in the package")),
        }
    }
    let mut here = one.contents(&open)?;
    let is_left = |path: &String, bytes: &mut Vec<u8>| {
        is_stripped(path, bytes, &second.listing).unwrap_or(false)
    };
    result.stripped = here.extract_if(.., is_left).map(|(path, _)| path).collect();
    open.retain(|path| !result.stripped.contains(path));
    let there = other.contents(&open)?;
    let mut records = Vec::new();
    for path in open {
        // Of what is longer only a part was read.
        let short = |bytes: &&Vec<u8>| bytes.len() as u64 <= LARGEST;
        let both = here.get(&path).filter(short).zip(there.get(&path).filter(short));
        let Some((here, there)) = both else {
            result.differences.push(format!("{path}: its bytes cannot be compared"));
            continue;
        };
        let replaced = replaced(here, first.prefix.as_bytes(), second.prefix.as_bytes());
        let configuration = path == CONFIGURATION && agree_but_for_version(&replaced, there);
        if replaced == *there || configuration {
            result.carriers.push(path);
        } else if path.ends_with(".dist-info/RECORD") {
            records.push((path, here, there));
        } else {
            result.differences.push(format!("{path}: other bytes"));
        }
    }
    let changed = [&result.carriers[..], &result.stripped].concat();
    for (path, here, there) in records {
        let (here, there) = ((&here[..], &first.listing), (&there[..], &second.listing));
        match records_agree(&path, here, there, &changed) {
            true => result.records.push(path),
            false => result.differences.push(format!("{path}: other lines")),
        }
    }
    result.carriers.sort();
    result.records.sort();
    result.differences.sort();
    Ok(result)
}

/// Whether a path is that of the bytecode of a module in `listing`: `__pycache__/NAME.TAG.pyc`, or `NAME.pyc` in the
/// place of the module (PEP 3147).
fn is_bytecode(path: &str, listing: &Listing) -> bool {
    let Some((folder, name)) = path.rsplit_once('/') else { return false };
    let Some(name) = name.strip_suffix(".pyc") else { return false };
    let module = match folder.strip_suffix("/__pycache__") {
        Some(folder) => name.rsplit_once('.').map(|(name, _)| format!("{folder}/{name}.py")),
        None => Some(format!("{folder}/{name}.py")),
    };
    module.is_some_and(|module| listing.contains_key(&module))
}

/// Whether `listing` has at `path` what is left of the library `bytes` without its symbols.
fn is_stripped(path: &str, bytes: &[u8], listing: &Listing) -> io::Result<bool> {
    let Some(Found::File(_, digest, _)) = listing.get(path) else { return Ok(false) };
    let name = format!("{}{SYMBOLS_SUFFIX}", path.rsplit('/').next().unwrap_or(path));
    let Some(symbols) = elf::symbols(&Content::from_bytes(bytes), &name)? else { return Ok(false) };
    let sum = symbols.write_debug(&mut io::sink())?;
    let mut left = Hashing::new(io::sink());
    symbols.write_stripped(sum, &mut left)?;
    Ok(left.finish().0 == *digest)
}

/// The file of a virtual environment that says of which interpreter it is.
const CONFIGURATION: &str = "pyvenv.cfg";

/// Whether two files `pyvenv.cfg` are equal but for the version of the interpreter, of which one has more
/// parts.
fn agree_but_for_version(one: &[u8], other: &[u8]) -> bool {
    let (one, other) = (String::from_utf8_lossy(one), String::from_utf8_lossy(other));
    let agree = |one: &str, other: &str| {
        let version = |line: &'_ str| Some(format!("{}.", line.strip_prefix("version = ")?));
        let both = version(one).zip(version(other));
        one == other
            || both.is_some_and(|(one, other)| one.starts_with(&other) || other.starts_with(&one))
    };
    let lines = one.lines().zip(other.lines()).all(|(one, other)| agree(one, other));
    lines && one.lines().count() == other.lines().count()
}

/// Whether two RECORDs differ in the lines of the files `changed` alone, and each has what its files are.
fn records_agree(
    path: &str,
    (one, image): (&[u8], &Listing),
    (other, package): (&[u8], &Listing),
    changed: &[String],
) -> bool {
    let read = |bytes: &[u8]| wheels::parse_record(&String::from_utf8_lossy(bytes));
    let (Ok(one), Ok(other)) = (read(one), read(other)) else { return false };
    let right = |line: &RecordLine, listing: &Listing| {
        let place = recorded::place(path, &line.path);
        let Some(Found::File(_, digest, size)) = listing.get(&place) else { return false };
        changed.contains(&place)
            && line.hash == Some(RecordHash::Sha256(*digest))
            && line.size == Some(*size)
    };
    one.len() == other.len()
        && one.iter().zip(&other).all(|(one, other)| {
            one == other || one.path == other.path && right(one, image) && right(other, package)
        })
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
    use names::Sha256;

    use super::*;

    #[test]
    fn the_version_of_the_interpreter_may_be_shorter() {
        let agree = |one: &str, other: &str| {
            agree_but_for_version(one.as_bytes(), other.as_bytes())
                && agree_but_for_version(other.as_bytes(), one.as_bytes())
        };
        assert!(agree("home = /x\nversion = 3.13.5\n", "home = /x\nversion = 3.13\n"));
        assert!(!agree("version = 3.13.5\n", "version = 3.1\n"));
        assert!(!agree("version = 3.13\nhome = /x\n", "version = 3.13\nhome = /y\n"));
        assert!(!agree("version = 3.13\n", "version = 3.13\nmore = 1\n"));
    }

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

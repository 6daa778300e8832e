//! Suites, from their signed Release file to the index of their packages.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read as _, Write as _};
use std::thread;

use decompress::Format;
use names::{Arch, Digest, Epoch, Hashing, Sha256};
use signer::{Keyring, Signer, VerifyError};
use store::{Address, Blob, BlobError, FetchError, Fetcher, Store, Want};

use crate::release::{Release, ReleaseEntry, ReleaseError};
use crate::{Index, LockedSuite, PackagesError, Suite};

/// The longest InRelease file that is read: 16 MiB, a hundred times Debian's.
const IN_RELEASE_LIMIT: u64 = 16 << 20;

/// The largest uncompressed list of packages that is read: 512 MiB, nine times Debian's main.
const PACKAGES_LIMIT: u64 = 512 << 20;

/// A suite whose Release file was fetched and verified.
#[derive(Clone, Debug)]
pub struct FetchedSuite {
    /// What was asked for.
    pub suite: Suite,
    /// Its state, as a lock names it.
    pub locked: LockedSuite,
    /// Its Release file.
    pub release: Release,
    /// Who has signed it.
    pub signers: Vec<Signer>,
}

/// Why suites cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SuiteError {
    /// A file cannot be fetched.
    #[error("cannot fetch the {what} of {suite}")]
    Fetch {
        /// The archive and the suite.
        suite: String,
        /// Which file.
        what: &'static str,
        /// Why.
        source: Box<FetchError>,
    },
    /// The keyring that the suite names is not there.
    #[error("{suite} names the keyring `{keyring}`, which is not in distros/keyrings")]
    NoKeyring {
        /// The archive and the suite.
        suite: String,
        /// The keyring's file name.
        keyring: String,
    },
    /// The signature of InRelease does not hold.
    #[error("the InRelease file of {suite} is not to be trusted (keyring {keyring})")]
    Signature {
        /// The archive and the suite.
        suite: String,
        /// The keyring's file name.
        keyring: String,
        /// Why.
        source: Box<VerifyError>,
    },
    /// The Release file is malformed.
    #[error("the Release file of {suite} cannot be used")]
    Release {
        /// The archive and the suite.
        suite: String,
        /// Why.
        source: Box<ReleaseError>,
    },
    /// The Release file holds no longer, or not yet.
    #[error("the Release file of {suite} is {state}, and now is {now}: {hint}")]
    Time {
        /// The archive and the suite.
        suite: String,
        /// `valid until` or `of`, with the time.
        state: String,
        /// The time that was given.
        now: Epoch,
        /// What to do.
        hint: &'static str,
    },
    /// The file is that of another suite.
    #[error(
        "{suite} answers as suite `{found_suite}`, codename `{found_codename}`: is the mirror right?"
    )]
    OtherSuite {
        /// The archive and the suite.
        suite: String,
        /// The suite that it says it is.
        found_suite: String,
        /// The codename that it says it has.
        found_codename: String,
    },
    /// The suite has no packages of a component for the architecture.
    #[error("{suite} has no component `{component}` for {arch}")]
    NoComponent {
        /// The archive and the suite.
        suite: String,
        /// The component.
        component: String,
        /// The architecture.
        arch: Arch,
    },
    /// A list of packages is not the one that Release names, or cannot be read.
    #[error("the list of packages {from} is damaged")]
    Packages {
        /// The suite and the file.
        from: String,
        /// Why.
        source: Box<PackagesError>,
    },
    /// A list of packages is not the one that Release names.
    #[error("the list of packages {from} is not the one that its Release file names: {reason}")]
    OtherPackages {
        /// The suite and the file.
        from: String,
        /// The difference.
        reason: String,
    },
    /// The packages cannot be put into the store.
    #[error("cannot put the index of the packages into the store")]
    StoreIndex(#[source] BlobError),
    /// The InRelease file cannot be put into the store.
    #[error("cannot put the InRelease file of {suite} into the store")]
    Store {
        /// The archive and the suite.
        suite: String,
        /// Why.
        source: BlobError,
    },
}

/// Fetches and verifies the suites that serve an architecture and reads their packages for it:
/// [`fetch_releases`], then [`fetch_index`].
///
/// # Errors
/// See [`SuiteError`].
pub fn fetch_suites(
    fetcher: &dyn Fetcher,
    store: &Store,
    suites: &[Suite],
    keyrings: &BTreeMap<String, Keyring>,
    arch: Arch,
    now: Option<Epoch>,
) -> Result<(Index, Vec<LockedSuite>), SuiteError> {
    let suites: Vec<Suite> = suites.iter().filter(|suite| suite.serves(arch)).cloned().collect();
    let fetched = fetch_releases(fetcher, store, &suites, keyrings, now)?;
    let index = fetch_index(fetcher, store, &fetched, arch)?;
    Ok((index, fetched.into_iter().map(|suite| suite.locked).collect()))
}

/// Fetches the InRelease file of each suite and verifies it: its signature against the keyring that
/// the suite names, its name, and, where `now` is given, that it is not of a later time and has not
/// expired (`Valid-Until`). The file goes into the store, under the digest that the lock names.
///
/// # Errors
/// See [`SuiteError`].
pub fn fetch_releases(
    fetcher: &dyn Fetcher,
    store: &Store,
    suites: &[Suite],
    keyrings: &BTreeMap<String, Keyring>,
    now: Option<Epoch>,
) -> Result<Vec<FetchedSuite>, SuiteError> {
    let fetch = |suite: &Suite| {
        let name = label(suite);
        let path = format!("dists/{}/InRelease", suite.suite);
        let document = fetcher
            .document(&Address::in_archive(&suite.archive, path), "*/*", IN_RELEASE_LIMIT)
            .map_err(|source| SuiteError::Fetch {
                suite: name.clone(),
                what: "InRelease",
                source: Box::new(source),
            })?;
        let fetched = verify(suite, &document.bytes, keyrings, now)?;
        let put = || {
            let mut writer = store.blob_writer()?;
            let failed = |source| BlobError::Write { path: store.root().to_owned(), source };
            writer.write_all(&document.bytes).map_err(failed)?;
            writer.finish(Some(&fetched.locked.in_release))
        };
        put().map_err(|source| SuiteError::Store { suite: name, source })?;
        Ok(fetched)
    };
    suites.iter().map(fetch).collect()
}

/// Verifies the bytes of an InRelease file as that of `suite`. Pure: see [`fetch_releases`].
fn verify(
    suite: &Suite,
    bytes: &[u8],
    keyrings: &BTreeMap<String, Keyring>,
    now: Option<Epoch>,
) -> Result<FetchedSuite, SuiteError> {
    let name = label(suite);
    let keyring = keyrings.get(&suite.keyring).ok_or_else(|| SuiteError::NoKeyring {
        suite: name.clone(),
        keyring: suite.keyring.clone(),
    })?;
    let signed =
        signer::verify_cleartext(bytes, keyring, now).map_err(|source| SuiteError::Signature {
            suite: name.clone(),
            keyring: suite.keyring.clone(),
            source: Box::new(source),
        })?;
    let release = Release::parse(&signed.text)
        .map_err(|source| SuiteError::Release { suite: name.clone(), source: Box::new(source) })?;
    if ![&release.suite, &release.codename].contains(&&suite.suite) {
        return Err(SuiteError::OtherSuite {
            suite: name,
            found_suite: release.suite,
            found_codename: release.codename,
        });
    }
    if let Some(now) = now {
        let state = match release.valid_until {
            Some(end) if end < now => Some((
                format!("valid until {end}"),
                "the mirror is behind, or somebody holds back its updates",
            )),
            _ if release.date > now => {
                Some((format!("of {}", release.date), "is the clock right?"))
            }
            _ => None,
        };
        if let Some((state, hint)) = state {
            return Err(SuiteError::Time { suite: name, state, now, hint });
        }
    }
    let locked = LockedSuite {
        archive: suite.archive.clone(),
        suite: suite.suite.clone(),
        date: release.date,
        in_release: Sha256::digest(bytes),
    };
    Ok(FetchedSuite { suite: suite.clone(), locked, release, signers: signed.signers })
}

/// Records of packages as [`fetch_index`] has read them; the number is the level of this form.
pub const INDEX_RECORDS: &str = "index-2";

/// Fetches the lists of packages of the suites for one architecture, by their digests in the
/// Release files, and reads them. They stay in the store, and so does what was read, under the digests
/// of the lists: the same lists are neither fetched nor read twice.
///
/// # Errors
/// See [`SuiteError`].
pub fn fetch_index(
    fetcher: &dyn Fetcher,
    store: &Store,
    suites: &[FetchedSuite],
    arch: Arch,
) -> Result<Index, SuiteError> {
    let mut lists = Vec::new();
    for suite in suites {
        for component in &suite.suite.components {
            let list = List::of(suite, component, arch.debian());
            lists.push(list.ok_or_else(|| SuiteError::NoComponent {
                suite: label(&suite.suite),
                component: component.clone(),
                arch,
            })?);
            if suite.release.separate_all {
                lists.extend(List::of(suite, component, "all"));
            }
        }
    }
    let key = key_of(&lists, arch);
    let read = |record: &mut dyn io::Read| Index::read_from(arch, record);
    if let Some(index) = store.read_record(INDEX_RECORDS, &key, read) {
        return Ok(index);
    }
    let wants: Vec<Want> = lists.iter().map(List::want).collect();
    let blobs = fetcher.blobs(store, &wants, &mut |_, _, _| {}).map_err(|source| {
        let suites: Vec<String> = suites.iter().map(|suite| label(&suite.suite)).collect();
        SuiteError::Fetch {
            suite: suites.join(", "),
            what: "lists of packages",
            source: Box::new(source),
        }
    })?;
    let mut index = Index::new(arch);
    for (list, blob) in lists.iter().zip(blobs) {
        list.read(&blob, &mut index)?;
    }
    let stored = store.write_record_with(INDEX_RECORDS, &key, |out| index.write_to(out));
    stored.map_err(SuiteError::StoreIndex)?;
    Ok(index)
}

/// All that an index comes from: the lists in their order, each with its archive.
fn key_of(lists: &[List<'_>], arch: Arch) -> Digest {
    let mut key = format!("{arch}\n");
    for List { suite, plain, .. } in lists {
        key.push_str(&format!("{} {}\n", suite.suite.archive, plain.sha256));
    }
    Sha256::digest(key)
}

/// A list of packages that a Release file names.
struct List<'a> {
    suite: &'a FetchedSuite,
    /// Below the suite's folder, with its compression's extension.
    path: String,
    format: Format,
    compressed: ReleaseEntry,
    /// Without compression.
    plain: ReleaseEntry,
}

impl<'a> List<'a> {
    fn of(suite: &'a FetchedSuite, component: &str, arch: &str) -> Option<Self> {
        let files = &suite.release.files;
        let plain_path = format!("{component}/binary-{arch}/Packages");
        let plain = *files.get(&plain_path)?;
        let offered = |extension: &&str| files.contains_key(&format!("{plain_path}{extension}"));
        let extension = [".xz", ".gz", ""].into_iter().find(offered)?;
        let format = Format::of_suffix(extension)?;
        let path = format!("{plain_path}{extension}");
        Some(Self { suite, compressed: files[&path], path, format, plain })
    }

    fn want(&self) -> Want {
        let Suite { archive, suite, .. } = &self.suite.suite;
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let hex = self.compressed.sha256.hex();
        let mut addresses = Vec::new();
        if self.suite.release.by_hash {
            let path = format!("dists/{suite}/{folder}/by-hash/SHA256/{hex}");
            addresses.push(Address::in_archive(archive, path));
        }
        addresses.push(Address::in_archive(archive, format!("dists/{suite}/{}", self.path)));
        Want { addresses, sha256: self.compressed.sha256, size: Some(self.compressed.size) }
    }

    /// Reads the list into the index; what it decompresses to must be what Release says.
    fn read(&self, blob: &Blob, index: &mut Index) -> Result<(), SuiteError> {
        let from = format!("{} {}", label(&self.suite.suite), self.path);
        let other = |reason| SuiteError::OtherPackages { from: from.clone(), reason };
        if self.plain.size > PACKAGES_LIMIT {
            return Err(other(format!("it would have {} bytes", self.plain.size)));
        }
        let damaged =
            |source| SuiteError::Packages { from: from.clone(), source: Box::new(source) };
        let unreadable = |source| damaged(PackagesError::Read { from: from.clone(), source });
        let file = fs_err::File::open(&blob.path).map_err(unreadable)?;
        let (plain, mut pipe) = io::pipe().map_err(unreadable)?;
        let decode = move || {
            let plain = decompress::reader(self.format, file)?;
            let mut hashed = Hashing::new(plain.take(self.plain.size + 1));
            io::copy(&mut hashed, &mut pipe)?;
            Ok(hashed.finish())
        };
        // Decoding takes as long as reading what comes of it.
        let (decoded, added) = thread::scope(|scope| {
            let decoder = scope.spawn(decode);
            let mut plain = BufReader::with_capacity(64 << 10, plain);
            let added = index.add_packages(&self.suite.suite.archive, &from, &mut plain);
            let rest = io::copy(&mut plain, &mut io::sink());
            let decoded = decoder.join().expect("a decoder returns its errors");
            (rest.and(decoded), added)
        });
        // What is wrong with the bytes comes before what is wrong in them.
        let (digest, size) = decoded.map_err(unreadable)?;
        if size > self.plain.size {
            return Err(other(format!("it has more than {} bytes", self.plain.size)));
        }
        if digest != self.plain.sha256 {
            return Err(other(format!("it hashes to {digest}, not to {}", self.plain.sha256)));
        }
        added.map_err(damaged)
    }
}

fn label(suite: &Suite) -> String {
    format!("{}:{}", suite.archive, suite.suite)
}

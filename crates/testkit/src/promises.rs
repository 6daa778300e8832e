//! What every [`store::Fetcher`] keeps.

use std::collections::BTreeMap;

use names::ArchiveName;
use store::{Address, FetchError, Fetcher, Store, Want};

use crate::sha256;

/// The archive in which the files lie that [`check_promises`] asks for.
pub const ARCHIVE: &str = "debian";

/// The files that must be served, by path in [`ARCHIVE`].
pub type Given = BTreeMap<String, Vec<u8>>;

/// Checks that the fetcher which `make` gives for some files keeps what [`store::Fetcher`] promises.
pub fn check_promises<F: Fetcher>(make: impl Fn(&Given) -> F) {
    let large: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let given: Given = [
        ("dists/x/InRelease", b"Origin: Debian\n".to_vec()),
        ("pool/a+b_1.0~rc1_all.deb", b"first".to_vec()),
        ("pool/empty", Vec::new()),
        ("pool/large", large.clone()),
        ("pool/wrong", b"other bytes".to_vec()),
    ]
    .map(|(path, bytes)| (path.to_owned(), bytes))
    .into();
    let archive: ArchiveName = ARCHIVE.parse().unwrap();
    let at = |path: &str| Address::in_archive(&archive, path);
    let want = |paths: &[&str], bytes: &[u8]| Want {
        addresses: paths.iter().map(|path| at(path)).collect(),
        sha256: sha256(bytes),
        size: Some(bytes.len() as u64),
    };
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let fetcher = make(&given);

    // Documents come as they are, up to the limit and not further.
    let document = fetcher.document(&at("dists/x/InRelease"), "*/*", 15).unwrap();
    assert_eq!(document.bytes, b"Origin: Debian\n");
    assert!(document.url.ends_with("/dists/x/InRelease"), "{}", document.url);
    let error = fetcher.document(&at("dists/x/InRelease"), "*/*", 14).unwrap_err();
    assert!(matches!(error, FetchError::Damaged { .. }), "{error}");
    let error = fetcher.document(&at("dists/x/Release"), "*/*", 1000).unwrap_err();
    assert!(matches!(error, FetchError::NotFound { .. }), "{error}");
    assert!(error.to_string().contains("debian:dists/x/Release"), "{error}");

    // Blobs come in the order of the wants; the first address that has the file counts; what is
    // wanted twice comes twice.
    let first = want(&["pool/a+b_1.0~rc1_all.deb"], b"first");
    let wants = [
        first.clone(),
        want(&["pool/gone", "pool/wrong", "pool/large"], &large),
        Want { size: None, ..want(&["pool/empty"], b"") },
        first.clone(),
    ];
    let mut told = Vec::new();
    let blobs = fetcher
        .blobs(&store, &wants, &mut |i, blob, fetched| {
            assert_eq!(blob.digest, wants[i].sha256);
            told.push((i, fetched));
        })
        .unwrap();
    let digests: Vec<_> = blobs.iter().map(|blob| blob.digest).collect();
    assert_eq!(digests, wants.each_ref().map(|want| want.sha256));
    assert_eq!(blobs[1].size, large.len() as u64);
    told.sort_unstable();
    assert_eq!(told, [(0, true), (1, true), (2, true), (3, false)]);

    // What is in the store is not asked for again, wherever it might be.
    let nowhere = Want { addresses: vec![at("pool/gone")], ..first };
    let mut told = Vec::new();
    fetcher
        .blobs(&store, &[nowhere], &mut |i, blob, fetched| {
            assert_eq!(blob.digest, wants[i].sha256);
            told.push((i, fetched));
        })
        .unwrap();
    assert_eq!(told, [(0, false)]);

    // A blob that was cut on disk is fetched again.
    let path = store.blob(&wants[1].sha256).unwrap().path;
    fs_err::write(&path, b"cut").unwrap();
    fetcher.blob(&store, &wants[1]).unwrap();
    assert!(fs_err::read(&path).unwrap() == large, "the cut blob is still there");

    // Wrong bytes and wrong sizes do not enter the store; what has arrived before stays.
    let wrong = want(&["pool/wrong"], b"right bytes");
    let error = fetcher.blob(&store, &wrong).unwrap_err();
    assert!(matches!(error, FetchError::Damaged { .. }), "{error}");
    assert!(store.blob(&wrong.sha256).is_none());
    let short = Want { size: Some(5), ..want(&["pool/wrong"], b"other bytes") };
    let error = fetcher.blob(&store, &short).unwrap_err();
    assert!(matches!(error, FetchError::Damaged { .. }), "{error}");
    assert!(store.blob(&short.sha256).is_none());
    let error = fetcher.blob(&store, &want(&["pool/gone"], b"gone")).unwrap_err();
    assert!(matches!(error, FetchError::NotFound { .. }), "{error}");
    assert!(store.blob(&sha256(&large)).is_some());
}

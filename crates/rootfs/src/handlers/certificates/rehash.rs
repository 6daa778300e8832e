//! Links by the hash of the subject, as `openssl rehash` makes them (openssl-rehash(1)).

use std::collections::BTreeMap;

use filetree::{Kind, Tree, TreePath};
use names::Epoch;
use sha1::{Digest as _, Sha1};

use super::super::files::{self, FileError};
use super::canonical::subject_hash;
use super::der::Reader;
use super::{CertificatesError, pem};

/// The most certificates of one hash.
const COLLISION_LIMIT: usize = 256;
/// The longest file that is taken for a single certificate, in bytes.
const FILE_LIMIT: u64 = 1 << 20;

/// A file that has, or should have, a link.
struct Entry {
    name: String,
    /// The number of the link that leads to it already.
    number: Option<usize>,
    /// SHA-1 of the certificate; `None` where there is only a link.
    digest: Option<Vec<u8>>,
}

/// Gives each certificate in `folder` a link `HHHHHHHH.N`, and takes away links that lead to none.
///
/// Files are taken in byte order; a certificate that is there twice gets one link. Lists of
/// revoked certificates get none: no package ships one.
pub(super) fn rehash(
    tree: &mut Tree,
    folder: &TreePath,
    time: Epoch,
) -> Result<(), CertificatesError> {
    let folder = tree.resolve(folder).map_err(FileError::from)?;
    let mut buckets: BTreeMap<u32, Vec<Entry>> = BTreeMap::new();
    for name in files::children(tree, &folder)? {
        let path = folder.join(&name).map_err(FileError::from)?;
        if let Some(Kind::Symlink(target)) = tree.get(&path).map(|node| &node.kind)
            && let Some((hash, number)) = parse_link(&name)
        {
            add(buckets.entry(hash).or_default(), target, Some(number), None);
        } else if let Some((hash, digest)) = certificate(tree, &path)? {
            add(buckets.entry(hash).or_default(), &name, None, Some(digest));
        }
    }
    for (hash, entries) in buckets {
        let needed = entries.iter().filter(|entry| entry.digest.is_some()).count();
        if needed > COLLISION_LIMIT {
            return Err(CertificatesError::Collisions { hash });
        }
        let link =
            |number: usize| folder.join(&format!("{hash:08x}.{number}")).map_err(FileError::from);
        let kept = |entry: &Entry| entry.number.filter(|number| *number < needed);
        let mut used: Vec<usize> = entries.iter().filter_map(kept).collect();
        for entry in &entries {
            match (kept(entry), &entry.digest, entry.number) {
                (Some(_), ..) => {}
                (None, Some(_), _) => {
                    let number = (0..).find(|number| !used.contains(number)).unwrap_or(needed);
                    files::link(tree, &link(number)?, &entry.name, time)?;
                    used.push(number);
                }
                (None, None, Some(number)) => {
                    // A new link may have its name by now.
                    if !used.contains(&number) {
                        tree.remove(&link(number)?);
                    }
                }
                (None, None, None) => {}
            }
        }
    }
    Ok(())
}

/// Adds a file or a link to those of its hash, unless the same certificate is there.
fn add(entries: &mut Vec<Entry>, name: &str, number: Option<usize>, digest: Option<Vec<u8>>) {
    if digest.is_some() && entries.iter().any(|entry| entry.digest == digest) {
        return;
    }
    match entries.iter_mut().find(|entry| entry.name == name) {
        Some(entry) => {
            entry.number = entry.number.into_iter().chain(number).min();
            entry.digest = entry.digest.take().or(digest);
        }
        None => entries.push(Entry { name: name.to_owned(), number, digest }),
    }
}

/// Hash and number of a link's name.
fn parse_link(name: &str) -> Option<(u32, usize)> {
    let (hash, number) = name.split_once('.')?;
    let all_digits = |text: &str, is_digit: fn(&u8) -> bool| text.bytes().all(|b| is_digit(&b));
    if hash.len() != 8
        || !all_digits(hash, u8::is_ascii_hexdigit)
        || !all_digits(number, u8::is_ascii_digit)
    {
        return None;
    }
    Some((u32::from_str_radix(hash, 16).ok()?, number.parse().ok()?))
}

/// Hash and digest of the one certificate in a file; `None` where there is none or more.
fn certificate(tree: &Tree, path: &TreePath) -> Result<Option<(u32, Vec<u8>)>, FileError> {
    let extension = path.file_name().rsplit_once('.').map(|(_, extension)| extension);
    let known = ["pem", "crt", "cer", "crl"];
    if !extension.is_some_and(|found| known.iter().any(|name| name.eq_ignore_ascii_case(found))) {
        return Ok(None);
    }
    let Ok(Some((place, content))) = files::find(tree, path) else { return Ok(None) };
    if content.size > FILE_LIMIT {
        return Ok(None);
    }
    let bytes = content.read().map_err(|source| FileError::Read { path: place, source })?;
    let Some(found) = pem::certificates(&bytes) else { return Ok(None) };
    let [certificate] = found.as_slice() else { return Ok(None) };
    let (Ok(hash), Ok(element)) = (subject_hash(certificate), Reader(certificate).next()) else {
        return Ok(None);
    };
    Ok(Some((hash, Sha1::digest(element.whole).to_vec())))
}

//! The indexes of an apt suite: Packages, Contents and Release.

use std::collections::{BTreeMap, BTreeSet};

use names::{Epoch, Sha256};
use sha2::{Digest as _, Sha512};

use crate::RepoError;
use crate::channel::{AptSettings, ChannelName, Pinning};
use crate::compress::{Format, join};
use crate::package::{Change, Description, Known, describe_if_there, each_described, hex};
use crate::record::{PackageKind, Record};
use crate::state::{Index, IndexFile};
use crate::storage::{Content, Storage};
use crate::table::Shape;
use crate::whole::put_whole;

/// The forms of a Packages file.
const PACKAGES: [Format; 3] = [Format::Plain, Format::Gzip, Format::Xz];
/// The forms of a Contents file.
const CONTENTS: [Format; 1] = [Format::Gzip];

/// Lines of Contents: what has a file, and what no longer has it.
#[derive(Default)]
struct Owners {
    come: BTreeSet<String>,
    go: BTreeSet<String>,
}

/// Brings the indexes up to date. `staying` are the packages that are there before and after.
pub(crate) fn update(
    storage: &dyn Storage,
    settings: &AptSettings,
    indexes: &BTreeMap<String, Index>,
    changes: &[Change],
    staying: &[Record],
    known: &Known,
    workers: usize,
) -> Result<BTreeMap<String, Index>, RepoError> {
    let mut packages: BTreeMap<String, BTreeMap<String, Option<String>>> = BTreeMap::new();
    let mut contents: BTreeMap<String, BTreeMap<String, Owners>> = BTreeMap::new();
    // These are there even if they are empty, as apt asks for them.
    for (component, architecture) in pairs(settings) {
        packages.entry(format!("{component}/binary-{architecture}/Packages")).or_default();
    }
    let mut others: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in staying {
        others.entry(&record.name).or_default().push(record);
    }
    let changes: Vec<&Change> = changes.iter().collect();
    each_described(storage, &changes, known, workers, |change, description| {
        let record = &change.record;
        let entry =
            description.and_then(|description| description.entries.get("Packages")).cloned();
        // What another version of the package has stays in Contents.
        let mut kept = BTreeSet::new();
        if !change.comes {
            for other in others.get(record.name.as_str()).into_iter().flatten() {
                if other.component == record.component && other.kind == record.kind {
                    let other = describe_if_there(storage, other)?;
                    kept.extend(other.into_iter().flat_map(|other| other.files));
                }
            }
        }
        for architecture in architectures(settings, record) {
            let (index, list) = places(record, architecture);
            let entry = entry.clone().filter(|_| change.comes);
            packages.entry(index).or_default().insert(record.key(), entry);
            if let Some(description) = description {
                add_owners(contents.entry(list).or_default(), description, &kept, change);
            }
        }
        Ok(())
    })?;
    let mut updated = indexes.clone();
    for (name, changes) in packages {
        let old = updated.get(&name).cloned().unwrap_or_default();
        let shape = Shape { entries: 48, formats: &PACKAGES };
        let replace = |_: &str, _: Option<&str>, new: &Option<String>| new.clone();
        let table = old.table.update(storage, shape, &changes, &replace, workers)?;
        updated.insert(name, Index { table, files: old.files });
    }
    for (name, changes) in contents {
        let old = updated.get(&name).cloned().unwrap_or_default();
        let shape = Shape { entries: 512, formats: &CONTENTS };
        let table = old.table.update(storage, shape, &changes, &contents_line, workers)?;
        updated.insert(name, Index { table, files: old.files });
    }
    Ok(updated)
}

/// Each component with each architecture.
fn pairs(settings: &AptSettings) -> impl Iterator<Item = (&String, &String)> {
    let architectures = &settings.architectures;
    let pair = move |component| architectures.iter().map(move |arch| (component, arch));
    settings.components.iter().flat_map(pair)
}

/// The architectures in whose indexes a package is: all of them for `all`.
fn architectures<'a>(
    settings: &'a AptSettings,
    record: &'a Record,
) -> impl Iterator<Item = &'a String> {
    let is_in = |arch: &&String| record.architecture == "all" || record.architecture == **arch;
    settings.architectures.iter().filter(is_in)
}

/// The indexes that list a package and its files.
fn places(record: &Record, architecture: &str) -> (String, String) {
    let component = &record.component;
    match record.kind {
        PackageKind::Udeb => (
            format!("{component}/debian-installer/binary-{architecture}/Packages"),
            format!("{component}/Contents-udeb-{architecture}"),
        ),
        _ => (
            format!("{component}/binary-{architecture}/Packages"),
            format!("{component}/Contents-{architecture}"),
        ),
    }
}

fn add_owners(
    list: &mut BTreeMap<String, Owners>,
    description: &Description,
    kept: &BTreeSet<String>,
    change: &Change,
) {
    for file in &description.files {
        // A line cannot hold such a name.
        if file.contains('\n') {
            continue;
        }
        let owners = list.entry(file.clone()).or_default();
        if change.comes {
            owners.come.insert(description.location.clone());
        } else if !kept.contains(file) {
            owners.go.insert(description.location.clone());
        }
    }
}

/// A line of Contents: the path and, behind blanks, those who have it, separated by commas.
fn contents_line(path: &str, old: Option<&str>, owners: &Owners) -> Option<String> {
    let there = old.and_then(|line| line.trim_end().rsplit_once(' ')).map_or("", |(_, list)| list);
    let mut list: BTreeSet<&str> = there.split(',').filter(|owner| !owner.is_empty()).collect();
    list.retain(|owner| !owners.go.contains(*owner));
    list.extend(owners.come.iter().map(String::as_str));
    let list: Vec<&str> = list.into_iter().collect();
    (!list.is_empty()).then(|| format!("{path:<59} {}\n", list.join(",")))
}

/// Writes the files of the indexes that have changed since `old`, each under its digests.
pub(crate) fn write(
    storage: &dyn Storage,
    channel: &ChannelName,
    old: &BTreeMap<String, Index>,
    indexes: &mut BTreeMap<String, Index>,
) -> Result<(), RepoError> {
    for (name, index) in indexes {
        let same = old.get(name).is_some_and(|old| old.table == index.table);
        if same && !index.files.is_empty() {
            continue;
        }
        index.files.clear();
        let formats: &[Format] = if name.ends_with("/Packages") { &PACKAGES } else { &CONTENTS };
        for format in formats {
            let bytes = assemble(storage, name, index, *format)?;
            let file = IndexFile::of(&bytes);
            let (sha256, sha512) = by_hash(channel, name, &file);
            put_whole(storage, &sha256, Content::Bytes(&bytes), &file.sha256)?;
            put_whole(storage, &sha512, Content::Same(&sha256), &file.sha256)?;
            index.files.insert(format!("{name}{}", format.suffix()), file);
        }
    }
    Ok(())
}

/// Puts the file of an index together.
pub(crate) fn assemble(
    storage: &dyn Storage,
    name: &str,
    index: &Index,
    format: Format,
) -> Result<Vec<u8>, RepoError> {
    let pieces = index.table.pieces(storage, format)?;
    let path = format!("the chunks of {name}");
    join(&pieces, format).ok_or(RepoError::Damaged { path, reason: "one is damaged" })
}

/// Where a file of an index lies under its digests, for `Acquire-By-Hash`.
pub(crate) fn by_hash(channel: &ChannelName, name: &str, file: &IndexFile) -> (String, String) {
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    let place = format!("{}/{folder}/by-hash", channel.path());
    (format!("{place}/SHA256/{}", file.sha256.hex()), format!("{place}/SHA512/{}", file.sha512))
}

impl IndexFile {
    /// The digests of a file that is not compressed.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let sha256 = Sha256::digest(bytes);
        let size = bytes.len() as u64;
        let sha512 = hex(&Sha512::digest(bytes));
        Self { sha256, sha512, size, open_sha256: sha256, open_size: size }
    }
}

/// The text of the Release file.
pub(crate) fn release(
    suite: &str,
    settings: &AptSettings,
    date: Epoch,
    indexes: &BTreeMap<String, Index>,
) -> String {
    let mut text = String::new();
    let mut field = |name: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("{name}: {value}\n"));
        }
    };
    field("Origin", &settings.origin);
    field("Label", &settings.label);
    field("Suite", suite);
    field("Codename", &settings.codename);
    field("Date", &date.rfc5322("UTC"));
    if let Some(seconds) = settings.valid_for {
        field("Valid-Until", &Epoch(date.0 + seconds).rfc5322("UTC"));
    }
    match settings.pinning {
        Pinning::Normal => {}
        Pinning::UpgradesOnly => {
            field("NotAutomatic", "yes");
            field("ButAutomaticUpgrades", "yes");
        }
        Pinning::Manual => field("NotAutomatic", "yes"),
    }
    field("Acquire-By-Hash", "yes");
    field("Architectures", &settings.architectures.join(" "));
    field("Components", &settings.components.join(" "));
    field("Description", &settings.description);
    let files: BTreeMap<&String, &IndexFile> =
        indexes.values().flat_map(|index| &index.files).collect();
    text.push_str("SHA256:\n");
    for (name, file) in &files {
        text.push_str(&format!(" {} {:>8} {name}\n", file.sha256.hex(), file.size));
    }
    text.push_str("SHA512:\n");
    for (name, file) in &files {
        text.push_str(&format!(" {} {:>8} {name}\n", file.sha512, file.size));
    }
    text
}

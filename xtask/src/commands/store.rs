//! `cooperage store`.

use std::collections::BTreeSet;

use ::store::{Inventory, Store, StoreKey};
use names::Epoch;
use serde_json::json;

use super::{Workplace, root, store_folder};
use crate::args::{Collect, Export, Global, ImportStore, Store as Arguments, VerifyStore};
use crate::failure::Failure;
use crate::speech::{self, Manner, Teller};
use crate::surroundings::Surroundings;

const SECONDS_OF_DAY: u64 = 24 * 60 * 60;

/// Looks after the store.
pub(crate) fn run(
    command: &Arguments,
    global: &Global,
    surroundings: &Surroundings,
    manner: Manner,
) -> Result<(), Failure> {
    let folder = store_folder(global, surroundings)?;
    match command {
        Arguments::Info => info(&Store::open(&folder)?, global),
        Arguments::Verify(arguments) => verify(&Store::open(&folder)?, arguments, global, manner),
        Arguments::Gc(arguments) => {
            // Only what a tree names can be kept for it: without one, the days alone count.
            let tree = root(global, surroundings).ok();
            if global.root.is_some()
                && !tree.as_ref().is_some_and(|tree| tree.join("distros").is_dir())
            {
                return Err(Failure::NoTree);
            }
            let locked = tree.map(|tree| pipeline::files_of_locks(&tree)).transpose()?;
            gc(&folder, arguments, &locked.unwrap_or_default(), global, surroundings.now)
        }
        Arguments::Export(arguments) => {
            let store = Store::open(&folder)?;
            let keys = keys(&store, arguments, global, surroundings)?;
            export(&store, &keys, &surroundings.absolute(&arguments.file), global)
        }
        Arguments::Import(arguments) => {
            import(&Store::open(&folder)?, arguments, global, surroundings)
        }
    }
}

fn info(store: &Store, global: &Global) -> Result<(), Failure> {
    let inventory = Inventory::read(store)?;
    let tallies = inventory.tallies();
    if global.json {
        let kinds: serde_json::Map<_, _> = tallies
            .iter()
            .map(|(kind, tally)| {
                ((*kind).to_owned(), json!({ "files": tally.files, "bytes": tally.bytes }))
            })
            .collect();
        return speech::json(&json!({
            "path": store.root().display().to_string(), "format": store.format(), "kinds": kinds,
            "strays": inventory.strays.len(),
        }));
    }
    let path = store.root().display();
    say(global, &format!("{path}: format {}", store.format()));
    for stray in &inventory.strays {
        say(global, &format!("{} does not belong there", stray.display()));
    }
    let line = |(kind, tally): (&&str, &::store::Tally)| {
        format!("{kind} {} {}", tally.files, speech::bytes(tally.bytes))
    };
    speech::lines(tallies.iter().map(line))
}

fn verify(
    store: &Store,
    arguments: &VerifyStore,
    global: &Global,
    manner: Manner,
) -> Result<(), Failure> {
    let mut teller = Teller::new(manner);
    let (mut files, mut bytes) = (0, 0);
    let mut tell = |size: u64, all: ::store::Tally| {
        files += 1;
        bytes += size;
        teller.progress("verifying", (files, all.files as usize), (bytes, all.bytes));
    };
    let verified = ::store::verify(store, &pipeline::fault_of_derived, &mut tell)?;
    drop(teller);
    if global.json {
        let damaged: Vec<_> = verified
            .damaged
            .iter()
            .map(|file| json!({ "key": file.key.to_string(), "path": file.path, "reason": file.reason }))
            .collect();
        speech::json(&json!({
            "files": verified.read.files, "bytes": verified.read.bytes, "damaged": damaged,
            "strays": verified.strays,
        }))?;
    } else {
        speech::lines(
            verified.damaged.iter().map(|file| format!("{}: {}", file.key, file.reason)),
        )?;
        for stray in &verified.strays {
            say(global, &format!("{} does not belong there", stray.display()));
        }
    }
    let count = verified.damaged.len();
    if count == 0 {
        let (files, size) =
            (speech::files(verified.read.files), speech::bytes(verified.read.bytes));
        say(global, &format!("nothing is damaged: {files}, {size}"));
        return Ok(());
    }
    if arguments.remove {
        ::store::remove_damaged(store, &verified.damaged)?;
    }
    Err(Failure::Damaged { count, removed: arguments.remove })
}

fn gc(
    folder: &std::path::Path,
    arguments: &Collect,
    locked: &BTreeSet<names::Digest>,
    global: &Global,
    now: Epoch,
) -> Result<(), Failure> {
    let alone = Store::open_alone(folder)?;
    let span = u64::from(arguments.keep_days) * SECONDS_OF_DAY;
    // A file that is used in this very second is older than none.
    let since = Epoch(now.0.saturating_sub(span).saturating_add(u64::from(span == 0)));
    let done = ::store::collect(&alone, since, locked)?;
    let text = format!(
        "removed {}, {}; kept {}, {}",
        speech::files(done.removed.files),
        speech::bytes(done.removed.bytes),
        speech::files(done.kept.files),
        speech::bytes(done.kept.bytes)
    );
    match global.json {
        true => speech::json(&json!({
            "removed": { "files": done.removed.files, "bytes": done.removed.bytes },
            "kept": { "files": done.kept.files, "bytes": done.kept.bytes },
        })),
        false => speech::lines([text]),
    }
}

/// The files that are meant: those that are named, all of the kinds that are named, and those that the
/// locks name for a service.
fn keys(
    store: &Store,
    arguments: &Export,
    global: &Global,
    surroundings: &Surroundings,
) -> Result<BTreeSet<StoreKey>, Failure> {
    let mut keys = BTreeSet::new();
    let inventory = Inventory::read(store)?;
    let kinds = inventory.tallies();
    for text in &arguments.key {
        if kinds.contains_key(text.as_str()) {
            keys.extend(inventory.files.keys().filter(|key| key.kind() == text).cloned());
        } else {
            let known = kinds.keys().copied().collect::<Vec<_>>().join(", ");
            let unknown = |source| Failure::Key { known: known.clone(), source };
            keys.insert(text.parse().map_err(unknown)?);
        }
    }
    if let [service, release] = &arguments.service[..] {
        let service = service.parse().map_err(Failure::Name)?;
        let release = release.parse().map_err(Failure::Name)?;
        let workplace = Workplace::open(global, surroundings)?;
        let setting = workplace.setting();
        let arches = super::build::arches(&arguments.target);
        let distro = &arguments.target.distro;
        keys.extend(pipeline::files_of_service(&setting, &service, release, distro, &arches)?);
    }
    Ok(keys)
}

fn export(
    store: &Store,
    keys: &BTreeSet<StoreKey>,
    out: &std::path::Path,
    global: &Global,
) -> Result<(), Failure> {
    let (digest, tally) = ::store::export(store, keys, out)?;
    say(global, &format!("wrote {}: {}", out.display(), speech::files(tally.files)));
    match global.json {
        true => speech::json(&json!({
            "path": out, "digest": digest.to_string(), "files": tally.files, "bytes": tally.bytes,
        })),
        false => speech::lines([digest.to_string()]),
    }
}

fn import(
    store: &Store,
    arguments: &ImportStore,
    global: &Global,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let (new, tally) = ::store::import(store, &surroundings.absolute(&arguments.file))?;
    let (files, size) = (speech::files(tally.files), speech::bytes(tally.bytes));
    say(global, &format!("{files}, {size}; new: {}", new.len()));
    match global.json {
        true => speech::json(&json!({
            "files": tally.files, "bytes": tally.bytes,
            "new": new.iter().map(StoreKey::to_string).collect::<Vec<_>>(),
        })),
        false => speech::lines(new.iter().map(StoreKey::to_string)),
    }
}

fn say(global: &Global, text: &str) {
    if !global.quiet {
        speech::say(text);
    }
}

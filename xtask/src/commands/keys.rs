//! The keys that sign packages and repositories.

use std::path::Path;

use names::Epoch;
use signer::{Chosen, KeyUse, OpenPgpKey, Secret, SigningFile};

use crate::failure::Failure;
use crate::speech;
use crate::surroundings::Surroundings;

/// The most that `signing.toml` can have.
const LARGEST_FILE: u64 = 1 << 20;
/// A key that expires within this number of days is warned of.
const DAYS_OF_WARNING: u64 = 30;

/// Opens the keys that `signing.toml` names for `wanted`; none where the user wants none.
pub(super) fn open(
    signing: Option<&Path>,
    wanted: KeyUse,
    surroundings: &Surroundings,
    now: Epoch,
    quiet: bool,
) -> Result<Vec<Box<dyn OpenPgpKey>>, Failure> {
    let Some(path) = signing else { return Ok(Vec::new()) };
    let path = surroundings.absolute(path);
    let bytes = super::read(&path, LARGEST_FILE)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let error = std::io::Error::new(std::io::ErrorKind::InvalidData, error.utf8_error());
        Failure::Read(path.clone(), error)
    })?;
    let file = SigningFile::parse(&text, &path).map_err(Failure::Faults)?;
    let entries = match file.choose(wanted)? {
        Chosen::Unsigned => return Ok(Vec::new()),
        Chosen::Keys(entries) => entries,
    };
    signer::forbid_core_dumps().map_err(Failure::CoreDumps)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let variable = |name: &str| {
        let value = surroundings.variables.get(name)?;
        Some(Secret::new(value.clone()))
    };
    let mut keys = Vec::new();
    for entry in entries {
        let key = sandbox::wipe_freed_memory(|| signer::open_key(entry, folder, &variable))?;
        let warning = signer::expiry_warning(key.certificate(), now, DAYS_OF_WARNING);
        if let Some(warning) = warning.filter(|_| !quiet) {
            speech::say(&warning);
        }
        keys.push(key);
    }
    Ok(keys)
}

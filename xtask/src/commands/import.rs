//! `cooperage constraints import`.

use std::path::Path;

use constraints::Provenance;
use store::{Address, Fetcher as _};

use super::{outside, root};
use crate::args::{Global, Import};
use crate::failure::Failure;
use crate::speech;
use crate::surroundings::Surroundings;

/// Real files have some 20 kB.
const LIMIT: u64 = 4 << 20;

/// Writes the upper constraints of a release from a file or URL, in their normal form.
pub(crate) fn run(
    import: &Import,
    global: &Global,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let root = root(global, surroundings)?;
    let text = match import.from.contains("://") {
        true => {
            let address = Address::Url(import.from.clone());
            let document =
                outside(global, surroundings)?.document(&address, "text/plain", LIMIT)?;
            String::from_utf8_lossy(&document.bytes).into_owned()
        }
        false => {
            let path = surroundings.absolute(Path::new(&import.from));
            fs_err::read_to_string(&path).map_err(|error| Failure::Read(path, error))?
        }
    };
    let provenance = Provenance {
        source: import.source.clone(),
        commit: import.commit.clone().unwrap_or_default(),
        date: import.date.clone().unwrap_or_default(),
    };
    let file = Path::new(&import.from);
    let normal = constraints::import(&text, file, &provenance).map_err(Failure::Faults)?;
    let path = root.join(format!("releases/{}/upper-constraints.txt", import.release));
    pipeline::write_file(&path, &normal).map_err(|error| Failure::Write(path.clone(), error))?;
    if !global.quiet {
        speech::say(&format!("wrote {}", path.display()));
    }
    Ok(())
}

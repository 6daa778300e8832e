//! Writes the normal form of a constraints file to standard output:
//! `import FILE SOURCE [COMMIT [DATE]]`.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::path::Path;

use constraints::{Provenance, import};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("name a file")?;
    let mut next = || arguments.next().unwrap_or_default();
    let provenance = Provenance { source: next(), commit: next(), date: next() };
    #[expect(clippy::disallowed_methods, reason = "an example has no use for another dependency")]
    let text = std::fs::read_to_string(&file)?;
    let text = import(&text, Path::new(&file), &provenance)
        .map_err(|faults| names::render_faults(&faults))?;
    print!("{text}");
    Ok(())
}

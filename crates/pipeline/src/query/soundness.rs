//! Whether a file that was made from others is still what it was.

use std::io::{self, Read as _};
use std::path::Path;

use filetree::{Content, Kind, Pack};

/// What is wrong with a derived file of the store, if anything is: the contents in an unpacked archive
/// must have their digests, a record must be JSON, and anything else must be readable and not empty.
pub fn fault_of_derived(kind: &str, path: &Path) -> Option<String> {
    let pack = ["deb-", "wheel-", "sdist-"].iter().any(|start| kind.starts_with(start));
    let record = ["layer-", "built-"].iter().any(|start| kind.starts_with(start));
    let checked = match (pack, record) {
        (true, _) => check_pack(path),
        (_, true) => check_record(path),
        _ => fs_err::read(path).map(|bytes| bytes.is_empty().then(|| "it is empty".to_owned())),
    };
    checked.unwrap_or_else(|error| Some(error.to_string()))
}

fn check_record(path: &Path) -> io::Result<Option<String>> {
    let text = fs_err::read(path)?;
    let parsed: Result<serde_json::Value, _> = serde_json::from_slice(&text);
    Ok(parsed.err().map(|error| format!("it is no record: {error}")))
}

fn check_pack(path: &Path) -> io::Result<Option<String>> {
    let pack = match Pack::open(path) {
        Ok(pack) => pack,
        Err(error) => return Ok(Some(error.source.to_string())),
    };
    for (name, node) in &pack.entries {
        if let Kind::File(content) = &node.kind
            && !is_whole(content)?
        {
            return Ok(Some(format!("{name} in it is damaged")));
        }
    }
    for (name, content) in &pack.attachments {
        if !is_whole(content)? {
            return Ok(Some(format!("{name} in it is damaged")));
        }
    }
    Ok(None)
}

/// Whether the bytes have their digest; they are not held in memory.
fn is_whole(content: &Content) -> io::Result<bool> {
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    let mut reader = content.reader()?;
    let mut buffer = [0; 1 << 14];
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            return Ok(names::Digest::from_bytes(hash.finalize().into()) == content.sha256);
        }
        hash.update(&buffer[..read]);
    }
}

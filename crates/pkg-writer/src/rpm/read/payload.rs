//! The files of a package: a compressed archive of cpio in its form `newc` (cpio(5)).

use std::fmt;
use std::io::{self, Read};

use decompress::Format;
use filetree::TreePath;

use super::{Header, bad};

/// The compressor of the payload, and what packages without it have.
const COMPRESSOR: u32 = 1125;
const OLDEST: &str = "gzip";

const MAGIC: &[u8] = b"070701";
const TRAILER: &str = "TRAILER!!!";
/// The kernel's own limit for paths and links (`PATH_MAX`).
const NAME_LIMIT: u32 = 4096;

/// An entry of the archive.
pub struct PackedEntry<'a> {
    /// Kind and permissions, as stat(2) has them.
    pub mode: u32,
    /// Number of bytes. Of a file with several names only the last one has any.
    pub size: u64,
    /// The bytes of a file, or the target of a link.
    pub bytes: &'a mut dyn Read,
}

impl fmt::Debug for PackedEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mode, size, .. } = self;
        f.debug_struct("PackedEntry")
            .field("mode", mode)
            .field("size", size)
            .finish_non_exhaustive()
    }
}

/// Reads the payload of the package whose main header is `main`, and calls `visit` with each entry. What
/// `visit` does not read is passed over. Nothing is verified.
///
/// # Errors
/// When the payload cannot be read, is compressed in a way that is not known or is no archive, when a path
/// leads out of it, or when `visit` fails.
pub fn read_payload(
    main: &Header,
    input: impl Read,
    mut visit: impl FnMut(&TreePath, PackedEntry<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let compressor = main.text(COMPRESSOR);
    let format = match compressor.as_deref().unwrap_or(OLDEST) {
        "gzip" => Format::Gzip,
        "xz" => Format::Xz,
        "zstd" => Format::Zstd,
        _ => return Err(bad("the payload is compressed in a way that is not known")),
    };
    let mut input = decompress::reader(format, input)?;
    loop {
        let mut fixed = [0; 110];
        input.read_exact(&mut fixed).map_err(|_| bad("the payload is cut"))?;
        let field = |at: usize| hexadecimal(&fixed[6 + 8 * at..14 + 8 * at]);
        let (Some(mode), Some(size), Some(length)) = (field(1), field(6), field(11)) else {
            return Err(bad("an entry of the payload has a wrong beginning"));
        };
        if !fixed.starts_with(MAGIC) || !(2..=NAME_LIMIT).contains(&length) {
            return Err(bad("an entry of the payload has a wrong beginning"));
        }
        let mut name = vec![0; length as usize + padding(110 + u64::from(length))];
        input.read_exact(&mut name).map_err(|_| bad("the payload is cut"))?;
        name.truncate(length as usize - 1);
        let name = String::from_utf8(name).map_err(|_| bad("a path of the payload is no text"))?;
        if name == TRAILER {
            // What is cut or damaged behind it shows in the sums of the compressor.
            return io::copy(&mut input, &mut io::sink()).map(|_| ());
        }
        let member = name.trim_start_matches("./").trim_start_matches('/');
        let path = TreePath::from_member(member)
            .map_err(|_| bad("a path of the payload leads out of it"))?;
        let size = u64::from(size);
        let mut bytes = input.take(size);
        visit(&path, PackedEntry { mode, size, bytes: &mut bytes })?;
        io::copy(&mut bytes, &mut io::sink())?;
        let whole = bytes.limit() == 0;
        input = bytes.into_inner();
        let mut rest = [0; 3];
        let rest = &mut rest[..padding(size)];
        if !whole || input.read_exact(rest).is_err() {
            return Err(bad("the payload is cut"));
        }
    }
}

/// How many bytes are missing to a multiple of four.
fn padding(size: u64) -> usize {
    ((4 - size % 4) % 4) as usize
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok()?;
    let all = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    all.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use filetree::{Content, Node, Tree};
    use names::Epoch;

    use crate::rpm::{Package, Signatures, prepare, read_headers, read_payload};
    use crate::{Accounts, Compression, Options};

    fn package(compression: Compression) -> Vec<u8> {
        let mut tree = Tree::new();
        let file = Node::file(0o640, Epoch(1), Content::from_bytes("text"));
        tree.insert_with_parents("opt/a/file".parse().unwrap(), file).unwrap();
        tree.insert("opt/a/link".parse().unwrap(), Node::symlink("file", Epoch(1))).unwrap();
        let scratch = tempfile::tempdir().unwrap();
        let options = Options {
            compression,
            jobs: 1,
            epoch: Epoch(1),
            scratch: scratch.path().to_owned(),
            check_contents: true,
            accounts: Accounts::default(),
        };
        let word = || "x".to_owned();
        let package = Package {
            name: word(),
            version: "1".to_owned(),
            release: "1".to_owned(),
            architecture: "noarch".to_owned(),
            summary: word(),
            license: word(),
            ..Package::default()
        };
        let mut bytes = Vec::new();
        let mut prepared = prepare(&tree, &package, &options).unwrap();
        prepared.write(&mut bytes, &Signatures::default()).unwrap();
        bytes
    }

    fn listed(mut bytes: &[u8]) -> std::io::Result<Vec<String>> {
        let headers = read_headers(&mut bytes)?;
        let mut lines = Vec::new();
        read_payload(&headers.main, bytes, |path, entry| {
            let mut text = String::new();
            entry.bytes.take(9).read_to_string(&mut text)?;
            lines.push(format!("{:o} {path} {text}", entry.mode));
            Ok(())
        })?;
        Ok(lines)
    }

    #[test]
    fn what_is_written_is_read() {
        let want =
            ["40755 opt ", "40755 opt/a ", "100640 opt/a/file text", "120777 opt/a/link file"];
        for compression in [Compression::zstd(), Compression::gzip(), Compression::xz()] {
            assert_eq!(listed(&package(compression)).unwrap(), want);
        }
    }

    #[test]
    fn damage_is_an_error_or_other_files() {
        let good = package(Compression::gzip());
        for at in (0..good.len()).step_by(3) {
            let mut bytes = good.clone();
            bytes[at] ^= 0xff;
            let _ = listed(&bytes);
            assert!(listed(&good[..at]).is_err(), "cut at {at}");
        }
    }
}

//! Passphrases.

use std::fmt;
use std::io::{self, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

/// The longest passphrase: 4 KiB.
const LIMIT: u64 = 4096;

/// A passphrase. It is never printed, and its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes a passphrase over, such as the value of an environment variable.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text.into_bytes()))
    }

    /// Reads a passphrase from a file: its first line, without the line end, as
    /// `--passphrase-file` of gpg(1) does.
    ///
    /// # Errors
    /// When the file cannot be read, or has a first line of more than 4 KiB.
    pub fn read(path: &Path) -> io::Result<Self> {
        // Room for all of it, as a buffer that grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT as usize + 64));
        fs_err::File::open(path)?.take(LIMIT + 1).read_to_end(&mut bytes)?;
        let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() as u64 > LIMIT {
            let message = format!("{}: its first line is no passphrase", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(Self(Zeroizing::new(line.to_vec())))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Keeps the memory of this process, and so its keys, out of core dumps and away from debuggers of
/// the same user: `PR_SET_DUMPABLE` of prctl(2), and a core file limit of 0 (setrlimit(2)), which
/// programs that it starts inherit.
///
/// # Errors
/// When the system refuses.
pub fn forbid_core_dumps() -> io::Result<()> {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

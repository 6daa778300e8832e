//! Signatures inside of a .deb, as debsigs(1) makes them and debsig-verify(1) checks them.

use std::io::{self, Read};

use names::Epoch;

use crate::{OpenPgpKey, SignError, SignatureKind};

/// The member that holds the signature of whoever publishes the package.
const MEMBER: &str = "_gpgorigin";

/// Signs the package that `deb` reads, from its first byte, and returns what must be written behind
/// its last one: the member `_gpgorigin` of the archive (ar(5)), a detached signature over the
/// contents of `debian-binary`, `control.tar*` and `data.tar*`, one behind the other.
///
/// dpkg passes members over whose names begin with `_` (deb(5)), so the package is otherwise as it
/// was. One key signs: debsig-verify looks at one signature of a member, and knows primary keys alone,
/// not subkeys that sign.
///
/// # Errors
/// When it is no .deb, when it is signed already, when it cannot be read, or when the key does not
/// sign.
pub fn deb_signature_member(
    deb: &mut dyn Read,
    key: &dyn OpenPgpKey,
    time: Epoch,
) -> Result<Vec<u8>, SignError> {
    let mut members = Members { deb, left: 0, padded: true, names: Vec::new(), ended: false };
    members.open().map_err(explain)?;
    let signature = key.sign(&mut members, SignatureKind::Binary, time);
    let signature = signature.map_err(|error| match error {
        SignError::Read { source } => explain(source),
        error => error,
    })?;
    let mut known = members.names.iter().map(String::as_str);
    let first = known.next() == Some("debian-binary");
    let control = known.next().is_some_and(|name| name.starts_with("control.tar"));
    let data = known.next().is_some_and(|name| name.starts_with("data.tar"));
    if !(members.ended && first && control && data && known.next().is_none()) {
        let reason = "want the members debian-binary, control.tar and data.tar".to_owned();
        return Err(SignError::Subject { subject: "the .deb", reason });
    }
    let mut member = Vec::new();
    if !members.padded {
        member.push(b'\n');
    }
    let header = format!(
        "{MEMBER:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
        time.0,
        0,
        0,
        "100644",
        signature.len()
    );
    member.extend(header.as_bytes());
    member.extend(&signature);
    if !signature.len().is_multiple_of(2) {
        member.push(b'\n');
    }
    Ok(member)
}

fn explain(source: io::Error) -> SignError {
    match source.kind() {
        io::ErrorKind::InvalidData => {
            SignError::Subject { subject: "the .deb", reason: source.to_string() }
        }
        _ => SignError::Read { source },
    }
}

/// Reads the contents of the members, without their headers.
struct Members<'a> {
    deb: &'a mut dyn Read,
    /// Bytes of the current member that are still to come.
    left: u64,
    /// Whether the last member of odd size was filled up.
    padded: bool,
    names: Vec<String>,
    ended: bool,
}

impl Members<'_> {
    fn open(&mut self) -> io::Result<()> {
        let mut magic = [0; 8];
        if self.fill(&mut magic)? != 8 || &magic != b"!<arch>\n" {
            return Err(bad("it is no ar archive"));
        }
        self.next()
    }

    /// Goes to the next member.
    fn next(&mut self) -> io::Result<()> {
        let mut header = [0; 60];
        match self.fill(&mut header)? {
            0 => {
                self.ended = true;
                return Ok(());
            }
            60 if &header[58..] == b"`\n" => {}
            _ => return Err(bad("a header between its members is damaged")),
        }
        let text = |range: std::ops::Range<usize>| {
            std::str::from_utf8(&header[range]).map_err(|_| bad("a header is not text"))
        };
        let name = text(0..16)?.trim_end_matches([' ', '/']).to_owned();
        if name.starts_with('_') {
            return Err(bad("it is signed already: sign the package as it was built"));
        }
        if self.names.len() == 8 {
            return Err(bad("it has too many members"));
        }
        let size: u64 = text(48..58)?.trim_end().parse().map_err(|_| bad("a size is no number"))?;
        self.names.push(name);
        self.left = size;
        self.padded = size.is_multiple_of(2);
        Ok(())
    }

    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.deb.read(&mut buffer[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(filled)
    }
}

impl Read for Members<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 && !self.ended {
            if !self.padded {
                let mut byte = [0];
                self.padded = self.fill(&mut byte)? == 1;
            }
            self.next()?;
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.deb.read(&mut buffer[..most])?;
        if read == 0 && most > 0 {
            return Err(bad("it was cut"));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

fn bad(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

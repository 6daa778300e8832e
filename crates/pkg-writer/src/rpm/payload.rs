//! The payload: a cpio archive in the "new ASCII" format, or, where a file is too large for that, in
//! rpm's own form of it, whose entries name a file by its place in the header.

use std::io::{self, Write};

use super::RpmError;
use super::files::{self, File};
use crate::entries::{self, CopyError, Form};

/// Writes the files and returns the number of bytes.
///
/// Of the names of one file the last carries the content, where rpm looks for it.
pub(super) fn write(
    files: &[File<'_>],
    check_contents: bool,
    out: &mut impl Write,
    scratch: impl Fn(io::Error) -> RpmError,
) -> Result<u64, RpmError> {
    let mut out = Counted { out, size: 0 };
    let large = files::has_large(files);
    let mut buffer = vec![0; 128 << 10];
    for index in files::payload_order(files) {
        let file = &files[index];
        let content = match file.entry.form {
            Form::File { content, position, names, .. } if position + 1 == names => Some(content),
            _ => None,
        };
        let target = match file.entry.form {
            Form::Symlink(target) => target,
            _ => "",
        };
        let size = content.map_or(target.len() as u64, |content| content.size);
        let header = if large {
            write_index(index as u32, &mut out)
        } else {
            let name = format!("./{}", file.entry.path);
            let names = match file.entry.form {
                Form::File { names, .. } => names,
                _ => 1,
            };
            // Sizes fit: it is what `large` says.
            let fields = [
                file.inode,
                u32::from(file.mode()),
                names,
                file.mtime(),
                u32::try_from(size).unwrap_or(u32::MAX),
            ];
            write_header(&name, fields, &mut out)
        };
        header.and_then(|()| out.write_all(target.as_bytes())).map_err(&scratch)?;
        if let Some(content) = content {
            let copied =
                entries::copy(content, check_contents, &mut buffer, |bytes| out.write_all(bytes));
            copied.map_err(|error| match error {
                CopyError::Write(source) => scratch(source),
                CopyError::Read(source) => {
                    RpmError::Content { path: file.entry.path.clone(), source }
                }
            })?;
        }
        out.pad().map_err(&scratch)?;
    }
    write_header("TRAILER!!!", [0, 0, 1, 0, 0], &mut out).map_err(&scratch)?;
    Ok(out.size)
}

/// A header of cpio: inode, mode, number of names, time and size; owners and devices are 0.
fn write_header<W: Write>(
    name: &str,
    fields: [u32; 5],
    out: &mut Counted<'_, W>,
) -> io::Result<()> {
    let [inode, mode, names, mtime, size] = fields;
    let length = name.len() + 1;
    write!(
        out,
        "070701{inode:08x}{mode:08x}{0:08x}{0:08x}{names:08x}{mtime:08x}{size:08x}{0:08x}{0:08x}{0:08x}{0:08x}{length:08x}{0:08x}{name}\0",
        0
    )?;
    out.pad()
}

/// A header of rpm's own form.
fn write_index<W: Write>(index: u32, out: &mut Counted<'_, W>) -> io::Result<()> {
    write!(out, "07070X{index:08x}")?;
    out.pad()
}

/// Counts what passes through.
struct Counted<'a, W> {
    out: &'a mut W,
    size: u64,
}

impl<W: Write> Counted<'_, W> {
    /// Fills up to a multiple of four.
    fn pad(&mut self) -> io::Result<()> {
        let missing = self.size.next_multiple_of(4) - self.size;
        self.write_all(&[0; 3][..missing as usize])
    }
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_filled_up_to_four_bytes() {
        let mut bytes = Vec::new();
        let mut out = Counted { out: &mut bytes, size: 0 };
        write_header("./a", [1, 0o100_644, 1, 5, 9], &mut out).unwrap();
        assert_eq!(out.size, 116);
        write_index(10, &mut out).unwrap();
        assert_eq!(bytes.len(), 132);
        assert!(bytes.ends_with(b"07070X0000000a\0\0"));
    }
}

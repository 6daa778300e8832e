//! MD5 (RFC 1321): what dpkg's database holds. It guards nothing here.

use std::io::{self, Read};

use md5::{Digest as _, Md5};

/// The MD5 of all bytes of `input`, as 32 lower-case hexadecimal digits.
pub(crate) fn md5_hex(mut input: impl Read) -> io::Result<String> {
    let mut hash = Md5::new();
    let mut buffer = [0; 16 << 10];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => hash.update(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_an_input_is_hashed() {
        assert_eq!(md5_hex(&b""[..]).unwrap(), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(md5_hex(&b"abc"[..]).unwrap(), "900150983cd24fb0d6963f7d28e17f72");
        // md5sum(1) of two buffers and a byte.
        let long = io::repeat(b'x').take(2 * (16 << 10) + 1);
        assert_eq!(md5_hex(long).unwrap(), "36464f76c4bfeb7b2d4f71099e48c9b4");
    }
}

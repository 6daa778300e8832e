//! The framing of a clear-signed document (RFC 9580, section 7), read strictly.

const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const END: &str = "-----END PGP SIGNATURE-----";

/// A clear-signed document in its parts.
#[derive(Debug, PartialEq)]
pub(crate) struct Cleartext<'a> {
    /// The lines of the text, without dash escapes and blanks at their ends, as signatures cover
    /// them.
    pub(crate) lines: Vec<&'a str>,
    /// The armoured signatures.
    pub(crate) armor: &'a str,
}

/// Takes a document apart. Everything outside of the frame is an error, so that nobody can take
/// text for signed that is not.
pub(crate) fn parse(document: &str) -> Result<Cleartext<'_>, &'static str> {
    if document.contains(|c: char| c.is_control() && !"\r\n\t".contains(c)) {
        return Err("it has control characters");
    }
    let mut rest = document;
    if next_line(&mut rest)? != BEGIN {
        return Err("it does not begin with `-----BEGIN PGP SIGNED MESSAGE-----`: it is not \
                    clear-signed, or text stands before the signed part");
    }
    loop {
        match next_line(&mut rest)? {
            "" => break,
            header if header.starts_with("Hash: ") => {}
            _ => return Err("its signed part has an armour header other than `Hash`"),
        }
    }
    let mut lines = Vec::new();
    let armor = loop {
        let here = rest;
        let line = next_line(&mut rest)?;
        if line == SIGNATURE {
            break here;
        }
        let text = match line.strip_prefix('-') {
            None => line,
            Some(escaped) => escaped
                .strip_prefix(' ')
                .ok_or("a line of its signed part begins with `-` and is not dash-escaped")?,
        };
        lines.push(text.trim_end_matches([' ', '\t']));
    };
    while next_line(&mut rest)? != END {}
    let armor = &armor[..armor.len() - rest.len()];
    if !rest.trim_ascii().is_empty() {
        return Err("text stands behind its signature");
    }
    Ok(Cleartext { lines, armor })
}

/// Takes the next line off `rest`, without its line end (LF or CR LF).
fn next_line<'a>(rest: &mut &'a str) -> Result<&'a str, &'static str> {
    if rest.is_empty() {
        return Err("it ends early");
    }
    let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.contains('\r') {
        return Err("a carriage return stands inside a line");
    }
    *rest = after;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOne: 1 \n- -dash\n\
        -----BEGIN PGP SIGNATURE-----\n\nabcd\n-----END PGP SIGNATURE-----\n";

    #[test]
    fn the_text_is_unescaped_and_trimmed() {
        let cleartext = parse(GOOD).unwrap();
        assert_eq!(cleartext.lines, ["One: 1", "-dash"]);
        assert!(cleartext.armor.starts_with(SIGNATURE) && cleartext.armor.ends_with("-----\n"));
        let windows = GOOD.replace('\n', "\r\n");
        assert_eq!(parse(&windows).unwrap().lines, cleartext.lines);
    }

    #[test]
    fn what_is_outside_of_the_frame_is_refused() {
        for (good, bad) in [
            ("-----BEGIN PGP SIGNED", "Evil: 1\n-----BEGIN PGP SIGNED"),
            ("-----BEGIN PGP SIGNED", "\n-----BEGIN PGP SIGNED"),
            ("Hash: SHA256", "Evil: 1"),
            ("Hash: SHA256\n\n", "Hash: SHA256\n"),
            ("- -dash", "-dash"),
            ("- -dash", "--- \r dash"),
            ("One: 1", "One: \0"),
            ("One: 1", "One:\rTwo: 1"),
            ("-----END PGP SIGNATURE-----\n", ""),
            ("-----END PGP SIGNATURE-----\n", "-----END PGP SIGNATURE-----\nEvil: 1\n"),
            ("-----BEGIN PGP SIGNATURE-----", "-----BEGIN PGP SIGNATURE----- "),
        ] {
            let text = GOOD.replacen(good, bad, 1);
            assert_ne!(text, GOOD);
            assert!(parse(&text).is_err(), "{text}");
        }
        assert!(parse("").is_err());
    }
}

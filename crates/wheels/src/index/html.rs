//! Project pages in HTML (PEP 503), read as far as it takes to find anchors.

use std::borrow::Cow;

use names::{Digest, Epoch};

use super::link::{file_name, resolve};
use super::{File, PageError, ProjectPage, check_version};

pub(super) fn parse(text: &str, url: &str) -> Result<ProjectPage, PageError> {
    let mut base = url.to_owned();
    let mut files = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let name = &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len())];
        rest = &rest[name.len()..];
        if name.is_empty() {
            continue;
        }
        let tag;
        (tag, rest) = Tag::read(rest);
        match name.to_ascii_lowercase().as_str() {
            "base" => {
                let href = tag.value("href").unwrap_or_default();
                base = resolve(&href, url).map_or(base, |(href, _)| href);
            }
            "meta" if tag.value("name").as_deref() == Some("pypi:repository-version") => {
                check_version(&tag.value("content").unwrap_or_default(), url)?;
            }
            "a" => files.extend(file(&tag, &base)),
            // Their content is text, whatever it looks like.
            "script" | "style" => rest = after_end_of(rest, name),
            _ => {}
        }
    }
    Ok(ProjectPage { files })
}

fn after_end_of<'a>(rest: &'a str, name: &str) -> &'a str {
    let mut from = 0;
    while let Some(at) = rest[from..].find("</") {
        from += at + 2;
        let end = rest[from..].get(..name.len());
        if end.is_some_and(|end| end.eq_ignore_ascii_case(name)) {
            return &rest[from..];
        }
    }
    ""
}

fn file(tag: &Tag<'_>, base: &str) -> Option<File> {
    let href = tag.value("href")?;
    let (url, fragment) = resolve(&href, base)?;
    let name = file_name(&url)?;
    let sha256 = |text: &str| text.strip_prefix("sha256=").and_then(|hex| hex.parse().ok());
    let hash: Option<Digest> = fragment.split('&').find_map(sha256);
    // PEP 714 renamed the attribute of PEP 658.
    let metadata = tag.value("data-core-metadata").or_else(|| tag.value("data-dist-info-metadata"));
    Some(File {
        name,
        url,
        sha256: hash,
        size: None,
        requires_python: tag.value("data-requires-python").map(Cow::into_owned),
        yanked: tag.value("data-yanked").map(Cow::into_owned),
        upload_time: tag.value("data-upload-time").and_then(|time| Epoch::from_rfc3339(&time)),
        metadata_sha256: metadata.and_then(|text| sha256(&text)),
    })
}

/// The attributes of a start tag.
struct Tag<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Tag<'a> {
    /// Reads attributes up to the end of the tag; gives them and what follows.
    fn read(mut rest: &'a str) -> (Self, &'a str) {
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            if rest.is_empty() {
                return (Self(attributes), rest);
            }
            if let Some(after) = rest.strip_prefix('>') {
                return (Self(attributes), after);
            }
            let end = |c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/');
            // A `=` in front of a name belongs to the name.
            let length = rest.char_indices().skip(1).find(|(_, c)| end(*c));
            let (name, after) = rest.split_at(length.map_or(rest.len(), |(at, _)| at));
            rest = after.trim_start_matches(|c: char| c.is_ascii_whitespace());
            let mut value = "";
            if let Some(after) = rest.strip_prefix('=') {
                let after = after.trim_start_matches(|c: char| c.is_ascii_whitespace());
                (value, rest) = read_value(after);
            }
            attributes.push((name, value));
        }
    }

    /// The decoded value of an attribute; the first one counts where it is there twice.
    fn value(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut found = self.0.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| decode(value))
    }
}

fn read_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    text.split_at(text.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(text.len()))
}

/// Replaces the character references that such pages have; others stay.
fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let reference =
            rest.bytes().take(12).position(|byte| byte == b';').map(|end| &rest[1..end]);
        match reference.and_then(|reference| Some((reference, character(reference)?))) {
            Some((reference, character)) => {
                decoded.push(character);
                rest = &rest[reference.len() + 2..];
            }
            None => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

fn character(reference: &str) -> Option<char> {
    Some(match reference {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => {
            let number = reference.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn files(text: &str) -> Vec<File> {
        parse(text, "https://h/simple/a/").unwrap().files
    }

    #[test]
    fn attributes_are_read_in_every_form() {
        let digits = "0123456789abcdef".repeat(4);
        let text = format!(
            "<!DOCTYPE html><html><head><base href=\"/pool/\"><script>if (a<b) '<a href=x>'</script>\
             <!-- <a href=\"no.whl\"> --></head><A data-yanked HREF = 'a-1-py3-none-any.whl#x=1&amp;sha256={digits}'\
             \n data-requires-python=&gt;=3.9,&lt;4 data-upload-time=\"2026-09-03T12:11:10.5Z\"\
             data-core-metadata='sha256={digits}'/>a &lt; b</a><a name=here>none</a>\
             <a href=\"a%2B1.tar.gz\" data-yanked=\"bad &#39;one&#x27; &unknown; &\">"
        );
        let files = files(&text);
        assert_eq!(files.len(), 2);
        assert_eq!(files[0].url, "https://h/pool/a-1-py3-none-any.whl");
        assert_eq!(files[0].sha256.map(|digest| digest.hex()), Some(digits.clone()));
        assert_eq!(files[0].requires_python.as_deref(), Some(">=3.9,<4"));
        assert_eq!(files[0].yanked.as_deref(), Some(""));
        assert_eq!(files[0].upload_time.unwrap().to_string(), "2026-09-03T12:11:10Z");
        assert_eq!(files[0].metadata_sha256.map(|digest| digest.hex()), Some(digits));
        assert_eq!(files[1].name, "a+1.tar.gz");
        assert_eq!(files[1].yanked.as_deref(), Some("bad 'one' &unknown; &"));
    }

    #[test]
    fn a_later_version_is_refused() {
        let page = |version: &str| {
            let text = format!("<meta name=\"pypi:repository-version\" content=\"{version}\">");
            parse(&text, "u").map_err(|error| error.to_string())
        };
        assert!(page("1.4").is_ok());
        assert_eq!(
            page("2.0").unwrap_err(),
            "u is of version 2.0 of the simple repository API: version 1 is known"
        );
    }
}

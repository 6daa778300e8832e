//! Reads the names of files in the heads of diffs.

use names::Fault;

use super::reader::Reader;
use crate::path::check_path;
use crate::text::shown;

/// Reads a name at the start of `text`, in quotes or not, and returns what follows a name in quotes.
/// Git quotes names with control characters, quotes, backslashes and (by default) bytes over 127
/// (git-config(1), core.quotePath).
pub(super) fn quoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = text.strip_prefix(b"\"")?;
    let mut name = Vec::new();
    loop {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return Some((name, rest)),
            b'\\' => {
                let (&escape, after) = rest.split_first()?;
                rest = after;
                name.push(match escape {
                    b'a' => 7,
                    b'b' => 8,
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'v' => 11,
                    b'f' => 12,
                    b'r' => b'\r',
                    b'"' | b'\\' => escape,
                    b'0'..=b'3' => {
                        let (&[second, third], after) = rest.split_first_chunk::<2>()?;
                        rest = after;
                        let digits = [second, third];
                        if !digits.iter().all(|digit| (b'0'..=b'7').contains(digit)) {
                            return None;
                        }
                        (escape - b'0') << 6 | (second - b'0') << 3 | (third - b'0')
                    }
                    _ => return None,
                });
            }
            byte => name.push(byte),
        }
    }
}

/// The name in a whole line such as `rename from NAME`.
pub(super) fn whole(text: &[u8]) -> Option<Vec<u8>> {
    if text.starts_with(b"\"") {
        return quoted(text).filter(|(_, rest)| rest.is_empty()).map(|(name, _)| name);
    }
    Some(text.to_vec())
}

/// The name and what follows it (a time) in a line `--- NAME<TAB>TIME`.
pub(super) fn stamped(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    if text.starts_with(b"\"") {
        return quoted(text);
    }
    if let Some(tab) = text.iter().position(|byte| *byte == b'\t') {
        return Some((text[..tab].trim_ascii_end().to_vec(), &text[tab + 1..]));
    }
    // Some tools part name and time with spaces.
    let time = (0..text.len())
        .rev()
        .find(|&at| text[at] == b' ' && time_of(text[at..].trim_ascii_start()).is_some());
    let end = time.unwrap_or(text.len());
    Some((text[..end].trim_ascii_end().to_vec(), text[end..].trim_ascii_start()))
}

/// Whether a time is the start of 1970, by which diff says that there is no file.
pub(super) fn is_epoch(stamp: &[u8]) -> bool {
    time_of(stamp.trim_ascii()) == Some(0)
}

/// The minutes since 1970 of `1970-01-01 00:00:00.000000000 +0000`, as far as they tell the start of
/// 1970 from other times; seconds count as a minute more.
fn time_of(stamp: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(stamp).ok()?;
    let mut words = text.split(' ');
    let (date, time, zone) = (words.next()?, words.next()?, words.next());
    let number = |text: &str| -> Option<i64> {
        (text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse().ok())?
    };
    let mut date = date.splitn(3, '-').map(number);
    let date = (date.next()??, date.next()??, date.next()??);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut time = time.splitn(3, ':').map(number);
    let (hours, minutes, seconds) = (time.next()??, time.next()??, time.next()??);
    let zone = match zone {
        None => 0,
        Some(zone) => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
            let digits = number(&digits)?;
            sign * (digits / 100 * 60 + digits % 100)
        }
    };
    let exact = seconds == 0 && fraction.bytes().all(|byte| byte == b'0');
    let day = match date {
        (1970, 1, 1) => 0,
        (1969, 12, 31) => -24 * 60,
        _ => 24 * 60 * 365,
    };
    Some(day + hours * 60 + minutes - zone + i64::from(!exact) * 24 * 60)
}

/// The name as text, without `./` in front.
pub(super) fn text(name: Vec<u8>, reader: &Reader<'_>) -> Result<String, Fault> {
    let text = String::from_utf8(name).map_err(|error| {
        reader.fault(
            format!("the name `{}` is not UTF-8", shown(error.as_bytes())),
            "rename the file: names in a source tree are UTF-8",
        )
    })?;
    let mut text = text.as_str();
    while let Some(rest) = text.strip_prefix("./") {
        text = rest.trim_start_matches('/');
    }
    Ok(text.to_owned())
}

/// Refuses a path that leads out of the tree.
pub(super) fn inside(path: &str, reader: &Reader<'_>) -> Result<(), Fault> {
    check_path(path).map_err(|reason| {
        reader.fault(
            format!("`{}` is no path inside the tree: {reason}", shown(path.as_bytes())),
            "a patch may change files of the tree alone, named from its top",
        )
    })
}

/// The path without its first component: what `-p1` makes of it.
pub(crate) fn without_first(path: &str) -> Option<&str> {
    path.split_once('/').map(|(_, rest)| rest).filter(|rest| !rest.is_empty())
}

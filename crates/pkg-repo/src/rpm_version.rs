//! The order of versions of rpm packages.

use std::cmp::Ordering;

/// Compares two versions `[EPOCH:]VERSION[-RELEASE]` in rpm's order (`rpmvercmp` and rpm-version(7)):
/// an epoch that is missing is 0; a release that is missing sorts before every one.
///
/// ```
/// use std::cmp::Ordering;
/// assert_eq!(pkg_repo::compare_rpm_versions("28.0.0~rc1-1", "28.0.0-1"), Ordering::Less);
/// assert_eq!(pkg_repo::compare_rpm_versions("1:1-1", "2-1"), Ordering::Greater);
/// ```
pub fn compare_rpm_versions(left: &str, right: &str) -> Ordering {
    let (left, right) = (split(left), split(right));
    let epochs = compare_parts(left.0, right.0);
    let releases = || match (left.2, right.2) {
        (Some(left), Some(right)) => compare_parts(left, right),
        (left, right) => left.is_some().cmp(&right.is_some()),
    };
    epochs.then_with(|| compare_parts(left.1, right.1)).then_with(releases)
}

fn split(text: &str) -> (&str, &str, Option<&str>) {
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => (epoch, rest),
        _ => ("0", text),
    };
    let epoch = if epoch.is_empty() { "0" } else { epoch };
    match rest.rsplit_once('-') {
        Some((version, release)) => (epoch, version, Some(release)),
        None => (epoch, rest, None),
    }
}

/// Compares stretches of digits or of letters; what else is there only separates them, but for `~`,
/// which sorts before the end, and `^`, which sorts behind it.
fn compare_parts(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    if left == right {
        return Ordering::Equal;
    }
    loop {
        left = skip(left);
        right = skip(right);
        match (left.first(), right.first()) {
            (Some(b'~'), Some(b'~')) => {
                (left, right) = (&left[1..], &right[1..]);
                continue;
            }
            (Some(b'~'), _) => return Ordering::Less,
            (_, Some(b'~')) => return Ordering::Greater,
            (Some(b'^'), Some(b'^')) => {
                (left, right) = (&left[1..], &right[1..]);
                continue;
            }
            (Some(b'^'), None) => return Ordering::Greater,
            (None, Some(b'^')) => return Ordering::Less,
            (Some(b'^'), Some(_)) => return Ordering::Less,
            (Some(_), Some(b'^')) => return Ordering::Greater,
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(first), Some(second)) => {
                let number = first.is_ascii_digit();
                if number != second.is_ascii_digit() {
                    // Numbers are newer than letters.
                    return if number { Ordering::Greater } else { Ordering::Less };
                }
                let (mine, rest) = stretch(left, number);
                let (yours, other) = stretch(right, number);
                let longer = if number { mine.len().cmp(&yours.len()) } else { Ordering::Equal };
                let order = longer.then_with(|| mine.cmp(yours));
                if order != Ordering::Equal {
                    return order;
                }
                (left, right) = (rest, other);
            }
        }
    }
}

/// Drops what only separates.
fn skip(text: &[u8]) -> &[u8] {
    let counts = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'~' || *byte == b'^';
    &text[text.iter().position(counts).unwrap_or(text.len())..]
}

/// Splits off digits without their leading zeros, or letters.
fn stretch(text: &[u8], number: bool) -> (&[u8], &[u8]) {
    let inside = |byte: &u8| match number {
        true => byte.is_ascii_digit(),
        false => byte.is_ascii_alphabetic(),
    };
    let end = text.iter().position(|byte| !inside(byte)).unwrap_or(text.len());
    let (part, rest) = text.split_at(end);
    let zeros = part.iter().take_while(|byte| number && **byte == b'0').count();
    (&part[zeros..], rest)
}

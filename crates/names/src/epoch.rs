//! Points in time.

use std::fmt;

/// Seconds since 1970-01-01T00:00:00Z. The only notion of time below the command: it is always
/// given, never read from a clock.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    Eq,
    Hash,
    Ord,
    PartialEq,
    PartialOrd,
    serde::Deserialize,
    serde::Serialize,
)]
pub struct Epoch(pub u64);

impl Epoch {
    /// Reads an RFC 3339 time in UTC (`2026-09-03T12:11:10Z`, a fraction of a second is cut) or a
    /// date (`2026-09-03`, its first second). `None` for anything else.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
        let [year, month, day] = numbers(date, '-')?;
        let time = time.strip_suffix('Z').or_else(|| time.strip_suffix("+00:00"))?;
        let [hour, minute, second] = numbers(time.split('.').next()?, ':')?;
        Self::from_utc(year, month, day, hour, minute, second)
    }

    /// The time of a date and a time of day in UTC; `None` where there is no such time.
    pub fn from_utc(
        y: u64,
        month: u64,
        day: u64,
        hour: u64,
        minute: u64,
        sec: u64,
    ) -> Option<Self> {
        let valid = (1970..10_000).contains(&y)
            && (1..=12).contains(&month)
            && (1..=days_in_month(y, month)).contains(&day)
            && hour < 24
            && minute < 60
            && sec <= 60;
        if !valid {
            return None;
        }
        let years: u64 = (1970..y).map(|y| if is_leap(y) { 366 } else { 365 }).sum();
        let months: u64 = (1..month).map(|month| days_in_month(y, month)).sum();
        let days = years + months + day - 1;
        Some(Self(((days * 24 + hour) * 60 + minute) * 60 + sec))
    }

    /// As mails, changelogs, archives and HTTP write a time in UTC (RFC 5322, section 3.3), with the
    /// word that each has for it, `+0000`, `UTC` or `GMT`: `Sat, 21 Nov 2026 10:20:00 GMT`.
    pub fn rfc5322(self, zone: &str) -> String {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let weekday = DAYS[(self.0 / 86_400 % 7) as usize];
        let text = self.to_string();
        let (date, clock) = text.trim_end_matches('Z').split_once('T').unwrap_or((&text, ""));
        let mut parts = date.splitn(3, '-');
        let mut part = || parts.next().unwrap_or_default();
        let (year, month, day) = (part(), part(), part());
        let month = month.parse().ok().and_then(|month: usize| MONTHS.get(month.wrapping_sub(1)));
        format!("{weekday}, {day} {} {year} {clock} {zone}", month.unwrap_or(&""))
    }
}

/// RFC 3339 in UTC: `2026-09-03T12:11:10Z`.
impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut days, seconds) = (self.0 / 86_400, self.0 % 86_400);
        let mut year = 1970;
        while days >= if is_leap(year) { 366 } else { 365 } {
            days -= if is_leap(year) { 366 } else { 365 };
            year += 1;
        }
        let mut month = 1;
        while days >= days_in_month(year, month) {
            days -= days_in_month(year, month);
            month += 1;
        }
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", days + 1)
    }
}

fn numbers(text: &str, separator: char) -> Option<[u64; 3]> {
    let mut parts = text.split(separator).map(|part| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse().ok()).flatten()
    });
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_mail_does() {
        let time = |text: &str, zone| Epoch::from_rfc3339(text).unwrap().rfc5322(zone);
        assert_eq!(time("1970-01-01", "UTC"), "Thu, 01 Jan 1970 00:00:00 UTC");
        assert_eq!(time("2026-11-21T10:20:03Z", "GMT"), "Sat, 21 Nov 2026 10:20:03 GMT");
        assert_eq!(time("2024-02-29T23:59:59Z", "+0000"), "Thu, 29 Feb 2024 23:59:59 +0000");
    }

    #[test]
    fn times_are_read_and_printed_alike() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2026-11-21T02:35:58Z", 1_795_228_558),
        ] {
            assert_eq!(Epoch::from_rfc3339(text), Some(Epoch(seconds)));
            assert_eq!(Epoch(seconds).to_string(), text);
        }
        assert_eq!(Epoch::from_rfc3339("2018-10-31T22:27:33.749563Z"), Some(Epoch(1_541_024_853)));
        assert_eq!(Epoch::from_rfc3339("2001-01-01"), Some(Epoch(978_307_200)));
    }

    #[test]
    fn times_that_do_not_exist_are_refused() {
        for text in ["", "2025-02-29", "2025-13-01", "2025-01-01T24:00:00Z", "2025-1", "+1-1-1"] {
            assert_eq!(Epoch::from_rfc3339(text), None, "{text}");
        }
    }
}

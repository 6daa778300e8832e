//! Sizes, times and rates in units that people read. The one place for them.

use std::time::Duration;

/// `812 B`, `9.4 kB`, `58.7 MB`: powers of a thousand, one decimal.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    // What would be rounded to a thousand takes the next unit.
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// `1 file`, `20 files`.
pub(crate) fn files(files: u64) -> String {
    if files == 1 { "1 file".to_owned() } else { format!("{files} files") }
}

/// `1 package`, `20 packages`.
pub(crate) fn packages(packages: u64) -> String {
    if packages == 1 { "1 package".to_owned() } else { format!("{packages} packages") }
}

/// `0.4 s`, `12 s`, `2 min 05 s`, `1 h 02 min`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    match seconds.round() as u64 {
        whole @ 0..60 => format!("{whole} s"),
        whole @ 60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        whole => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// `5.1 MB/s`; nothing where the time is too short to tell.
pub(super) fn rate(done: u64, time: Duration) -> Option<String> {
    let seconds = time.as_secs_f64();
    (seconds >= 0.2 && done > 0).then(|| format!("{}/s", bytes((done as f64 / seconds) as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_short() {
        let sizes = [0, 999, 1000, 9_449, 999_949, 999_950, 58_700_000, 999_949_999, 1_250_000_000];
        assert_eq!(
            sizes.map(bytes),
            [
                "0 B", "999 B", "1.0 kB", "9.4 kB", "999.9 kB", "1.0 MB", "58.7 MB", "999.9 MB",
                "1.2 GB"
            ]
        );
        assert_eq!(bytes(u64::MAX), "18446744.1 TB");
        let times = [0, 449, 9_949, 9_950, 59_499, 59_500, 125_000, 3_599_400, 3_720_000];
        assert_eq!(
            times.map(|time| duration(Duration::from_millis(time))),
            [
                "0.0 s",
                "0.4 s",
                "9.9 s",
                "10 s",
                "59 s",
                "1 min 00 s",
                "2 min 05 s",
                "59 min 59 s",
                "1 h 02 min"
            ]
        );
        assert_eq!(rate(1_000_000, Duration::from_millis(500)).unwrap(), "2.0 MB/s");
        assert_eq!(rate(1_000_000, Duration::ZERO), None);
    }
}

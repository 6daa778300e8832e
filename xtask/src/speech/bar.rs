//! The line at the bottom of a terminal.

use std::time::Duration;

use super::manner::Color;
use super::units::{bytes, rate};

/// How far a download is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Progress {
    /// Files that are there, and all of them.
    pub(super) files: (usize, usize),
    /// Bytes that are there, and all of them.
    pub(super) bytes: (u64, u64),
    /// Bytes that came over the network.
    pub(super) fetched: u64,
    /// Since it began.
    pub(super) time: Duration,
}

impl Progress {
    /// `45 of 98 files, 12.3 MB of 43.2 MB`
    pub(super) fn words(&self) -> String {
        let (files, all) = self.files;
        let (here, total) = (bytes(self.bytes.0), bytes(self.bytes.1));
        format!("{files} of {all} files, {here} of {total}")
    }
}

/// A bar in `width` columns: what is under way, how far it is, and how fast. Where the width is not
/// enough for all of it, the rate goes first, then the bar itself.
pub(super) fn draw(word: &str, progress: &Progress, width: usize, color: Color) -> String {
    const LONGEST: usize = 30;
    const SHORTEST: usize = 5;
    let words = progress.words();
    let rate = rate(progress.fetched, progress.time).map(|rate| format!(", {rate}"));
    // The last column stays empty: some terminals wrap there.
    let room = width.saturating_sub(1);
    for tail in [words.clone() + rate.as_deref().unwrap_or_default(), words.clone()] {
        // The word takes ten columns and two blanks, the brackets and the blank behind them three.
        let left = room.saturating_sub(12 + 3 + tail.len());
        if left >= SHORTEST {
            let columns = left.min(LONGEST);
            let share = (progress.bytes.0 as f64 / progress.bytes.1.max(1) as f64).clamp(0.0, 1.0);
            let full = (share * columns as f64) as usize;
            let bar = format!("{}{}", "=".repeat(full), " ".repeat(columns - full));
            return format!("{}  [{bar}] {tail}", color.doing(&format!("{word:>10}")));
        }
    }
    line(word, &words, width, color)
}

/// A line in `width` columns; what is longer is cut.
pub(super) fn line(word: &str, text: &str, width: usize, color: Color) -> String {
    let room = width.saturating_sub(1);
    let head = format!("{word:>10}");
    let text: String = text.chars().take(room.saturating_sub(12)).collect();
    match room {
        0..12 => head.chars().take(room).collect(),
        _ => format!("{}  {text}", color.doing(&head)),
    }
}

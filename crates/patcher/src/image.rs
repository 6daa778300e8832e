//! Finds the place of each hunk in a file, by Git's rules.
//!
//! What a hunk has before (its context and the lines that it removes) must be in the file, line for
//! line. A hunk without context at its end ends the file, and one that starts at line 1 begins it. Of
//! several places the one closest to where the header says is taken, the later of two that are as far;
//! no hunk matches what another one has made. With fuzz the rules are those of GNU patch.

use crate::{Hunk, Placement, Side};

/// A file as lines.
pub(crate) struct Image<'a> {
    lines: Vec<Line<'a>>,
}

#[derive(Clone, Copy)]
struct Line<'a> {
    bytes: &'a [u8],
    /// A hunk has put it there, or has matched it.
    patched: bool,
}

/// One side of a hunk, and what of it is context.
pub(crate) struct Pattern<'a> {
    pub(crate) before: Vec<&'a [u8]>,
    after: Vec<&'a [u8]>,
    leading: usize,
    trailing: usize,
}

impl<'a> Pattern<'a> {
    pub(crate) fn new(hunk: &'a Hunk) -> Self {
        let side = |other| {
            let lines = hunk.lines.iter().filter(move |line| line.side != other);
            lines.map(|line| &line.bytes[..]).collect()
        };
        let context = |side: &Side| *side == Side::Both;
        let sides = || hunk.lines.iter().map(|line| line.side);
        Self {
            before: side(Side::New),
            after: side(Side::Old),
            leading: sides().take_while(context).count(),
            trailing: sides().rev().take_while(context).count(),
        }
    }

    pub(crate) fn has_context(&self) -> bool {
        self.leading + self.trailing > 0
    }
}

/// What is known of the hunk before.
#[derive(Default)]
pub(crate) struct Last {
    /// How far it was moved.
    offset: isize,
    /// The line below it.
    end: usize,
}

/// Where a pattern may be found.
#[derive(Clone, Copy)]
struct Anchors {
    start: bool,
    end: bool,
}

impl<'a> Image<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        Self { lines: lines.map(|bytes| Line { bytes, patched: false }).collect() }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.lines.iter().map(|line| line.bytes.len()).sum());
        for line in &self.lines {
            // With fuzz, a last line without newline can come to stand above others.
            if bytes.last().is_some_and(|byte| *byte != b'\n') {
                bytes.push(b'\n');
            }
            bytes.extend_from_slice(line.bytes);
        }
        bytes
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The line at `index`, from 0.
    pub(crate) fn line(&self, index: usize) -> Option<&'a [u8]> {
        self.lines.get(index).map(|line| line.bytes)
    }

    /// Applies a hunk by Git's rules; `None` where it does not apply.
    pub(crate) fn apply(&mut self, hunk: &Hunk, pattern: &Pattern<'a>) -> Option<Placement> {
        let expected = hunk.new_start.saturating_sub(1);
        let anchors = Anchors { start: hunk.old_start <= 1, end: pattern.trailing == 0 };
        // A hunk that only adds lines, and has no context to find their place by.
        if pattern.before.is_empty() && !(anchors.start && self.lines.is_empty()) {
            let end = hunk.old_start == self.lines.len() && expected == self.lines.len();
            if !end {
                return None;
            }
        }
        let (at, others) = self.find(&pattern.before, expected, 0, anchors)?;
        self.replace(at, pattern.before.len(), &pattern.after);
        Some(placement(hunk, at, expected, 0, others))
    }

    /// Applies a hunk by the rules of GNU patch, with up to `fuzz` lines of context at each end left
    /// out, below the hunk before it and moved as far as that.
    pub(crate) fn apply_fuzzily(
        &mut self,
        hunk: &Hunk,
        pattern: &Pattern<'a>,
        fuzz: usize,
        last: &mut Last,
    ) -> Option<Placement> {
        let header = hunk.new_start.saturating_sub(1);
        let expected = header.saturating_add_signed(last.offset);
        let context = pattern.leading.max(pattern.trailing);
        for fuzz in 0..=fuzz.min(context) {
            let dropped = |have: usize| (fuzz + have).saturating_sub(context);
            let (first, end) = (dropped(pattern.leading), dropped(pattern.trailing));
            // All of it is context: a hunk that changes nothing.
            if first + end > pattern.before.len() {
                break;
            }
            let anchors = Anchors {
                start: fuzz + pattern.leading < context,
                end: fuzz + pattern.trailing < context,
            };
            let inner = |lines: &[&'a [u8]]| lines[first..lines.len() - end].to_vec();
            let (before, after) = (inner(&pattern.before), inner(&pattern.after));
            let found = if before.is_empty() {
                Some((expected + first, 0)).filter(|(at, _)| *at <= self.lines.len())
            } else {
                self.find(&before, expected + first, last.end, anchors)
            };
            let Some((at, others)) = found else { continue };
            self.replace(at, before.len(), &after);
            let placement = placement(hunk, at, header + first, fuzz, others);
            last.offset = isize::try_from(placement.offset).unwrap_or(0);
            last.end = at + after.len();
            return Some(placement);
        }
        None
    }

    fn replace(&mut self, at: usize, count: usize, after: &[&'a [u8]]) {
        let after = after.iter().map(|bytes| Line { bytes, patched: true });
        self.lines.splice(at..at + count, after);
    }

    /// The place closest to `expected`, not above `from`, and the number of other places.
    fn find(
        &self,
        pattern: &[&[u8]],
        expected: usize,
        from: usize,
        anchors: Anchors,
    ) -> Option<(usize, usize)> {
        let last = self.lines.len().checked_sub(pattern.len())?;
        if anchors.start || anchors.end {
            let at = if anchors.start { 0 } else { last };
            let whole = !(anchors.start && anchors.end) || last == 0;
            return (whole && at >= from && self.matches(pattern, at)).then_some((at, 0));
        }
        if (from..=last).contains(&expected) && self.matches(pattern, expected) {
            return Some((expected, 0));
        }
        let mut places = self.places(pattern);
        places.retain(|at| *at >= from);
        let best = places.iter().copied().min_by_key(|&at| (at.abs_diff(expected), at < expected));
        best.map(|at| (at, places.len() - 1))
    }

    /// The closest place of `pattern`, wherever it must be.
    pub(crate) fn exact(&self, pattern: &[&[u8]], expected: usize) -> Option<usize> {
        self.places(pattern).into_iter().min_by_key(|at| at.abs_diff(expected))
    }

    fn matches(&self, pattern: &[&[u8]], at: usize) -> bool {
        let lines = self.lines[at..].iter();
        pattern.iter().zip(lines).all(|(bytes, line)| is(line, bytes))
    }

    /// All places of `pattern`, which is not empty: the algorithm of Knuth, Morris and Pratt, since
    /// files of equal lines must not take long.
    fn places(&self, pattern: &[&[u8]]) -> Vec<usize> {
        if pattern.is_empty() {
            return Vec::new();
        }
        let mut borders = vec![0; pattern.len()];
        let mut length = 0;
        for at in 1..pattern.len() {
            while length > 0 && pattern[at] != pattern[length] {
                length = borders[length - 1];
            }
            length += usize::from(pattern[at] == pattern[length]);
            borders[at] = length;
        }
        let (mut places, mut length) = (Vec::new(), 0);
        for (at, line) in self.lines.iter().enumerate() {
            while length > 0 && !is(line, pattern[length]) {
                length = borders[length - 1];
            }
            length += usize::from(is(line, pattern[length]));
            if length == pattern.len() {
                places.push(at + 1 - length);
                length = borders[length - 1];
            }
        }
        places
    }

    /// The place where most lines are those of `pattern`, which is not there as a whole, and their
    /// number; of several the one closest to `expected`.
    pub(crate) fn nearest(&self, pattern: &[&[u8]], expected: usize) -> Option<(usize, usize)> {
        /// Lines that are there more often tell nothing.
        const OFTEN: usize = 500;
        let mut positions: std::collections::BTreeMap<&[u8], Vec<usize>> = Default::default();
        for bytes in pattern.iter().filter(|bytes| !bytes.trim_ascii().is_empty()) {
            positions.entry(bytes.trim_ascii()).or_default();
        }
        for (at, line) in self.lines.iter().enumerate() {
            if let Some(found) = positions.get_mut(line.bytes.trim_ascii()) {
                found.push(at);
            }
        }
        let mut scores: std::collections::BTreeMap<usize, usize> = Default::default();
        for (index, bytes) in pattern.iter().enumerate() {
            let Some(found) = positions.get(bytes.trim_ascii()) else { continue };
            for at in found.iter().filter(|_| found.len() <= OFTEN) {
                if let Some(start) = at.checked_sub(index) {
                    *scores.entry(start).or_default() += 1;
                }
            }
        }
        let best = |(at, score): (&usize, &usize)| (*score, usize::MAX - at.abs_diff(expected));
        let (at, _) = scores.iter().max_by_key(|&(at, score)| best((at, score)))?;
        let lines = self.lines.iter().skip(*at);
        let equal = pattern.iter().zip(lines).filter(|(bytes, line)| line.bytes == **bytes).count();
        Some((*at, equal))
    }
}

fn is(line: &Line<'_>, bytes: &[u8]) -> bool {
    !line.patched && line.bytes == bytes
}

fn placement(hunk: &Hunk, at: usize, expected: usize, fuzz: usize, others: usize) -> Placement {
    // Both are numbers of lines of a file that is in memory.
    let number = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
    Placement {
        hunk: hunk.line,
        line: at + 1,
        offset: number(at) - number(expected),
        fuzz,
        elsewhere: others,
    }
}

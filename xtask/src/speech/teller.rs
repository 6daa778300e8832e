//! Events in words.

use std::time::{Duration, Instant};

use pipeline::Event;

use super::bar::{self, Progress};
use super::manner::Manner;
use super::screen;
use super::stages::Stages;
use super::table::short;
use super::units::{bytes, duration};

/// The shortest time between two drawings of the bar.
const REDRAW: Duration = Duration::from_millis(100);
/// The time after which a log is told that the work goes on.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// Tells events on standard error as they come.
#[derive(Debug)]
pub(crate) struct Teller {
    words: Words,
    started: Instant,
}

impl Teller {
    pub(crate) fn new(manner: Manner) -> Self {
        Self { words: Words::new(manner), started: Instant::now() }
    }

    pub(crate) fn tell(&mut self, event: &Event) {
        self.put(|words, at| words.hear(event, at));
    }

    /// Tells how far something other than a build is.
    pub(crate) fn progress(
        &mut self,
        word: &'static str,
        files: (usize, usize),
        bytes: (u64, u64),
    ) {
        self.put(|words, at| words.progress(word, files, bytes, at));
    }

    fn put(&mut self, hear: impl FnOnce(&mut Words, Duration) -> Vec<Said>) {
        for said in hear(&mut self.words, self.started.elapsed()) {
            match said {
                Said::Line(line) => screen::say(&line),
                Said::Bar(bar) => screen::show(&bar),
                Said::Nothing => screen::clear(),
            }
        }
    }

    /// The time of each stage, in a line.
    pub(crate) fn times(&mut self) -> String {
        self.words.stages.words(self.started.elapsed())
    }
}

/// Whatever way a command ends, the bar is gone.
impl Drop for Teller {
    fn drop(&mut self) {
        screen::clear();
    }
}

/// What an event makes of the screen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Said {
    /// A line that stays.
    Line(String),
    /// A line at the bottom in place of the one before.
    Bar(String),
    /// No line at the bottom.
    Nothing,
}

/// Turns events and their times into words; touches nothing.
#[derive(Debug)]
pub(super) struct Words {
    manner: Manner,
    progress: Progress,
    /// Files that came over the network.
    fetched: usize,
    began: Duration,
    drawn: Option<Duration>,
    pub(super) stages: Stages,
}

impl Words {
    pub(super) fn new(manner: Manner) -> Self {
        let (progress, stages) = (Progress::default(), Stages::new());
        Self { manner, progress, fetched: 0, began: Duration::ZERO, drawn: None, stages }
    }

    /// What to say to `event`, which came at the time `at` since the beginning.
    pub(super) fn hear(&mut self, event: &Event, at: Duration) -> Vec<Said> {
        self.stages.hear(event, at);
        let said = match event {
            Event::FetchStarted { files, bytes } => {
                self.progress =
                    Progress { files: (0, *files), bytes: (0, *bytes), ..Progress::default() };
                (self.fetched, self.began, self.drawn) = (0, at, Some(at));
                Vec::new()
            }
            Event::Fetched { bytes, fetched } => self.fetched(*bytes, *fetched, at),
            Event::LayerStarted { layer } if self.manner.bars => {
                let Manner { width, color, .. } = self.manner;
                vec![Said::Bar(bar::line("writing", layer, width, color))]
            }
            Event::PackageStarted { package } if self.manner.bars => {
                let Manner { width, color, .. } = self.manner;
                vec![Said::Bar(bar::line("packing", package, width, color))]
            }
            other => self.line(other).into_iter().map(Said::Line).collect(),
        };
        if self.manner.quiet { Vec::new() } else { said }
    }

    /// As an event of a download, for other work on many files.
    pub(super) fn progress(
        &mut self,
        word: &'static str,
        files: (usize, usize),
        bytes: (u64, u64),
        at: Duration,
    ) -> Vec<Said> {
        self.progress =
            Progress { files, bytes, fetched: bytes.0, time: at.saturating_sub(self.began) };
        let said = self.sign_of_life(word, at);
        if self.manner.quiet { Vec::new() } else { said }
    }

    fn fetched(&mut self, size: u64, over_network: bool, at: Duration) -> Vec<Said> {
        self.progress.files.0 += 1;
        self.progress.bytes.0 += size;
        self.progress.time = at.saturating_sub(self.began);
        if over_network {
            self.fetched += 1;
            self.progress.fetched += size;
        }
        if self.progress.files.0 < self.progress.files.1 {
            return self.sign_of_life("fetching", at);
        }
        if self.fetched == 0 {
            return vec![Said::Nothing];
        }
        let (all, time) = (self.progress.files.1, duration(self.progress.time));
        let text =
            format!("{} of {all} files, {} in {time}", self.fetched, bytes(self.progress.fetched));
        vec![Said::Line(self.done("fetched", &text))]
    }

    /// How far the work is, now and then.
    fn sign_of_life(&mut self, word: &str, at: Duration) -> Vec<Said> {
        let Manner { bars, width, color, .. } = self.manner;
        let pause = if bars { REDRAW } else { SIGN_OF_LIFE };
        if self.drawn.is_some_and(|drawn| at.saturating_sub(drawn) < pause) {
            return Vec::new();
        }
        let first = self.drawn.replace(at).is_none();
        match bars {
            true => vec![Said::Bar(bar::draw(word, &self.progress, width, color))],
            // A log is not told of what may be done at once.
            false if first => Vec::new(),
            false => vec![Said::Line(format!(
                "{}  {}",
                color.doing(&format!("{word:>10}")),
                self.progress.words()
            ))],
        }
    }

    fn line(&self, event: &Event) -> Option<String> {
        let color = self.manner.color;
        let doing =
            |word: &str, text: &str| format!("{}  {text}", color.doing(&format!("{word:>10}")));
        let attention =
            |word: &str, text: &str| format!("{}  {text}", color.attention(&format!("{word:>10}")));
        Some(match event {
            Event::Reading { what } => doing("reading", what),
            Event::LockingDistro { distro, arch } => doing("locking", &format!("{distro} {arch}")),
            Event::LockingPython { service, release, arch } => {
                doing("locking", &format!("{service} {release} {arch}"))
            }
            Event::OpenPackage { package } => attention(
                "open",
                &format!("{package}: no constraint pins it, the newest that fits"),
            ),
            Event::LockChanged { change } => format!("{:>10}  {change}", ""),
            Event::LockWritten { path } => self.done("wrote", path),
            Event::StepStarted { what } => doing("building", what),
            Event::StepFinished { what, digest } => {
                self.done("built", &format!("{what} ({})", short(digest)))
            }
            Event::Of { image, event } => {
                // Of several at a time, what is made is worth a line, and what is used again is not.
                let line = match **event {
                    Event::LayerReused { .. } | Event::PackageReused { .. } => None,
                    ref event => self.line(event),
                };
                format!("{}  [{image}]", line?)
            }
            Event::LayerReused { layer, digest } => {
                self.done("reused", &format!("{layer} ({})", short(digest)))
            }
            Event::LayerFinished { layer, digest, size } => {
                self.done("layer", &format!("{layer}: {} ({})", bytes(*size), short(digest)))
            }
            Event::PackageReused { file, digest } => {
                self.done("reused", &format!("{file} ({})", short(digest)))
            }
            Event::PackageFinished { file, digest, size } => {
                self.done("package", &format!("{file}: {} ({})", bytes(*size), short(digest)))
            }
            Event::Note { text } => attention("note", text),
            _ => return None,
        })
    }

    fn done(&self, word: &str, text: &str) -> String {
        format!("{}  {text}", self.manner.color.done(&format!("{word:>10}")))
    }
}

//! How long each stage of a build took.

use std::collections::BTreeMap;
use std::time::Duration;

use pipeline::{Event, Stage};

use super::units::duration;

/// Adds up the times of stages. A build tells some of them by what it does.
#[derive(Debug)]
pub(super) struct Stages {
    now: Stage,
    /// What goes on when the files that it has asked for are there.
    work: Stage,
    since: Duration,
    times: BTreeMap<Stage, Duration>,
    /// Whether packages are fetched to be looked at, for the locks.
    locking: bool,
    /// Files that are still to come.
    missing: usize,
}

impl Stages {
    pub(super) fn new() -> Self {
        Self {
            now: Stage::Lock,
            work: Stage::Assemble,
            since: Duration::ZERO,
            times: BTreeMap::new(),
            locking: false,
            missing: 0,
        }
    }

    /// Takes note of an event at the time `at` since the beginning.
    pub(super) fn hear(&mut self, event: &Event, at: Duration) {
        match event {
            Event::StageStarted { stage } => {
                self.locking = *stage == Stage::Lock;
                self.work = match stage {
                    Stage::Build | Stage::Packages => *stage,
                    _ => Stage::Assemble,
                };
                self.switch(*stage, at);
            }
            Event::StepFinished { .. } => {
                self.work = Stage::Assemble;
                self.switch(Stage::Assemble, at);
            }
            Event::LockingDistro { .. } | Event::LockingPython { .. } => {
                self.locking = true;
                self.switch(Stage::Lock, at);
            }
            Event::LockWritten { .. } | Event::LayerReused { .. } => self.locking = false,
            Event::FetchStarted { files, .. } if !self.locking => {
                self.missing = *files;
                self.switch(if *files == 0 { self.work } else { Stage::Fetch }, at);
            }
            Event::Fetched { .. } => {
                self.missing = self.missing.saturating_sub(1);
                if self.missing == 0 && self.now == Stage::Fetch {
                    self.switch(self.work, at);
                }
            }
            Event::LayerStarted { .. } => self.switch(Stage::Layers, at),
            Event::LayerFinished { .. } => self.switch(Stage::Assemble, at),
            _ => {}
        }
    }

    fn switch(&mut self, stage: Stage, at: Duration) {
        *self.times.entry(self.now).or_default() += at.saturating_sub(self.since);
        (self.now, self.since) = (stage, at);
    }

    /// `lock 0.1 s, fetch 3.2 s, in all 3.3 s`
    pub(super) fn words(&mut self, at: Duration) -> String {
        self.switch(self.now, at);
        let all: Duration = self.times.values().sum();
        let times = self.times.iter().map(|(stage, time)| format!("{stage} {}", duration(*time)));
        let all = [format!("in all {}", duration(all))];
        times.chain(all).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fetching_for_a_build_step_interrupts_it() {
        let digest = names::Digest::from_bytes([0; 32]);
        let mut stages = Stages::new();
        let what = || "keystone 28.1.0".to_owned();
        for (at, event) in [
            (1, Event::StageStarted { stage: Stage::Build }),
            (2, Event::StepStarted { what: what() }),
            (3, Event::FetchStarted { files: 1, bytes: 5 }),
            (5, Event::Fetched { bytes: 5, fetched: true }),
            (9, Event::StepFinished { what: what(), digest }),
        ] {
            stages.hear(&event, Duration::from_secs(at));
        }
        let words = stages.words(Duration::from_secs(12));
        assert_eq!(words, "lock 1.0 s, fetch 2.0 s, build 6.0 s, assemble 3.0 s, in all 12 s");
    }
}

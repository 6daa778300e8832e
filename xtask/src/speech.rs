//! What is said on standard error while the command works, and how errors are told.

use std::error::Error;
use std::io::Write as _;

use pipeline::Event;

/// Says one line on standard error; a closed terminal is no reason to stop.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Prints the result on standard output.
///
/// # Errors
/// When nobody reads it any more, or the disk is full.
pub(crate) fn print(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// An error and its causes, one a line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        let line = error.to_string();
        // Some libraries print their cause themselves; saying it twice helps nobody.
        if !text.contains(&line) {
            text.push_str("\n  because: ");
            text.push_str(&line.replace('\n', "\n    "));
        }
        cause = error.source();
    }
    text
}

/// Turns events into lines.
#[derive(Debug, Default)]
pub(crate) struct Teller {
    quiet: bool,
    files: usize,
    arrived: usize,
    fetched: usize,
    bytes: u64,
}

impl Teller {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet, ..Self::default() }
    }

    pub(crate) fn tell(&mut self, event: &Event) {
        if let Some(line) = self.line(event).filter(|_| !self.quiet) {
            say(&line);
        }
    }

    fn line(&mut self, event: &Event) -> Option<String> {
        Some(match event {
            Event::LockingDistro { distro, arch } => format!("   locking  {distro} {arch}"),
            Event::LockingPython { service, release, arch } => {
                format!("   locking  {service} {release} {arch}")
            }
            Event::OpenPackage { package } => {
                format!("      open  {package}: no constraint pins it, the newest that fits")
            }
            Event::LockChanged { change } => format!("            {change}"),
            Event::LockWritten { path } => format!("     wrote  {path}"),
            Event::FetchStarted { files, .. } => {
                (self.files, self.arrived, self.fetched, self.bytes) = (*files, 0, 0, 0);
                return None;
            }
            Event::Fetched { bytes, fetched } => {
                self.arrived += 1;
                if *fetched {
                    self.fetched += 1;
                    self.bytes += bytes;
                }
                if self.arrived < self.files || self.fetched == 0 {
                    return None;
                }
                let megabytes = self.bytes as f64 / 1e6;
                format!("   fetched  {} of {} files, {megabytes:.1} MB", self.fetched, self.files)
            }
            Event::LayerStarted { .. } => return None,
            Event::LayerReused { layer, digest } => {
                format!("    reused  {layer} ({})", short(digest))
            }
            Event::LayerFinished { layer, digest, size } => {
                let megabytes = *size as f64 / 1e6;
                format!("     layer  {layer}: {megabytes:.1} MB ({})", short(digest))
            }
            Event::StepStarted { what } => format!("  building  {what}"),
            Event::StepFinished { what, digest } => {
                format!("     built  {what} ({})", short(digest))
            }
            Event::Of { image, event } => format!("{image}: {}", self.line(event)?.trim_start()),
            Event::Note { text } => format!("      note  {text}"),
            _ => return None,
        })
    }
}

/// The first digits of a digest: enough for a person to compare.
fn short(digest: &names::Digest) -> String {
    digest.hex()[..12].to_owned()
}

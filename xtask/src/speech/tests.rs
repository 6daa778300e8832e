//! What a list of events looks like: on a terminal, in a log, without colour, in silence.

use std::collections::BTreeMap;
use std::time::Duration;

use insta::assert_snapshot;
use names::{Arch, Digest};
use pipeline::{Event, Stage};

use super::manner::{Color, Manner};
use super::stages::Stages;
use super::table::{Row, image};
use super::teller::{Said, Words};
use super::{bar, chain};

fn manner(variables: &[(&str, &str)], quiet: bool, terminal: Option<usize>) -> Manner {
    let variables: BTreeMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Manner::of(&variables, quiet, terminal.is_some(), terminal)
}

fn digest(digit: char) -> Digest {
    format!("sha256:{}", digit.to_string().repeat(64)).parse().unwrap()
}

/// The events of a small build, each with its time in milliseconds.
fn build() -> Vec<(u64, Event)> {
    let layer = || "base of Debian 13 (trixie): 3 packages".to_owned();
    let mut events = vec![
        (0, Event::StageStarted { stage: Stage::Lock }),
        (10, Event::LockingDistro { distro: "debian-trixie".to_owned(), arch: Arch::Amd64 }),
        (900, Event::OpenPackage { package: "certifi 2026.1.4".to_owned() }),
        (950, Event::LockWritten { path: "distros/debian-trixie.lock".to_owned() }),
        (1000, Event::FetchStarted { files: 5, bytes: 9_500_000 }),
    ];
    for (at, bytes, fetched) in [
        (1010, 2_000_000, false),
        (1400, 3_000_000, true),
        (1450, 1_000_000, true),
        (11_900, 500_000, true),
        (12_500, 3_000_000, true),
    ] {
        events.push((at, Event::Fetched { bytes, fetched }));
    }
    events.extend([
        (13_000, Event::LayerStarted { layer: layer() }),
        (15_000, Event::LayerFinished { layer: layer(), digest: digest('a'), size: 58_700_000 }),
        (15_100, Event::Note { text: "something is odd".to_owned() }),
        (15_200, Event::StageStarted { stage: Stage::Write }),
    ]);
    events
}

/// All that is said to them; a bar in brackets, its removal as `[]`, and escapes as `^[`.
fn said(manner: Manner) -> String {
    let mut words = Words::new(manner);
    let mut text = String::new();
    for (at, event) in build() {
        for said in words.hear(&event, Duration::from_millis(at)) {
            text.push_str(&match said {
                Said::Line(line) => line,
                Said::Bar(bar) => {
                    assert!(visible(&bar) < manner.width, "{bar}");
                    format!("[{bar}]")
                }
                Said::Nothing => "[]".to_owned(),
            });
            text.push('\n');
        }
    }
    framed(&text.replace('\x1b', "^["))
}

/// A text with a mark before each line: blanks count.
fn framed(text: &str) -> String {
    text.lines().map(|line| format!("|{line}\n")).collect()
}

/// Columns of a text with colours.
fn visible(text: &str) -> usize {
    let mut columns = 0;
    let mut escape = false;
    for letter in text.chars() {
        match letter {
            '\x1b' => escape = true,
            'm' if escape => escape = false,
            _ if !escape => columns += 1,
            _ => {}
        }
    }
    columns
}

#[test]
fn a_terminal_without_colour_has_bars() {
    assert_snapshot!(said(manner(&[("NO_COLOR", "1")], false, Some(100))), @"
    |   locking  debian-trixie amd64
    |      open  certifi 2026.1.4: no constraint pins it, the newest that fits
    |     wrote  distros/debian-trixie.lock
    |[  fetching  [===============               ] 2 of 5 files, 5.0 MB of 9.5 MB, 7.5 MB/s]
    |[  fetching  [====================          ] 4 of 5 files, 6.5 MB of 9.5 MB, 412.8 kB/s]
    |   fetched  4 of 5 files, 7.5 MB in 12 s
    |[   writing  base of Debian 13 (trixie): 3 packages]
    |     layer  base of Debian 13 (trixie): 3 packages: 58.7 MB (aaaaaaaaaaaa)
    |      note  something is odd
    ");
}

#[test]
fn a_terminal_has_colours_in_the_first_word_alone() {
    assert_snapshot!(said(manner(&[("TERM", "xterm"), ("NO_COLOR", "")], false, Some(50))), @"
    |^[[1;36m   locking^[[0m  debian-trixie amd64
    |^[[1;33m      open^[[0m  certifi 2026.1.4: no constraint pins it, the newest that fits
    |^[[1;32m     wrote^[[0m  distros/debian-trixie.lock
    |[^[[1;36m  fetching^[[0m  2 of 5 files, 5.0 MB of 9.5 MB]
    |[^[[1;36m  fetching^[[0m  4 of 5 files, 6.5 MB of 9.5 MB]
    |^[[1;32m   fetched^[[0m  4 of 5 files, 7.5 MB in 12 s
    |[^[[1;36m   writing^[[0m  base of Debian 13 (trixie): 3 package]
    |^[[1;32m     layer^[[0m  base of Debian 13 (trixie): 3 packages: 58.7 MB (aaaaaaaaaaaa)
    |^[[1;33m      note^[[0m  something is odd
    ");
}

#[test]
fn a_log_has_plain_lines() {
    let log = said(manner(&[], false, None));
    assert_snapshot!(log, @"
    |   locking  debian-trixie amd64
    |      open  certifi 2026.1.4: no constraint pins it, the newest that fits
    |     wrote  distros/debian-trixie.lock
    |  fetching  4 of 5 files, 6.5 MB of 9.5 MB
    |   fetched  4 of 5 files, 7.5 MB in 12 s
    |     layer  base of Debian 13 (trixie): 3 packages: 58.7 MB (aaaaaaaaaaaa)
    |      note  something is odd
    ");
    assert_eq!(said(manner(&[("TERM", "dumb")], false, Some(80))), log);
    assert_eq!(said(manner(&[("CI", "true"), ("NO_COLOR", "1")], false, Some(80))), log);
    // In CI there are no bars, even where colours may be.
    assert!(!said(manner(&[("CI", "true")], false, Some(80))).contains("===="));
    // A terminal that does not tell its width has eighty columns.
    assert_eq!(manner(&[], false, Some(0)).width, 80);
}

#[test]
fn quiet_is_silent() {
    assert_eq!(said(manner(&[], true, Some(80))), "");
    assert_eq!(said(manner(&[("CI", "1")], true, None)), "");
}

#[test]
fn a_bar_fits_into_every_width() {
    let progress = bar::Progress {
        files: (45, 98),
        bytes: (12_300_000, 43_200_000),
        fetched: 12_300_000,
        time: Duration::from_secs(3),
    };
    for width in 0..200 {
        for text in [
            bar::draw("fetching", &progress, width, Color::Yes),
            bar::line("writing", "base of Debian 13 (trixie): 88 packages", width, Color::No),
        ] {
            assert!(visible(&text) < width.max(1), "{width}: {text}");
        }
    }
    let drawn: Vec<String> =
        [120, 72, 60, 40].map(|width| bar::draw("fetching", &progress, width, Color::No)).into();
    assert_snapshot!(framed(&drawn.join("\n")), @"
    |  fetching  [========                      ] 45 of 98 files, 12.3 MB of 43.2 MB, 4.1 MB/s
    |  fetching  [===         ] 45 of 98 files, 12.3 MB of 43.2 MB, 4.1 MB/s
    |  fetching  [==        ] 45 of 98 files, 12.3 MB of 43.2 MB
    |  fetching  45 of 98 files, 12.3 MB of
    ");
}

#[test]
fn the_times_of_stages_add_up() {
    let mut stages = Stages::new();
    for (at, event) in build() {
        stages.hear(&event, Duration::from_millis(at));
    }
    assert_snapshot!(
        stages.words(Duration::from_millis(15_300)),
        @"lock 1.0 s, fetch 12 s, assemble 0.7 s, layers 2.0 s, write 0.1 s, in all 15 s"
    );
}

#[test]
fn the_table_has_layers_sizes_and_digests() {
    let (one, two) = (digest('a'), digest('b'));
    let rows = [
        Row { name: "base of Debian 13 (trixie): 88 packages", size: 58_700_000, digest: &one },
        Row { name: "keystone 28.1.0", size: 1_100, digest: &two },
    ];
    assert_snapshot!(framed(&image("keystone:28.1.0", &digest('c'), &rows)), @"
    |      size  digest        layer
    |   58.7 MB  aaaaaaaaaaaa  base of Debian 13 (trixie): 88 packages
    |    1.1 kB  bbbbbbbbbbbb  keystone 28.1.0
    |   58.7 MB                keystone:28.1.0
    |     image  sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
    ");
}

#[test]
fn an_error_is_told_with_its_causes() {
    let inner = std::io::Error::other("the disk is full");
    let error = crate::failure::Failure::Write("/out/x".into(), inner);
    assert_snapshot!(chain(&error, Color::No), @"
    error: cannot write /out/x
      because: the disk is full
    ");
    assert!(chain(&error, Color::Yes).starts_with("\x1b[1;31merror:\x1b[0m cannot write"));
}

#[test]
fn an_error_cannot_command_the_terminal() {
    let error = std::io::Error::other("member `\u{1b}]0;x\u{7}`\r is\n\tbad");
    assert_eq!(chain(&error, Color::No), "error: member `\\u{1b}]0;x\\u{7}`\\r is\n\tbad");
}

//! Which mirrors this machine has, who said so, and whether they answer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use distro::Distro;
use names::{ArchiveName, DistroId};
use store::Address;
use wheels::{ACCEPT, LONGEST_PAGE};

use super::QueryError;
use crate::describe::Description;
use crate::outside::Outside;

/// The longest InRelease that is read: the real ones have 200 kB at most.
const LONGEST_RELEASE: u64 = 4 << 20;

/// What is known of an archive.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MirrorReport {
    /// The archive.
    pub archive: ArchiveName,
    /// Its addresses without logins, who named each, and how it answers, in the order in which they
    /// are tried; or why none is known.
    pub mirrors: Result<Vec<(String, String, Answer)>, String>,
}

/// How a mirror answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// With what was asked for.
    Good,
    /// With something else, or not at all.
    Bad(String),
    /// The network may not be used.
    NotAsked,
}

impl MirrorReport {
    /// Whether a build could fetch from the archive: one mirror is enough.
    pub fn serves(&self) -> bool {
        let mirrors = self.mirrors.as_ref();
        mirrors
            .is_ok_and(|mirrors| mirrors.iter().any(|mirror| !matches!(mirror.2, Answer::Bad(_))))
    }
}

/// Asks every mirror of the archives that a distribution of the tree at `root` and the Python index
/// need: for the suites' `InRelease`, and for one project's page.
///
/// # Errors
/// When the tree does not describe the distribution.
pub fn mirrors(
    root: &Path,
    distro: &DistroId,
    outside: &Outside,
) -> Result<Vec<MirrorReport>, QueryError> {
    let description = Description::read(root, distro)?;
    let mut asked: BTreeMap<ArchiveName, Vec<String>> = BTreeMap::new();
    let suites = match &description.distro {
        Distro::Debian(distro) => &distro.suites[..],
        Distro::Rpm(_) => &[],
    };
    for suite in suites {
        let path = format!("dists/{}/InRelease", suite.suite);
        asked.entry(suite.archive.clone()).or_default().push(path);
    }
    let index: ArchiveName = "pypi".parse().expect("pypi is the name of an archive");
    // Whatever an index leaves out, it has what images are built of.
    asked.entry(index.clone()).or_default().push("keystone/".to_owned());
    let report = |(archive, paths): (ArchiveName, Vec<String>)| {
        let is_index = archive == index;
        let mirrors = outside.addresses(&archive).map(|sources| {
            let answer = |source: mirrors::Source| {
                let answer = ask(outside, &source.url, &paths, is_index);
                (source.shown(), source.from, answer)
            };
            sources.into_iter().map(answer).collect()
        });
        MirrorReport { archive, mirrors }
    };
    Ok(asked.into_iter().map(report).collect())
}

fn ask(outside: &Outside, base: &str, paths: &[String], is_index: bool) -> Answer {
    let folder = base.strip_prefix("file://").unwrap_or(base);
    if folder.starts_with('/') {
        let missing = paths.iter().map(|path| PathBuf::from(folder).join(path));
        return match missing.into_iter().find(|path| !path.exists()) {
            Some(path) => Answer::Bad(format!("{} is not there", path.display())),
            None => Answer::Good,
        };
    }
    if outside.is_offline() {
        return Answer::NotAsked;
    }
    for path in paths {
        let address = Address::Url(format!("{}/{path}", base.trim_end_matches('/')));
        let (accept, limit) =
            if is_index { (ACCEPT, LONGEST_PAGE) } else { ("*/*", LONGEST_RELEASE) };
        match outside.probe(&address, accept, limit) {
            Ok(document) if is_index || document.bytes.starts_with(b"-----BEGIN PGP SIGNED") => {}
            Ok(_) => return Answer::Bad(format!("{path} is not signed")),
            Err(error) => return Answer::Bad(error.to_string()),
        }
    }
    Answer::Good
}

//! The AUTHORS that PBR writes into an sdist.

use std::collections::BTreeSet;

use source_refs::CommitId;

use super::history::{Commits, Log, WalkError};

/// The AUTHORS of `head`: the authors of all commits and those that messages name as co-authors, each
/// once, in the order of code points, without the accounts of the build system.
///
/// `before` is the content of `AUTHORS.in`, empty where there is none. The rules are those of
/// `pbr.git.generate_authors`, PBR 7.
///
/// # Errors
/// The history cannot be read to its beginning.
pub fn authors(commits: &dyn Commits, head: CommitId, before: &str) -> Result<String, WalkError> {
    let mut found = BTreeSet::new();
    let mut log = Log::new(commits, &[head])?;
    while let Some((_, commit)) = log.newest() {
        if !is_ignored(&commit.author) {
            found.insert(commit.author.clone());
        }
        for line in commit.message.split('\n') {
            const KEY: &str = "Co-authored-by:";
            let named = line.find(KEY).map(|at| &line[at + KEY.len()..]);
            if let Some(name) = named.filter(|name| !name.is_empty()) {
                found.insert(name.trim().to_owned());
            }
        }
        log.go_on(&commit)?;
    }
    let lines: Vec<String> = found.into_iter().collect();
    Ok(format!("{before}{}\n", lines.join("\n")))
}

fn is_ignored(author: &str) -> bool {
    ["jenkins@review", "zuul@review", "infra@lists", "jenkins@openstack"]
        .iter()
        .any(|account| author.contains(account))
}

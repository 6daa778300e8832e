//! `cooperage lock`.

use pipeline::{LockMode, LockRequest, Older, Update};
use serde_json::json;

use super::{Workplace, root};
use crate::args::{Global, Lock};
use crate::failure::Failure;
use crate::speech::{self, Manner, Teller};
use crate::surroundings::Surroundings;

/// Writes the locks, or tells how they compare with the tree or the mirrors.
pub(crate) fn run(
    lock: &Lock,
    global: &Global,
    surroundings: &Surroundings,
    manner: Manner,
) -> Result<(), Failure> {
    let mut request = LockRequest {
        release: lock.release,
        services: lock.service.clone(),
        distro: lock.target.distro.clone(),
        arches: lock.target.arch.clone(),
        update: update(lock),
        older: if lock.allow_older { Older::Take } else { Older::Refuse },
        mode: if lock.outdated { LockMode::Compare } else { LockMode::Write },
        folders: Default::default(),
    };
    if lock.check {
        let reasons = pipeline::stale(&root(global, surroundings)?, &request, surroundings.host)?;
        if reasons.is_empty() {
            return report(global, "the lock follows from the tree", &[]);
        }
        return Err(Failure::Stale { release: lock.release, reasons });
    }
    if lock.outdated {
        request.update = Update::Everything;
    }
    let workplace = Workplace::open(global, surroundings)?;
    let mut teller = Teller::new(manner);
    let done = pipeline::lock(&workplace.setting(), &request, &mut |event| teller.tell(&event))?;
    drop(teller);
    let summary = match (done.changes.len(), lock.outdated) {
        (0, true) => "nothing is outdated".to_owned(),
        (0, false) => "nothing has changed".to_owned(),
        (changes, true) => format!("{changes} packages have moved"),
        (changes, false) => format!("{changes} changes"),
    };
    report(global, &summary, &done.changes)
}

/// `--update` without a name moves everything.
fn update(lock: &Lock) -> Update {
    if lock.update.is_empty() {
        Update::Nothing
    } else if lock.update.iter().any(String::is_empty) {
        Update::Everything
    } else {
        Update::Named(lock.update.iter().cloned().collect())
    }
}

fn report(global: &Global, summary: &str, changes: &[String]) -> Result<(), Failure> {
    let text = match global.json {
        true => json!({ "summary": summary, "changes": changes }).to_string(),
        false if changes.is_empty() => summary.to_owned(),
        false => format!("{}\n{summary}", changes.join("\n")),
    };
    speech::print(&text).map_err(Failure::Print)
}

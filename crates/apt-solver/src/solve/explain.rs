//! Why there is no solution, in words.

use std::collections::BTreeSet;

use crate::index::{Demand, Index, NameId, PackageId, Qualifier};

use super::SolveError;
use super::state::State;

/// A need that nothing could meet.
#[derive(Debug)]
pub(super) struct DeadEnd<'a> {
    /// How the owner came to be needed.
    pub(super) chain: Vec<String>,
    /// How what blocks the first option came to be needed.
    pub(super) other_chain: Option<Vec<String>>,
    /// Who needs it.
    pub(super) owner: PackageId,
    pub(super) group: Vec<Demand<'a>>,
    /// What would have met it, what stood against that, and the relation between the two; `None`
    /// where another version of the same package is taken.
    pub(super) blocked: Vec<(PackageId, PackageId, Option<Demand<'a>>)>,
}

/// The packages that led to `name`: the wanted one first, `name` last.
pub(super) fn chain(state: &State<'_>, name: NameId) -> Vec<String> {
    let mut names = vec![name];
    while let Some(parent) = state.parent(names[names.len() - 1]).filter(|p| !names.contains(p)) {
        names.push(parent);
    }
    names.iter().rev().map(|name| state.index.name(*name).to_owned()).collect()
}

/// Two wanted packages that cannot be together.
pub(super) fn clash_of_roots(
    state: &State<'_>,
    package: PackageId,
    other: PackageId,
    demand: &Demand<'_>,
) -> SolveError {
    let index = state.index;
    SolveError::Conflict {
        chain: vec!["the request".to_owned()],
        relation: index.name(state.name_of(package)).to_owned(),
        option: label(index, package),
        other: vec![label(index, other)],
        reason: opposition(index, &[package, other], demand),
    }
}

/// Turns the dead end into an error.
pub(super) fn dead_end(state: &State<'_>, end: &DeadEnd<'_>) -> SolveError {
    let index = state.index;
    let relation = group_text(index, &end.group);
    let mut chain = end.chain.clone();
    if let Some(last) = chain.last_mut() {
        *last = label(index, end.owner);
    }
    let Some((option, other, demand)) = end.blocked.first() else {
        return SolveError::Unmet { chain, relation, reason: absence(index, &end.group) };
    };
    let mut other_chain = end.other_chain.clone().unwrap_or_default();
    if let Some(last) = other_chain.last_mut() {
        *last = label(index, *other);
    }
    let reason = match demand {
        Some(demand) => opposition(index, &[*option, *other], demand),
        None => "both are versions of one package".to_owned(),
    };
    SolveError::Conflict {
        chain,
        relation,
        option: label(index, *option),
        other: other_chain,
        reason,
    }
}

/// Which of the two has the relation, and what it says.
fn opposition(index: &Index, packages: &[PackageId; 2], demand: &Demand<'_>) -> String {
    let has = |package: &&PackageId| {
        index.demands(**package).any(|other| {
            other.kind == demand.kind
                && other.name == demand.name
                && other.version == demand.version
                && other.operator == demand.operator
        })
    };
    let owner = packages.iter().find(has).unwrap_or(&packages[0]);
    format!("{} conflicts with or breaks `{}`", label(index, *owner), text(index, demand))
}

/// Why no suite has what a group means.
fn absence(index: &Index, group: &[Demand<'_>]) -> String {
    let mut reasons = Vec::new();
    for demand in group {
        let name = index.name(demand.name);
        let versions: Vec<&str> = index.versions(demand.name).map(|id| index.version(id)).collect();
        let providers: BTreeSet<&str> = index
            .providers(demand.name)
            .map(|provider| index.name(index.packages[provider.package as usize].name))
            .collect();
        reasons.push(match (versions.is_empty(), providers.is_empty()) {
            (false, _) => format!("the suites have {name} {}", versions.join(", ")),
            (true, false) => {
                let providers: Vec<&str> = providers.into_iter().take(5).collect();
                format!(
                    "{name} is virtual, provided in no such version by {}",
                    providers.join(", ")
                )
            }
            (true, true) => format!("no suite has {name}"),
        });
    }
    reasons.join("; ")
}

fn label(index: &Index, package: PackageId) -> String {
    let name = index.name(index.packages[package as usize].name);
    format!("{name} {}", index.version(package))
}

fn group_text(index: &Index, group: &[Demand<'_>]) -> String {
    group.iter().map(|demand| text(index, demand)).collect::<Vec<_>>().join(" | ")
}

/// A relation as a control file writes it.
fn text(index: &Index, demand: &Demand<'_>) -> String {
    let name = index.name(demand.name);
    let qualifier = match demand.qualifier {
        Qualifier::None => "",
        Qualifier::Any => ":any",
        Qualifier::Foreign => ":another-architecture",
    };
    match demand.operator.symbol() {
        "" => format!("{name}{qualifier}"),
        symbol => format!("{name}{qualifier} ({symbol} {})", demand.version),
    }
}

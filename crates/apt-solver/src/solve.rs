//! Which packages must be there so that the wanted ones work.

mod explain;
mod greedy;
mod search;
mod state;

use std::collections::BTreeMap;

use crate::index::{Index, NameId, PackageId};
use crate::{LockedDeb, Version};
use state::State;

/// What a solution must contain. Plain data.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Request {
    /// The packages that are wanted, in the order of wanting: apt's choices depend on it.
    pub packages: Vec<String>,
    /// Whether all packages marked `Essential: yes` are wanted too, before the others.
    pub essential: bool,
    /// Whether recommended packages are taken too, where they can be.
    pub recommends: bool,
    /// Versions to keep where they are still to be had and nothing speaks against them: those that
    /// a lock holds. They do not become wanted by this.
    pub prefer: Vec<LockedDeb>,
    /// Packages that are there already, such as those of the base: they stay as they are, and are
    /// not part of the solution.
    pub installed: Vec<LockedDeb>,
}

/// The packages that meet a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Solution {
    /// The packages, by name.
    pub debs: Vec<LockedDeb>,
    /// For each of them that was not wanted itself: the package that first needed it.
    pub needed_by: BTreeMap<String, String>,
}

/// Why there is no solution.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SolveError {
    /// No suite has the package.
    #[error("no suite has a package `{name}`{}", hint(.near))]
    Unknown {
        /// The package.
        name: String,
        /// Names that look like it.
        near: Vec<String>,
    },
    /// The name stands for any of several packages.
    #[error("`{name}` is a virtual package: name one of {}", .providers.join(", "))]
    Virtual {
        /// The name.
        name: String,
        /// The packages that provide it.
        providers: Vec<String>,
    },
    /// A package that is there already is not in the index.
    #[error(
        "{name} {version}, which is there already, is in no suite any more: lock the base anew, or \
         give its control file to the index"
    )]
    Gone {
        /// The package.
        name: String,
        /// Its version.
        version: Version,
    },
    /// A package needs what is not to be had.
    #[error("{} needs `{relation}`: {reason}", .chain.join(" -> "))]
    Unmet {
        /// The package that needs it, last, and before it each package that needed the next one;
        /// the first is wanted.
        chain: Vec<String>,
        /// What it needs, as its control file says.
        relation: String,
        /// Why that is not to be had.
        reason: String,
    },
    /// Packages that are both needed cannot be together.
    #[error(
        "{} needs `{relation}`, but {option} cannot be together with {}: {reason}",
        .chain.join(" -> "), .other.join(" -> ")
    )]
    Conflict {
        /// The package that needs it, and how that came to be needed.
        chain: Vec<String>,
        /// What it needs, as its control file says.
        relation: String,
        /// The package that would meet it.
        option: String,
        /// The package that stands against it, last, and how it came to be needed.
        other: Vec<String>,
        /// The relation between the two.
        reason: String,
    },
    /// There are too many possibilities.
    #[error(
        "no solution was found in {steps} steps: name the packages to choose where there are alternatives"
    )]
    TooHard {
        /// The number of packages that were tried.
        steps: usize,
    },
}

fn hint(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!(": is {} meant?", near.join(" or ")) }
}

/// Finds the packages that `request` needs, with the choices that `apt-get install` makes: the
/// newest version of each package, the first alternative that can be met or is chosen already,
/// among providers the one of the package of that name, then essential ones, then by priority,
/// then the one whose name the indexes mention last. Where these choices lead into a conflict,
/// others are tried in the same order until the set is whole. A solution that is preferred is found again.
///
/// # Errors
/// See [`SolveError`].
pub fn solve(index: &Index, request: &Request) -> Result<Solution, SolveError> {
    let attempted = match attempt(index, request, &request.prefer) {
        // What is locked may stand in the way of what is wanted now: then it moves.
        Err(_) if !request.prefer.is_empty() => attempt(index, request, &[]),
        attempted => attempted,
    };
    let Attempt { solution, searched } = attempted?;
    Ok(if searched { settled(index, request, solution) } else { solution })
}

/// How often a solution is solved again at most: once is nearly always enough.
const SETTLED_AFTER: usize = 8;

/// Solves from `solution` again until it stays as it is: what is locked must not change when it is locked anew. A
/// search may take a package on its way that an older version, which it takes later, makes needless; who starts
/// from that version does not take it.
fn settled(index: &Index, request: &Request, mut solution: Solution) -> Solution {
    for _ in 0..SETTLED_AFTER {
        match attempt(index, request, &solution.debs) {
            Ok(again) if again.solution.debs != solution.debs => solution = again.solution,
            _ => break,
        }
    }
    solution
}

struct Attempt {
    solution: Solution,
    /// Whether apt's choices alone did not lead to it.
    searched: bool,
}

fn attempt(
    index: &Index,
    request: &Request,
    preferred: &[LockedDeb],
) -> Result<Attempt, SolveError> {
    let mut state = State::new(index, request.recommends);
    for deb in preferred {
        if let Some(package) = index.find_id(&deb.name, &deb.version) {
            state.prefer(package);
        }
    }
    for deb in &request.installed {
        let gone = || SolveError::Gone { name: deb.name.clone(), version: deb.version.clone() };
        state.keep(index.find_id(&deb.name, &deb.version).ok_or_else(gone)?);
    }
    let roots = roots(&state, request)?;
    for &root in &roots {
        state.want(root);
    }
    greedy::install(&mut state, &roots);
    state.drop_unneeded(&roots);
    let searched = !state.is_whole(&roots);
    if searched {
        state = search::search(state, &roots)?;
        state.drop_unneeded(&roots);
    }
    Ok(Attempt { solution: solution(&state), searched })
}

/// The names that are wanted, each once, in order.
fn roots(state: &State<'_>, request: &Request) -> Result<Vec<NameId>, SolveError> {
    let index = state.index;
    let mut roots = Vec::new();
    if request.essential {
        let essential = |name: &NameId| {
            state.candidate(*name).is_some_and(|id| index.packages[id as usize].essential)
        };
        let mut names: Vec<NameId> = (0..index.name_count() as NameId).filter(essential).collect();
        names.sort_by_key(|name| index.name(*name));
        roots.extend(names);
    }
    for name in &request.packages {
        let root = root(state, name)?;
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    Ok(roots)
}

fn root(state: &State<'_>, name: &str) -> Result<NameId, SolveError> {
    let index = state.index;
    let unknown = || SolveError::Unknown { name: name.to_owned(), near: index.near(name) };
    let id = index.id_of(name).ok_or_else(unknown)?;
    if state.candidate(id).is_some() {
        return Ok(id);
    }
    let is_candidate = |package: &PackageId| {
        state.candidate(index.packages[*package as usize].name) == Some(*package)
    };
    let providers = index.providers(id).map(|provider| provider.package);
    let mut names: Vec<NameId> =
        providers.filter(is_candidate).map(|id| index.packages[id as usize].name).collect();
    names.sort_by_key(|name| index.name(*name));
    names.dedup();
    match names[..] {
        [] => Err(unknown()),
        [only] => Ok(only),
        _ => Err(SolveError::Virtual {
            name: name.to_owned(),
            providers: names.iter().map(|name| index.name(*name).to_owned()).collect(),
        }),
    }
}

fn solution(state: &State<'_>) -> Solution {
    let index = state.index;
    let mut debs = Vec::new();
    let mut needed_by = BTreeMap::new();
    for package in state.chosen().filter(|package| !state.is_kept(*package)) {
        let deb = index.locked(package);
        if let Some(parent) = state.parent(index.packages[package as usize].name) {
            needed_by.insert(deb.name.clone(), index.name(parent).to_owned());
        }
        debs.push(deb);
    }
    debs.sort();
    Solution { debs, needed_by }
}

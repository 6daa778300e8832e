//! The choices of `apt-get install`, in its order: each wanted package in turn, each of its needs
//! in turn, down to the ground. A package whose needs cannot be met is given up at once, and the
//! next alternative is tried; a choice that was made stays.
//!
//! The rules were read off apt 2.6 (`pkgDepCache::MarkInstall`) and are checked against it by the
//! tests. Its second stage, which repairs what the first has broken, is [`super::search`] here.

use crate::index::{Demand, Kind, NameId, PackageId};

use super::state::State;

/// The longest chain of needs that is followed; a desktop with all it recommends has 17.
const DEPTH: usize = 400;

/// Takes all that the roots need. They are chosen and protected already.
pub(super) fn install(state: &mut State<'_>, roots: &[NameId]) {
    for &root in roots {
        mark(state, root, None, 0);
    }
}

/// Takes a package and what it needs; `false` where that cannot be.
fn mark(state: &mut State<'_>, name: NameId, parent: Option<NameId>, depth: usize) -> bool {
    let Some(package) = state.candidate(name) else { return false };
    let wanted = depth == 0;
    let protected = state.is_protected(name);
    let chosen = state.choice(name).is_some();
    if depth > DEPTH || (protected && !chosen) {
        return false;
    }
    if state.is_kept(package) || (chosen && !protected && is_sound(state, package)) {
        return true;
    }
    let groups = state.groups(package);
    let possible = |group: &Vec<Demand<'_>>| {
        group[0].kind != Kind::Depends || state.is_met(group) || !state.options(group).is_empty()
    };
    if !chosen && !groups.iter().all(possible) {
        if !protected {
            state.discard(name);
        }
        return false;
    }
    // Whether it may be given up: what is wanted goes on after a failure, to be repaired.
    let may_fail = !protected && !wanted;
    let mut sound = remove_conflicts(state, package, protected);
    if !sound && may_fail {
        return false;
    }
    let open: Vec<Vec<Demand<'_>>> =
        groups.into_iter().filter(|group| protected || !state.is_met(group)).collect();
    state.choose(name, parent);
    state.protect(name);
    for group in open {
        if !meet(state, name, &group, protected, depth) {
            sound = false;
            if may_fail {
                break;
            }
        }
    }
    if !protected {
        state.unprotect(name);
    }
    if !sound && may_fail {
        state.discard(name);
    }
    sound
}

/// Whether a package that is taken has all it needs at this moment.
fn is_sound(state: &State<'_>, package: PackageId) -> bool {
    state.lacks(package).is_none() && state.is_in_peace(package)
}

/// Makes room for a package: what it conflicts with is left out, unless that must stay.
fn remove_conflicts(state: &mut State<'_>, package: PackageId, protected: bool) -> bool {
    let own = state.name_of(package);
    let mut removed = true;
    let conflicts: Vec<Demand<'_>> = state.conflicts(package).collect();
    for demand in conflicts {
        let is_candidate = |other| state.candidate(state.name_of(other)) == Some(other);
        let others: Vec<PackageId> = state.meeting(&demand, is_candidate).collect();
        for other in others {
            let name = state.name_of(other);
            if name == own {
                continue;
            }
            if state.choice(name).is_some() && state.is_protected(name) {
                removed = false;
                if !protected {
                    return false;
                }
            } else {
                state.unchoose(name);
                if protected {
                    state.discard(name);
                    state.protect(name);
                }
            }
        }
    }
    removed
}

/// Takes what meets one of the alternatives that `owner` needs.
fn meet(
    state: &mut State<'_>,
    owner: NameId,
    group: &[Demand<'_>],
    owner_protected: bool,
    depth: usize,
) -> bool {
    let critical = group[0].kind == Kind::Depends;
    let options = state.options(group);
    if state.is_met(group) {
        // What a package that must stay cannot do without must stay too.
        if owner_protected
            && critical
            && let [only] = options[..]
        {
            let name = state.name_of(only);
            if !state.is_protected(name) {
                state.protect(name);
                return mark(state, name, Some(owner), depth + 1);
            }
        }
        return true;
    }
    for &option in &options {
        let name = state.name_of(option);
        if state.candidate(name) != Some(option) {
            continue;
        }
        if owner_protected && critical && options.len() == 1 {
            state.choose(name, Some(owner));
            state.protect(name);
        }
        if mark(state, name, Some(owner), depth + 1) {
            return true;
        }
    }
    !critical
}

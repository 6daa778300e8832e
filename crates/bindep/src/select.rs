//! Which rules count: `Depends.active_rules` of bindep.

use std::collections::BTreeSet;

use crate::{Profile, Selector};

/// Whether a package with these selectors is wanted when `active` are the active profiles.
///
/// Selectors for platforms and all others are two votes, and both have to allow the package. What is
/// in parentheses belongs to the others, whatever it names.
pub(crate) fn is_wanted(selectors: &[Selector], active: &BTreeSet<String>) -> bool {
    let is_platform =
        |selector: &Selector| matches!(selector, Selector::One(profile) if profile.is_platform());
    let vote = |platform: bool| {
        let of_vote = selectors.iter().filter(|selector| is_platform(selector) == platform);
        allows(of_vote, active)
    };
    vote(true) && vote(false)
}

/// One vote: no excluded profile is active, and of those that are asked for, single or in groups, one
/// is, if there are any.
fn allows<'a>(selectors: impl Iterator<Item = &'a Selector>, active: &BTreeSet<String>) -> bool {
    let holds = |profile: &Profile| active.contains(&profile.name) == profile.wanted;
    let (mut asked, mut found) = (false, false);
    for selector in selectors {
        match selector {
            Selector::One(profile) if profile.wanted => {
                asked = true;
                found |= holds(profile);
            }
            Selector::One(profile) if !holds(profile) => return false,
            Selector::One(_) => {}
            Selector::All(profiles) => {
                asked = true;
                found |= profiles.iter().all(holds);
            }
        }
    }
    found || !asked
}

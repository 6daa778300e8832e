//! What images and packages are made of, fetched and unpacked.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use distro::{LockedDeb, UnpackedDeb};
use filetree::Pack;
use names::{Digest, Epoch};
use wheels::LockedWheel;

use crate::built_wheel;
use crate::fetching;
use crate::layers_error::LayersError;
use crate::needs::{Needs, none_missing};
use crate::plan::Plan;
use crate::setting::{Listener, Setting};

/// Packages and wheels by their digests.
#[derive(Debug)]
pub(crate) struct Unpacked {
    debs: BTreeMap<Digest, UnpackedDeb>,
    wheels: BTreeMap<Digest, Pack>,
}

impl Unpacked {
    /// Fetches and unpacks all that is needed, and what several need once.
    pub(crate) fn of(
        setting: &Setting<'_>,
        needs: &[&Needs<'_>],
        tell: Listener<'_>,
    ) -> Result<Self, LayersError> {
        check(setting, needs)?;
        let mut seen = BTreeSet::new();
        let debs = needs.iter().flat_map(|needs| &needs.debs).copied();
        let debs: Vec<&LockedDeb> = debs.filter(|deb| seen.insert(deb.sha256)).collect();
        let unpacked = match &debs[..] {
            [] => Vec::new(),
            debs => fetching::unpacked_debs::<LayersError>(setting, debs, tell)?,
        };
        let debs = debs.iter().map(|deb| deb.sha256).zip(unpacked).collect();
        Ok(Self { debs, wheels: wheels(setting, needs, tell)? })
    }

    /// As [`Unpacked::of`], without the packages of the distribution.
    pub(crate) fn wheels_of(
        setting: &Setting<'_>,
        needs: &Needs<'_>,
        tell: Listener<'_>,
    ) -> Result<Self, LayersError> {
        check(setting, &[needs])?;
        Ok(Self { debs: BTreeMap::new(), wheels: wheels(setting, &[needs], tell)? })
    }

    /// The packages of `debs`, which were needed.
    pub(crate) fn debs(&self, debs: &[&LockedDeb]) -> Vec<&UnpackedDeb> {
        debs.iter().map(|deb| &self.debs[&deb.sha256]).collect()
    }

    /// The wheels that `needs` names, those of libraries built now.
    pub(crate) fn packs<'a>(
        &'a self,
        setting: &Setting<'_>,
        plan: &'a Plan<'_>,
        needs: &Needs<'a>,
        tell: Listener<'_>,
    ) -> Result<Packs<'a>, LayersError> {
        let named = needs.wheels.iter().map(|wheel| {
            let pack = Cow::Borrowed(&self.wheels[&wheel.sha256]);
            (&*wheel.file, (Cow::Borrowed(*wheel), pack))
        });
        let mut named: Packs<'_> = named.collect();
        for library in &plan.libraries {
            if needs.groups.iter().any(|index| plan.groups[*index].wheels.contains(&library.key)) {
                let built = built_wheel::build(setting, &library.step, tell)?;
                let pack = wheels::unpack(setting.store, &built.blob)?;
                named.insert(&library.key, (Cow::Owned(built.wheel), Cow::Owned(pack)));
            }
        }
        Ok(named)
    }
}

/// Wheels by their file names, or by their keys where they are built.
pub(crate) type Packs<'a> = BTreeMap<&'a str, (Cow<'a, LockedWheel>, Cow<'a, Pack>)>;

/// Without the network all that is missing is named at once.
fn check(setting: &Setting<'_>, needs: &[&Needs<'_>]) -> Result<(), LayersError> {
    if !setting.outside.is_offline() {
        return Ok(());
    }
    let missing = needs.iter().flat_map(|needs| needs.missing(setting.store)).collect();
    none_missing(missing).map_err(LayersError::Missing)
}

fn wheels(
    setting: &Setting<'_>,
    needs: &[&Needs<'_>],
    tell: Listener<'_>,
) -> Result<BTreeMap<Digest, Pack>, LayersError> {
    let mut seen = BTreeSet::new();
    let wheels = needs.iter().flat_map(|needs| &needs.wheels).copied();
    let wheels: Vec<&LockedWheel> = wheels.filter(|wheel| seen.insert(wheel.sha256)).collect();
    let unpacked = match &wheels[..] {
        [] => Vec::new(),
        wheels => fetching::unpacked_wheels::<LayersError>(setting, wheels, tell)?,
    };
    Ok(wheels.iter().map(|wheel| wheel.sha256).zip(unpacked).collect())
}

/// The newest time in packages.
pub(crate) fn newest_of(debs: &[&UnpackedDeb]) -> Epoch {
    let entries = debs.iter().flat_map(|deb| &deb.pack.entries);
    entries.map(|(_, node)| node.mtime).max().unwrap_or_default()
}

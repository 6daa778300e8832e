//! Locked files into the store.

use distro::LockedDeb;
use store::{Address, Blob, FetchError, Fetcher as _, Want};
use wheels::{LocateError, Locator, LockedWheel};

use crate::Event;
use crate::setting::{Listener, Setting};

/// Puts packages into the store; gives them in their order.
pub(crate) fn debs(
    setting: &Setting<'_>,
    debs: &[&LockedDeb],
    tell: Listener<'_>,
) -> Result<Vec<Blob>, FetchError> {
    let wants: Vec<Want> = debs
        .iter()
        .map(|deb| Want {
            addresses: vec![Address::in_archive(&deb.archive, deb.path.clone())],
            sha256: deb.sha256,
            size: Some(deb.size),
        })
        .collect();
    tell(Event::FetchStarted { files: debs.len(), bytes: debs.iter().map(|deb| deb.size).sum() });
    let mut arrived = |index: usize, fetched| {
        tell(Event::Fetched { bytes: debs[index].size, fetched });
    };
    setting.outside.blobs(setting.store, &wants, &mut arrived)
}

/// Puts one wheel or source archive into the store.
pub(crate) fn wheel(
    setting: &Setting<'_>,
    wheel: &LockedWheel,
    tell: Listener<'_>,
) -> Result<Blob, LocateError> {
    let mut blobs = wheels(setting, &[wheel], tell)?;
    Ok(blobs.swap_remove(0))
}

/// Puts wheels into the store; gives them in their order.
pub(crate) fn wheels(
    setting: &Setting<'_>,
    wheels: &[&LockedWheel],
    tell: Listener<'_>,
) -> Result<Vec<Blob>, LocateError> {
    let index = "pypi".parse().expect("pypi is the name of an archive");
    let locator = Locator::new(setting.outside, index);
    let wheels: Vec<LockedWheel> = wheels.iter().map(|wheel| (*wheel).clone()).collect();
    let size = |wheel: &LockedWheel| wheel.size.unwrap_or_default();
    tell(Event::FetchStarted { files: wheels.len(), bytes: wheels.iter().map(size).sum() });
    let mut arrived = |index: usize, fetched| {
        tell(Event::Fetched { bytes: size(&wheels[index]), fetched });
    };
    locator.fetch(setting.store, &wheels, &mut arrived)
}

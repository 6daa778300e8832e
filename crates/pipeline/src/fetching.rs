//! Locked files into the store.

use distro::{DebError, LockedDeb, UnpackedDeb};
use filetree::Pack;
use store::{Address, Blob, FetchError, Fetcher as _, Want};
use wheels::{LocateError, LockedWheel, UnpackError};

use crate::Event;
use crate::setting::{Listener, Setting};

/// Puts packages into the store; gives them in their order.
pub(crate) fn debs(
    setting: &Setting<'_>,
    debs: &[&LockedDeb],
    tell: Listener<'_>,
) -> Result<Vec<Blob>, FetchError> {
    each_deb(setting, debs, tell, &mut |_, _| {})
}

/// Puts packages into the store, and unpacks each as soon as it is there; gives them in their order.
pub(crate) fn unpacked_debs<E: From<FetchError> + From<DebError> + Send>(
    setting: &Setting<'_>,
    debs: &[&LockedDeb],
    tell: Listener<'_>,
) -> Result<Vec<UnpackedDeb>, E> {
    let fetch = |give: &mut dyn FnMut(usize, Blob)| {
        each_deb(setting, debs, tell, &mut |index, blob| give(index, blob.clone()))?;
        Ok(())
    };
    let unpack = |blob: Blob| Ok(distro::unpack_deb(setting.store, &blob)?);
    parallel::for_each_coming(setting.jobs, fetch, unpack)
}

fn each_deb(
    setting: &Setting<'_>,
    debs: &[&LockedDeb],
    tell: Listener<'_>,
    arrived: &mut dyn FnMut(usize, &Blob),
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
    setting.outside.blobs(setting.store, &wants, &mut |index, blob, fetched| {
        tell(Event::Fetched { bytes: debs[index].size, fetched });
        arrived(index, blob);
    })
}

/// Puts one wheel or source archive into the store.
pub(crate) fn wheel(
    setting: &Setting<'_>,
    wheel: &LockedWheel,
    tell: Listener<'_>,
) -> Result<Blob, LocateError> {
    let mut blobs = each_wheel(setting, &[wheel], tell, &mut |_, _| {})?;
    Ok(blobs.swap_remove(0))
}

/// Puts wheels into the store, and unpacks each as soon as it is there; gives them in their order.
pub(crate) fn unpacked_wheels<E: From<LocateError> + From<UnpackError> + Send>(
    setting: &Setting<'_>,
    wheels: &[&LockedWheel],
    tell: Listener<'_>,
) -> Result<Vec<Pack>, E> {
    let fetch = |give: &mut dyn FnMut(usize, Blob)| {
        each_wheel(setting, wheels, tell, &mut |index, blob| give(index, blob.clone()))?;
        Ok(())
    };
    let unpack = |blob: Blob| Ok(wheels::unpack(setting.store, &blob)?);
    parallel::for_each_coming(setting.jobs, fetch, unpack)
}

fn each_wheel(
    setting: &Setting<'_>,
    wheels: &[&LockedWheel],
    tell: Listener<'_>,
    arrived: &mut dyn FnMut(usize, &Blob),
) -> Result<Vec<Blob>, LocateError> {
    let locator = setting.locator();
    let wheels: Vec<LockedWheel> = wheels.iter().map(|wheel| (*wheel).clone()).collect();
    let size = |wheel: &LockedWheel| wheel.size.unwrap_or_default();
    tell(Event::FetchStarted { files: wheels.len(), bytes: wheels.iter().map(size).sum() });
    locator.fetch(setting.store, &wheels, &mut |index, blob, fetched| {
        tell(Event::Fetched { bytes: size(&wheels[index]), fetched });
        arrived(index, blob);
    })
}

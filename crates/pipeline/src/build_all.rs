//! Several images in one go.

use std::sync::{Mutex, PoisonError};

use crate::build::{self, BuildError, BuildRequest, SetAside};
use crate::setting::{Listener, Setting};
use crate::summary::Summary;
use crate::{Event, workers};

/// How many images are built at a time, at most: they share the disk, and each is written by several
/// threads.
const AT_ONCE: usize = 2;

/// Builds several images, as [`crate::build()`] builds one; gives what came of each, in their order.
///
/// The locks are mended first, one after the other, then the first image is made, then the others at
/// the same time: by then the layers that most of them share are there. One that fails does not stop
/// the others.
pub fn build_all(
    setting: &Setting<'_>,
    requests: &[BuildRequest],
    tell: Listener<'_>,
) -> Vec<Result<Summary, BuildError>> {
    let mut results: Vec<Option<Result<Summary, BuildError>>> = Vec::new();
    results.resize_with(requests.len(), || None);
    let mut pending = Vec::new();
    for (index, request) in requests.iter().enumerate() {
        let name = format!("{} {}", request.service, request.release);
        let mut tell = |event| tell(Event::Of { image: name.clone(), event: Box::new(event) });
        match build::prepare(setting, request, &mut tell) {
            Ok(prepared) => pending.push((index, name, prepared.set_aside())),
            Err(error) => results[index] = Some(Err(error)),
        }
    }
    let first = pending.len().min(1);
    for (batch, at_once) in [(&pending[..first], 1), (&pending[first..], AT_ONCE)] {
        let at_once = at_once.min(setting.jobs).max(1);
        let setting = Setting { jobs: (setting.jobs / at_once).max(1), ..*setting };
        let shared = Mutex::new(&mut *tell);
        let work = |(index, name, ready): &(usize, String, SetAside)| {
            let mut tell = |event| {
                let event = Event::Of { image: name.clone(), event: Box::new(event) };
                shared.lock().unwrap_or_else(PoisonError::into_inner)(event);
            };
            let prepared = ready.clone().resume(&setting);
            let finish = |it| build::finish(&setting, &requests[*index], it, &mut tell);
            let result = prepared.and_then(finish);
            Ok::<_, std::convert::Infallible>((*index, result))
        };
        let Ok(done) = workers::for_each(batch, at_once, work);
        for (index, result) in done {
            results[index] = Some(result);
        }
    }
    results.into_iter().flatten().collect()
}

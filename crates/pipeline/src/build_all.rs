//! Several images in one go.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use names::ServiceName;

use crate::Event;
use crate::build::{self, BuildError, BuildRequest, SetAside, meta, sides};
use crate::describe::DescribeError;
use crate::setting::{Listener, Setting};
use crate::summary::Summary;

/// How many images are built at a time, at most: they share the disk, and each is written by several
/// threads.
const AT_ONCE: usize = 2;

/// What `request` asks for, of every service of the tree at `root` that its release has a source for, by
/// name, and the release's meta package, where there is one and packages are asked for. The service of
/// `request` does not count, and of its folders each goes to its service; a meta package goes by the locks,
/// and is left out where there are any.
///
/// # Errors
/// When the tree has faults, or no such release.
pub fn everything(root: &Path, request: &BuildRequest) -> Result<Vec<BuildRequest>, BuildError> {
    let tree = release::Tree::read(root).map_err(DescribeError::Faults)?;
    let release = tree.release(request.release).map_err(DescribeError::Unknown)?;
    let has_source = |name: &&ServiceName| release.sources.get(name).is_some();
    let mut names: Vec<ServiceName> = tree.services.keys().filter(has_source).cloned().collect();
    // What is wrong with the distribution is told with each service.
    if sides::of(root, request).is_ok_and(|sides| meta::is_among_all(&sides, release, request)) {
        names.push(release::META.parse().expect("it has the form of a service's name"));
    }
    let of = |service: ServiceName| {
        let mut folders = request.folders.clone();
        folders.retain(|name, _| *name == service);
        BuildRequest { service, folders, ..request.clone() }
    };
    Ok(names.into_iter().map(of).collect())
}

/// Builds several images, as [`crate::build()`] builds one; gives what came of each, in their order.
///
/// The locks are mended first, one after the other, then the first image is made, then the others at
/// the same time: by then the layers that most of them share are there. One that fails does not stop
/// the others. Meta packages come last, each where all that it brings in was built as far as it was asked
/// for.
pub fn build_all(
    setting: &Setting<'_>,
    requests: &[BuildRequest],
    tell: Listener<'_>,
) -> Vec<Result<Summary, BuildError>> {
    let mut results: Vec<Option<Result<Summary, BuildError>>> = Vec::new();
    results.resize_with(requests.len(), || None);
    let mut pending = Vec::new();
    let (metas, services): (Vec<_>, Vec<_>) =
        requests.iter().enumerate().partition(|(_, request)| meta::is_asked(request));
    for (index, request) in services {
        let mut tell = |event| tell(of(request, event));
        match build::prepare(setting, request, &mut tell) {
            Ok(prepared) => pending.push((index, prepared.set_aside())),
            Err(error) => results[index] = Some(Err(error)),
        }
    }
    let first = pending.len().min(1);
    for (batch, at_once) in [(&pending[..first], 1), (&pending[first..], AT_ONCE)] {
        let at_once = at_once.min(setting.jobs).max(1);
        let setting = Setting { jobs: (setting.jobs / at_once).max(1), ..*setting };
        let shared = Mutex::new(&mut *tell);
        let work = |(index, ready): &(usize, SetAside)| {
            let mut tell = |event| {
                let event = of(&requests[*index], event);
                shared.lock().unwrap_or_else(PoisonError::into_inner)(event);
            };
            let prepared = ready.clone().resume(&setting);
            let finish = |it| build::finish(&setting, &requests[*index], it, &mut tell);
            let result = prepared.and_then(finish);
            Ok::<_, std::convert::Infallible>((*index, result))
        };
        let Ok(done) = parallel::for_each(batch, at_once, work);
        for (index, result) in done {
            results[index] = Some(result);
        }
    }
    for (index, request) in metas {
        let others = requests.iter().zip(&results);
        let failed = others.filter(|(other, result)| {
            other.release == request.release && matches!(result, Some(Err(_)))
        });
        let failed = failed.map(|(other, _)| other.service.clone()).collect();
        let mut tell = |event| tell(of(request, event));
        results[index] = Some(meta::build(setting, request, &failed, &mut tell));
    }
    results.into_iter().flatten().collect()
}

/// What happens meanwhile, as something of `request`.
fn of(request: &BuildRequest, event: Event) -> Event {
    let image = format!("{} {}", request.service, request.release);
    Event::Of { image, event: Box::new(event) }
}

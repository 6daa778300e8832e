//! The `bindep.txt` in the source of a service.

use std::path::PathBuf;

use bindep::BindepFile;
use constraints::parse_version;
use filetree::Kind;
use release::Service;

use super::source::{self, Component};
use super::{LockError, Work};
use crate::Event;
use crate::components::From;
use crate::describe::DescribeError;
use crate::locks::Locks;
use crate::sdist_of::sdist_of;
use crate::setting::Listener;

/// The largest bindep file that is read.
const LARGEST: u64 = 1 << 20;

/// What of a recipe decides which packages that file selects; nothing where it does not count.
pub(crate) fn source_profiles(service: &Service) -> Vec<String> {
    if !service.bindep.source {
        return Vec::new();
    }
    ["source".to_owned()].into_iter().chain(service.bindep.profiles.iter().cloned()).collect()
}

/// Reads the `bindep.txt` in the source archive of `service`, as its release has it, without patches;
/// `None` where the recipe does not ask for it or the archive has none.
pub(super) fn source_bindep(
    work: &Work<'_>,
    service: &Service,
    locks: &Locks,
    tell: Listener<'_>,
) -> Result<Option<BindepFile>, LockError> {
    if !service.bindep.source {
        return Ok(None);
    }
    let Work { setting, request, description, .. } = *work;
    let named = || (service.name.to_string(), request.release);
    let release = description.release(request.release)?;
    let (from, _) = description.source(release, &service.name)?;
    let (sdist, blob) = match &from {
        From::Release(version) => {
            let parsed = parse_version(version).map_err(|source| {
                let ((component, release), version) = (named(), version.clone());
                LockError::SourceVersion { component, release, version, source }
            })?;
            sdist_of(setting, &service.project, &parsed, &locks.release.sdists, tell).map_err(
                |source| {
                    let (component, release) = named();
                    LockError::Sdist { component, release, source }
                },
            )?
        }
        From::Origin(_) => {
            let component = Component {
                name: service.name.as_str(),
                project: &service.project,
                from: &from,
                patches: &[],
                fuzz: 0,
            };
            let made = source::made(work, &component, locks, tell)?;
            (made.sdist, made.blob)
        }
    };
    let pack = wheels::unpack_sdist(setting.store, &blob)?;
    let path = PathBuf::from(&sdist.file).join("bindep.txt");
    let found = pack.entries.iter().find(|(path, _)| path.as_str() == "bindep.txt");
    let content = match found.map(|(_, node)| &node.kind) {
        Some(Kind::File(content)) if content.size <= LARGEST => content,
        _ => {
            tell(Event::Note { text: format!("{} has no bindep.txt", sdist.file) });
            return Ok(None);
        }
    };
    let bytes =
        content.read().map_err(|source| DescribeError::Read { path: path.clone(), source })?;
    let text = String::from_utf8_lossy(&bytes);
    let file = BindepFile::parse(&text, &path).map_err(DescribeError::Faults)?;
    Ok(Some(file))
}

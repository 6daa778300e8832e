//! Packages of a service: the virtual environment of its image at a place of its own, with the files
//! that a distribution expects beside it.

mod alternative;
mod bytecode;
mod deb;
mod documents;
mod environment;
mod error;
mod files;
mod meta;
mod named;
mod output;
mod provenance;
mod remember;
mod rpm;
mod share;
mod symbols;
mod task;
mod unit;

pub use bytecode::BytecodeError;
pub use deb::DEB_FORMAT_LEVEL;
pub(crate) use environment::Environment;
pub use error::PackageError;
pub use meta::META_FORMAT_LEVEL;
pub(crate) use meta::MetaTask;
pub(crate) use output::Output;
pub(crate) use provenance::place as provenance_of;
pub(crate) use remember::{RECORDS, is_made};
pub use rpm::RPM_FORMAT_LEVEL;
pub(crate) use symbols::SUFFIX as SYMBOLS_SUFFIX;
pub(crate) use task::Task;

use crate::Event;
use crate::build::request::Format;
use crate::setting::{Listener, Setting};
use crate::summary::PackageSummary;

/// What makes the packages of a format.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Maker {
    pub(crate) format: Format,
    /// The format's name: that of the folder of such packages, and what their files end with.
    pub(crate) name: &'static str,
    /// The format level, a part of the key of the step.
    pub(crate) level: &'static str,
    make: fn(&Setting<'_>, &Task<'_>, Listener<'_>) -> Result<Vec<PackageSummary>, PackageError>,
    meta: fn(&Setting<'_>, &MetaTask<'_>, Listener<'_>) -> Result<PackageSummary, PackageError>,
}

/// What makes packages, by format.
pub(crate) const MAKERS: [Maker; 2] = [
    Maker {
        format: Format::Deb,
        name: "deb",
        level: DEB_FORMAT_LEVEL,
        make: deb::deb,
        meta: deb::meta,
    },
    Maker {
        format: Format::Rpm,
        name: "rpm",
        level: RPM_FORMAT_LEVEL,
        make: rpm::rpm,
        meta: rpm::meta,
    },
];

impl Maker {
    /// The packages of `task`, each with its provenance beside it: those that were made before from the same
    /// inputs, or new ones.
    pub(crate) fn make(
        &self,
        setting: &Setting<'_>,
        task: &Task<'_>,
        tell: Listener<'_>,
    ) -> Result<Vec<PackageSummary>, PackageError> {
        // Of a recipe that does not say how, nothing is asked of the store.
        task.named()?;
        let key = task.key(self.level, setting.package_key);
        let found = remember::find(setting, task, self.name, &key)?;
        let packages = match found {
            Some(found) => {
                for PackageSummary { file, digest, .. } in &found {
                    tell(Event::PackageReused { file: file.clone(), digest: *digest });
                }
                found
            }
            None => {
                let made = (self.make)(setting, task, tell)?;
                remember::note(setting.store, &key, &made)?;
                made
            }
        };
        for package in &packages {
            provenance::write(setting, task, &key, package)?;
        }
        Ok(packages)
    }

    /// The meta package of `task`, with its provenance beside it. It is made in no time, and each time anew.
    pub(crate) fn make_meta(
        &self,
        setting: &Setting<'_>,
        task: &MetaTask<'_>,
        tell: Listener<'_>,
    ) -> Result<PackageSummary, PackageError> {
        let package = (self.meta)(setting, task, tell)?;
        provenance::write_meta(setting, task, &package)?;
        Ok(package)
    }
}

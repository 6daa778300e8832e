//! The package that brings in those of a release's services, and has no files of its own. What it says
//! follows from the locks and the files of the tree, so that it is the same on every machine.

use constraints::Version;
use filetree::{Content, Node, Tree};
use names::Epoch;
use pkg_writer::version::{self, Revision, Scheme, Stage};
use release::{MetaPackage, Names, Release, Service};

use super::documents::filled;
use super::error::PackageError;
use super::files::place;
use super::named::Named;
use super::output::Output;
use crate::describe::Description;
use crate::lock::LockedSource;

/// The format level of meta packages: a part of the key in their provenance. The store keeps none of them under it.
pub const META_FORMAT_LEVEL: &str = "meta-1";

/// The licence of the few lines that it has of its own: that of OpenStack, and of Cooperage, which writes
/// them.
pub(super) const LICENCE: &str = "Apache-2.0";

/// What a meta package is made from.
#[derive(Debug)]
pub(crate) struct MetaTask<'a> {
    pub(crate) description: &'a Description,
    pub(crate) release: &'a Release,
    pub(crate) recipe: &'a MetaPackage,
    /// The services that it brings in, by name, and their sources as they are locked.
    pub(crate) services: Vec<(&'a Service, &'a LockedSource)>,
    pub(crate) output: Output<'a>,
}

/// What a meta package says in any format.
#[derive(Debug)]
pub(super) struct Meta {
    pub(super) name: String,
    /// Its version without the revision.
    pub(super) upstream: String,
    pub(super) revision: Revision,
    /// What it is, in one line.
    pub(super) summary: String,
    /// The packages that it needs, by service.
    pub(super) needed: Vec<(String, Version, Scheme)>,
    /// The services, each with its version.
    pub(super) services: Vec<String>,
    /// The time of its files: the day of the release, or where that is not known the first of its year.
    pub(super) time: Epoch,
}

impl MetaTask<'_> {
    /// Its version in any format, without the revision.
    pub(crate) fn version(&self) -> Result<String, PackageError> {
        Ok(self.meta(0)?.upstream)
    }

    /// Puts together what it says, where the revision of a package without patches is `first`.
    pub(super) fn meta(&self, first: u64) -> Result<Meta, PackageError> {
        let Self { description, release, recipe, .. } = self;
        let suffix = description.distro.suffix();
        let (id, series) = (release.id.to_string(), &release.file.series);
        let mut needed = Vec::new();
        let mut services = Vec::new();
        for (service, source) in &self.services {
            let named = Named::of(service, source, release.id)?;
            let (version, scheme) = named.version(first, suffix)?;
            needed.push((named.name, version, scheme));
            services.push(format!("{} {}", service.name, source.version));
        }
        let versions: Vec<_> = needed.iter().map(|(_, v, s)| (v.clone(), s.clone())).collect();
        let base = needed.iter().map(|(_, _, scheme)| scheme.revision.base).sum();
        let revision = Revision { base, stage: Stage::Main, distro: suffix.to_owned() };
        let year = id.split('.').next().unwrap_or_default();
        let first_day = || Epoch::from_rfc3339(&format!("{year}-01-01"));
        let of_release = || format!("OpenStack {id} ({series})");
        Ok(Meta {
            name: recipe.name.render(Names { service: "", version: "", release: &id }),
            upstream: version::sum(&id, &versions),
            revision,
            summary: recipe.description.clone().unwrap_or_else(of_release),
            needed,
            services,
            time: release.file.released.or_else(first_day).unwrap_or_default(),
        })
    }

    /// Its description but for the first line, in lines of at most 78 letters.
    pub(super) fn about(&self, meta: &Meta) -> String {
        filled(&format!(
            "Brings in the services of the OpenStack release {}: {}. It is a meta package: it has no files of its \
             own, and a newer one comes with each newer version of a service.",
            self.release.id,
            meta.services.join(", ")
        ))
    }

    /// Whose its few lines are (Debian Policy 12.5); `full` says where the whole licence is.
    pub(super) fn copyright(&self, meta: &Meta, full: &str) -> String {
        let year = &meta.time.to_string()[..4];
        format!(
            "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
             Upstream-Name: OpenStack\n\
             Comment: The packages that it brings in have licences of their own.\n\n\
             Files: *\nCopyright: {year} {}\nLicense: {LICENCE}\n {full}\n",
            self.recipe.maintainer
        )
    }
}

/// The documents of a package, by their places, as its files.
pub(super) fn tree(documents: &[(String, Vec<u8>)], time: Epoch) -> Result<Tree, PackageError> {
    let mut tree = Tree::new();
    for (path, bytes) in documents {
        let node = Node::file(0o644, time, Content::from_bytes(bytes));
        tree.insert_with_parents(place(path)?, node)?;
    }
    Ok(tree)
}

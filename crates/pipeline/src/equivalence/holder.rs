//! What holds a virtual environment: an image or a package.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use names::Arch;
use store::Store;

use super::deb::Deb;
use super::rpm::Rpm;
use super::{EquivalenceError, Listing, image};
use crate::service_layer::PREFIX;

/// An image or a package, and what it has below its prefix.
#[derive(Debug)]
pub(super) struct Holder {
    /// The file or folder.
    pub(super) path: PathBuf,
    /// `image`, or the name of the package's file.
    pub(super) name: String,
    /// What it is: `image`, `deb` or `rpm`.
    pub(super) kind: &'static str,
    pub(super) arch: Arch,
    /// Where the virtual environment lies.
    pub(super) prefix: String,
    pub(super) listing: Listing,
    format: Form,
}

#[derive(Debug)]
enum Form {
    Image,
    Deb(Deb),
    Rpm(Rpm),
}

impl Holder {
    /// The image for `arch` in a layout.
    pub(super) fn image(layout: &Path, arch: Arch) -> Result<Self, EquivalenceError> {
        let kind = "image";
        Ok(Self {
            path: layout.to_owned(),
            name: kind.to_owned(),
            kind,
            arch,
            prefix: PREFIX.to_owned(),
            listing: image::listing(layout, arch)?,
            format: Form::Image,
        })
    }

    /// The Debian package at `path`; what is unpacked goes to `store`.
    pub(super) fn deb(path: PathBuf, store: &Store) -> Result<Self, EquivalenceError> {
        let mut deb = Deb::read(&path, store)?;
        let (arch, prefix) = (deb.arch, deb.prefix.clone());
        let listing = std::mem::take(&mut deb.listing);
        let (name, format) = (name(&path), Form::Deb(deb));
        Ok(Self { path, name, kind: "deb", arch, prefix, listing, format })
    }

    /// The rpm at `path`.
    pub(super) fn rpm(path: PathBuf) -> Result<Self, EquivalenceError> {
        let mut rpm = Rpm::read(&path)?;
        let (arch, prefix) = (rpm.arch, rpm.prefix.clone());
        let listing = std::mem::take(&mut rpm.listing);
        let (name, format) = (name(&path), Form::Rpm(rpm));
        Ok(Self { path, name, kind: "rpm", arch, prefix, listing, format })
    }

    /// The bytes of the files `wanted`, by their paths below the prefix.
    pub(super) fn contents(
        &self,
        wanted: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<u8>>, EquivalenceError> {
        match &self.format {
            Form::Image => image::contents(&self.path, self.arch, wanted),
            Form::Deb(deb) => deb.contents(&self.path, wanted),
            Form::Rpm(rpm) => rpm.contents(&self.path, wanted),
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

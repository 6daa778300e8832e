//! What holds a virtual environment: an image or a package.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use names::Arch;
use store::Store;

use super::deb::Deb;
use super::{EquivalenceError, Listing, image, rpm};
use crate::service_layer::PREFIX;

/// An image or a package, and what it has below its prefix.
#[derive(Debug)]
pub(super) struct Holder {
    /// The file or folder.
    pub(super) path: PathBuf,
    /// `image`, or the name of the package's file.
    pub(super) name: String,
    pub(super) held: Held,
    form: Form,
}

/// What is below a prefix.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) arch: Arch,
    /// Where the virtual environment lies.
    pub(super) prefix: String,
    pub(super) listing: Listing,
}

#[derive(Debug)]
enum Form {
    Image,
    Deb(Deb),
    Rpm,
}

impl Holder {
    /// The image for `arch` in a layout.
    pub(super) fn image(layout: &Path, arch: Arch) -> Result<Self, EquivalenceError> {
        let (prefix, listing) = (PREFIX.to_owned(), image::listing(layout, arch)?);
        let (path, name) = (layout.to_owned(), "image".to_owned());
        Ok(Self { path, name, held: Held { arch, prefix, listing }, form: Form::Image })
    }

    /// The Debian package at `path`; what is unpacked goes to `store`.
    pub(super) fn deb(path: PathBuf, store: &Store) -> Result<Self, EquivalenceError> {
        let (held, deb) = Deb::read(&path, store)?;
        Ok(Self { name: name(&path), path, held, form: Form::Deb(deb) })
    }

    /// The rpm at `path`.
    pub(super) fn rpm(path: PathBuf) -> Result<Self, EquivalenceError> {
        let held = rpm::held(&path)?;
        Ok(Self { name: name(&path), path, held, form: Form::Rpm })
    }

    /// What it is, for people.
    pub(super) fn kind(&self) -> &'static str {
        match self.form {
            Form::Image => "image",
            Form::Deb(_) => "deb",
            Form::Rpm => "rpm",
        }
    }

    /// The bytes of the files `wanted`, by their paths below the prefix.
    pub(super) fn contents(
        &self,
        wanted: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<u8>>, EquivalenceError> {
        match &self.form {
            Form::Image => image::contents(&self.path, self.held.arch, wanted),
            Form::Deb(deb) => deb.contents(&self.path, wanted),
            Form::Rpm => rpm::contents(&self.path, &self.held.prefix, wanted),
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

//! What holds a virtual environment: an image, or the packages of a service in one format.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use filetree::TreePath;
use names::Arch;
use store::Store;

use super::deb::{self, Deb};
use super::{Entries, EquivalenceError, Found, Listing, image, prefix_of, rpm};
use crate::service_layer::PREFIX;

/// An image or packages, and what they have below their prefix.
#[derive(Debug)]
pub(super) struct Holder {
    /// The file or folder; of several packages the one with `pyvenv.cfg`.
    pub(super) path: PathBuf,
    /// The other packages.
    pub(super) others: Vec<PathBuf>,
    /// `image`, or the name of the package's file.
    pub(super) name: String,
    pub(super) held: Held,
    /// What more than one package has: a path, and which.
    pub(super) twice: Vec<String>,
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

/// A package that was read.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) path: PathBuf,
    /// Nothing where it is for every architecture.
    pub(super) arch: Option<Arch>,
    pub(super) entries: Entries,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Image,
    Debs(Vec<(PathBuf, Deb)>),
    Rpms(Vec<PathBuf>),
}

impl Member {
    /// The Debian package at `path`; what is unpacked goes to `store`.
    pub(super) fn deb(path: PathBuf, store: &Store) -> Result<Self, EquivalenceError> {
        let (arch, entries, deb) = deb::read(&path, store)?;
        Ok(Self { form: Form::Debs(vec![(path.clone(), deb)]), path, arch, entries })
    }

    /// The rpm at `path`.
    pub(super) fn rpm(path: PathBuf) -> Result<Self, EquivalenceError> {
        let (arch, entries) = rpm::read(&path)?;
        Ok(Self { form: Form::Rpms(vec![path.clone()]), path, arch, entries })
    }
}

impl Holder {
    /// The image for `arch` in a layout.
    pub(super) fn image(layout: &Path, arch: Arch) -> Result<Self, EquivalenceError> {
        let (prefix, listing) = (PREFIX.to_owned(), image::listing(layout, arch)?);
        let (path, name) = (layout.to_owned(), "image".to_owned());
        let held = Held { arch, prefix, listing };
        Ok(Self { path, others: vec![], name, held, twice: vec![], form: Form::Image })
    }

    /// Packages of one format, taken together for each architecture. `folder` is where they lie.
    pub(super) fn packages(
        folder: &Path,
        members: &[Member],
    ) -> Result<Vec<Self>, EquivalenceError> {
        let mut arches: BTreeSet<Arch> = members.iter().filter_map(|member| member.arch).collect();
        if arches.is_empty() && !members.is_empty() {
            arches.insert(Arch::Amd64);
        }
        let of_arch = |arch: Arch| {
            let members = members.iter();
            members.filter(|member| member.arch.is_none_or(|other| other == arch)).collect()
        };
        arches.into_iter().map(|arch| Self::together(folder, arch, of_arch(arch))).collect()
    }

    fn together(
        folder: &Path,
        arch: Arch,
        members: Vec<&Member>,
    ) -> Result<Self, EquivalenceError> {
        let place = match &members[..] {
            [one] => one.path.as_path(),
            _ => folder,
        };
        let prefix = prefix_of(place, members.iter().flat_map(|member| member.entries.keys()))?;
        let (mut listing, mut twice) = (Listing::new(), Vec::new());
        let mut seen: BTreeMap<&TreePath, (&Found, &Path)> = BTreeMap::new();
        let (mut path, mut others) = (None, Vec::new());
        for member in &members {
            let is_home = |path: &TreePath| {
                path.file_name() == "pyvenv.cfg" && path.parent().as_ref() == Some(&prefix)
            };
            match member.entries.keys().any(is_home) {
                true => path = Some(member.path.clone()),
                false => others.push(member.path.clone()),
            }
            for (path, found) in &member.entries {
                if let Some((there, other)) = seen.insert(path, (found, &member.path))
                    && (there != found || !matches!(found, Found::Directory(_)))
                {
                    let (one, other) = (name(&member.path), name(other));
                    twice.push(format!("{path}: in {other} and in {one}"));
                }
                if let Some(below) = path.strip_prefix(&prefix) {
                    listing.insert(below.to_string(), found.clone());
                }
            }
        }
        let path = path.expect("one of the members has it, as was found before");
        let mut forms = members.iter().map(|member| member.form.clone());
        let first = forms.next().expect("there is one member at least");
        let form = forms.fold(first, |all, one| match (all, one) {
            (Form::Debs(all), Form::Debs(one)) => Form::Debs([all, one].concat()),
            (Form::Rpms(all), Form::Rpms(one)) => Form::Rpms([all, one].concat()),
            (all, _) => all,
        });
        let held = Held { arch, prefix: format!("/{prefix}"), listing };
        Ok(Self { name: name(&path), path, others, held, twice, form })
    }

    /// What it is, for people.
    pub(super) fn kind(&self) -> &'static str {
        match self.form {
            Form::Image => "image",
            Form::Debs(_) => "deb",
            Form::Rpms(_) => "rpm",
        }
    }

    /// The bytes of the files `wanted`, by their paths below the prefix.
    pub(super) fn contents(
        &self,
        wanted: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<u8>>, EquivalenceError> {
        let mut contents = BTreeMap::new();
        match &self.form {
            Form::Image => return image::contents(&self.path, self.held.arch, wanted),
            Form::Debs(debs) => {
                for (path, deb) in debs {
                    contents.extend(deb.contents(path, &self.held.prefix, wanted)?);
                }
            }
            Form::Rpms(rpms) => {
                for path in rpms {
                    contents.extend(rpm::contents(path, &self.held.prefix, wanted)?);
                }
            }
        }
        Ok(contents)
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

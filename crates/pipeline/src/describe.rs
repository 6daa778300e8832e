//! What the tree says of one release on one distribution.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use bindep::{BindepFile, PlatformError};
use distro::{Base, Distro, DistroFile, LockedDeb, Python, RpmTarget};
use names::{Arch, DistroId, Fault, Place, ReleaseId, ServiceName, nearest, render_faults};
use release::{Release, Service, Target, UnknownName};
use source_refs::SourceRef;

use crate::Event;
use crate::components::{self, From, Library};
use crate::locks::Locks;
use crate::patch_files::{self, PatchFile};
use crate::setting::Listener;
use crate::sources::{Origin, SourceError, argument_place};

/// The tree, and the distribution that is asked for.
#[derive(Debug)]
pub(crate) struct Description {
    root: PathBuf,
    /// The folders that stand in for the sources of services.
    folders: BTreeMap<ServiceName, PathBuf>,
    /// The distribution's id.
    pub(crate) id: DistroId,
    pub(crate) tree: release::Tree,
    pub(crate) distro: Distro,
    /// The text of the distribution's file: what its layers depend on.
    pub(crate) distro_text: String,
    /// Where rpms are made for: the distribution that components are built on.
    built_on: Option<Builder>,
    /// The keyrings that the distribution's suites name, by file name.
    pub(crate) keyrings: BTreeMap<String, Vec<u8>>,
}

/// The distribution that components are built on.
#[derive(Debug)]
pub(crate) struct Builder {
    pub(crate) id: DistroId,
    pub(crate) distro: DistroFile,
    /// The text of its file.
    pub(crate) text: String,
}

/// Why the tree does not describe what is asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DescribeError {
    /// Files of the tree have faults.
    #[error("{}\nthe tree has faults: `cargo xtask check` lists them all", render_faults(.0))]
    Faults(Vec<Fault>),
    /// The release or the service is not there.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// The distribution is not there.
    #[error("there is no distro {name}: {hint}")]
    UnknownDistro {
        /// The name that was asked for.
        name: DistroId,
        /// The names that there are.
        hint: String,
    },
    /// There are no images of what is named, and no packages to choose from.
    #[error(
        "{distro} makes packages alone: build with --format rpm, or name a distro of .debs with --distro"
    )]
    PackagesAlone {
        /// The distribution.
        distro: DistroId,
    },
    /// Something would have to be built, and there is nothing to build it in.
    #[error(
        "{component} {release} is built from source, and distros/{distro}.toml names nothing to build it on: \
         add `builder`, a distro of .debs"
    )]
    NoBuilder {
        /// The component.
        component: String,
        /// The release.
        release: ReleaseId,
        /// The distribution.
        distro: DistroId,
    },
    /// A component would have to be built with more than the base has.
    #[error(
        "{service} is built with {}, and a lock of {distro} holds no packages to build with: take \
         `build-profiles` out of its recipe, or leave its source as it was released",
        .packages.join(", ")
    )]
    BuildPackages {
        /// The service.
        service: ServiceName,
        /// The packages.
        packages: Vec<String>,
        /// The distribution.
        distro: DistroId,
    },
    /// The distribution has no such base.
    #[error("{distro} has no base {name}: add [base.{name}] to its file")]
    UnknownBase {
        /// The base.
        name: String,
        /// The distribution.
        distro: String,
    },
    /// The release does not say where a service comes from.
    #[error(
        "releases/{release}/source-refs.yaml does not name {service}: add a line such as \
         `{service}: \"28.1.0\"`"
    )]
    NoSource {
        /// The service.
        service: ServiceName,
        /// The release.
        release: ReleaseId,
    },
    /// An address in overrides is none that can be built.
    #[error(transparent)]
    Address(#[from] Box<SourceError>),
    /// bindep does not know the distribution.
    #[error("the bindep files of a recipe cannot be asked")]
    Platform(#[from] PlatformError),
    /// A file of the tree cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Description {
    /// Says so where nobody has shown that images of the distribution are right.
    pub(crate) fn warn(&self, tell: Listener<'_>) {
        if let Distro::Debian(DistroFile { name, unproven: Some(reason), .. }) = &self.distro {
            tell(Event::Note { text: format!("{name} is unproven: {reason}") });
        }
    }

    /// Reads the tree at `root`, and what `distro` is there.
    pub(crate) fn read(root: &Path, distro: &DistroId) -> Result<Self, DescribeError> {
        let tree = release::Tree::read(root).map_err(DescribeError::Faults)?;
        let (parsed, text) = read_distro(root, distro)?;
        let mut built_on = None;
        if let Distro::Rpm(RpmTarget { builder: Some(id), .. }) = &parsed {
            match read_distro(root, id)? {
                (Distro::Debian(distro), text) => {
                    built_on = Some(Builder { id: id.clone(), distro, text });
                }
                _ => return Err(DescribeError::PackagesAlone { distro: id.clone() }),
            }
        }
        let mut keyrings = BTreeMap::new();
        let suites = match &parsed {
            Distro::Debian(distro) => &distro.suites[..],
            Distro::Rpm(_) => &[],
        };
        for suite in suites {
            let path = Path::new("distros/keyrings").join(&suite.keyring);
            let bytes = fs_err::read(root.join(&path))
                .map_err(|source| DescribeError::Read { path, source })?;
            keyrings.insert(suite.keyring.clone(), bytes);
        }
        let (root, folders, id) = (root.to_owned(), BTreeMap::new(), distro.clone());
        let (distro, distro_text) = (parsed, text);
        Ok(Self { root, folders, id, tree, distro, distro_text, built_on, keyrings })
    }

    /// With folders of this machine in place of the sources of services.
    pub(crate) fn with_folders(mut self, folders: &BTreeMap<ServiceName, PathBuf>) -> Self {
        self.folders.clone_from(folders);
        self
    }

    pub(crate) fn release(&self, id: ReleaseId) -> Result<&Release, DescribeError> {
        Ok(self.tree.release(id)?)
    }

    /// The distribution, where it is one of .debs.
    pub(crate) fn debian(&self) -> Result<&DistroFile, DescribeError> {
        match &self.distro {
            Distro::Debian(distro) => Ok(distro),
            Distro::Rpm(_) => Err(DescribeError::PackagesAlone { distro: self.id.clone() }),
        }
    }

    /// The distribution that `component` is built on, where it is built from source, and the text of its
    /// file.
    pub(crate) fn builder(
        &self,
        component: &str,
        release: ReleaseId,
    ) -> Result<(&DistroFile, &str), DescribeError> {
        match (&self.distro, &self.built_on) {
            (Distro::Debian(distro), _) => Ok((distro, &self.distro_text)),
            (_, Some(Builder { distro, text, .. })) => Ok((distro, text)),
            _ => Err(DescribeError::NoBuilder {
                component: component.to_owned(),
                release,
                distro: self.id.clone(),
            }),
        }
    }

    /// The distribution whose packages components are built with: its own, or that of the builder.
    pub(crate) fn built_on(&self) -> &DistroId {
        self.built_on.as_ref().map_or(&self.id, |builder| &builder.id)
    }

    /// What a base is made of.
    pub(crate) fn base(&self, name: &str) -> Result<&Base, DescribeError> {
        let distro = self.debian()?;
        distro.base.get(name).ok_or_else(|| DescribeError::UnknownBase {
            name: name.to_owned(),
            distro: distro.name.clone(),
        })
    }

    /// The base that the image of `service` starts from; no name where there are no images.
    pub(crate) fn base_of<'a>(&self, service: &'a Service) -> &'a str {
        match self.distro {
            Distro::Debian(_) => &service.base,
            Distro::Rpm(_) => "",
        }
    }

    /// The bases that `services` start from; the full one where no service is named, and none where
    /// there are no images.
    pub(crate) fn bases(&self, services: &[ServiceName]) -> Result<BTreeSet<&str>, DescribeError> {
        if let Distro::Rpm(_) = self.distro {
            return Ok(BTreeSet::new());
        }
        if services.is_empty() {
            return Ok(BTreeSet::from(["full"]));
        }
        services.iter().map(|name| Ok(self.service(name)?.base.as_str())).collect()
    }

    /// The patches of a service for a release, in the order in which they are applied: that of their
    /// names.
    pub(crate) fn patches(
        &self,
        service: &ServiceName,
        release: ReleaseId,
    ) -> Result<Vec<PatchFile>, DescribeError> {
        patch_files::read(&self.root, service.as_str(), release)
    }

    /// The packages of the distribution that a recipe asks for, in order; `source` is the bindep file of
    /// the service's source, where that counts.
    pub(crate) fn system_packages(
        &self,
        service: &Service,
        target: Target<'_>,
        source: Option<&BindepFile>,
    ) -> Result<Vec<String>, DescribeError> {
        Ok(service.packages(target, source)?.into_iter().collect())
    }

    /// The packages of the distribution that a recipe asks for while the service is built, in order.
    pub(crate) fn build_packages(
        &self,
        service: &Service,
        target: Target<'_>,
    ) -> Result<Vec<String>, DescribeError> {
        Ok(service.build_packages(target)?.into_iter().collect())
    }

    /// The Python requirements that a recipe asks for besides the service: its extras, written as
    /// `project[extra]`, then the others as they are written.
    pub(crate) fn requirements(
        &self,
        service: &Service,
        target: Target<'_>,
    ) -> Result<Vec<String>, DescribeError> {
        let extras =
            service.python.extras.iter().map(|extra| format!("{}[{extra}]", service.project));
        let others = service.requirements(target)?;
        Ok(extras.chain(others.into_iter().map(|(one, _)| one.text)).collect())
    }

    /// What a service is built from, and where that is written.
    pub(crate) fn source(
        &self,
        release: &Release,
        service: &ServiceName,
    ) -> Result<(From, Place), DescribeError> {
        if let Some(folder) = self.folders.get(service) {
            return Ok((From::Origin(Origin::of_argument(folder)), argument_place()));
        }
        let named = release.sources.get(service);
        let SourceRef { source, place } = named.ok_or_else(|| DescribeError::NoSource {
            service: service.clone(),
            release: release.id,
        })?;
        Ok((From::of(source, &self.root), place.clone()))
    }

    /// The libraries that `release` builds from source, if a service needs them: those with patches, those
    /// whose source `source-refs.yaml` names, and those that overrides give an address.
    pub(crate) fn libraries(&self, release: &Release) -> Result<Vec<Library>, DescribeError> {
        components::libraries(&self.root, &self.tree, release)
    }

    /// The whole version of the interpreter that a service has in the locks: the upstream part of the
    /// version of its package, `3.13.5` of `3.13.5-2+deb13u1`. What rpms meet has no locked packages, and
    /// the version that its file states.
    pub(crate) fn locked_python(
        &self,
        locks: &Locks,
        base: &str,
        service: &ServiceName,
        arch: Arch,
    ) -> Option<String> {
        if let Distro::Rpm(target) = &self.distro {
            return Some(target.python.version.clone());
        }
        let base = locks.distro.base(base, arch)?;
        let list = locks.release.service(service, arch)?;
        let mut debs = locks.distro.base_debs(base);
        debs.extend(locks.release.service_debs(list));
        Self::python_of(self.distro.python(), debs.into_iter())
    }

    /// The whole version of the interpreter in a base that components are built in.
    pub(crate) fn python_of_base(
        &self,
        locks: &Locks,
        distro: &DistroFile,
        base: &str,
        arch: Arch,
    ) -> Option<String> {
        let lock = locks.builder();
        Self::python_of(&distro.python, lock.base_debs(lock.base(base, arch)?).into_iter())
    }

    fn python_of<'a>(
        python: &Python,
        mut debs: impl Iterator<Item = &'a LockedDeb>,
    ) -> Option<String> {
        let package = format!("python{}-minimal", python.version);
        let version = debs.find(|deb| deb.name == package)?.version.as_str();
        let upstream = version.split_once(':').map_or(version, |(_, rest)| rest);
        let end = upstream.find(|c: char| !c.is_ascii_digit() && c != '.');
        Some(upstream[..end.unwrap_or(upstream.len())].trim_end_matches('.').to_owned())
    }

    pub(crate) fn service(&self, name: &ServiceName) -> Result<&Service, DescribeError> {
        Ok(self.tree.service(name)?)
    }
}

/// Reads the file of a distribution; gives its text, too.
fn read_distro(root: &Path, id: &DistroId) -> Result<(Distro, String), DescribeError> {
    let file = PathBuf::from(format!("distros/{id}.toml"));
    let text = match fs_err::read_to_string(root.join(&file)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let hint = known(root, id);
            return Err(DescribeError::UnknownDistro { name: id.clone(), hint });
        }
        Err(source) => return Err(DescribeError::Read { path: file, source }),
    };
    let parsed = Distro::parse(&text, &file).map_err(DescribeError::Faults)?;
    Ok((parsed, text))
}

/// The ids of the distributions that a tree has, in order.
pub(crate) fn distros(root: &Path) -> Vec<DistroId> {
    let Ok(folder) = fs_err::read_dir(root.join("distros")) else { return Vec::new() };
    let mut ids: Vec<DistroId> = folder
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".toml")?.parse().ok())
        .collect();
    ids.sort();
    ids
}

fn known(root: &Path, asked: &DistroId) -> String {
    let ids: Vec<String> = distros(root).iter().map(ToString::to_string).collect();
    match nearest(asked.as_str(), ids.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near}?"),
        None if ids.is_empty() => "the tree has none".to_owned(),
        None => format!("the tree has {}", ids.join(", ")),
    }
}

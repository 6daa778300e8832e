//! The root file system of a set of packages.

use std::collections::BTreeMap;
use std::io;

use distro::{ClassifyError, DistroFile, Effect, UnpackedDeb, classify};
use filetree::{Content, Node, PathError, Tree, TreeError, TreePath};
use names::{Arch, Epoch};

use crate::accounts::Accounts;
use crate::handlers::FileError;
use crate::handlers::accounts::AccountsError;
use crate::handlers::alternatives::AlternativesError;
use crate::handlers::certificates::{self, CertificatesError};
use crate::handlers::ld_cache::{self, LdCacheError};
use crate::handlers::pam::{self, PamError};
use crate::handlers::shells::{self, ShellsError};
use crate::handlers::systemd::SystemdError;
use crate::merge::{Diversion, merge, merged_usr};
use crate::{apt_state, database, effects};

/// What a root is made from.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The architecture.
    pub arch: Arch,
    /// The distro, for the classes of scripts and the numbers of accounts.
    pub distro: &'a DistroFile,
    /// The packages, in any order: all that they depend on is among them.
    pub debs: &'a [&'a UnpackedDeb],
    /// The names of the packages that a person asked for. What else is not Essential, or needed by
    /// Essential packages or apt, is marked as installed automatically.
    pub requested: &'a [String],
    /// The time of generated files.
    pub time: Epoch,
}

/// Why a root cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssembleError {
    /// Two packages of one name.
    #[error("the package {package} is there twice: {first} and {second}")]
    Twice {
        /// The package.
        package: String,
        /// One version.
        first: String,
        /// The other version.
        second: String,
    },
    /// A package for another machine.
    #[error("the package {package} is for {architecture}, and the root is for {wanted}")]
    Architecture {
        /// The package.
        package: String,
        /// What it is for.
        architecture: String,
        /// What the root is for.
        wanted: Arch,
    },
    /// The effects of a package's scripts are not known.
    #[error("the maintainer scripts of {package} stand in the way")]
    Scripts {
        /// The package.
        package: String,
        /// Which script, and why.
        source: ClassifyError,
    },
    /// Two packages have one file, and neither says that it replaces the other.
    #[error("/{path} is in both {first} and {second}: leave one of the packages out")]
    FileConflict {
        /// The file.
        path: TreePath,
        /// One package.
        first: String,
        /// The other package.
        second: String,
    },
    /// A configuration file that a package names and does not have.
    #[error("{package} names the configuration file /{path} and does not have it")]
    MissingConffile {
        /// The file.
        path: TreePath,
        /// The package.
        package: String,
    },
    /// A directory should become a link.
    #[error("/{path} should become a link, and holds /{inside}")]
    NotEmpty {
        /// The directory.
        path: TreePath,
        /// What it holds.
        inside: TreePath,
    },
    /// An effect of a script does not fit this root.
    #[error("an effect of the scripts of {package} cannot be done: {reason}")]
    Effect {
        /// The package.
        package: String,
        /// Why.
        reason: String,
    },
    /// The content of a file cannot be read.
    #[error("/{path} of {package} cannot be read")]
    Read {
        /// The file.
        path: String,
        /// Its package.
        package: String,
        /// Why.
        source: io::Error,
    },
    /// The tree does not take an entry.
    #[error("the packages do not fit together")]
    Tree(#[from] TreeError),
    /// A path is not one.
    #[error("a path in a package or in the distro's file is not inside the root")]
    Path(#[from] PathError),
    /// A generated file cannot be made.
    #[error("a generated file cannot be made")]
    File(#[from] FileError),
    /// An account cannot be added.
    #[error("an account cannot be added")]
    Accounts(#[from] AccountsError),
    /// An alternative cannot be installed.
    #[error("an alternative cannot be installed")]
    Alternatives(#[from] AlternativesError),
    /// A unit cannot be enabled.
    #[error("a unit cannot be enabled")]
    Systemd(#[from] SystemdError),
    /// `/etc/ld.so.cache` cannot be made.
    #[error("the cache of shared libraries cannot be made")]
    LdCache(#[from] LdCacheError),
    /// The CA certificates cannot be installed.
    #[error("the CA certificates cannot be installed")]
    Certificates(#[from] CertificatesError),
    /// The PAM profiles cannot be merged.
    #[error("the PAM profiles cannot be merged")]
    Pam(#[from] PamError),
    /// `/etc/shells` cannot be made.
    #[error("the list of shells cannot be made")]
    Shells(#[from] ShellsError),
}

/// Makes the tree that dpkg would leave behind after installing `request.debs` into an empty folder.
///
/// Equal requests give equal trees, whatever the order of the packages. Nothing is run.
///
/// # Errors
/// When a script is not classified, or the packages do not fit together.
pub fn assemble(request: &Request<'_>) -> Result<Tree, AssembleError> {
    let debs = sorted(request)?;
    let mut effects: BTreeMap<&str, Vec<Effect>> = BTreeMap::new();
    for deb in &debs {
        let found = classify(deb, request.distro)
            .map_err(|source| AssembleError::Scripts { package: deb.package.clone(), source })?;
        effects.insert(&deb.package, found);
    }
    let accounts = Accounts::of(&debs, request.distro)?;
    let diversions = diversions(&effects)?;

    // Packages below others: base-files has the links of merged /usr, through which all the other
    // packages are unpacked; base-passwd has the accounts.
    let mut order = debs.clone();
    order.sort_by_key(|deb| match deb.package.as_str() {
        "base-files" => 0,
        "base-passwd" => 1,
        _ => 2,
    });
    let start = match request.distro.merged_usr {
        true => merged_usr(request.arch, request.time)?,
        false => Tree::new(),
    };
    let merged = merge(start, &order, &diversions, &accounts)?;
    let mut tree = merged.tree;
    let context = effects::Context {
        arch: request.arch,
        accounts: &accounts,
        init_helpers: debs.iter().any(|deb| deb.package == "init-system-helpers"),
        time: request.time,
    };
    // passwd makes the shadow files, which those who add accounts want to be there.
    order.sort_by_key(|deb| match deb.package.as_str() {
        "base-files" => 0,
        "base-passwd" => 1,
        "passwd" => 2,
        _ => 3,
    });
    for deb in &order {
        for effect in &effects[deb.package.as_str()] {
            effects::apply(&mut tree, deb, effect, &context)?;
        }
    }
    let input = database::Input {
        debs: &debs,
        diversions: &diversions,
        given_up: &merged.given_up,
        time: request.time,
    };
    database::write(&mut tree, &input)?;
    apt_state::write(&mut tree, &debs, request, &accounts)?;
    finish(&mut tree, &debs, &effects, request)?;
    Ok(tree)
}

/// The packages by name.
fn sorted<'a>(request: &Request<'a>) -> Result<Vec<&'a UnpackedDeb>, AssembleError> {
    let mut debs: Vec<&UnpackedDeb> = request.debs.to_vec();
    debs.sort_by(|a, b| a.package.cmp(&b.package));
    for pair in debs.windows(2) {
        if pair[0].package == pair[1].package {
            let version = |deb: &UnpackedDeb| deb.version.as_str().to_owned();
            let (first, second) = (version(pair[0]), version(pair[1]));
            return Err(AssembleError::Twice { package: pair[0].package.clone(), first, second });
        }
    }
    for deb in &debs {
        if deb.architecture != "all" && deb.architecture != request.arch.debian() {
            return Err(AssembleError::Architecture {
                package: deb.package.clone(),
                architecture: deb.architecture.clone(),
                wanted: request.arch,
            });
        }
    }
    Ok(debs)
}

fn diversions(effects: &BTreeMap<&str, Vec<Effect>>) -> Result<Vec<Diversion>, AssembleError> {
    let mut diversions = Vec::new();
    for (package, effects) in effects {
        for effect in effects {
            if let Effect::Divert { path, to } = effect {
                diversions.push(Diversion {
                    package: (*package).to_owned(),
                    path: TreePath::from_member(path)?,
                    to: TreePath::from_member(to)?,
                });
            }
        }
    }
    Ok(diversions)
}

/// What looks at the files of all packages, in the order in which one needs the other.
fn finish(
    tree: &mut Tree,
    debs: &[&UnpackedDeb],
    effects: &BTreeMap<&str, Vec<Effect>>,
    request: &Request<'_>,
) -> Result<(), AssembleError> {
    let time = request.time;
    let wanted = |effect: &Effect| effects.values().flatten().any(|other| other == effect);
    if wanted(&Effect::Shells) {
        shells::update(tree, time)?;
    }
    if wanted(&Effect::PamAuthUpdate) {
        pam::update(tree, time)?;
    }
    if wanted(&Effect::CaCertificates) {
        certificates::install(tree, time)?;
    }
    if wanted(&Effect::LdCache) {
        let version = debs.iter().find(|deb| deb.package == "libc-bin");
        let version = version.map_or("", |deb| deb.version.as_str());
        let line = request.distro.ldconfig.replace("@VERSION@", version);
        let cache = ld_cache::ld_so_cache(tree, request.arch, &line)?;
        for path in &cache.stale {
            tree.remove(path);
        }
        for (path, target) in cache.links {
            tree.insert_with_parents(path, Node::symlink(target, time))?;
        }
        let node = Node::file(0o644, time, Content::from_bytes(cache.bytes));
        tree.insert_with_parents(TreePath::from_member("etc/ld.so.cache")?, node)?;
    }
    Ok(())
}

//! `services/<name>.toml`: the recipe of a service.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use constraints::Requirement;
use names::{DistroId, Fault, PackageName, Place, ServiceName};

use crate::fields::Checker;
use crate::toml_file;

mod image;
pub(crate) mod package;
mod part;
mod paths;
mod pattern;
pub(crate) mod selection;
pub(crate) mod template;
mod user;
mod written;

pub use package::{Bytecode, DEB_SYMBOLS, DebugSymbols, Package, RPM_SYMBOLS, Sources, Unit};
pub use part::{Need, Part};
pub use pattern::{PathPattern, Pattern};
pub use selection::{Selection, SelectionFile, Target};
pub use template::{Names, Template};

/// The most fuzz that a recipe may allow: what `patch` allows by default.
const MOST_FUZZ: u16 = 2;

/// How the image of a service is made: the same for every release.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Service {
    /// The name of the recipe, such as `keystone`.
    pub name: ServiceName,
    /// What it is, in one line.
    pub description: String,
    /// Its project on the Python index: `keystone`, but `openstack-placement` for placement.
    pub project: PackageName,
    /// The base of the distribution that its image starts from: `full` or `slim`, as
    /// `distros/<id>.toml` names them.
    pub base: String,
    /// What is added to its own requirements.
    pub python: Python,
    /// Packages of the distribution that it needs at run time.
    pub system_packages: SystemPackages,
    /// Files that select more of them, and packages for its build.
    pub bindep: Selection,
    /// Files that select further Python requirements.
    pub pydep: Selection,
    /// Shared libraries, by their SONAMEs, that extension modules may ask for and that need not be there.
    pub optional_libraries: BTreeSet<String>,
    /// The account that it runs as.
    pub user: User,
    /// Directories that it needs, in the order of the recipe.
    pub directories: Vec<Directory>,
    /// Files that the recipe adds, in its order.
    pub files: Vec<File>,
    /// Its WSGI applications: a name, and where it is as `module:callable`.
    pub wsgi: BTreeMap<String, String>,
    /// What the image says about how it is run.
    pub image: Image,
    /// How packages of it are made, where they can be.
    pub package: Option<Package>,
    /// How many lines of context at each end of a hunk of a patch may differ; 0 unless the recipe
    /// says otherwise.
    pub fuzz: usize,
    /// The recipe, and in it the line of the account.
    pub place: Place,
}

/// Additions to the Python requirements of a service.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Python {
    /// Extras of the service itself, such as `ldap`.
    pub extras: BTreeSet<PackageName>,
    /// Further requirements, such as `pymysql`.
    pub packages: Vec<Requirement>,
}

/// Packages of distributions, by distribution.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SystemPackages {
    pub(crate) by_key: BTreeMap<DistroId, BTreeSet<String>>,
}

impl SystemPackages {
    /// The packages for `distro`: those of its own id (`debian-trixie`) and of the shorter ids that
    /// it starts with (`debian`).
    pub fn of(&self, distro: &DistroId) -> BTreeSet<&str> {
        let applies = |key: &DistroId| {
            let rest = distro.as_str().strip_prefix(key.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        let lists = self.by_key.iter().filter(|(key, _)| applies(key));
        lists.flat_map(|(_, packages)| packages.iter().map(String::as_str)).collect()
    }
}

/// The account of a service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct User {
    /// Name of the user.
    pub name: String,
    /// Name of its group.
    pub group: String,
    /// User id: unique among the services of a tree.
    pub uid: u32,
    /// Group id: unique among the services of a tree.
    pub gid: u32,
    /// Home directory, an absolute path. It is not made by itself: list it under the directories.
    pub home: String,
    /// Login shell, an absolute path.
    pub shell: String,
    /// The comment field of `/etc/passwd`.
    pub gecos: String,
}

/// Who owns a file, by number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Owner {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

/// A directory of the image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Directory {
    /// Absolute, without `.`, `..`, `//` and a slash at the end.
    pub path: String,
    /// Permission bits, at most `0o7777`.
    pub mode: u32,
    /// Owner.
    pub owner: Owner,
}

/// A file of the image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct File {
    /// Absolute, without `.`, `..`, `//` and a slash at the end.
    pub path: String,
    /// Permission bits, at most `0o7777`.
    pub mode: u32,
    /// Owner.
    pub owner: Owner,
    /// All of it.
    pub content: String,
}

/// What goes into the image configuration.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Image {
    /// What is run where nothing else is asked for; nothing if empty.
    pub command: Vec<String>,
    /// Environment variables besides those of every image.
    pub environment: BTreeMap<String, String>,
    /// TCP ports that it listens on.
    pub ports: BTreeSet<u16>,
    /// Labels besides those that are computed.
    pub labels: BTreeMap<String, String>,
}

impl Service {
    /// Reads `text`, the content of `file`, which is not opened: the recipe called `name`.
    ///
    /// # Errors
    /// All faults: unknown and missing keys, values of a wrong type or form, a path that is there
    /// twice.
    pub fn parse(name: &ServiceName, text: &str, file: &Path) -> Result<Self, Vec<Fault>> {
        let written: written::Service = toml_file::read(text, file, "docs/formats/service.md")?;
        let mut checker = Checker::new(text, file);
        let example = "description = \"OpenStack Identity\"";
        let description = checker.required(written.description, "description", example);
        let description = description.and_then(|line| checker.line(&line, "description"));
        let example = "a table [user] with name, uid, gid and home";
        let user = checker.required(written.user, "user", example);
        let place = user.as_ref().map(|user| {
            let uid = user.get_ref().uid.as_ref();
            checker.place(&uid.map_or(user.span(), |uid| uid.span()))
        });
        let user = user.and_then(|user| user::check(&mut checker, &user.span(), user.into_inner()));
        let project = match written.project {
            Some(project) => project,
            // A service name has no letter that a project name may not have.
            None => PackageName::new(name.as_str())
                .expect("because service names are a part of the names that PEP 508 allows"),
        };
        let base = match &written.base {
            Some(base) => checker.line(base, "base"),
            None => Some("full".to_owned()),
        };
        let python = Python {
            extras: written.python.extras.into_iter().collect(),
            packages: checker.requirements(&written.python.packages),
        };
        let system_packages = paths::system_packages(&mut checker, written.system_packages);
        let bindep = selection::bindep(&mut checker, written.bindep);
        let pydep = selection::pydep(&mut checker, written.pydep);
        let optional = written.libraries.optional.iter();
        let optional_libraries: BTreeSet<String> =
            optional.filter_map(|name| checker.line(name, "optional")).collect();
        let owners = user.as_ref();
        let directories = paths::directories(&mut checker, written.directory, owners);
        let files = paths::files(&mut checker, written.file, owners);
        let wsgi = image::wsgi(&mut checker, written.wsgi);
        let image = image::check(&mut checker, written.image);
        let package = package::check(&mut checker, written.package);
        let fuzz = written.patches.fuzz.map_or(0, |fuzz| {
            if *fuzz.get_ref() > MOST_FUZZ {
                let message = format!("`fuzz` is {}, and at most {MOST_FUZZ}", fuzz.get_ref());
                let hint = "patches have three lines of context: with all of them left out, a \
                            hunk would be put anywhere";
                checker.fault(&fuzz.span(), message, hint);
            }
            usize::from(*fuzz.get_ref())
        });
        match (description, base, user, place) {
            (Some(description), Some(base), Some(user), Some(place))
                if checker.faults.is_empty() =>
            {
                Ok(Self {
                    name: name.clone(),
                    description,
                    project,
                    base,
                    python,
                    system_packages,
                    bindep,
                    pydep,
                    optional_libraries,
                    user,
                    directories,
                    files,
                    wsgi,
                    image,
                    package,
                    fuzz,
                    place,
                })
            }
            _ => Err(checker.faults),
        }
    }
}

//! The files of a package, and who owns them once they are installed.

use std::collections::BTreeSet;

use filetree::{Content, Kind, Node, Tree, TreePath};
use names::Epoch;
use release::{Owner, Package, Service};

use super::Environment;
use super::documents::Told;
use super::error::PackageError;
use super::unit;
use crate::service_layer::{self, PREFIX};

/// Where units are.
const UNITS: &str = "/usr/lib/systemd/system";

/// The files of a package. All of them are root's: a package manager knows no account that is yet to be
/// made.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) tree: Tree,
    /// Files that the administrator may change.
    pub(crate) conffiles: BTreeSet<TreePath>,
    /// Files and directories that are somebody else's than root's.
    pub(crate) owners: Vec<Owned>,
    /// The units, with `.service`.
    pub(crate) units: Vec<String>,
    /// Whether there is a file for systemd-sysusers.
    pub(crate) has_sysusers: bool,
    /// Whether there is a file for systemd-tmpfiles.
    pub(crate) has_tmpfiles: bool,
    /// Directories that systemd-tmpfiles makes.
    pub(crate) created: Vec<Owned>,
    /// Directories that are removed with all that is in them once the configuration goes.
    pub(crate) purged: Vec<String>,
}

/// A file or directory that is to be somebody's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Owned {
    pub(crate) path: String,
    pub(crate) mode: u32,
    /// `user:group`.
    pub(crate) names: String,
    /// The numbers of the recipe for these.
    pub(crate) owner: Owner,
}

/// Puts the files of the package that `told` tells of together: `environment`, and what the recipe asks for.
pub(crate) fn files(told: &Told<'_>, environment: &Environment) -> Result<Files, PackageError> {
    let Told { service, recipe, name, current, .. } = *told;
    let time = environment.own.newest();
    let mut files = Files {
        tree: environment.tree.clone(),
        conffiles: BTreeSet::new(),
        owners: Vec::new(),
        units: Vec::new(),
        has_sysusers: true,
        has_tmpfiles: false,
        created: Vec::new(),
        purged: Vec::new(),
    };
    let owned = |path: &str, mode: u32, owner: Owner| {
        let user = if owner.uid == 0 { "root" } else { &service.user.name };
        let group = if owner.gid == 0 { "root" } else { &service.user.group };
        Owned { path: path.to_owned(), mode, names: format!("{user}:{group}"), owner }
    };
    if let Some((folder, _)) = current.rsplit_once('/') {
        files.directory(folder, 0o755, time)?;
    }
    let mut temporary = String::new();
    for directory in &service.directories {
        let (path, mode) = (&directory.path, directory.mode);
        let owned = owned(path, mode, directory.owner);
        if is_made(path) {
            let names = owned.names.replace(':', " ");
            temporary.push_str(&format!("d {path} {mode:04o} {names} -\n"));
            files.created.push(owned);
        } else {
            files.directory(path, mode, time)?;
            files.own(owned);
        }
        if ["/etc/", "/var/"].iter().any(|top| path.starts_with(top)) {
            files.purged.push(path.clone());
        }
    }
    let mut configured = service_layer::shipped(service, &environment.prefix, &environment.own);
    configured.extend(service.files.iter().map(|file| {
        // The image has the virtual environment at one place, packages at one for each version.
        let content = Content::from_bytes(file.content.replace(PREFIX, current));
        let node = Node::file(file.mode, time, content);
        (file.path.clone(), node.owned_by(file.owner.uid, file.owner.gid))
    }));
    for (path, node) in configured {
        let mode = node.mode;
        let owned = owned(&path, mode, Owner { uid: node.uid, gid: node.gid });
        match &node.kind {
            Kind::Directory if files.tree.get(&place(&path)?).is_some() => {}
            Kind::Directory => files.directory(&path, mode, time)?,
            Kind::File(_) => {
                let place = files.put(&path, node.clone().owned_by(0, 0))?;
                if path.starts_with("/etc/") {
                    files.conffiles.insert(place);
                }
                files.own(owned);
            }
            _ => _ = files.put(&path, node)?,
        }
    }
    let mut add = |path: String, bytes: &[u8]| {
        files.put(&path, Node::file(0o644, time, Content::from_bytes(bytes)))
    };
    for one in &recipe.units {
        let text = unit::text(service, one, current, recipe.homepage.as_deref());
        add(format!("{UNITS}/{}.service", one.name), text.as_bytes())?;
    }
    add(sysusers_place(name), sysusers(service).as_bytes())?;
    if !temporary.is_empty() {
        add(tmpfiles(name), temporary.as_bytes())?;
    }
    if let Some(text) = logrotate(service) {
        let place = add(format!("/etc/logrotate.d/{name}"), text.as_bytes())?;
        files.conffiles.insert(place);
    }
    files.units = recipe.units.iter().map(|unit| format!("{}.service", unit.name)).collect();
    files.has_tmpfiles = !temporary.is_empty();
    files.check_programs(told, &environment.prefix)?;
    Ok(files)
}

/// The place of the file for systemd-sysusers of the package `name`.
pub(super) fn sysusers_place(name: &str) -> String {
    format!("/usr/lib/sysusers.d/{name}.conf")
}

/// The place of the file for systemd-tmpfiles of the package `name`.
pub(super) fn tmpfiles(name: &str) -> String {
    format!("/usr/lib/tmpfiles.d/{name}.conf")
}

/// Whether a directory is made by systemd-tmpfiles.
pub(super) fn is_made(path: &str) -> bool {
    path.starts_with("/var/") || path.starts_with("/run/")
}

impl Files {
    /// What of these files, those of the main package `main`, is in `tree`, a part of theirs; `is_own` says of which paths the package with that
    /// part is the owner, whoever else has them.
    pub(super) fn of(&self, main: &str, tree: Tree, is_own: impl Fn(&TreePath) -> bool) -> Self {
        let has = |path: &str| tree.at(path).is_some();
        let has_tmpfiles = self.has_tmpfiles && has(&tmpfiles(main));
        let is_purged = |path: &String| match path.starts_with("/var/") {
            true => has_tmpfiles,
            false => TreePath::from_member(path).is_ok_and(|path| is_own(&path)),
        };
        let owners = self.owners.iter().filter(|owned| has(&owned.path)).cloned().collect();
        Self {
            conffiles: self
                .conffiles
                .iter()
                .filter(|path| tree.get(path).is_some())
                .cloned()
                .collect(),
            owners,
            units: self
                .units
                .iter()
                .filter(|unit| has(&format!("{UNITS}/{unit}")))
                .cloned()
                .collect(),
            has_sysusers: has(&sysusers_place(main)),
            has_tmpfiles,
            created: if has_tmpfiles { self.created.clone() } else { Vec::new() },
            purged: self.purged.iter().filter(|path| is_purged(path)).cloned().collect(),
            tree,
        }
    }

    /// Adds documents of the package, by their places.
    pub(super) fn document(
        &mut self,
        documents: &[(String, Vec<u8>)],
        time: Epoch,
    ) -> Result<(), PackageError> {
        for (path, bytes) in documents {
            self.put(path, Node::file(0o644, time, Content::from_bytes(bytes)))?;
        }
        Ok(())
    }

    pub(super) fn put(&mut self, path: &str, node: Node) -> Result<TreePath, PackageError> {
        let place = place(path)?;
        if self.tree.get(&place).is_some() {
            return Err(PackageError::Taken { path: place });
        }
        self.tree.insert_with_parents(place.clone(), node)?;
        Ok(place)
    }

    /// Makes a directory, or gives the one that is there its mode.
    pub(super) fn directory(
        &mut self,
        path: &str,
        mode: u32,
        time: Epoch,
    ) -> Result<(), PackageError> {
        let place = place(path)?;
        match self.tree.get_mut(&place) {
            Some(there) if there.is_directory() => there.mode = mode,
            Some(_) => return Err(PackageError::Taken { path: place }),
            None => _ = self.tree.insert_with_parents(place, Node::directory(mode, time))?,
        }
        Ok(())
    }

    fn own(&mut self, owned: Owned) {
        if owned.names != "root:root" {
            self.owners.push(owned);
        }
    }

    /// Whether a process of the units becomes root through sudo.
    pub(super) fn calls_sudo(&self, recipe: &Package) -> bool {
        let mut privileged = recipe.units.iter().filter(|unit| unit.privileged);
        privileged.any(|unit| self.units.contains(&format!("{}.service", unit.name)))
    }

    /// Checks that the service has the programs that the recipe names.
    fn check_programs(&self, told: &Told<'_>, prefix: &TreePath) -> Result<(), PackageError> {
        let units = told.recipe.units.iter().filter_map(|unit| unit.command.first());
        let units = units.filter(|word| !word.starts_with('/')).map(|word| ("unit", word));
        let commands = told.recipe.commands.iter().map(|command| ("commands", command));
        for (key, program) in commands.chain(units) {
            let place = prefix.join(&format!("bin/{program}"));
            if place.is_ok_and(|place| self.tree.get(&place).is_some()) {
                continue;
            }
            let (service, program) = (told.service.name.clone(), program.clone());
            let prefix = format!("/{prefix}");
            return Err(PackageError::NoProgram { service, key, program, prefix });
        }
        Ok(())
    }
}

pub(super) fn place(path: &str) -> Result<TreePath, PackageError> {
    TreePath::from_member(path)
        .map_err(|source| PackageError::Path { path: path.to_owned(), source })
}

/// The account (sysusers.d(5)). Its numbers are the system's to choose: those of the image are for
/// containers that share volumes.
pub(super) fn sysusers(service: &Service) -> String {
    let user = &service.user;
    let group = if user.group == user.name { "-".to_owned() } else { format!("-:{}", user.group) };
    let line = match group.as_str() {
        "-" => String::new(),
        _ => format!("g {} -\n", user.group),
    };
    format!(
        "{line}u {} {group} \"{}\" {} {}\n",
        user.name,
        user.gecos.replace('"', "'"),
        user.home,
        user.shell
    )
}

/// The rotation of the logs in the service's directories below `/var/log` (logrotate(8)).
fn logrotate(service: &Service) -> Option<String> {
    let logs = service.directories.iter().map(|directory| &directory.path);
    let logs: Vec<String> =
        logs.filter(|path| path.starts_with("/var/log/")).map(|p| format!("{p}/*.log")).collect();
    let user = &service.user;
    let settings = "\tweekly\n\trotate 8\n\tcompress\n\tdelaycompress\n\tmissingok\n\tnotifempty\n";
    (!logs.is_empty()).then(|| {
        // The services have no signal for it: the file is cut while it is open.
        format!(
            "{} {{\n\tsu {} {}\n{settings}\tcopytruncate\n}}\n",
            logs.join(" "),
            user.name,
            user.group
        )
    })
}

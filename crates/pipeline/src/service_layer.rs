//! What is the service's own: its wheel, its account, its folders and files.

use filetree::{Content, Kind, Node, Tree, TreeError, TreePath};
use names::Epoch;
use release::{Owner, Service, User};
use rootfs::handlers::accounts::{self, AccountsError, Style};

/// Why a service cannot be put into the root that its recipe meets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// A path of the recipe meets something of the distribution.
    #[error("the recipe of {service}: {path} cannot be made")]
    Path {
        /// The service.
        service: String,
        /// The path, as the recipe has it.
        path: String,
        /// Why.
        source: TreeError,
    },
    /// A path of the recipe is none.
    #[error("the recipe of {service} has the path {path}")]
    BadPath {
        /// The service.
        service: String,
        /// The path, as the recipe has it.
        path: String,
        /// Why.
        source: filetree::PathError,
    },
    /// A file of the recipe meets one that is there.
    #[error("the recipe of {service}: {path} is there already, and belongs to {owner}")]
    Taken {
        /// The service.
        service: String,
        /// The path, as the recipe has it.
        path: String,
        /// Whose it is.
        owner: &'static str,
    },
    /// The account cannot be made.
    #[error("the recipe of {service}: the account {user} cannot be made")]
    Account {
        /// The service.
        service: String,
        /// The account.
        user: String,
        /// Why.
        source: AccountsError,
    },
}

/// Where all that belongs to Python lies.
pub(crate) const PREFIX: &str = "/var/lib/openstack";

/// Adds to `root`, which has the distribution's packages, the account, directories and files of
/// `service`, the files that its wheel ships below `etc/` (they lie in `python`, below the prefix),
/// and `info`, the files of `/etc/image_info`. Made files get the time `time`.
pub(crate) fn add(
    root: &mut Tree,
    service: &Service,
    python: &Tree,
    info: &[(&str, String)],
    time: Epoch,
) -> Result<(), ServiceError> {
    let user = &service.user;
    add_account(root, user, time).map_err(|source| {
        let (service, user) = (service.name.to_string(), user.name.clone());
        ServiceError::Account { service, user, source }
    })?;

    for directory in &service.directories {
        let Owner { uid, gid } = directory.owner;
        let node = Node::directory(directory.mode, time).owned_by(uid, gid);
        put(root, service, &directory.path, node)?;
    }
    let prefix = TreePath::from_member(PREFIX).expect("the prefix is a clean path");
    for (target, node) in shipped(service, &prefix, python) {
        let there = TreePath::from_member(&target).ok().and_then(|path| root.get(&path).cloned());
        match (node.is_directory(), there) {
            (true, Some(there)) if there.is_directory() => {}
            (true, _) | (false, None) => put(root, service, &target, node)?,
            (false, Some(_)) => return Err(taken(service, target)),
        }
    }
    for file in &service.files {
        let path = tree_path(service, &file.path)?;
        if root.get(&path).is_some() {
            return Err(taken(service, file.path.clone()));
        }
        let Owner { uid, gid } = file.owner;
        let node = Node::file(file.mode, time, Content::from_bytes(&file.content));
        put(root, service, &file.path, node.owned_by(uid, gid))?;
    }
    for (name, text) in info {
        let node = Node::file(0o644, time, Content::from_bytes(text));
        put(root, service, &format!("/etc/image_info/{name}"), node)?;
    }
    Ok(())
}

/// The files that the wheel of a service ships below `etc/`, which lie in `python` below `prefix`, with
/// their places below `/etc` and the service's group; but for those in whose place the recipe has its own.
pub(crate) fn shipped(service: &Service, prefix: &TreePath, python: &Tree) -> Vec<(String, Node)> {
    let etc = prefix.join("etc").expect("`etc` is a clean path");
    let mut files = Vec::new();
    for (path, node) in python.below(&etc) {
        let below = path.strip_prefix(&etc).expect("it lies below");
        let target = format!("/etc/{below}");
        if service.files.iter().any(|file| file.path == target) {
            continue; // The recipe's own file stands in its place.
        }
        let node = match &node.kind {
            // The service reads it, and nobody but root changes it.
            Kind::File(_) => Node { mode: 0o640, ..node.clone() }.owned_by(0, service.user.gid),
            _ => node.clone(),
        };
        files.push((target, node));
    }
    files
}

/// The account as `groupadd --system` and `useradd --system` with these values add it.
fn add_account(root: &mut Tree, user: &User, time: Epoch) -> Result<(), AccountsError> {
    let style = Style::Useradd;
    let (name, gid, members) = (user.group.clone(), user.gid, Vec::new());
    accounts::add_group(root, &accounts::Group { name, gid, members, style }, time)?;
    let account = accounts::User {
        name: user.name.clone(),
        uid: user.uid,
        gid: user.gid,
        gecos: user.gecos.clone(),
        home: user.home.clone(),
        shell: user.shell.clone(),
        style,
    };
    accounts::add_user(root, &account, time)
}

fn taken(service: &Service, path: String) -> ServiceError {
    ServiceError::Taken {
        service: service.name.to_string(),
        path,
        owner: "a package of the distribution or the wheel",
    }
}

fn tree_path(service: &Service, path: &str) -> Result<TreePath, ServiceError> {
    TreePath::from_member(path).map_err(|source| ServiceError::BadPath {
        service: service.name.to_string(),
        path: path.to_owned(),
        source,
    })
}

fn put(root: &mut Tree, service: &Service, path: &str, node: Node) -> Result<(), ServiceError> {
    let failed = |source| ServiceError::Path {
        service: service.name.to_string(),
        path: path.to_owned(),
        source,
    };
    let place = root.resolve_parent(&tree_path(service, path)?).map_err(failed)?;
    // A folder in the place of a program or a link would take it away in silence.
    if node.is_directory() && root.get(&place).is_some_and(|there| !there.is_directory()) {
        return Err(taken(service, path.to_owned()));
    }
    root.insert_with_parents(place, node).map_err(failed)?;
    Ok(())
}

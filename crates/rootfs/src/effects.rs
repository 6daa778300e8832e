//! What maintainer scripts do, done.

use std::collections::BTreeSet;

use distro::{Effect, UnpackedDeb};
use filetree::{Content, Kind, Node, Tree, TreePath};
use names::{Arch, Epoch};

use crate::AssembleError;
use crate::accounts::Accounts;
use crate::handlers::{accounts, alternatives, capabilities, files, runlevels, systemd};

/// What all effects need to know.
pub(crate) struct Context<'a> {
    pub(crate) arch: Arch,
    pub(crate) accounts: &'a Accounts,
    /// Whether the packages bring init-system-helpers: what it does for others is not done without it.
    pub(crate) init_helpers: bool,
    pub(crate) time: Epoch,
}

/// Does what a single package's scripts do by themselves. What looks at the files of all packages is
/// left to the end, as dpkg leaves its triggers.
pub(crate) fn apply(
    tree: &mut Tree,
    deb: &UnpackedDeb,
    effect: &Effect,
    context: &Context<'_>,
) -> Result<(), AssembleError> {
    let time = context.time;
    let failed = |reason: String| AssembleError::Effect { package: deb.package.clone(), reason };
    let place = |tree: &Tree, path: &str| -> Result<TreePath, AssembleError> {
        Ok(tree.resolve_parent(&TreePath::from_member(path)?)?)
    };
    let group = |name: &str| {
        let number = context.accounts.gid(name);
        number.ok_or_else(|| failed(format!("the group `{name}` is not known")))
    };
    let user = |name: &str| {
        let number = context.accounts.uid(name);
        number.ok_or_else(|| failed(format!("the user `{name}` is not known")))
    };
    match effect {
        Effect::Directory { path, mode, user: owner, group: name } => {
            let path = place(tree, path)?;
            if tree.get(&path).is_none() {
                let node = Node::directory(*mode, time).owned_by(user(owner)?, group(name)?);
                tree.insert_with_parents(path, node)?;
            }
        }
        Effect::Copy { from, to } => {
            let copied = copy(tree, from, to)?.then_some(());
            copied.ok_or_else(|| failed(format!("there is no file {from} to copy")))?;
        }
        Effect::File { path, text, mode, group: name } => {
            let path = place(tree, path)?;
            if tree.get(&path).is_none() {
                let node = Node::file(*mode, time, Content::from_bytes(text));
                tree.insert_with_parents(path, node.owned_by(0, group(name)?))?;
            }
        }
        Effect::Commented { path, from, head } => commented(tree, path, from, head, time)?,
        Effect::Link { path, target } => link(tree, place(tree, path)?, target, time)?,
        Effect::Mode { path, mode, group: name } => {
            let (path, gid) = (place(tree, path)?, group(name)?);
            let node = tree.get_mut(&path);
            let node = node.ok_or_else(|| failed(format!("/{path} is not there to be changed")))?;
            (node.mode, node.uid, node.gid) = (*mode, 0, gid);
        }
        Effect::Capabilities { path, capabilities } => {
            let path = place(tree, path)?;
            capabilities::set(tree, &path, capabilities)
                .map_err(|error| failed(error.to_string()))?;
        }
        Effect::Alternative { name, link, path, priority, slaves } => {
            let slaves = slaves.iter().map(|slave| alternatives::Slave {
                name: slave.name.clone(),
                link: slave.link.clone(),
                path: slave.path.clone(),
            });
            let alternative = alternatives::Alternative {
                name: name.clone(),
                link: link.clone(),
                path: path.clone(),
                priority: *priority,
                slaves: slaves.collect(),
            };
            alternatives::install(tree, &[alternative], time)?;
        }
        Effect::SystemdEnable { unit, user } if context.init_helpers => {
            let whose = if *user { systemd::Units::User } else { systemd::Units::System };
            systemd::enable(tree, unit, whose, time)?;
        }
        Effect::SystemdRecord { unit } if context.init_helpers => {
            systemd::record(tree, unit, time)?;
        }
        Effect::RcDefaults { script } if context.init_helpers => {
            runlevels::defaults(tree, script, time)?;
        }
        Effect::ArchNative => {
            let text = format!("{}\n", context.arch.debian());
            let node = Node::file(0o644, time, Content::from_bytes(text));
            let path = TreePath::from_member("var/lib/dpkg/arch-native")?;
            tree.insert_with_parents(path, node)?;
        }
        Effect::EnableShadow => accounts::enable_shadow(tree, time)?,
        Effect::Group { name } => {
            let style = accounts::Style::Useradd;
            let gid = group(name)?;
            let group = accounts::Group { name: name.clone(), gid, members: Vec::new(), style };
            accounts::add_group(tree, &group, time)?;
        }
        Effect::User { name, group: first, home, gecos, shell } => {
            let user = accounts::User {
                name: name.clone(),
                uid: user(name)?,
                gid: group(first)?,
                gecos: gecos.clone(),
                home: home.clone(),
                shell: shell.clone(),
                style: accounts::Style::Useradd,
            };
            accounts::add_user(tree, &user, time)?;
        }
        Effect::Empty { paths } => {
            for path in paths {
                let place = tree.resolve(&TreePath::from_member(path)?)?;
                if let Some((inside, _)) = tree.below(&place).next() {
                    let reason = format!("its scripts would make an index of /{inside}");
                    return Err(failed(reason));
                }
            }
        }
        Effect::Without { paths } => {
            for path in paths {
                let place = tree.resolve(&TreePath::from_member(path)?)?;
                if tree.get(&place).is_some() {
                    let reason = format!("its scripts would use {path}, which is in this root");
                    return Err(failed(reason));
                }
            }
        }
        // Diversions are known before the first file is unpacked; the rest comes at the end.
        _ => {}
    }
    Ok(())
}

/// Writes `head` and the lines of `from` that begin with a letter, in the order of their bytes, each once and
/// behind `# `, unless `path` is there.
fn commented(
    tree: &mut Tree,
    path: &str,
    from: &str,
    head: &str,
    time: Epoch,
) -> Result<(), AssembleError> {
    if tree.get(&tree.resolve(&TreePath::from_member(path)?)?).is_some() {
        return Ok(());
    }
    let choices = files::required_text(tree, from)?;
    let is_choice = |line: &&str| line.starts_with(|first: char| first.is_ascii_alphabetic());
    let lines = choices.lines().filter(is_choice).map(|line| line.trim_end_matches(' '));
    let lines: BTreeSet<&str> = lines.collect();
    let mut text = head.to_owned();
    lines.into_iter().for_each(|line| text += &format!("# {line}\n"));
    files::rewrite(tree, path, (0o644, 0), time, &text)?;
    Ok(())
}

/// Copies a file with its mode, owner and time, unless the other one is there; `false` where there is
/// none to copy.
pub(crate) fn copy(tree: &mut Tree, from: &str, to: &str) -> Result<bool, AssembleError> {
    let source = tree.resolve(&TreePath::from_member(from)?)?;
    let mut node = tree.get(&source).cloned();
    if let Some(Node { kind: Kind::HardLink(target), .. }) = &node {
        node = tree.get(target).cloned();
    }
    let Some(node @ Node { kind: Kind::File(_), .. }) = node else { return Ok(false) };
    let to = tree.resolve_parent(&TreePath::from_member(to)?)?;
    if tree.get(&to).is_none() {
        tree.insert_with_parents(to, node)?;
    }
    Ok(true)
}

/// Makes a link where nothing is, or an empty directory.
fn link(tree: &mut Tree, path: TreePath, target: &str, time: Epoch) -> Result<(), AssembleError> {
    match tree.get(&path) {
        None => {}
        Some(node) if node.is_directory() => {
            if let Some((inside, _)) = tree.below(&path).next() {
                return Err(AssembleError::NotEmpty { path: path.clone(), inside: inside.clone() });
            }
        }
        Some(_) => return Ok(()),
    }
    tree.insert_with_parents(path, Node::symlink(target, time))?;
    Ok(())
}

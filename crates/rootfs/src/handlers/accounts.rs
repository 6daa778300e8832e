//! Users and groups: `/etc/passwd`, `group`, `shadow`, `gshadow`, `subuid` and `subgid`.
//!
//! New lines go to the end of each file, as useradd, adduser and systemd-sysusers put them. Ids are
//! the caller's: nothing is looked for. The copies that those tools keep (`/etc/passwd-`) are not
//! made.

mod lines;

use filetree::Tree;
use names::Epoch;

use super::files::{self, FileError};
use lines::Table;

const PASSWD: &str = "etc/passwd";
const GROUP: &str = "etc/group";
const SHADOW: &str = "etc/shadow";
const GSHADOW: &str = "etc/gshadow";
/// The group `shadow` has this id in every Debian (base-passwd, `group.master`).
const SHADOW_GID: u32 = 42;

/// Whose way of locking a password a line follows: the account cannot log in with either.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Style {
    /// `!`: useradd, groupadd, adduser and addgroup.
    Useradd,
    /// `!*`: systemd-sysusers.
    Sysusers,
}

/// A group to add.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Group {
    /// Its name: `messagebus`.
    pub name: String,
    /// Its id.
    pub gid: u32,
    /// Names of users that are in it beside those whose first group it is.
    pub members: Vec<String>,
    /// Whose way the line follows.
    pub style: Style,
}

/// A user to add.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct User {
    /// Its name: `messagebus`.
    pub name: String,
    /// Its id.
    pub uid: u32,
    /// The id of its first group, which must be there.
    pub gid: u32,
    /// Who it is, in words.
    pub gecos: String,
    /// Its home directory, which is not made.
    pub home: String,
    /// What a login would start: `/usr/sbin/nologin`.
    pub shell: String,
    /// Whose way the line follows.
    pub style: Style,
}

/// Why an account cannot be added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountsError {
    /// A file of the tree is not what it should be.
    #[error("the accounts of the tree cannot be changed")]
    File {
        /// Which file, and why.
        #[from]
        source: FileError,
    },
    /// A line that no tool would take.
    #[error("/{file}:{line}: not the fields of an account: look which package writes it")]
    Line {
        /// The file.
        file: &'static str,
        /// The line, from 1.
        line: usize,
    },
    /// The name is in the file already.
    #[error("/{file}: there is a `{name}` already: choose another name")]
    NameTaken {
        /// The file.
        file: &'static str,
        /// The name.
        name: String,
    },
    /// The id is in the file already.
    #[error("/{file}: `{name}` cannot have id {id}, it is `{owner}`'s: choose another id")]
    IdTaken {
        /// The file.
        file: &'static str,
        /// Who wants the id.
        name: String,
        /// The id.
        id: u32,
        /// Who has it.
        owner: String,
    },
    /// The group is not there.
    #[error("/{GROUP}: there is no group {group} for `{name}`: add the group first")]
    NoGroup {
        /// Who needs it.
        name: String,
        /// Its name or id.
        group: String,
    },
    /// A name or field that would break the file.
    #[error("`{text}` cannot stand in /{file}: {reason}")]
    Field {
        /// The file.
        file: &'static str,
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Leaves what base-passwd's scripts leave on a fresh root: `/etc/passwd` and `/etc/group` from its
/// masters, and empty `/etc/subuid` and `/etc/subgid`; none in place of one that is there.
/// There is no `/etc/shadow` before [`enable_shadow`].
///
/// # Errors
/// When base-passwd's masters are missing.
pub fn install_base(tree: &mut Tree, time: Epoch) -> Result<(), AccountsError> {
    for (path, master) in [(PASSWD, "passwd"), (GROUP, "group")] {
        if files::text(tree, path)?.is_none() {
            let master = format!("usr/share/base-passwd/{master}.master");
            let text = files::required_text(tree, &master)?;
            files::write(tree, path, 0o644, time, text)?;
        }
    }
    for path in ["etc/subuid", "etc/subgid"] {
        if files::text(tree, path)?.is_none() {
            files::write(tree, path, 0o644, time, "")?;
        }
    }
    Ok(())
}

/// Moves passwords to `/etc/shadow` and `/etc/gshadow`, as `shadowconfig on` does in the postinst of
/// the package `passwd` (pwconv(8), grpconv(8)); accounts that are there already stay as they are.
///
/// The day of the last change is that of `time`, as shadow's tools take it from SOURCE_DATE_EPOCH;
/// aging is what `/etc/login.defs` of Debian says: 0, 99999 and 7 days.
///
/// # Errors
/// When a file is damaged.
pub fn enable_shadow(tree: &mut Tree, time: Epoch) -> Result<(), AccountsError> {
    let day = days(time);
    let aging = format!("{day}:0:99999:7:::");
    for (open, secret, rest) in [(PASSWD, SHADOW, aging.as_str()), (GROUP, GSHADOW, "")] {
        let mut accounts = Table::read(tree, open)?;
        let mut secrets = Table::read(tree, secret)?;
        for line in &mut accounts.lines {
            if line[1] != "x" {
                let password = std::mem::replace(&mut line[1], "x".to_owned());
                let members =
                    if secret == GSHADOW { format!(":{}", line[3]) } else { rest.to_owned() };
                secrets.remove(&line[0]);
                secrets.push(&format!("{}:{password}:{members}", line[0]));
            }
        }
        files::rewrite(tree, open, (0o644, 0), time, &accounts.to_text())?;
        files::rewrite(tree, secret, (0o640, SHADOW_GID), time, &secrets.to_text())?;
    }
    Ok(())
}

/// Adds a group; to `/etc/gshadow` too where there is one.
///
/// # Errors
/// When its name or id is taken or cannot stand in the file.
pub fn add_group(tree: &mut Tree, group: &Group, time: Epoch) -> Result<(), AccountsError> {
    let Group { name, gid, members, style } = group;
    lines::check_name(GROUP, name)?;
    for member in members {
        lines::check_name(GROUP, member)?;
    }
    let mut groups = Table::read(tree, GROUP)?;
    groups.check_free(name, *gid)?;
    let (members, lock) = (members.join(","), locked(*style));
    let secrets = shadow_of(tree, GSHADOW)?;
    let password = if secrets.is_some() { "x" } else { lock };
    groups.push(&format!("{name}:{password}:{gid}:{members}"));
    files::rewrite(tree, GROUP, (0o644, 0), time, &groups.to_text())?;
    if let Some(mut secrets) = secrets {
        secrets.check_name_free(name)?;
        secrets.push(&format!("{name}:{lock}::{members}"));
        files::rewrite(tree, GSHADOW, (0o640, SHADOW_GID), time, &secrets.to_text())?;
    }
    Ok(())
}

/// Adds a user; to `/etc/shadow` too where there is one, locked, with the day of `time` as the day
/// of the last change and without aging, as useradd does for a system account. It gets no
/// subordinate ids.
///
/// # Errors
/// When its name or id is taken, its group is missing, or a field cannot stand in the file.
pub fn add_user(tree: &mut Tree, user: &User, time: Epoch) -> Result<(), AccountsError> {
    let User { name, uid, gid, gecos, home, shell, style } = user;
    lines::check_name(PASSWD, name)?;
    for field in [gecos, home, shell] {
        lines::check_field(PASSWD, field)?;
    }
    let mut users = Table::read(tree, PASSWD)?;
    users.check_free(name, *uid)?;
    if Table::read(tree, GROUP)?.name_of(*gid).is_none() {
        return Err(AccountsError::NoGroup { name: name.clone(), group: gid.to_string() });
    }
    let secrets = shadow_of(tree, SHADOW)?;
    let password = if secrets.is_some() { "x" } else { locked(*style) };
    users.push(&format!("{name}:{password}:{uid}:{gid}:{gecos}:{home}:{shell}"));
    files::rewrite(tree, PASSWD, (0o644, 0), time, &users.to_text())?;
    if let Some(mut secrets) = secrets {
        secrets.check_name_free(name)?;
        secrets.push(&format!("{name}:{}:{}::::::", locked(*style), days(time)));
        files::rewrite(tree, SHADOW, (0o640, SHADOW_GID), time, &secrets.to_text())?;
    }
    Ok(())
}

/// Adds a user to the members of a group, behind those that are there (`usermod -a -G`).
///
/// # Errors
/// When the group is missing or the name is none.
pub fn add_member(
    tree: &mut Tree,
    user: &str,
    group: &str,
    time: Epoch,
) -> Result<(), AccountsError> {
    lines::check_name(GROUP, user)?;
    let secrets = shadow_of(tree, GSHADOW)?;
    let mut groups = Table::read(tree, GROUP)?;
    if !groups.add_member(group, user) {
        return Err(AccountsError::NoGroup { name: user.to_owned(), group: group.to_owned() });
    }
    files::rewrite(tree, GROUP, (0o644, 0), time, &groups.to_text())?;
    if let Some(mut secrets) = secrets
        && secrets.add_member(group, user)
    {
        files::rewrite(tree, GSHADOW, (0o640, SHADOW_GID), time, &secrets.to_text())?;
    }
    Ok(())
}

/// Adds the account that a service of an image runs as: a group and a user of one name and one id,
/// as `groupadd --system` and `useradd --system` with these values add them.
///
/// ```
/// use filetree::{Content, Node, Tree};
/// use names::Epoch;
/// use rootfs::handlers::accounts::add_service_account;
///
/// let mut tree = Tree::new();
/// for path in ["etc/passwd", "etc/group"] {
///     let empty = Node::file(0o644, Epoch(0), Content::from_bytes(""));
///     tree.insert_with_parents(path.parse()?, empty)?;
/// }
/// let home = "/var/lib/keystone";
/// add_service_account(&mut tree, "keystone", 42424, "OpenStack keystone", home, Epoch(0))?;
/// let passwd = tree.at("etc/passwd").unwrap();
/// # let filetree::Kind::File(content) = &passwd.kind else { panic!() };
/// let line = "keystone:!:42424:42424:OpenStack keystone:/var/lib/keystone:/usr/sbin/nologin\n";
/// assert_eq!(content.read()?, line.as_bytes());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the name or id is taken, or a field cannot stand in the files.
pub fn add_service_account(
    tree: &mut Tree,
    name: &str,
    id: u32,
    gecos: &str,
    home: &str,
    time: Epoch,
) -> Result<(), AccountsError> {
    let [name, gecos, home, shell] = [name, gecos, home, "/usr/sbin/nologin"].map(str::to_owned);
    let style = Style::Useradd;
    let group = Group { name: name.clone(), gid: id, members: Vec::new(), style };
    add_group(tree, &group, time)?;
    add_user(tree, &User { name, uid: id, gid: id, gecos, home, shell, style }, time)
}

fn locked(style: Style) -> &'static str {
    match style {
        Style::Useradd => "!",
        Style::Sysusers => "!*",
    }
}

/// Days since 1970: the unit of `/etc/shadow` (shadow(5)).
fn days(time: Epoch) -> u64 {
    time.0 / 86_400
}

/// The table of a shadow file, where the root has one.
fn shadow_of(tree: &Tree, file: &'static str) -> Result<Option<Table>, AccountsError> {
    match files::text(tree, file)? {
        Some(_) => Table::read(tree, file).map(Some),
        None => Ok(None),
    }
}

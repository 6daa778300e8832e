//! Users and groups by name.

use std::collections::BTreeMap;

use distro::{DistroFile, UnpackedDeb};

use crate::AssembleError;
use crate::contents::content_at;

/// The numbers that names have in a root.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts {
    users: BTreeMap<String, u32>,
    groups: BTreeMap<String, u32>,
}

impl Accounts {
    /// Reads the static accounts that base-passwd has (Debian Policy 9.2.2), and adds those that the
    /// distro's file gives numbers to.
    pub(crate) fn of(debs: &[&UnpackedDeb], file: &DistroFile) -> Result<Self, AssembleError> {
        let mut accounts = Self { users: file.users.clone(), groups: file.groups.clone() };
        for deb in debs.iter().filter(|deb| deb.package == "base-passwd") {
            let users = ("usr/share/base-passwd/passwd.master", &mut accounts.users);
            let groups = ("usr/share/base-passwd/group.master", &mut accounts.groups);
            for (path, numbers) in [users, groups] {
                let Some(content) = content_at(&deb.pack, path) else { continue };
                let text = content.read().map_err(|source| AssembleError::Read {
                    path: path.to_owned(),
                    package: deb.package.clone(),
                    source,
                })?;
                for line in String::from_utf8_lossy(&text).lines() {
                    let mut fields = line.split(':');
                    let name = fields.next().unwrap_or_default();
                    if let Some(number) = fields.nth(1).and_then(|number| number.parse().ok()) {
                        numbers.insert(name.to_owned(), number);
                    }
                }
            }
        }
        accounts.users.insert("root".to_owned(), 0);
        accounts.groups.insert("root".to_owned(), 0);
        Ok(accounts)
    }

    pub(crate) fn uid(&self, name: &str) -> Option<u32> {
        self.users.get(name).copied()
    }

    pub(crate) fn gid(&self, name: &str) -> Option<u32> {
        self.groups.get(name).copied()
    }
}

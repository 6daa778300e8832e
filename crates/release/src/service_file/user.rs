//! The account of a service.

use std::ops::Range;

use toml::Spanned;

use super::User;
use super::paths::absolute;
use super::written;
use crate::fields::Checker;

pub(super) fn check(
    checker: &mut Checker<'_>,
    span: &Range<usize>,
    written: written::User,
) -> Option<User> {
    let name = checker.required_in(span, written.name, "name", "name = \"keystone\"");
    let name = name.and_then(|name| account(checker, &name));
    let group = written.group.as_ref().map(|group| account(checker, group));
    let uid = checker.required_in(span, written.uid, "uid", "uid = 42424, or another free number");
    let uid = uid.and_then(|uid| id(checker, &uid, "uid"));
    let gid = checker.required_in(span, written.gid, "gid", "gid = 42424, or another free number");
    let gid = gid.and_then(|gid| id(checker, &gid, "gid"));
    let home = checker.required_in(span, written.home, "home", "home = \"/var/lib/keystone\"");
    let home = home.and_then(|home| absolute(checker, &home));
    let shell = match &written.shell {
        Some(shell) => absolute(checker, shell),
        None => Some("/usr/sbin/nologin".to_owned()),
    };
    let gecos = match &written.gecos {
        Some(gecos) => comment(checker, gecos),
        None => Some(String::new()),
    };
    let name = name?;
    let group = match group {
        Some(group) => group?,
        None => name.clone(),
    };
    Some(User { name, group, uid: uid?, gid: gid?, home: home?, shell: shell?, gecos: gecos? })
}

/// The names that `useradd` takes without being forced to.
fn account(checker: &mut Checker<'_>, value: &Spanned<String>) -> Option<String> {
    let text = value.get_ref();
    let good = (1..=31).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b));
    if !good || text == "root" {
        let message = format!("`{}` is not the name of a service account", text.escape_debug());
        let hint = "use lower-case letters, digits, `_` and `-`, a letter first, at most 31";
        checker.fault(&value.span(), message, hint);
        return None;
    }
    Some(text.clone())
}

/// Debian Policy 9.2.2: 0 to 999 belong to the system and its packages, 60000 to 65535 are reserved
/// (65534 is nobody), and the two highest numbers mean "none" to the kernel.
fn id(checker: &mut Checker<'_>, value: &Spanned<u32>, key: &str) -> Option<u32> {
    let number = *value.get_ref();
    if (1000..60_000).contains(&number) || (65_536..=4_294_967_293).contains(&number) {
        return Some(number);
    }
    let message = format!("the {key} {number} belongs to the system");
    checker.fault(&value.span(), message, "take one from 1000 to 59999, such as 42424");
    None
}

fn comment(checker: &mut Checker<'_>, value: &Spanned<String>) -> Option<String> {
    if value.get_ref().chars().any(|letter| letter == ':' || letter.is_control()) {
        let message = "`gecos` has a colon or a control character".to_owned();
        checker.fault(&value.span(), message, "/etc/passwd separates its fields by colons");
        return None;
    }
    Some(value.get_ref().clone())
}

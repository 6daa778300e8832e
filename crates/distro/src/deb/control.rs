//! What the control files of a package say.

use std::collections::BTreeMap;
use std::path::PathBuf;

use filetree::{Content, Pack, TreePath};
use names::Digest;

use super::{DebError, DebFault, Stanza};
use crate::Version;
use crate::scripts::ScriptKind;

/// An unpacked .deb. Small parts are in memory; the contents of files stay in the pack.
#[derive(Clone, Debug)]
pub struct UnpackedDeb {
    /// SHA-256 of the .deb file.
    pub sha256: Digest,
    /// Name of the package.
    pub package: String,
    /// Its version.
    pub version: Version,
    /// Its architecture in Debian's words; `all` for one that fits every machine.
    pub architecture: String,
    /// Whether it is `Multi-Arch: same`: its files in dpkg's database then carry the architecture.
    pub multi_arch_same: bool,
    /// Whether it is `Essential: yes`.
    pub essential: bool,
    /// All fields of its `control` file.
    pub stanza: Stanza,
    /// Its configuration files, in the order of the `conffiles` file.
    pub conffiles: Vec<Conffile>,
    /// Its maintainer scripts.
    pub scripts: BTreeMap<ScriptKind, String>,
    /// Its triggers.
    pub triggers: Triggers,
    /// All control files but `control` itself, by name.
    pub control_files: BTreeMap<String, ControlFile>,
    /// Owner and group, by name, of the entries that do not belong to root and root. dpkg looks names
    /// up in the root that it installs to, and takes the numbers of the archive where there is none.
    pub owners: BTreeMap<TreePath, (String, String)>,
    /// Its files.
    pub pack: Pack,
}

/// A control file as dpkg keeps it in `/var/lib/dpkg/info`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ControlFile {
    /// Permission bits.
    pub mode: u32,
    /// Its bytes.
    pub content: Content,
}

/// A line of the `conffiles` file (deb-conffiles(5)).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Conffile {
    /// The file.
    pub path: TreePath,
    /// Whether it is to be removed on upgrade; such a file is not in the package.
    pub remove_on_upgrade: bool,
}

/// The `triggers` file (deb-triggers(5)).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Triggers {
    /// Triggers that the package reacts to: a name, or an absolute path.
    pub interests: Vec<(String, Interest)>,
    /// Triggers that it activates when it is configured.
    pub activates: Vec<(String, Activation)>,
}

/// How a package waits for its trigger.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Interest {
    /// The package that activates it is not configured before the trigger is processed.
    Await,
    /// It does not wait.
    NoAwait,
}

/// How a package activates a trigger.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Activation {
    /// It waits until the trigger is processed.
    Await,
    /// It does not wait.
    NoAwait,
}

/// Small control files are read into memory up to this size.
const SMALL: u64 = 4 << 20;

/// Reads the control files of an unpacked package; `place` names the .deb in errors.
pub(super) fn read(sha256: Digest, place: PathBuf, pack: Pack) -> Result<UnpackedDeb, DebError> {
    read_parts(sha256, pack).map_err(|fault| DebError { path: place, source: fault })
}

fn read_parts(sha256: Digest, mut pack: Pack) -> Result<UnpackedDeb, DebFault> {
    let attachments = std::mem::take(&mut pack.attachments);
    let text = |name: &str| -> Result<Option<String>, DebFault> {
        let Some(content) = attachments.get(name) else { return Ok(None) };
        let member = name.to_owned();
        if content.size > SMALL {
            return Err(DebFault::TooLarge { member });
        }
        let bytes = content.read()?;
        String::from_utf8(bytes).map(Some).map_err(|_| DebFault::NotText { member })
    };
    let control = text("control")?.ok_or(DebFault::Missing { member: "control" })?;
    let stanza = Stanza::parse(&control)
        .map_err(|source| DebFault::Control { member: "control", reason: source.to_string() })?;
    let field = |name: &'static str| {
        let reason = || format!("the field {name} is missing");
        let missing = || DebFault::Control { member: "control", reason: reason() };
        stanza.get(name).map(str::to_owned).ok_or_else(missing)
    };
    let package = field("Package")?;
    if !apt_solver::is_package_name(&package) {
        let reason = format!("`{package}` is not the name of a package");
        return Err(DebFault::Control { member: "control", reason });
    }
    let version: Version = field("Version")?
        .parse()
        .map_err(|error| DebFault::Control { member: "control", reason: format!("{error}") })?;
    let architecture = field("Architecture")?;
    let conffiles = conffiles(&text("conffiles")?.unwrap_or_default())?;
    let triggers = triggers(&text("triggers")?.unwrap_or_default())?;
    let mut scripts = BTreeMap::new();
    for kind in ScriptKind::ALL {
        if let Some(script) = text(kind.file_name())? {
            scripts.insert(kind, script);
        }
    }
    let owners = owners(&text(OWNERS)?.unwrap_or_default())?;
    let modes = modes(&text(MODES)?.unwrap_or_default())?;
    let control_files = attachments
        .into_iter()
        .filter(|(name, _)| !name.starts_with('.') && name != "control")
        .map(|(name, content)| {
            let mode = modes.get(&name).copied().unwrap_or(0o644);
            (name, ControlFile { mode, content })
        })
        .collect();
    Ok(UnpackedDeb {
        sha256,
        package,
        version,
        architecture,
        multi_arch_same: stanza.get("Multi-Arch") == Some("same"),
        essential: stanza.get("Essential") == Some("yes"),
        stanza,
        conffiles,
        scripts,
        triggers,
        control_files,
        owners,
        pack,
    })
}

/// The attachment with the owners that are not root: lines of path, user and group, with tabs.
pub(super) const OWNERS: &str = ".owners";
/// The attachment with the modes of the control files: lines of octal mode and name.
pub(super) const MODES: &str = ".modes";

fn owners(text: &str) -> Result<BTreeMap<TreePath, (String, String)>, DebFault> {
    let bad = || DebFault::Control { member: OWNERS, reason: "a bad line".to_owned() };
    let parse = |line: &str| {
        let mut parts = line.splitn(3, '\t');
        let (user, group) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        Some((TreePath::from_member(parts.next()?).ok()?, (user, group)))
    };
    text.lines().map(|line| parse(line).ok_or_else(bad)).collect()
}

fn modes(text: &str) -> Result<BTreeMap<String, u32>, DebFault> {
    let bad = || DebFault::Control { member: MODES, reason: "a bad line".to_owned() };
    let parse = |line: &str| {
        let (mode, name) = line.split_once(' ')?;
        Some((name.to_owned(), u32::from_str_radix(mode, 8).ok()?))
    };
    text.lines().map(|line| parse(line).ok_or_else(bad)).collect()
}

fn conffiles(text: &str) -> Result<Vec<Conffile>, DebFault> {
    let bad = |reason: String| DebFault::Control { member: "conffiles", reason };
    let mut conffiles = Vec::new();
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        let (flag, path) = match line.split_once(char::is_whitespace) {
            Some((flag, path)) if !flag.starts_with('/') => (Some(flag), path.trim_start()),
            _ => (None, line),
        };
        let remove_on_upgrade = match flag {
            None => false,
            Some("remove-on-upgrade") => true,
            Some(flag) => return Err(bad(format!("an unknown flag `{flag}`"))),
        };
        if !path.starts_with('/') {
            return Err(bad(format!("`{path}` is not absolute")));
        }
        let path = TreePath::from_member(path).map_err(|error| bad(error.to_string()))?;
        conffiles.push(Conffile { path, remove_on_upgrade });
    }
    Ok(conffiles)
}

fn triggers(text: &str) -> Result<Triggers, DebFault> {
    let mut triggers = Triggers::default();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_ascii_whitespace();
        let Some(directive) = words.next() else { continue };
        let (Some(name), None) = (words.next(), words.next()) else {
            let reason = format!("`{line}` does not name one trigger");
            return Err(DebFault::Control { member: "triggers", reason });
        };
        let name = name.to_owned();
        match directive {
            "interest" | "interest-await" => triggers.interests.push((name, Interest::Await)),
            "interest-noawait" => triggers.interests.push((name, Interest::NoAwait)),
            "activate" | "activate-await" => triggers.activates.push((name, Activation::Await)),
            "activate-noawait" => triggers.activates.push((name, Activation::NoAwait)),
            other => {
                let reason = format!("an unknown directive `{other}`");
                return Err(DebFault::Control { member: "triggers", reason });
            }
        }
    }
    Ok(triggers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conffiles_have_flags() {
        let found = conffiles("/etc/a b\nremove-on-upgrade /etc/c\n\n").unwrap();
        let found: Vec<(&str, bool)> =
            found.iter().map(|file| (file.path.as_str(), file.remove_on_upgrade)).collect();
        assert_eq!(found, [("etc/a b", false), ("etc/c", true)]);
        for bad in ["etc/a", "/etc/../a", "flag /etc/a"] {
            assert!(conffiles(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn triggers_have_six_directives() {
        let text = "# note\ninterest-noawait /usr/lib\nactivate-noawait ldconfig # why\n";
        let found = triggers(text).unwrap();
        assert_eq!(found.interests, [("/usr/lib".to_owned(), Interest::NoAwait)]);
        assert_eq!(found.activates, [("ldconfig".to_owned(), Activation::NoAwait)]);
        for bad in ["interest", "interest a b", "watch a"] {
            assert!(triggers(bad).is_err(), "{bad}");
        }
    }
}

//! What a recipe says about packages of the service.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;

use super::part::{self, Need, Part};
use super::paths::{self, clean};
use super::pattern::Pattern;
use super::template::{self, Name, OF_SERVICE, Template};
use super::{SystemPackages, written};
use crate::fields::Checker;

/// How packages of a service are made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Package {
    /// The name of the package.
    pub name: Template,
    /// Where the virtual environment lies, an absolute path.
    pub prefix: Template,
    /// The link that leads to the prefix of the version in use, an absolute path.
    pub current: Template,
    /// The epoch of its version.
    pub epoch: u32,
    /// Who answers for it: `Name <address>`.
    pub maintainer: String,
    /// Where it is described.
    pub homepage: Option<String>,
    /// The licence of the service, as SPDX has it: `Apache-2.0`.
    pub license: String,
    /// Who holds the copyright of the service.
    pub copyright: String,
    /// The section of a Debian archive.
    pub section: String,
    /// Programs of the service that everybody finds in `/usr/bin`.
    pub commands: BTreeSet<String>,
    /// Packages of the distribution that are installed with it unless somebody says otherwise.
    pub recommends: SystemPackages,
    /// Packages of the distribution that it stands for: it provides them, and they go.
    pub replaces: SystemPackages,
    /// The processes of the service.
    pub units: Vec<Unit>,
    /// The packages that are split off, in the order of the recipe.
    pub parts: Vec<Part>,
    /// What becomes of the symbols that debuggers read.
    pub debug_symbols: DebugSymbols,
    /// Whether Python's bytecode is in the packages.
    pub bytecode: Bytecode,
    /// Whether the sources of modules are, once there is bytecode of them.
    pub sources: Sources,
    /// Sources that are there in any case.
    pub kept_sources: Vec<Pattern>,
}

/// Whether Python's bytecode is in packages.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bytecode {
    /// Python compiles modules as it reads them.
    #[default]
    None,
    /// Each module is compiled when the package is made.
    Compiled,
}

/// Whether the sources of modules are in packages.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sources {
    /// They are.
    #[default]
    Kept,
    /// Only what can be executed is.
    Removed,
}

/// What becomes of the symbols that debuggers read, which most wheels have in their libraries.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DebugSymbols {
    /// Libraries are as their projects ship them.
    #[default]
    Kept,
    /// They are in a package of their own.
    Apart,
}

/// What the name of a Debian package with the symbols of another ends with.
pub const DEB_SYMBOLS: &str = "-dbgsym";

/// What the name of an rpm with the symbols of another ends with.
pub const RPM_SYMBOLS: &str = "-debuginfo";

impl Package {
    /// What the part of number `index` needs of the service's packages, and what these need.
    pub fn needs(&self, index: usize) -> BTreeSet<Need> {
        part::reachable(&self.parts, index)
    }
}

/// A process of a service, run by systemd.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unit {
    /// The name without `.service`.
    pub name: String,
    /// What it is, in one line.
    pub description: String,
    /// A program, absolute or of the service's `bin`, and its arguments.
    pub command: Vec<String>,
    /// Whether it becomes root for single steps, through sudo(8).
    pub privileged: bool,
    /// Settings of `[Service]` that differ from those that every unit has, or are added to them.
    pub settings: BTreeMap<String, String>,
}

pub(super) fn check(
    checker: &mut Checker<'_>,
    written: Option<Spanned<written::Package>>,
) -> Option<Package> {
    let written = written?;
    let (span, written) = (written.span(), written.into_inner());
    let name = name(checker, written.name.as_ref(), OF_SERVICE);
    let is_place = |text: &str| {
        clean(text) && !text.contains(|c: char| c.is_whitespace() || "\"'\\%$`:".contains(c))
    };
    let want = "a path is absolute and has no blanks, quotes, colons, `%`, `$` and backslashes";
    let default = "/opt/openstack/{{ service }}-{{ version }}";
    let prefix =
        template::check(checker, written.prefix.as_ref(), default, OF_SERVICE, is_place, want);
    let default = "/opt/openstack/current/{{ service }}";
    let current =
        template::check(checker, written.current.as_ref(), default, OF_SERVICE, is_place, want);
    let example = "maintainer = \"Jane Doe <jane@example.org>\"";
    let maintainer = checker.required_in(&span, written.maintainer, "maintainer", example);
    let maintainer = maintainer.and_then(|value| maintainer_of(checker, &value));
    let license =
        checker.required_in(&span, written.license, "license", "license = \"Apache-2.0\"");
    let license = license.and_then(|value| checker.line(&value, "license"));
    let example = "copyright = \"2012 OpenStack Foundation\"";
    let copyright = checker.required_in(&span, written.copyright, "copyright", example);
    let copyright = copyright.and_then(|value| checker.line(&value, "copyright"));
    let homepage = written.homepage.as_ref().map(|value| checker.line(value, "homepage"));
    let section = match &written.section {
        Some(section) => checker.line(section, "section"),
        None => Some("net".to_owned()),
    };
    let commands = written.commands.iter().filter_map(|value| file_name(checker, value)).collect();
    let recommends = paths::system_packages(checker, written.recommends);
    let replaces = paths::system_packages(checker, written.replaces);
    let units = units(checker, written.unit);
    let parts = part::check(checker, name.as_ref(), written.part);
    let kept = &written.kept_sources;
    let kept_sources = kept.iter().filter_map(|value| part::pattern(checker, value)).collect();
    if written.sources == Sources::Removed && written.bytecode == Bytecode::None {
        let message = "without sources and without bytecode nothing is left to execute";
        checker.fault(&span, message.to_owned(), "add bytecode = \"compiled\"");
    }
    if let (Some(first), Sources::Kept) = (kept.first(), written.sources) {
        let message = "all sources are kept";
        checker.fault(
            &first.span(),
            message.to_owned(),
            "add sources = \"removed\", or leave it out",
        );
    }
    Some(Package {
        name: name?,
        prefix: prefix?,
        current: current?,
        epoch: written.epoch,
        maintainer: maintainer?,
        homepage: match homepage {
            Some(homepage) => Some(homepage?),
            None => None,
        },
        license: license?,
        copyright: copyright?,
        section: section?,
        commands,
        recommends,
        replaces,
        units,
        parts,
        debug_symbols: written.debug_symbols,
        bytecode: written.bytecode,
        sources: written.sources,
        kept_sources,
    })
}

/// The name of a package of what `names` stand for: `openstack-`, and the first of them, where none is
/// written.
pub(crate) fn name(
    checker: &mut Checker<'_>,
    written: Option<&Spanned<String>>,
    names: &[(&str, Name)],
) -> Option<Template> {
    let is_name = |text: &str| {
        text.len() >= 2
            && text.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b))
            && ![DEB_SYMBOLS, RPM_SYMBOLS].iter().any(|suffix| text.ends_with(suffix))
    };
    let first = names.first().map_or("", |(name, _)| name);
    let default = &format!("openstack-{{{{ {first} }}}}");
    let want = format!(
        "a package is called like {default}: lower-case letters, digits and +-., without {DEB_SYMBOLS} \
         or {RPM_SYMBOLS} at the end"
    );
    template::check(checker, written, default, names, is_name, &want)
}

/// Who answers for a package.
pub(crate) fn maintainer_of(checker: &mut Checker<'_>, value: &Spanned<String>) -> Option<String> {
    let line = checker.line(value, "maintainer")?;
    let parts = line.strip_suffix('>').and_then(|line| line.split_once(" <"));
    if parts.is_some_and(|(name, address)| !name.is_empty() && address.contains('@')) {
        return Some(line);
    }
    let message = format!("`{}` is no maintainer", line.escape_debug());
    checker.fault(
        &value.span(),
        message,
        "write a name and an address: Jane Doe <jane@example.org>",
    );
    None
}

/// The name of a program or unit: a word.
fn file_name(checker: &mut Checker<'_>, value: &Spanned<String>) -> Option<String> {
    let text = value.get_ref();
    let good = (1..=200).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if !good {
        let message = format!("`{}` is no name for a program or a unit", text.escape_debug());
        checker.fault(&value.span(), message, "use letters, digits, `-`, `_` and `.`");
    }
    good.then(|| text.clone())
}

fn units(checker: &mut Checker<'_>, written: Vec<Spanned<written::Unit>>) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    for entry in written {
        let (span, entry) = (entry.span(), entry.into_inner());
        let Some(unit) = unit(checker, &span, entry) else { continue };
        if units.iter().any(|other| other.name == unit.name) {
            checker.fault(&span, format!("two units are called {}", unit.name), "rename one");
        }
        units.push(unit);
    }
    units
}

fn unit(checker: &mut Checker<'_>, span: &Range<usize>, entry: written::Unit) -> Option<Unit> {
    let name = checker.required_in(span, entry.name, "name", "name = \"keystone\"");
    let name = name.and_then(|value| file_name(checker, &value));
    let example = "description = \"OpenStack Identity API\"";
    let description = checker.required_in(span, entry.description, "description", example);
    let description = description.and_then(|value| checker.line(&value, "description"));
    let words = entry.command.iter().map(|word| checker.line(word, "command"));
    let command: Option<Vec<String>> = words.collect();
    if entry.command.is_empty() {
        let message = "the key `command` is missing".to_owned();
        checker.fault(span, message, "add command = [\"uwsgi\", \"--ini\", \"/etc/...\"]");
    }
    let mut settings = BTreeMap::new();
    for (key, value) in entry.settings {
        if !key.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let message = format!("`{}` is no setting of [Service]", key.escape_debug());
            checker.fault(&value.span(), message, "systemd.exec(5) has their names");
        } else if value.get_ref().chars().any(char::is_control) {
            let message = format!("`{key}` has a line end or another control character");
            checker.fault(&value.span(), message, "write one line of text");
        } else {
            settings.insert(key, value.into_inner());
        }
    }
    Some(Unit {
        name: name?,
        description: description?,
        command: command?,
        privileged: entry.privileged,
        settings,
    })
}

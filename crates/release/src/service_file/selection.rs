//! Packages that files in the grammar of bindep select.

use std::collections::BTreeSet;
use std::path::PathBuf;

use bindep::{BindepFile, Platform, PlatformError, Relation, Rule};
use constraints::Requirement;
use names::{Arch, DistroId, Fault, PackageName, Place, ReleaseId};
use toml::Spanned;

use super::{Service, written};
use crate::fields::Checker;

/// Files in the grammar of bindep, and the profiles that are active in them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Selection {
    /// The files, in the order of the recipe.
    pub files: Vec<SelectionFile>,
    /// Whether the `bindep.txt` in the source of the service counts, too.
    pub source: bool,
    /// The profiles that the recipe names for what is there at run time. Active besides are the name of
    /// the service, the release and the architecture; where none is named, `default` is.
    pub profiles: BTreeSet<String>,
    /// The profiles for what is there while the service is built; none where nothing is added then.
    pub build_profiles: BTreeSet<String>,
}

/// One of those files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SelectionFile {
    /// Its path in the tree.
    pub path: PathBuf,
    /// Where the recipe names it.
    pub place: Place,
    /// What it says; nothing until the tree is read.
    pub content: BindepFile,
}

/// What packages are selected for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Target<'a> {
    /// The distribution.
    pub distro: &'a DistroId,
    /// The release.
    pub release: ReleaseId,
    /// The architecture.
    pub arch: Arch,
}

impl Service {
    /// The packages of a distribution that the service needs at run time: those of the recipe and those
    /// that its bindep files select. `source` is the bindep file of the service's source, where that
    /// counts and is at hand.
    ///
    /// # Errors
    /// When there are such files and bindep knows no such distribution.
    pub fn packages(
        &self,
        target: Target<'_>,
        source: Option<&BindepFile>,
    ) -> Result<BTreeSet<String>, PlatformError> {
        let named = self.system_packages.of(target.distro).into_iter().map(str::to_owned);
        let mut packages: BTreeSet<String> = named.collect();
        let rules = self.selected(&self.bindep, &self.bindep.profiles, target, source)?;
        packages.extend(rules.into_iter().map(|rule| rule.name.clone()));
        Ok(packages)
    }

    /// The packages that the bindep files of the tree select while it is built; none where the recipe
    /// names no profiles for that.
    ///
    /// # Errors
    /// As [`Service::packages`].
    pub fn build_packages(&self, target: Target<'_>) -> Result<BTreeSet<String>, PlatformError> {
        if self.bindep.build_profiles.is_empty() {
            return Ok(BTreeSet::new());
        }
        let rules = self.selected(&self.bindep, &self.bindep.build_profiles, target, None)?;
        Ok(rules.into_iter().map(|rule| rule.name.clone()).collect())
    }

    /// The Python requirements of the recipe besides the service itself, then those that its pydep files
    /// select, each with the place where it is written.
    ///
    /// # Errors
    /// As [`Service::packages`].
    pub fn requirements(
        &self,
        target: Target<'_>,
    ) -> Result<Vec<(Requirement, Place)>, PlatformError> {
        let written = self.python.packages.iter().map(|one| (one.clone(), self.place.clone()));
        let mut all: Vec<(Requirement, Place)> = written.collect();
        for rule in self.selected(&self.pydep, &self.pydep.profiles, target, None)? {
            let requirement = requirement(rule).ok();
            let new = requirement.filter(|one| all.iter().all(|(other, _)| other.text != one.text));
            all.extend(new.map(|one| (one, rule.place.clone())));
        }
        Ok(all)
    }

    fn selected<'a>(
        &self,
        selection: &'a Selection,
        profiles: &BTreeSet<String>,
        target: Target<'_>,
        source: Option<&'a BindepFile>,
    ) -> Result<Vec<&'a Rule>, PlatformError> {
        let contents = selection.files.iter().map(|file| &file.content);
        let files: Vec<&BindepFile> = contents.chain(source.filter(|_| selection.source)).collect();
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let platform = Platform::of_distro(target.distro)?;
        let mut active = profiles.clone();
        if active.is_empty() {
            active.insert("default".to_owned());
        }
        active.insert(self.name.to_string());
        active.insert(target.release.to_string());
        active.insert(target.arch.debian().to_owned());
        Ok(files.into_iter().flat_map(|file| file.packages(&platform, &active)).collect())
    }
}

/// Checks what a pydep file lists; faults name its lines.
pub(crate) fn check_pydep(file: &BindepFile) -> Vec<Fault> {
    file.rules.iter().filter_map(|rule| requirement(rule).err()).collect()
}

/// A line of a pydep file as a requirement.
fn requirement(rule: &Rule) -> Result<Requirement, Fault> {
    let fault = |message: String, hint: &str| Fault {
        place: rule.place.clone(),
        message,
        hint: hint.to_owned(),
    };
    PackageName::new(&rule.name).map_err(|_| {
        let message = format!("`{}` is not the name of a Python project", rule.name);
        fault(message, "a pydep file lists Python projects")
    })?;
    let sign = |relation: Relation| match relation {
        Relation::Less => "<",
        Relation::LessOrEqual => "<=",
        Relation::Equal => "==",
        Relation::NotEqual => "!=",
        Relation::GreaterOrEqual => ">=",
        Relation::Greater => ">",
    };
    let versions = rule.versions.iter();
    let versions: Vec<String> =
        versions.map(|one| format!("{}{}", sign(one.relation), one.version)).collect();
    let text = format!("{}{}", rule.name, versions.join(","));
    Requirement::parse(&text).map_err(|error| {
        fault(format!("`{text}` is not a requirement: {error}"), "versions are those of PEP 440")
    })
}

pub(super) fn bindep(checker: &mut Checker<'_>, written: written::Selection) -> Selection {
    if written.source || !written.files.is_empty() {
        return Selection {
            files: files(checker, &written.files),
            source: written.source,
            profiles: profiles(checker, &written.profiles),
            build_profiles: profiles(checker, &written.build_profiles),
        };
    }
    if let Some(first) = written.profiles.iter().chain(&written.build_profiles).next() {
        let message = "profiles without a file that they select from".to_owned();
        let hint = "add files = [\"services/keystone.bindep.txt\"], or source = true";
        checker.fault(&first.span(), message, hint);
    }
    Selection::default()
}

pub(super) fn pydep(checker: &mut Checker<'_>, written: written::Pydep) -> Selection {
    Selection {
        files: files(checker, &written.files),
        profiles: profiles(checker, &written.profiles),
        ..Selection::default()
    }
}

fn files(checker: &mut Checker<'_>, written: &[Spanned<String>]) -> Vec<SelectionFile> {
    let mut files: Vec<SelectionFile> = Vec::new();
    for value in written {
        let text = value.get_ref();
        let name = text.strip_prefix("services/").and_then(|rest| rest.strip_suffix(".txt"));
        let good = name.is_some_and(|name| {
            let clean = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
            !name.is_empty() && !name.starts_with('.') && name.chars().all(clean)
        });
        let path = PathBuf::from(text);
        if !good {
            let message = format!("`{}` is not a file of packages", text.escape_debug());
            let hint = "name a text file beside the recipe: \"services/keystone.bindep.txt\"";
            checker.fault(&value.span(), message, hint);
        } else if files.iter().any(|file| file.path == path) {
            checker.fault(&value.span(), format!("`{text}` is there twice"), "remove one");
        } else {
            let place = checker.place(&value.span());
            files.push(SelectionFile { path, place, content: BindepFile::default() });
        }
    }
    files
}

fn profiles(checker: &mut Checker<'_>, written: &[Spanned<String>]) -> BTreeSet<String> {
    let allowed = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || ":-.".contains(letter)
    };
    let mut profiles = BTreeSet::new();
    for value in written {
        let text = value.get_ref();
        if text.is_empty() || !text.chars().all(allowed) || text.starts_with("platform:") {
            let message = format!("`{}` is not a profile", text.escape_debug());
            let hint = "a profile has lower-case letters, digits, `-` and `.`; that of the platform \
                        follows from the distribution";
            checker.fault(&value.span(), message, hint);
        }
        profiles.insert(text.clone());
    }
    profiles
}

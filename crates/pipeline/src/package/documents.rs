//! The texts of a package for people, whatever its format: what is in it, and whose it is.

use distro::Python;
use names::{DistroId, Epoch, ReleaseId};
use release::{Package, Service};

use super::alternative::{self, Alternative};
use crate::lock::LockedSource;
use crate::plan::Plan;

/// What the texts tell of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    pub(crate) id: &'a DistroId,
    pub(crate) python: &'a Python,
    pub(crate) service: &'a Service,
    pub(crate) recipe: &'a Package,
    pub(crate) release: ReleaseId,
    pub(crate) source: &'a LockedSource,
    pub(crate) plan: &'a Plan<'a>,
    /// The name of the main package of the service, after which what belongs to all of them is called.
    pub(crate) main: &'a str,
    /// The name of the package.
    pub(crate) name: &'a str,
    /// Its version, with all that is before and behind that of the service.
    pub(crate) version: &'a str,
    /// Where the virtual environment lies.
    pub(crate) prefix: &'a str,
    /// The link that leads to it.
    pub(crate) current: &'a str,
    /// The time of the package.
    pub(crate) time: Epoch,
}

impl<'a> Told<'a> {
    /// The programs that get a link in `/usr/bin`.
    pub(crate) fn commands(&self) -> Vec<&'a str> {
        self.recipe.commands.iter().map(String::as_str).collect()
    }

    /// This version among those that are installed.
    pub(crate) fn alternative(&self, commands: &'a [&'a str]) -> Alternative<'a> {
        Alternative {
            package: self.main,
            prefix: self.prefix,
            current: self.current,
            priority: alternative::priority(&self.source.version),
            commands,
        }
    }

    /// The Python projects that come with the service, each with its version, by name.
    pub(crate) fn projects(&self) -> Vec<(&'a str, &'a str)> {
        let own = &self.service.project;
        let others = self.plan.wheels.iter().filter(|wheel| wheel.project != *own);
        let mut projects: Vec<(&str, &str)> =
            others.map(|wheel| (wheel.project.as_str(), wheel.version.as_str())).collect();
        projects.sort_unstable();
        projects
    }
}

/// Where things are, as the description of a package has it: in lines of at most 78 letters.
pub(crate) fn about(told: &Told<'_>) -> String {
    let text = format!(
        "Version {} of the release {}, with the Python libraries that it needs, in a virtual environment \
         of its own: {}. The link {} leads to the version in use; update-alternatives changes \
         it.",
        told.source.version, told.release, told.prefix, told.current
    );
    filled(&text)
}

/// A paragraph in lines of at most 78 letters.
pub(super) fn filled(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is one line at least");
        if !line.is_empty() && line.len() + 1 + word.len() > 78 {
            lines.push(word.to_owned());
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.join("\n")
}

/// Whose the files are and what one may do with them, machine-readable (Debian Policy 12.5, and as good as
/// any form elsewhere). `listed` says where the Python projects are listed; `shared` is a folder where a
/// system has the full texts of common licences.
pub(crate) fn copyright(told: &Told<'_>, listed: &str, shared: Option<&str>) -> String {
    let Package { copyright, license, homepage, .. } = told.recipe;
    let project = &told.service.project;
    let source = homepage.as_ref().map_or(String::new(), |page| format!("Source: {page}\n"));
    let common = ["Apache-2.0", "GPL-2", "GPL-3", "MPL-2.0"].iter().find(|name| *name == license);
    let full = match common.zip(shared) {
        Some((name, folder)) => format!(
            " On Debian systems the full text of this licence is in\n \
             {folder}/{name}.\n"
        ),
        None => {
            format!(" The full text is in the folder of {project} below\n {}/lib.\n", told.prefix)
        }
    };
    format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
         Upstream-Name: {project}\n{source}\
         Comment: The Python projects that come with it, listed in {listed},\n \
         have licences of their own: each has them in its .dist-info folder below\n {}/lib.\n\n\
         Files: *\nCopyright: {copyright}\nLicense: {license}\n{full}",
        told.prefix
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_filled() {
        let text = filled(&"word ".repeat(40));
        assert!(text.lines().all(|line| line.len() <= 78) && text.lines().count() == 3);
    }
}

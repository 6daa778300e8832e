//! What a Debian package says about itself.

use pkg_writer::deb::{Package, Relations};

use super::depends::Found;
use super::scripts::{self, Subject};
use crate::package::documents::{self, Told};
use crate::package::files::Files;

/// The metadata of the package that has `files`; `found` is what its extension modules need.
pub(crate) fn control(told: &Told<'_>, found: &Found, files: &Files) -> Package {
    let arch = told.plan.arch;
    let commands = told.commands();
    let subject = Subject {
        upstream: told.version.rsplit_once('-').map_or(told.version, |(upstream, _)| upstream),
        alternative: told.alternative(&commands),
    };
    let id = told.id;
    let replaced: Vec<String> =
        told.recipe.replaces.of(id).into_iter().map(str::to_owned).collect();
    let provides = replaced.iter().map(|name| format!("{name} (= {})", told.version)).collect();
    let interpreter = told.python.path.rsplit('/').next().unwrap_or("python3");
    let mut asked = vec![interpreter.to_owned()];
    asked.extend(told.plan.system_asked.iter().cloned());
    let mut depends = found.depends.relations(asked);
    depends.push("systemd | systemd-standalone-sysusers | systemd-sysusers".to_owned());
    if files.has_tmpfiles {
        depends.push("systemd | systemd-standalone-tmpfiles | systemd-tmpfiles".to_owned());
    }
    let relations = Relations {
        depends,
        recommends: told.recipe.recommends.of(id).into_iter().map(str::to_owned).collect(),
        conflicts: replaced.clone(),
        replaces: replaced,
        provides,
        ..Relations::default()
    };
    Package {
        name: told.name.to_owned(),
        version: told.version.to_owned(),
        architecture: if found.has_code { arch.debian() } else { "all" }.to_owned(),
        maintainer: told.recipe.maintainer.clone(),
        description: format!("{}\n{}", told.service.description, documents::about(told)),
        section: Some(told.recipe.section.clone()),
        priority: Some("optional".to_owned()),
        homepage: told.recipe.homepage.clone(),
        relations,
        scripts: scripts::scripts(&subject, files),
        conffiles: files.conffiles.clone(),
        ..Package::default()
    }
}

//! What a Debian package says about itself.

use pkg_writer::deb::{Package, Relations};
use release::{Bytecode, SystemPackages};

use super::depends::Found;
use super::scripts::{self, Subject};
use crate::layers_error::LayersError;
use crate::package::documents::{self, Told};
use crate::package::share::Share;

/// The metadata of one of the packages; `found` is what extension modules need.
pub(crate) fn control(
    told: &Told<'_>,
    found: &Found,
    share: &Share,
) -> Result<Package, LayersError> {
    let Share { files, .. } = share;
    let commands = told.commands();
    let subject = Subject {
        upstream: told.version.rsplit_once('-').map_or(told.version, |(upstream, _)| upstream),
        is_compiled: told.recipe.bytecode == Bytecode::Compiled,
        alternative: told.alternative(&commands),
    };
    let id = told.id;
    let of_main = |packages: &SystemPackages| -> Vec<String> {
        let packages = packages.of(id).into_iter().map(str::to_owned);
        packages.filter(|_| share.is_main).collect()
    };
    let replaced = of_main(&told.recipe.replaces);
    let provides = replaced.iter().map(|name| format!("{name} (= {})", told.version)).collect();
    let interpreter = told.python.path.rsplit('/').next().unwrap_or("python3");
    let mut asked = Vec::new();
    if share.has_environment {
        asked.push(interpreter.to_owned());
    }
    if share.is_home {
        asked.extend(told.plan.system_asked.iter().cloned());
    }
    if files.calls_sudo(told.recipe) {
        asked.push("sudo".to_owned());
    }
    let mut depends = found.of(&files.tree)?.relations(asked);
    depends.extend(share.needs.iter().map(|name| format!("{name} (= {})", told.version)));
    if files.has_sysusers {
        depends.push("systemd | systemd-standalone-sysusers | systemd-sysusers".to_owned());
    }
    if files.has_tmpfiles {
        depends.push("systemd | systemd-standalone-tmpfiles | systemd-tmpfiles".to_owned());
    }
    let relations = Relations {
        depends,
        recommends: of_main(&told.recipe.recommends),
        conflicts: replaced.clone(),
        replaces: replaced,
        provides,
        ..Relations::default()
    };
    // Of one architecture as soon as one of the packages is: a file without code comes from wheels that may
    // be others for another one.
    let architecture = if found.has_code() { told.plan.arch.debian() } else { "all" };
    Ok(Package {
        name: told.name.to_owned(),
        version: told.version.to_owned(),
        architecture: architecture.to_owned(),
        maintainer: told.recipe.maintainer.clone(),
        description: format!("{}\n{}", share.description, documents::about(told)),
        section: Some(if share.is_symbols {
            "debug".to_owned()
        } else {
            told.recipe.section.clone()
        }),
        priority: Some("optional".to_owned()),
        homepage: told.recipe.homepage.clone(),
        relations,
        scripts: scripts::scripts(&subject, share),
        conffiles: files.conffiles.clone(),
        ..Package::default()
    })
}

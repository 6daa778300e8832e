//! `cooperage source`, and the argument `--source`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use names::ServiceName;
use pipeline::ResolvedSource;
use serde_json::json;

use super::Workplace;
use crate::args::{Global, ResolveSource, SourceVersion};
use crate::failure::Failure;
use crate::speech;
use crate::surroundings::Surroundings;

/// Prints the version of a commit.
pub(crate) fn version(
    version: &SourceVersion,
    global: &Global,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let named = |argument: &str, reason: String| Failure::Reference {
        argument: argument.to_owned(),
        reason,
    };
    let SourceVersion { repository, commit } = version;
    let folder = surroundings.absolute(Path::new(repository));
    let address = match folder.is_dir() && !repository.contains("://") {
        true => format!("file://{}", folder.display()),
        false => repository.clone(),
    };
    let url = address.parse();
    let url = url.map_err(|error: pipeline::GitUrlError| named(repository, error.to_string()))?;
    let reference = commit.parse();
    let reference =
        reference.map_err(|error: pipeline::GitReferenceError| named(commit, error.to_string()))?;
    let workplace = Workplace::at(surroundings.folder.clone(), global, surroundings)?;
    let found = pipeline::source_version(&workplace.setting(), &url, &reference)?;
    match global.json {
        true => speech::json(&json!({ "version": found })),
        false => speech::print(&found).map_err(Failure::Print),
    }
}

/// Prints what the source of a component is at this moment.
pub(crate) fn resolve(
    resolve: &ResolveSource,
    global: &Global,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let ResolveSource { release, component, distro } = resolve;
    let workplace = Workplace::open(global, surroundings)?;
    let found = pipeline::resolve_source(&workplace.setting(), *release, component, distro)?;
    let ResolvedSource { written, commit, reference, url, locked } = found;
    let commit = commit.map(|commit| commit.to_string());
    let locked = locked.map(|commit| commit.to_string());
    let url = url.map(|url| url.to_string());
    if global.json {
        return speech::json(&json!({
            "component": component, "source": written, "commit": commit,
            "reference": reference, "url": url, "locked": locked,
        }));
    }
    if let (Some(locked), Some(commit), false) = (&locked, &commit, global.quiet) {
        match locked == commit {
            true => speech::say("the lock has this commit"),
            false => speech::say(&format!(
                "the lock has {locked}: `cargo xtask lock {release} --update {component}` moves it"
            )),
        }
    }
    let Some(commit) = commit else { return speech::print(&written).map_err(Failure::Print) };
    let parts = [Some(commit), reference, url];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    speech::print(&parts.join(" ")).map_err(Failure::Print)
}

/// Reads the arguments `--source SERVICE=DIR`.
pub(super) fn folders(
    arguments: &[String],
    surroundings: &Surroundings,
) -> Result<BTreeMap<ServiceName, PathBuf>, Failure> {
    let mut folders = BTreeMap::new();
    for argument in arguments {
        let refused = |reason: &str| Failure::Source {
            argument: argument.clone(),
            reason: reason.to_owned(),
        };
        let parts = argument.split_once('=').filter(|(_, folder)| !folder.is_empty());
        let (name, folder) =
            parts.ok_or_else(|| refused("want SERVICE=DIR, such as keystone=../keystone"))?;
        let name = name.parse::<ServiceName>().map_err(|error| refused(&error.to_string()))?;
        let folder = surroundings.absolute(Path::new(folder));
        if !folder.is_dir() {
            return Err(refused(&format!("{} is no folder", folder.display())));
        }
        if folders.insert(name, folder).is_some() {
            return Err(refused("the service is named twice"));
        }
    }
    Ok(folders)
}

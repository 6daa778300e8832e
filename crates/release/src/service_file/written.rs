//! The recipe as written. Keys that must be there are optional here: serde would tell the first that is
//! missing and stop.

use std::collections::BTreeMap;

use names::{DistroId, PackageName};
use serde::Deserialize;
use toml::Spanned;

use super::package::{Bytecode, DebugSymbols, Sources};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Service {
    pub(super) description: Option<Spanned<String>>,
    pub(super) project: Option<PackageName>,
    pub(super) base: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) python: Python,
    #[serde(default)]
    pub(super) system_packages: BTreeMap<DistroId, Vec<Spanned<String>>>,
    pub(super) user: Option<Spanned<User>>,
    #[serde(default)]
    pub(super) directory: Vec<Spanned<Directory>>,
    #[serde(default)]
    pub(super) file: Vec<Spanned<File>>,
    #[serde(default)]
    pub(super) wsgi: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) image: Image,
    #[serde(default)]
    pub(super) patches: Patches,
    #[serde(default)]
    pub(super) bindep: Selection,
    #[serde(default)]
    pub(super) pydep: Pydep,
    #[serde(default)]
    pub(super) libraries: Libraries,
    pub(super) package: Option<Spanned<Package>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Package {
    pub(super) name: Option<Spanned<String>>,
    pub(super) prefix: Option<Spanned<String>>,
    pub(super) current: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) epoch: u32,
    pub(super) maintainer: Option<Spanned<String>>,
    pub(super) homepage: Option<Spanned<String>>,
    pub(super) license: Option<Spanned<String>>,
    pub(super) copyright: Option<Spanned<String>>,
    pub(super) section: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) commands: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) recommends: BTreeMap<DistroId, Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) replaces: BTreeMap<DistroId, Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) unit: Vec<Spanned<Unit>>,
    #[serde(default)]
    pub(super) part: Vec<Spanned<Part>>,
    #[serde(default)]
    pub(super) debug_symbols: DebugSymbols,
    #[serde(default)]
    pub(super) bytecode: Bytecode,
    #[serde(default)]
    pub(super) sources: Sources,
    #[serde(default)]
    pub(super) kept_sources: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Part {
    pub(super) name: Option<Spanned<String>>,
    pub(super) description: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) files: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) needs: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Unit {
    pub(super) name: Option<Spanned<String>>,
    pub(super) description: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) command: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) privileged: bool,
    #[serde(default)]
    pub(super) settings: BTreeMap<String, Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Libraries {
    #[serde(default)]
    pub(super) optional: Vec<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Selection {
    #[serde(default)]
    pub(super) files: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) source: bool,
    #[serde(default)]
    pub(super) profiles: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) build_profiles: Vec<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Pydep {
    #[serde(default)]
    pub(super) files: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) profiles: Vec<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Patches {
    pub(super) fuzz: Option<Spanned<u16>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Python {
    #[serde(default)]
    pub(super) extras: Vec<PackageName>,
    #[serde(default)]
    pub(super) packages: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct User {
    pub(super) name: Option<Spanned<String>>,
    pub(super) group: Option<Spanned<String>>,
    pub(super) uid: Option<Spanned<u32>>,
    pub(super) gid: Option<Spanned<u32>>,
    pub(super) home: Option<Spanned<String>>,
    pub(super) shell: Option<Spanned<String>>,
    pub(super) gecos: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Directory {
    pub(super) path: Option<Spanned<String>>,
    pub(super) mode: Option<Spanned<String>>,
    pub(super) owner: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    pub(super) path: Option<Spanned<String>>,
    pub(super) mode: Option<Spanned<String>>,
    pub(super) owner: Option<Spanned<String>>,
    pub(super) content: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Image {
    #[serde(default)]
    pub(super) command: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) ports: Vec<Spanned<u16>>,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, Spanned<String>>,
}

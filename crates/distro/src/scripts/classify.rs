//! Which effects the scripts of a package have.

use std::fmt;

use names::{Arch, Digest};

use super::diff::difference;
use super::{Effect, ScriptKind, normalise};
use crate::deb::UnpackedDeb;
use crate::file::{DistroFile, ScriptClass};

/// Why the effects of a package's scripts are not known.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClassifyError {
    /// A script is new, or has changed since it was classified.
    #[error("{0}")]
    Unknown(Box<UnknownScript>),
    /// A script can only be run, and nothing is run while assembling.
    #[error(
        "{package} {version}: the {kind} has to be run in the sandbox ({reason}), \
         which is not available yet: choose another package"
    )]
    NeedsSandbox {
        /// The package.
        package: String,
        /// Its version.
        version: String,
        /// The script.
        kind: ScriptKind,
        /// Why it has to be run.
        reason: String,
    },
}

/// A script that the distro's file does not classify.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownScript {
    /// The package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The script.
    pub kind: ScriptKind,
    /// The digest to classify it by.
    pub digest: Digest,
    /// Its normal form.
    pub text: String,
    /// Whether the file classifies another version of the script.
    pub changed: bool,
}

impl UnknownScript {
    /// The lines in which it differs from another version of the same script, given as the package
    /// has it.
    pub fn difference(&self, former: &str, former_version: &str) -> String {
        difference(&normalise(former, former_version).text, &self.text)
    }
}

impl fmt::Display for UnknownScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { package, version, kind, digest, text, changed } = self;
        let what = if *changed { "has changed" } else { "is new" };
        writeln!(
            f,
            "{package} {version}: the {kind} {what}: read it, and write what it does to a fresh root \
             into the distro's file as [[script]] with sha256 = \"{}\"",
            digest.hex()
        )?;
        f.write_str(text)
    }
}

/// What the scripts of `deb` do to a fresh root: first its preinst, then its postinst. The others do
/// not run there, and what `config` asks is answered by the defaults.
///
/// # Errors
/// For a script that the file does not know, or that only the sandbox could run.
pub fn classify(deb: &UnpackedDeb, file: &DistroFile) -> Result<Vec<Effect>, ClassifyError> {
    let mut effects = Vec::new();
    for kind in [ScriptKind::Preinst, ScriptKind::Postinst] {
        let Some(script) = deb.scripts.get(&kind) else { continue };
        let version = deb.version.as_str();
        let normal = normalise(script, version);
        let known = file.scripts.iter().filter(|s| s.package == deb.package && s.kind == kind);
        if !normal.is_empty() {
            let entry = known.clone().find(|entry| entry.sha256.contains(&normal.digest));
            match entry.map(|entry| (entry, entry.class)) {
                Some((_, ScriptClass::Nothing)) => {}
                Some((entry, ScriptClass::Effects)) => {
                    let arch = deb.architecture.parse::<Arch>().ok();
                    let here = |effect: &Effect| match arch {
                        Some(arch) => effect.on(arch),
                        None => effect.clone(),
                    };
                    effects.extend(entry.effects.iter().map(here));
                }
                Some((entry, ScriptClass::Sandbox)) => {
                    return Err(ClassifyError::NeedsSandbox {
                        package: deb.package.clone(),
                        version: version.to_owned(),
                        kind,
                        reason: entry.reason.clone(),
                    });
                }
                None => {
                    return Err(ClassifyError::Unknown(Box::new(UnknownScript {
                        package: deb.package.clone(),
                        version: version.to_owned(),
                        kind,
                        digest: normal.digest,
                        text: normal.text,
                        changed: known.count() > 0,
                    })));
                }
            }
        }
        effects.extend(normal.effects);
    }
    Ok(effects)
}

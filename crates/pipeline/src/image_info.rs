//! `/etc/image_info`: what an image is made of, for people who look inside.

use std::collections::BTreeSet;

use distro::LockedDeb;
use names::ReleaseId;
use release::Service;
use wheels::LockedWheel;

use crate::lock::LockedSource;
use crate::plan::{Own, PlannedLibrary};

/// The files by name. `pip.txt` is as `pip freeze` prints, `packages.txt` as `dpkg-query -W` does,
/// `project.txt` has a `KEY=value` a line, a `PATCH` for each patch, a `LIBRARY` for each library that is
/// built from source, and a `LIBRARY_PATCH` for each of its patches.
pub(crate) fn files(
    service: &Service,
    release: ReleaseId,
    source: &LockedSource,
    debs: &[&LockedDeb],
    wheels: &[&LockedWheel],
    own: &Own<'_>,
    libraries: &[PlannedLibrary<'_>],
) -> [(&'static str, String); 3] {
    let mut packages: Vec<String> =
        debs.iter().map(|deb| format!("{}\t{}\t{}\n", deb.name, deb.version, deb.arch)).collect();
    packages.sort();
    let mut pip: BTreeSet<String> =
        wheels.iter().map(|wheel| format!("{}=={}\n", wheel.project, wheel.version)).collect();
    let (version, digest) = match own {
        Own::Locked(wheel) => (&*wheel.version, wheel.sha256),
        Own::Built(step) => (step.version, step.sdist.sha256),
    };
    pip.insert(format!("{}=={version}\n", service.project));
    let built = libraries.iter().map(|library| &library.step);
    pip.extend(built.map(|step| format!("{}=={}\n", step.project, step.version)));
    let mut project = format!(
        "PROJECT={}\nPROJECT_RELEASE={release}\nPROJECT_REF={}\nPROJECT_VERSION={}\n\
         PROJECT_FILE={}\nPROJECT_DIGEST={digest}\n",
        service.name,
        source.shown(),
        source.version,
        source.file,
    );
    if let Some(commit) = &source.commit {
        project.push_str(&format!("PROJECT_COMMIT={commit}\n"));
    }
    for patch in &source.patches {
        project.push_str(&format!("PATCH={} {}\n", patch.file, patch.sha256));
    }
    for PlannedLibrary { source, step, .. } in libraries {
        let (name, version, digest) = (&source.component, &source.version, step.sdist.sha256);
        project.push_str(&format!("LIBRARY={name} {version} {} {digest}\n", source.file));
        for patch in &source.patches {
            project.push_str(&format!("LIBRARY_PATCH={name} {} {}\n", patch.file, patch.sha256));
        }
    }
    let pip: Vec<String> = pip.into_iter().collect();
    [("packages.txt", packages.concat()), ("pip.txt", pip.concat()), ("project.txt", project)]
}

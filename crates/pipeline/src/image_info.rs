//! `/etc/image_info`: what an image is made of, for people who look inside.

use distro::LockedDeb;
use names::ReleaseId;
use release::Service;
use wheels::LockedWheel;

use crate::lock::LockedSource;

/// The files by name. `pip.txt` is as `pip freeze` prints, `packages.txt` as `dpkg-query -W` does,
/// `project.txt` has a `KEY=value` a line.
pub(crate) fn files(
    service: &Service,
    release: ReleaseId,
    source: &LockedSource,
    debs: &[&LockedDeb],
    wheels: &[&LockedWheel],
) -> [(&'static str, String); 3] {
    let mut packages: Vec<String> =
        debs.iter().map(|deb| format!("{}\t{}\t{}\n", deb.name, deb.version, deb.arch)).collect();
    packages.sort();
    let mut pip: Vec<String> =
        wheels.iter().map(|wheel| format!("{}=={}\n", wheel.project, wheel.version)).collect();
    pip.sort();
    let own = wheels.iter().find(|wheel| wheel.file == source.wheel);
    let digest = own.map(|wheel| wheel.sha256.to_string()).unwrap_or_default();
    let project = format!(
        "PROJECT={}\nPROJECT_RELEASE={release}\nPROJECT_REF={}\nPROJECT_VERSION={}\n\
         PROJECT_FILE={}\nPROJECT_DIGEST={digest}\n",
        service.name, source.reference, source.version, source.wheel,
    );
    [("packages.txt", packages.concat()), ("pip.txt", pip.concat()), ("project.txt", project)]
}

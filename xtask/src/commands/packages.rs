//! `cooperage packages`.

use pipeline::PackagesRequest;
use serde_json::json;

use super::Workplace;
use crate::args::{Global, Packages};
use crate::failure::Failure;
use crate::speech::{self, Manner, Teller};
use crate::surroundings::Surroundings;

/// Prints the packages that some packages need, by name.
pub(crate) fn run(
    packages: &Packages,
    global: &Global,
    surroundings: &Surroundings,
    manner: Manner,
) -> Result<(), Failure> {
    let workplace = Workplace::open(global, surroundings)?;
    let request = PackagesRequest {
        distro: packages.distro.clone(),
        arch: packages.arch,
        base: packages.base.clone(),
        recommends: packages.recommends,
        names: packages.name.clone(),
    };
    let mut teller = Teller::new(manner);
    let solution =
        pipeline::packages(&workplace.setting(), &request, &mut |event| teller.tell(&event))?;
    if global.json {
        let packages: Vec<_> = solution
            .debs
            .iter()
            .map(|deb| {
                json!({
                    "name": deb.name, "version": deb.version.to_string(), "arch": deb.arch,
                    "archive": deb.archive.as_str(), "path": deb.path, "size": deb.size,
                    "sha256": deb.sha256.to_string(), "needed-by": solution.needed_by.get(&deb.name),
                })
            })
            .collect();
        return speech::json(&json!({ "packages": packages }));
    }
    let lines = solution.debs.iter().map(|deb| format!("{} {}", deb.name, deb.version));
    speech::lines(lines)
}

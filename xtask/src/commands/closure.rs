//! `cooperage closure`.

use pipeline::ClosureRequest;
use serde_json::json;

use super::Workplace;
use crate::args::{Closure, Global};
use crate::failure::Failure;
use crate::speech::{self, Manner, Teller};
use crate::surroundings::Surroundings;

/// Prints the Python projects that some requirements need, by name.
pub(crate) fn run(
    closure: &Closure,
    global: &Global,
    surroundings: &Surroundings,
    manner: Manner,
) -> Result<(), Failure> {
    let workplace = Workplace::open(global, surroundings)?;
    let request = ClosureRequest {
        release: closure.release,
        requirements: closure.requirement.clone(),
        python: closure.python.clone(),
        arch: closure.machine.arch,
        distro: closure.machine.distro.clone(),
    };
    let mut teller = Teller::new(manner);
    let found =
        pipeline::closure(&workplace.setting(), &request, &mut |event| teller.tell(&event))?;
    if global.json {
        let projects: Vec<_> = found
            .wheels
            .values()
            .map(|found| {
                let wheel = &found.wheel;
                json!({
                    "name": wheel.project.as_str(), "version": wheel.version, "file": wheel.file,
                    "sha256": wheel.sha256.to_string(), "size": wheel.size, "open": wheel.open,
                    "yanked": found.yanked,
                    "extras": found.extras.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
                    "requires": found.requires.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
                })
            })
            .collect();
        return speech::json(&json!({ "projects": projects }));
    }
    let wheels = found.wheels.values().map(|found| &found.wheel);
    speech::lines(wheels.map(|wheel| format!("{}=={}", wheel.project, wheel.version)))
}

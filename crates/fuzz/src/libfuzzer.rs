//! The targets as a libFuzzer program. `COOPERAGE_FUZZ` names the target; the arguments are libFuzzer's.
#![no_main]
#![expect(clippy::disallowed_methods, reason = "the first argument of the program is libFuzzer's")]

use std::sync::OnceLock;

static TARGET: OnceLock<fuzz::Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: {
        let name = std::env::var("COOPERAGE_FUZZ").expect("COOPERAGE_FUZZ names a target");
        let target = fuzz::TARGETS.iter().find(|target| target.name == name);
        TARGET.get_or_init(|| *target.expect("COOPERAGE_FUZZ names one of fuzz::TARGETS"));
    },
    |input: &[u8]| {
        if let Some(target) = TARGET.get() {
            (target.run)(input);
        }
    }
);

//! Sandboxes as their users meet them. The tests have a main of their own, as the program that
//! starts a sandbox becomes its stages.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test fails by panicking and starts the tools that judge; main tells how it went"
)]

mod bench;
mod ending;
mod isolation;
mod limits;
mod memory;
mod refusals;
mod runner;
mod trees;

use runner::Test;

fn main() -> std::process::ExitCode {
    sandbox::reenter();
    if let Some(role) = std::env::args().nth(1).filter(|role| role.starts_with("role:")) {
        return match role.as_str() {
            "role:keeps" | "role:returns" => memory::play(&role),
            _ => ending::play(&role),
        };
    }
    let tests: Vec<Test> = [
        isolation::TESTS,
        limits::TESTS,
        memory::TESTS,
        ending::TESTS,
        refusals::TESTS,
        trees::TESTS,
        runner::TESTS,
    ]
    .concat();
    let code = runner::run(&tests);
    sandbox::remove(&bench::place_of_root()).unwrap();
    code
}

//! The program `cooperage`.

fn main() -> std::process::ExitCode {
    xtask::main()
}

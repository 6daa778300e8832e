//! The program `cooperage`.

/// For keys.
#[global_allocator]
static ALLOCATOR: sandbox::WipingAllocator = sandbox::WipingAllocator;

fn main() -> std::process::ExitCode {
    xtask::main()
}

//! The command: `cargo xtask build keystone 2025.2`.

#[cfg(test)]
mod tidy;

fn main() {}

//! Roots for a machine other than this one, of which nothing can run here.

use std::io::Read as _;
use std::path::Path;

use crate::tool;

/// BPF, the kernel's own machine: programs for it are on every architecture.
const BPF: u16 = 247;

/// Panics unless every file below `root` that begins as an ELF file does is for `machine`, such as 183 for AArch64
/// (elf(5), `e_machine`), or for BPF. Returns their number.
#[track_caller]
pub fn check_machine(root: &Path, machine: u16) -> usize {
    let mut found = 0;
    for path in tool("find").arg(root).args(["-xdev", "-type", "f", "-size", "+19c"]).text().lines()
    {
        let mut head = [0; 20];
        fs_err::File::open(path).unwrap().read_exact(&mut head).unwrap();
        if head.starts_with(b"\x7fELF") {
            let its_own = u16::from_le_bytes([head[18], head[19]]);
            assert!([machine, BPF].contains(&its_own), "{path} is for the machine {its_own}");
            found += 1;
        }
    }
    found
}

/// Panics unless the `ldconfig` of this machine reads `/etc/ld.so.cache` below `root`, and every library that it
/// names is there and said to be of `kind`, such as `AArch64`. Returns their number.
#[track_caller]
pub fn check_library_cache(root: &Path, kind: &str) -> usize {
    let said = tool("ldconfig").arg("-r").arg(root).arg("-p").text();
    let entries: Vec<&str> = said.lines().filter(|line| line.contains(" => ")).collect();
    for entry in &entries {
        assert!(entry.contains(kind), "{entry}");
        let path = entry.rsplit(" => ").next().unwrap();
        assert!(root.join(path.trim_start_matches('/')).exists(), "{entry}");
    }
    entries.len()
}

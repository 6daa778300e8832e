//! What lintian and rpmlint say of packages, at their default levels: nothing.

use std::path::PathBuf;
use std::process::Command;

use testkit::tool;

use crate::bench::root;

/// Asks lintian about Debian packages.
#[track_caller]
pub(crate) fn lintian_finds_nothing(debs: &[PathBuf]) {
    let output = Command::new("lintian")
        .args(["--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0"])
        .args(debs)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

/// Asks rpmlint about rpms; `rpms.rpmlint.toml` says what it is to pass over, and why.
#[track_caller]
pub(crate) fn rpmlint_finds_nothing(rpms: &[PathBuf]) {
    let config = root().join("xtask/tests/it/rpms.rpmlint.toml");
    let said = tool("rpmlint").arg("--config").arg(config).args(rpms).said();
    let complaints: Vec<&str> = said
        .lines()
        .filter(|line| [": E: ", ": W: "].iter().any(|kind| line.contains(kind)))
        .collect();
    let checked = format!(" {} packages and 0 specfiles checked", rpms.len());
    assert!(said.contains(&checked), "{said}");
    assert!(complaints.is_empty(), "{complaints:#?}");
}

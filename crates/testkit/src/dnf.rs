//! dnf with a scratch root.

use std::path::Path;

use crate::{Tool, tool};

/// dnf(8) with all that it keeps below the folder `folder`, which is made: its root file system is
/// `folder`/root. It knows these repositories alone, sections of its configuration.
pub fn dnf(folder: &Path, repositories: &str) -> Tool {
    fs_err::create_dir_all(folder).unwrap();
    let at = |name: &str| folder.join(name).display().to_string();
    let config = format!(
        "[main]\ngpgcheck=1\nreposdir={}\ncachedir={}\npersistdir={}\nlogdir={}\nplugins=0\n\
         install_weak_deps=0\n{repositories}",
        at("none"),
        at("cache"),
        at("persist"),
        at("log"),
    );
    fs_err::write(folder.join("dnf.conf"), config).unwrap();
    let install_root = format!("--installroot={}", at("root"));
    let dnf = tool("dnf").arg("-c").arg(folder.join("dnf.conf"));
    dnf.args(["-y", "--releasever=10", &install_root])
}

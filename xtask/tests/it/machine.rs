//! A machine with Debian 13 and its archive, and a repository of packages that it installs from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::{cooperage, run, shell, signing_file, stdout};

/// A repository of the packages, served on the loopback.
pub(crate) struct Served {
    folder: tempfile::TempDir,
    server: testkit::Server,
}

impl Served {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        signing_file(folder.path(), &["repository"]);
        let served = Self { folder, server: testkit::Server::start() };
        served.repo(&["init", "r", "apt:trixie", "--origin", "Example", "--keep", "2"]);
        served
    }

    fn repo(&self, arguments: &[&str]) {
        let mut command = cooperage();
        command.arg("repo").args(arguments).args(["--signing", "signing.toml"]);
        run(command.current_dir(self.folder.path()));
    }

    /// Publishes packages, and serves what there is then.
    pub(crate) fn publish(&self, packages: &[PathBuf]) {
        let packages = packages.iter().map(|path| path.to_str().unwrap());
        let words: Vec<&str> = ["publish", "r", "apt:trixie"].into_iter().chain(packages).collect();
        self.repo(&words);
        let mut files = BTreeMap::new();
        let paths = shell(self.folder.path(), "cd r; find -L dists pool -type f");
        for path in paths.lines() {
            let bytes = std::fs::read(self.folder.path().join("r").join(path)).unwrap();
            // The server takes paths as they are asked for, and apt writes `+` so.
            files.insert(path.replace('+', "%2b"), bytes);
        }
        self.server.put_all(&files);
    }
}

/// A root file system that mmdebstrap has made.
pub(crate) struct Machine {
    root: PathBuf,
}

impl Machine {
    /// Makes one below `folder` that knows the repository.
    pub(crate) fn new(served: &Served, folder: &Path) -> Self {
        let keys = served.folder.path().join("r/keys");
        let prepare = format!(
            "uri=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
                awk '$1 == \"Debian\" {{ print $2; exit }}')
             mmdebstrap --quiet --mode=root --variant=apt trixie root \"$uri\"
             echo force-unsafe-io >root/etc/dpkg/dpkg.cfg.d/unsafe # thousands of files need not be synced
             cp --remove-destination /etc/resolv.conf root/etc/resolv.conf
             cp {keys}/*.asc root/etc/apt/keyrings/example.asc
             printf 'Types: deb\nURIs: {url}/\nSuites: trixie\nComponents: main\nSigned-By: {key}\n' \
                >root/etc/apt/sources.list.d/example.sources",
            keys = keys.display(),
            url = served.server.url(),
            key = "/etc/apt/keyrings/example.asc",
        );
        shell(folder, &prepare);
        Self { root: folder.join("root") }
    }

    /// What a line of shell says in it.
    pub(crate) fn within(&self, line: &str) -> String {
        self.line(&[], line)
    }

    /// The same, with a network of its own.
    pub(crate) fn alone(&self, line: &str) -> String {
        self.line(&["--unshare-net", "--unshare-pid"], line)
    }

    /// What a line of shell says there that an account runs, which may gain rights: bwrap lets nobody.
    pub(crate) fn as_user(&self, user: &str, line: &str) -> String {
        let root = self.root.join("proc");
        let mount = format!("--mount-proc={}", root.display());
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--fork", "--kill-child", &mount, "chroot"]);
        command.arg(&self.root).args([
            "env",
            "--ignore-environment",
            "PATH=/usr/bin:/bin",
            "setpriv",
        ]);
        command.args(["--reuid", user, "--regid", user, "--init-groups"]);
        stdout(command.args(["bash", "-euo", "pipefail", "-c", line]))
    }

    fn line(&self, more: &[&str], line: &str) -> String {
        let mut command = Command::new("bwrap");
        command.arg("--bind").arg(&self.root).args(["/", "--proc", "/proc", "--dev", "/dev"]);
        command.args(more);
        command.args(["--clearenv", "--setenv", "PATH", "/usr/sbin:/usr/bin:/sbin:/bin"]);
        command.args(["--setenv", "DEBIAN_FRONTEND", "noninteractive"]);
        command.args(["bash", "-euo", "pipefail", "-c", &format!("exec 2>&1; {line}")]);
        stdout(&mut command)
    }
}

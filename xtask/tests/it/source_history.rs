//! Repositories that are made from the source archives of releases, and a real server for them.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::bench::{cooperage_on, run, shell, store, tree_copy};

/// A folder with repositories, served by `git daemon` until this is dropped.
pub(crate) struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Serves the repositories below `folder`.
    pub(crate) fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let programs = shell(folder, "git --exec-path");
        let child = Command::new(Path::new(programs.trim()).join("git-daemon"))
            .args(["--listen=127.0.0.1", "--export-all", "--reuseaddr"])
            .arg(format!("--port={port}"))
            .arg(format!("--base-path={}", folder.display()))
            .arg(folder)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, port };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return server;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("git daemon does not answer");
    }

    /// The argument that names it as the base of all repositories.
    pub(crate) fn mirror(&self) -> String {
        format!("openstack=git://127.0.0.1:{}", self.port)
    }
}

/// A tree of the test's own, and repositories beside it.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    pub(crate) tree: PathBuf,
    pub(crate) repositories: PathBuf,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tree = tree_copy(folder.path());
        let repositories = folder.path().join("repositories");
        std::fs::create_dir(&repositories).unwrap();
        Self { folder, tree, repositories }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes where the source of keystone comes from.
    pub(crate) fn source(&self, value: &str) {
        let path = self.tree.join("releases/2025.2/source-refs.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with("keystone:"));
        let text: Vec<&str> = lines.collect();
        std::fs::write(&path, format!("{}\nkeystone: {value}\n", text.join("\n"))).unwrap();
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.tree.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn lock(&self) -> String {
        std::fs::read_to_string(self.tree.join("releases/2025.2/debian-trixie.lock")).unwrap()
    }

    /// Builds keystone into the folder `out`; gives the layout.
    pub(crate) fn build(&self, out: &str, arguments: &[&str]) -> PathBuf {
        let out = self.path(out);
        let mut command = cooperage_on(&self.tree);
        run(command.args(["build", "keystone", "2025.2", "--out"]).arg(&out).args(arguments));
        out.join("2025.2/keystone/oci")
    }

    /// The source archive of a version of keystone, which a patch makes locking fetch.
    pub(crate) fn archive(&self, version: &str) -> PathBuf {
        let other = tempfile::tempdir().unwrap();
        let tree = tree_copy(other.path());
        let line = format!(
            "sed -i 's/^keystone:.*/keystone: \"{version}\"/' releases/2025.2/source-refs.yaml
             mkdir -p patches/keystone/2025.2
             printf -- '--- /dev/null\\n+++ b/remark\\n@@ -0,0 +1 @@\\n+x\\n' \
               >patches/keystone/2025.2/0001-remark.patch"
        );
        shell(&tree, &line);
        run(cooperage_on(&tree).args(["lock", "2025.2", "keystone"]));
        let line = format!(
            "grep -A 1 '^file = \"keystone-{version}.tar.gz\"' releases/2025.2/debian-trixie.lock \
             | sed -n 's/^sha256 = \"sha256:\\(.*\\)\"/\\1/p'"
        );
        let digest = shell(&tree, &line);
        let (start, rest) = digest.trim().split_at(2);
        let archive = self.path(&format!("keystone-{version}.tar.gz"));
        std::fs::copy(store().join("blobs").join(start).join(rest), &archive).unwrap();
        archive
    }

    /// The same unpacked, without what PBR has added to it.
    pub(crate) fn unpack(&self, version: &str) -> PathBuf {
        let archive = self.archive(version);
        let folder = self.path(&format!("keystone-{version}"));
        let line = format!(
            "tar xzf {} && cd keystone-{version} && rm -r PKG-INFO AUTHORS ChangeLog *.egg-info",
            archive.display()
        );
        shell(self.folder.path(), &line);
        folder
    }

    /// A repository of keystone: the tags 28.0.0 and 28.1.0 on the branch stable/2025.2, and both as
    /// patch sets of change 923324. Gives the commits.
    pub(crate) fn keystone(&self) -> [String; 2] {
        let (old, new) = (self.unpack("28.0.0"), self.unpack("28.1.0"));
        let home = self.repositories.join("keystone");
        std::fs::create_dir(&home).unwrap();
        let line = format!(
            "git init -q -b stable/2025.2
             git config user.name Someone && git config user.email someone@example.org
             export GIT_AUTHOR_DATE='2025-10-01T00:00:00Z' GIT_COMMITTER_DATE='2025-10-01T00:00:00Z'
             cp -r {old}/. . && git add -A && git commit -qm 'The first' && git tag -am 28.0.0 28.0.0
             git update-ref refs/changes/24/923324/1 HEAD
             git rm -qr . && cp -r {new}/. . && git add -A && git commit -qm 'The second'
             git tag -am 28.1.0 28.1.0 && git update-ref refs/changes/24/923324/2 HEAD
             git rev-parse HEAD^ HEAD",
            old = old.display(),
            new = new.display(),
        );
        let said = shell(&home, &line);
        let mut commits = said.split_whitespace().map(str::to_owned);
        [commits.next().unwrap(), commits.next().unwrap()]
    }

    /// A repository of keystone with one commit, which is tagged.
    pub(crate) fn tagged(&self, version: &str) {
        let source = self.unpack(version);
        let home = self.repositories.join("keystone");
        std::fs::create_dir(&home).unwrap();
        let line = format!(
            "git init -q -b master
             git config user.name Someone && git config user.email someone@example.org
             cp -r {source}/. . && git add -A && git commit -qm All && git tag -am {version} {version}",
            source = source.display(),
        );
        shell(&home, &line);
    }
}

//! Debian repositories, as the wiki page "DebianRepository/Format" and `apt-secure(8)` say.

use std::collections::BTreeMap;

use crate::deb::compress;
use crate::{Compression, DebBuilder, sha256, tool};

/// A repository with one suite, made in memory.
#[derive(Clone, Debug)]
pub struct AptRepo {
    /// The suite and codename, such as `trixie`.
    pub suite: String,
    /// `Origin`.
    pub origin: String,
    /// `Label`.
    pub label: String,
    /// `Date`, such as `Sat, 15 Nov 2025 00:00:00 UTC`.
    pub date: String,
    /// `Valid-Until`, in the same form.
    pub valid_until: Option<String>,
    /// Whether lists are offered under `by-hash` as well.
    pub by_hash: bool,
    packages: BTreeMap<String, String>,
    pool: BTreeMap<String, Vec<u8>>,
}

impl AptRepo {
    /// An empty repository that says it is Debian's.
    pub fn new(suite: &str) -> Self {
        Self {
            suite: suite.to_owned(),
            origin: "Debian".to_owned(),
            label: "Debian".to_owned(),
            date: "Sat, 15 Nov 2025 00:00:00 UTC".to_owned(),
            valid_until: None,
            by_hash: true,
            packages: BTreeMap::new(),
            pool: BTreeMap::new(),
        }
    }

    /// Adds a package to the list of `arch` in `main`. One for `all` is added to each list.
    pub fn add(&mut self, arch: &str, deb: &DebBuilder) {
        let bytes = deb.build();
        let path = format!("pool/main/{}", deb.file_name());
        let list = self.packages.entry(arch.to_owned()).or_default();
        *list += &format!(
            "{}Filename: {path}\nSize: {}\nSHA256: {}\n\n",
            deb.control(),
            bytes.len(),
            sha256(&bytes).hex()
        );
        self.pool.insert(path, bytes);
    }

    /// The text of `Release`.
    pub fn release(&self) -> String {
        let mut text = format!(
            "Origin: {}\nLabel: {}\nSuite: {suite}\nCodename: {suite}\nDate: {}\n",
            self.origin,
            self.label,
            self.date,
            suite = self.suite
        );
        if let Some(date) = &self.valid_until {
            text += &format!("Valid-Until: {date}\n");
        }
        if self.by_hash {
            text += "Acquire-By-Hash: yes\n";
        }
        let archs: Vec<&str> = self.packages.keys().map(String::as_str).collect();
        text += &format!("Architectures: {}\nComponents: main\nSHA256:\n", archs.join(" "));
        for (path, bytes) in self.lists() {
            text += &format!(" {} {:>8} {path}\n", sha256(&bytes).hex(), bytes.len());
        }
        text
    }

    /// The lists by their path below the suite's folder.
    fn lists(&self) -> BTreeMap<String, Vec<u8>> {
        let mut lists = BTreeMap::new();
        for (arch, text) in &self.packages {
            let path = format!("main/binary-{arch}/Packages");
            lists.insert(format!("{path}.xz"), compress(text.as_bytes(), Compression::Xz));
            lists.insert(path, text.clone().into_bytes());
        }
        lists
    }

    /// All files of the repository by path: `pool`, `dists` with `Release` and, with a key,
    /// `InRelease`. For [`crate::Shelf::put_all`], [`crate::Server::put_all`] or a folder.
    pub fn files(&self, key: Option<&SigningKey>) -> BTreeMap<String, Vec<u8>> {
        let dists = format!("dists/{}", self.suite);
        let mut files = self.pool.clone();
        for (path, bytes) in self.lists() {
            if self.by_hash {
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                let name = sha256(&bytes).hex();
                files.insert(format!("{dists}/{folder}/by-hash/SHA256/{name}"), bytes.clone());
            }
            files.insert(format!("{dists}/{path}"), bytes);
        }
        let release = self.release();
        if let Some(key) = key {
            files.insert(format!("{dists}/InRelease"), key.clear_sign(&release).into_bytes());
        }
        files.insert(format!("{dists}/Release"), release.into_bytes());
        files
    }
}

/// A throw-away OpenPGP key, made by the real `gpg` in a folder of its own.
#[derive(Debug)]
pub struct SigningKey {
    home: tempfile::TempDir,
}

impl SigningKey {
    /// Makes a key. Needs `gpg`.
    pub fn generate() -> Self {
        let key = Self { home: tempfile::tempdir().unwrap() };
        key.gpg(
            &["--quick-generate-key", "Tests <tests@example.org>", "ed25519", "sign", "never"],
            b"",
        );
        key
    }

    fn gpg(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let options = ["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""];
        let gpg = tool("gpg").arg("--homedir").arg(self.home.path());
        gpg.args(options).args(arguments).input(input).run()
    }

    /// `text` in a clear-signed message.
    pub fn clear_sign(&self, text: &str) -> String {
        String::from_utf8(self.gpg(&["--clear-sign"], text.as_bytes())).unwrap()
    }

    /// The public key, binary: a keyring for `Signed-By`.
    pub fn public(&self) -> Vec<u8> {
        self.gpg(&["--export"], b"")
    }
}

impl Drop for SigningKey {
    /// Ends the agent that gpg has started for this folder.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            tool("gpgconf").args(["--kill", "all"]).env("GNUPGHOME", self.home.path()).run();
        }
    }
}

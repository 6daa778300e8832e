//! apt in a root of its own: the machine's apt with other sources and an empty status.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use distro::Suite;
use names::Arch;

pub(crate) struct Apt {
    folder: tempfile::TempDir,
}

impl Apt {
    /// Makes the root and updates its lists.
    pub(crate) fn new(suites: &[Suite], keyrings: &Path, arch: Arch) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for path in
            ["etc/apt.conf.d", "etc/preferences.d", "state/lists/partial", "cache/archives/partial"]
        {
            std::fs::create_dir_all(root.join(path)).unwrap();
        }
        std::fs::write(root.join("state/status"), "").unwrap();
        let line = |suite: &Suite| {
            let keyring = keyrings.join(&suite.keyring);
            let mirror = crate::curl::mirror(suite.archive.as_str());
            let components = suite.components.join(" ");
            format!("deb [signed-by={}] {mirror} {} {components}\n", keyring.display(), suite.suite)
        };
        let sources: String = suites.iter().map(line).collect();
        std::fs::write(root.join("etc/sources.list"), sources).unwrap();
        let configuration = format!(
            "Dir::State \"{0}/state\"; Dir::State::status \"{0}/state/status\";\n\
             Dir::Cache \"{0}/cache\"; Dir::Etc \"{0}/etc\"; Dir::Log \"{0}/state\";\n\
             APT::Architecture \"{1}\"; APT::Architectures \"{1}\"; #clear APT::NeverAutoRemove;\n\
             APT::Get::List-Cleanup \"false\"; Acquire::Languages \"none\";\n\
             APT::Sandbox::User \"root\"; Acquire::GzipIndexes \"false\";\n\
             Dir::Log::Planner \"\"; Dir::Log::Solver \"\";\n\
             Dir::Etc::sourceparts \"-\"; Dir::Etc::trustedparts \"-\";\n",
            root.display(),
            arch.debian(),
        );
        std::fs::write(root.join("apt.conf"), configuration).unwrap();
        let apt = Self { folder };
        let (good, output) = apt.run(&["update", "-qq"]);
        assert!(good, "{output}");
        apt
    }

    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new("apt-get")
            .args(arguments)
            .env("APT_CONFIG", self.folder.path().join("apt.conf"))
            .env("LC_ALL", "C")
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        let text = String::from_utf8_lossy(&output.stdout);
        (output.status.success(), format!("{text}{error}"))
    }

    /// The paragraphs of all lists.
    fn paragraphs(&self) -> Vec<String> {
        let lists = std::fs::read_dir(self.folder.path().join("state/lists")).unwrap();
        let paths = lists.map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.to_string_lossy().ends_with("_Packages"))
            .flat_map(|path| {
                let text = std::fs::read_to_string(path).unwrap();
                text.split("\n\n").map(str::to_owned).collect::<Vec<_>>()
            })
            .collect()
    }

    /// The names of the essential packages, sorted.
    pub(crate) fn essential(&self) -> Vec<String> {
        let stanzas = self.paragraphs();
        let essential = |stanza: &&String| stanza.contains("\nEssential: yes\n");
        let names =
            stanzas.iter().filter(essential).map(|stanza| field(stanza, "Package").unwrap());
        BTreeSet::from_iter(names).into_iter().map(str::to_owned).collect()
    }

    /// All names that a package has or provides.
    pub(crate) fn known(&self) -> BTreeSet<String> {
        let mut known = BTreeSet::new();
        for stanza in self.paragraphs() {
            known.extend(field(&stanza, "Package").map(str::to_owned));
            let provided = field(&stanza, "Provides").unwrap_or_default().split(',');
            known.extend(
                provided
                    .filter_map(|one| one.split([' ', '(']).find(|word| !word.is_empty()))
                    .map(str::to_owned),
            );
        }
        known
    }

    /// What apt would install, with versions; or what it says.
    pub(crate) fn install(
        &self,
        names: &[String],
        recommends: bool,
    ) -> Result<BTreeMap<String, String>, String> {
        let recommends =
            if recommends { "--install-recommends" } else { "--no-install-recommends" };
        let mut arguments = vec!["install", "--print-uris", "--yes", recommends, "--"];
        arguments.extend(names.iter().map(String::as_str));
        let (good, output) = self.run(&arguments);
        if !good {
            return Err(output);
        }
        // 'http://.../passwd_4.17.4-2_amd64.deb' passwd_1%3a4.17.4-2_amd64.deb 1228860 MD5Sum:...
        // What --simulate adds, the order of installation, takes it ten times as long.
        let installed = output.lines().filter(|line| line.starts_with('\''));
        Ok(installed.map(name_and_version).collect())
    }
}

/// The value of a field of one line.
fn field<'a>(stanza: &'a str, name: &str) -> Option<&'a str> {
    stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// The name and the version in a line of `--print-uris`.
fn name_and_version(line: &str) -> (String, String) {
    let file = line.split(' ').nth(1).unwrap().replace("%3a", ":");
    assert!(!file.contains('%'), "{file}");
    let mut parts = file.split('_');
    (parts.next().unwrap().to_owned(), parts.next().unwrap().to_owned())
}

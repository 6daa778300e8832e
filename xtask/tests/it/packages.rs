//! Packages of the small service of `fixtures/golden`, made without a network: what is split, what is
//! remembered, and where they come from.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::bench::{bare, cooperage_with, root, run};
use crate::debs::packages;

/// A copy of the golden tree, with a store and a folder for results of its own.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let golden = root().join("fixtures/golden");
        run(Command::new("cp").arg("-r").arg(golden).arg(folder.path().join("tree")));
        Self { folder }
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// The command with the arguments of `line`.
    pub(crate) fn command(&self, line: &str) -> Command {
        let tree = self.at("tree");
        let mut command = cooperage_with(&tree, &self.at("store"));
        for archive in ["debian", "pypi"] {
            let mirror = tree.join("mirror").join(archive);
            command.arg("--mirror").arg(format!("{archive}={}", mirror.display()));
        }
        command.args(line.split(' ')).env_remove("SOURCE_DATE_EPOCH");
        command
    }

    /// Builds all formats into the folder `out`; gives what was said.
    fn build(&self, out: &str) -> String {
        let line = "build demo 2025.2 --distro golden --rpm-distro golden-rpm --locked --format oci,deb,rpm";
        let Output { stderr, .. } = run(self.command(line).arg("--out").arg(self.at(out)));
        String::from_utf8(stderr).unwrap()
    }

    /// The files of one format, by name.
    fn packages(&self, out: &str, format: &str) -> Vec<PathBuf> {
        packages(&self.at(out).join("2025.2/demo").join(format), format)
    }

    pub(crate) fn change_recipe(&self, from: &str, to: &str) {
        let recipe = self.at("tree/services/demo.toml");
        let text = std::fs::read_to_string(&recipe).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(&recipe, text.replace(from, to)).unwrap();
    }
}

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub(crate) fn provenance_of(package: &Path) -> PathBuf {
    PathBuf::from(format!("{}.provenance.json", package.display()))
}

/// How many packages were made, and how many taken from the store.
fn told(said: &str) -> (usize, usize) {
    let of = |word: &str| {
        let is_it = |line: &&str| {
            line.trim_start().starts_with(word)
                && [" deb/", " rpm/"].iter().any(|f| line.contains(f))
        };
        said.lines().filter(is_it).count()
    };
    (of("package "), of("reused "))
}

#[test]
fn a_package_is_made_once() {
    let place = Place::new();
    let plan = || {
        let line = "plan demo 2025.2 --distro golden --rpm-distro golden-rpm --format deb,rpm";
        String::from_utf8(run(&mut place.command(line)).stdout).unwrap()
    };
    assert_eq!(plan(), "make   amd64  deb of demo 1.0.0\nmake   amd64  rpm of demo 1.0.0\n");
    assert_eq!(told(&place.build("a")), (2, 0));
    assert_eq!(plan(), "there  amd64  deb of demo 1.0.0\nthere  amd64  rpm of demo 1.0.0\n");
    let deb = place.packages("a", "deb").remove(0);
    let bytes = std::fs::read(&deb).unwrap();
    assert_eq!(told(&place.build("b")), (0, 2));
    let other = place.packages("b", "deb").remove(0);
    assert_eq!(std::fs::read(&other).unwrap(), bytes);
    for (one, other) in [(&deb, &other), (&provenance_of(&deb), &provenance_of(&other))] {
        assert_eq!(std::fs::read(one).unwrap(), std::fs::read(other).unwrap());
        let mode = |path: &Path| std::os::unix::fs::MetadataExt::mode(&path.metadata().unwrap());
        assert_eq!((mode(one), mode(other)), (0o100_644, 0o100_644));
    }
    let summary = |out: &str| json(&place.at(out).join("2025.2/demo/build.json"));
    assert_eq!(summary("a"), summary("b"));

    // What was changed in the store is made anew, and is what it was.
    let digest = summary("a")["packages"][0]["digest"].as_str().unwrap().to_owned();
    let hex = digest.strip_prefix("sha256:").unwrap();
    let find = Command::new("find")
        .arg(place.at("store/blobs"))
        .args(["-name", &format!("*{}", &hex[2..])])
        .output();
    let blob = String::from_utf8(find.unwrap().stdout).unwrap();
    let mut damaged = bytes.clone();
    damaged[200] ^= 1;
    std::fs::write(blob.trim(), damaged).unwrap();
    assert_eq!(told(&place.build("b")), (1, 1));
    assert_eq!(std::fs::read(&other).unwrap(), bytes);
    assert_eq!(told(&place.build("b")), (0, 2));

    // A recipe that says the same in other lines changes nothing; one that says another thing does, of which the
    // image need not know.
    place.change_recipe("# What its packages are made of.\n", "\n\n");
    assert_eq!(told(&place.build("b")), (0, 2));
    place.change_recipe("description = \"Demo\"", "description = \"A demo\"");
    assert_eq!(plan().matches("make ").count(), 2);
    let said = place.build("b");
    assert!(told(&said) == (2, 0) && said.contains("reused  demo 1.0.0 "), "{said}");
    place.change_recipe("description = \"A demo\"", "description = \"Demo\"");
    assert_eq!(told(&place.build("b")), (0, 2));
    // The time of a build is one of its inputs.
    let line = "build demo 2025.2 --distro golden --locked --format deb --out c";
    let mut earlier = place.command(line);
    earlier.env("SOURCE_DATE_EPOCH", "1000000000").current_dir(place.folder.path());
    let said = String::from_utf8(run(&mut earlier).stderr).unwrap();
    assert_eq!(told(&said), (1, 0));
}

#[test]
fn packages_tell_where_they_come_from() {
    let place = Place::new();
    place.build("a");
    for format in ["deb", "rpm"] {
        let package = place.packages("a", format).remove(0);
        let name = package.file_name().unwrap().to_str().unwrap();
        let found = json(&provenance_of(&package));
        assert_eq!(found["_type"], "https://in-toto.io/Statement/v1");
        assert_eq!(found["predicateType"], "https://slsa.dev/provenance/v1");
        let digest = testkit::sha256(&std::fs::read(&package).unwrap());
        let subject = serde_json::json!([{ "name": name, "digest": { "sha256": digest.hex() } }]);
        assert_eq!(found["subject"], subject);
        let build = &found["predicate"]["buildDefinition"];
        assert_eq!(build["externalParameters"]["service"], "demo");
        assert_eq!(build["externalParameters"]["format"], format);
        // The source first, and every input that the locks name with the digest of its file.
        let inputs = build["resolvedDependencies"].as_array().unwrap();
        assert_eq!(inputs[0]["uri"], "pkg:pypi/demo@1.0.0");
        let mirror = place.at("tree/mirror");
        let files = [
            ("tree/services/demo.toml", "services/demo.toml"),
            (
                "tree/mirror/pypi/packages/demo-1.0.0-py3-none-any.whl",
                "demo-1.0.0-py3-none-any.whl",
            ),
            (
                "tree/mirror/pypi/packages/small_library-2.1-py3-none-any.whl",
                "small_library-2.1-py3-none-any.whl",
            ),
        ];
        for (path, name) in files {
            let digest = testkit::sha256(&std::fs::read(place.at(path)).unwrap()).hex();
            let is_it =
                |one: &&Value| one["name"] == name && one["digest"]["sha256"] == digest.as_str();
            assert_eq!(inputs.iter().filter(is_it).count(), 1, "{name}: {inputs:?}");
        }
        let debs = std::fs::read_dir(mirror.join("debian/pool/main")).unwrap().count();
        let of_debs =
            inputs.iter().filter(|one| one["uri"].to_string().starts_with("\"pkg:deb/")).count();
        assert_eq!(of_debs, if format == "deb" { debs } else { 0 });
        let builder = &found["predicate"]["runDetails"]["builder"];
        assert_eq!(builder["version"]["cooperage"], env!("CARGO_PKG_VERSION"));
        // Nothing of this machine.
        let text = std::fs::read_to_string(provenance_of(&package)).unwrap();
        assert!(!text.contains(place.folder.path().to_str().unwrap()), "{text}");
    }

    // It goes out with its package, and with no other one.
    let deb = place.packages("a", "deb").remove(0);
    let folder = place.folder.path();
    let repo = |code: i32, line: &str| {
        let mut command = bare();
        command.arg("repo").args(line.split(' ')).arg("--unsigned").current_dir(folder);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        said
    };
    repo(0, "init r apt:trixie");
    let publish = format!("publish r apt:trixie {}", deb.display());
    let good = std::fs::read(provenance_of(&deb)).unwrap();
    let wrong = String::from_utf8(good.clone()).unwrap().replace("slsa.dev/provenance/v1", "x/y");
    std::fs::write(provenance_of(&deb), wrong).unwrap();
    assert!(repo(2, &publish).contains("is no provenance of a package"));
    let rpm = place.packages("a", "rpm").remove(0);
    std::fs::copy(provenance_of(&rpm), provenance_of(&deb)).unwrap();
    assert!(repo(2, &publish).contains("its provenance speaks of another file"));
    std::fs::write(provenance_of(&deb), &good).unwrap();
    repo(0, &publish);
    let find = "find r/pool -name *.provenance.json";
    let found = run(Command::new("bash").args(["-fc", find]).current_dir(folder)).stdout;
    let published = String::from_utf8(found).unwrap();
    assert_eq!(std::fs::read(folder.join(published.trim())).unwrap(), good);
}

#[test]
fn what_is_left_of_earlier_builds_goes() {
    let place = Place::new();
    place.build("a");
    place.change_recipe("[package]\n", "[package]\nname = \"demo\"\n");
    place.build("a");
    for format in ["deb", "rpm"] {
        let folder = place.at("a/2025.2/demo").join(format);
        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.len(), 2, "{names:?}");
        assert!(names.iter().all(|name| name.starts_with("demo")), "{names:?}");
        assert_eq!(names[1], format!("{}.provenance.json", names[0]));
    }
}

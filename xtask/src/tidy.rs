//! Checks on the repository itself: the order of the crates, the doors to the outside, the size of
//! files. `docs/style.md` has the rules in words.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Which crates may use what lies outside. `testkit` and dev-dependencies are not asked.
const DOORS: &[(&str, &[&str])] = &[
    ("clap", &["xtask"]),
    ("ed25519-dalek", &["signer"]),
    ("gix", &["git-source"]),
    ("httparse", &["pkg-repo"]),
    ("libc", &["sandbox"]),
    ("libdeflater", &["oci-writer"]),
    ("oci-client", &["registry"]),
    ("p256", &["signer"]),
    ("pgp", &["signer"]),
    ("pkcs8", &["signer"]),
    ("reqwest", &["fetch", "git-source"]),
    ("rpm", &["distro"]),
    ("rustls", &["fetch", "git-source"]),
    ("seccompiler", &["sandbox"]),
    ("tokio", &["fetch", "registry", "pipeline", "xtask"]),
    ("zip", &["wheels"]),
];

/// Crates whose code may start processes.
const STARTS_PROCESSES: &[&str] = &["sandbox", "mirrors", "git-source", "signer", "testkit"];

const LONGEST_FILE: usize = 600;

#[test]
fn dependencies_point_down() {
    let crates = manifests();
    let floor = |name: &str| crates[name]["package"]["metadata"]["floor"].as_integer().unwrap();
    for (name, manifest) in &crates {
        for dependency in dependencies(manifest, "dependencies") {
            if crates.contains_key(&dependency) {
                assert!(floor(&dependency) < floor(name), "{name} must not depend on {dependency}");
            }
        }
    }
}

#[test]
fn each_outside_thing_has_one_door() {
    for (name, manifest) in manifests() {
        let used = dependencies(&manifest, "dependencies");
        for (library, doors) in DOORS {
            let allowed = name == "testkit" || doors.contains(&name.as_str());
            assert!(allowed || !used.contains(*library), "{name} must not use {library}");
        }
    }
}

#[test]
fn processes_are_started_by_their_doors_alone() {
    for (path, text) in sources("src") {
        let name = path.components().nth(1).unwrap().as_os_str().to_str().unwrap();
        let starts = text.contains("process::Command") || text.contains("Command::new(");
        let allowed = STARTS_PROCESSES.contains(&name)
            || path.ends_with("tidy.rs")
            || path.ends_with("commands/bench.rs");
        assert!(!starts || allowed, "{} starts a process", path.display());
    }
}

#[test]
fn unsafe_code_is_in_the_sandbox_alone() {
    for (path, text) in sources("") {
        let excused = path.starts_with("crates/sandbox/src") || path.ends_with("tidy.rs");
        assert!(excused || !text.contains("unsafe_code"), "{} is unsafe", path.display());
    }
}

#[test]
fn packages_are_named_after_their_folders() {
    for (name, manifest) in manifests() {
        let package = manifest["package"]["name"].as_str().unwrap();
        let want = if name == "xtask" { name.clone() } else { format!("cooperage-{name}") };
        assert_eq!(package, want);
        assert!(manifest["lints"]["workspace"].as_bool().unwrap(), "{name} has its own lints");
    }
}

#[test]
fn each_dependency_has_its_version_in_one_place() {
    let root: toml::Table = read("Cargo.toml").parse().unwrap();
    let mut unused: BTreeSet<String> =
        root["workspace"]["dependencies"].as_table().unwrap().keys().cloned().collect();
    for (name, manifest) in manifests() {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for dependency in dependencies(&manifest, kind) {
                let inherited = manifest[kind][&dependency].get("workspace").is_some();
                assert!(inherited, "{name}: {dependency} must be `workspace = true`");
                unused.remove(&dependency);
            }
        }
    }
    assert!(unused.is_empty(), "no crate uses {unused:?} of [workspace.dependencies]");
}

#[test]
fn each_dependency_is_used() {
    for (name, manifest) in manifests() {
        let folder =
            if name == "xtask" { PathBuf::from("xtask") } else { Path::new("crates").join(&name) };
        let code: String = sources("")
            .into_iter()
            .filter(|(path, _)| path.starts_with(&folder))
            .map(|(_, text)| text)
            .collect();
        for kind in ["dependencies", "dev-dependencies"] {
            for dependency in dependencies(&manifest, kind) {
                let module = dependency.replace('-', "_");
                let used = code.contains(&format!("{module}::"))
                    || code.contains(&format!("use {module}"));
                assert!(used, "{name} does not use {dependency}");
            }
        }
    }
}

#[test]
fn files_stay_short_and_say_what_they_are() {
    for (path, text) in sources("") {
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines: split it", path.display());
        let described =
            text.starts_with("//!") || path.components().any(|part| part.as_os_str() == "fixtures");
        assert!(described, "{} does not begin with a //! line", path.display());
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let vague =
            ["utils", "util", "common", "helpers", "helper", "types", "misc"].contains(&stem);
        assert!(!vague, "{}: the name says nothing", path.display());
    }
}

#[test]
fn no_address_of_a_registry_is_written_down() {
    // Joined here, so that this file passes its own check.
    let hosts = [
        ["deb.", "debian.org"],
        ["security.", "debian.org"],
        ["snapshot.", "debian.org"],
        ["pypi", ".org"],
        ["files.", "pythonhosted.org"],
        ["crates", ".io/"],
    ]
    .map(|parts| parts.concat());
    for path in files(&root()) {
        let Ok(text) = fs_err::read_to_string(root().join(&path)) else { continue };
        if path == Path::new("Cargo.lock") {
            continue;
        }
        for host in &hosts {
            let found = text.lines().position(|line| line.contains(host.as_str()));
            assert!(found.is_none(), "{}:{} names {host}", path.display(), found.unwrap_or(0) + 1);
        }
    }
}

#[test]
fn the_root_keeps_its_list() {
    let known = "Cargo.lock Cargo.toml LICENSE README.md benches crates distros docs fixtures overrides patches releases services xtask out target";
    for entry in fs_err::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let expected = name.starts_with('.') || known.split(' ').any(|known| known == name);
        assert!(expected, "{name} does not belong into the root folder");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs_err::read_to_string(root().join(path)).unwrap()
}

fn manifests() -> BTreeMap<String, toml::Table> {
    let crates =
        fs_err::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    crates
        .chain([root().join("xtask")])
        .map(|folder| {
            let text = fs_err::read_to_string(folder.join("Cargo.toml")).unwrap();
            (folder.file_name().unwrap().to_str().unwrap().to_owned(), text.parse().unwrap())
        })
        .collect()
}

fn dependencies(manifest: &toml::Table, kind: &str) -> BTreeSet<String> {
    let table = manifest.get(kind).and_then(|table| table.as_table());
    table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

/// The Rust files of all crates, paths relative to the root; with `within`, those in folders of that
/// name alone.
fn sources(within: &str) -> Vec<(PathBuf, String)> {
    let rust = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    let inside = |path: &PathBuf| {
        within.is_empty() || path.components().any(|part| part.as_os_str() == within)
    };
    let found: Vec<PathBuf> = files(&root()).into_iter().filter(rust).filter(inside).collect();
    assert!(found.len() > 20, "the search for sources found next to nothing");
    found
        .into_iter()
        .map(|path| {
            let text = fs_err::read_to_string(root().join(&path)).unwrap();
            (path, text)
        })
        .collect()
}

/// All files of the repository but for version control, builds and their output.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !matches!(name, ".git" | "target" | "out") {
                found.extend(files(&path));
            }
        } else {
            found.push(path.strip_prefix(root()).unwrap().to_owned());
        }
    }
    found.sort();
    found
}

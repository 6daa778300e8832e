//! What a source says about itself before anything is built: the facts of PKG-INFO.
//!
//! PBR takes them from `setup.cfg`, `requirements.txt` and `test-requirements.txt`; others from
//! `pyproject.toml` (PEP 621) or the `[options]` of setuptools. Where a project computes them otherwise,
//! the wheel says something else than the lock was made for, and the build stops.

use std::collections::{BTreeMap, BTreeSet};

use super::setup_cfg::{SetupCfg, lines};

/// The facts.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Facts {
    /// The name as the project writes it.
    pub(crate) name: String,
    /// The version, where the files state it.
    pub(crate) version: Option<String>,
    /// The `version` of setup.cfg, which PBR takes for the one that comes next.
    pub(crate) target: Option<String>,
    pub(crate) requires_python: Option<String>,
    /// What it needs, each with its marker.
    pub(crate) requires: Vec<String>,
    /// Its extras.
    pub(crate) extras: Vec<String>,
    /// Whether PBR builds it.
    pub(crate) pbr: bool,
    /// A file whose code computes what it needs, and how.
    pub(crate) computed: Option<(&'static str, &'static str)>,
}

/// The part of `pyproject.toml` that is read.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct PyProject {
    build_system: BuildSystem,
    project: Option<Project>,
    tool: Tool,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct BuildSystem {
    requires: Vec<String>,
    build_backend: String,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Project {
    name: String,
    version: Option<String>,
    requires_python: Option<String>,
    dependencies: Vec<String>,
    optional_dependencies: BTreeMap<String, Vec<String>>,
    dynamic: Vec<String>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Tool {
    setuptools: Setuptools,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Setuptools {
    dynamic: toml::Table,
}

/// The facts of the source whose files `read` gives by their paths; why there are none otherwise.
pub(crate) fn facts(read: &dyn Fn(&str) -> Option<String>) -> Result<Facts, String> {
    let text = read("pyproject.toml").unwrap_or_default();
    let written: PyProject =
        toml::from_str(&text).map_err(|error| format!("pyproject.toml: {}", error.message()))?;
    let config = SetupCfg::parse(&read("setup.cfg").unwrap_or_default());
    let setup = read("setup.py").unwrap_or_default();
    let required = &written.build_system.requires;
    let pbr = written.build_system.build_backend == "pbr.build"
        || setup.contains("pbr=True")
        || setup.contains("pbr = True")
        || required.iter().any(|one| one.trim_start().starts_with("pbr"));
    let metadata = |key: &str| config.value("metadata", key).map(str::to_owned);
    let mut facts = Facts { pbr, ..Facts::default() };
    let of_file = |value: &str| value.starts_with("attr:") || value.starts_with("file:");
    let stated = metadata("version").filter(|value| !of_file(value));
    let python = ["python_requires", "requires_python"].into_iter().find_map(metadata);
    let python = python.or_else(|| config.value("options", "python_requires").map(str::to_owned));
    if let Some(project) = written.project {
        let dynamic = |key: &str| project.dynamic.iter().any(|one| one == key);
        facts.name = project.name.clone();
        facts.version = project.version.clone().or(stated.clone().filter(|_| !pbr));
        facts.requires_python = project.requires_python.clone().or(python);
        facts.requires = project.dependencies.clone();
        if dynamic("dependencies") {
            facts.requires = match files_of(&written.tool.setuptools.dynamic, "dependencies") {
                files if !files.is_empty() => requirements(read, &files, true),
                _ => of_setup_cfg(&config, read, pbr),
            };
            let back_end = &written.build_system.build_backend;
            if !pbr && !back_end.is_empty() && !back_end.starts_with("setuptools.") {
                let why = "its build back end computes what the project needs";
                facts.computed = Some(("pyproject.toml", why));
            }
        }
        for (extra, wanted) in &project.optional_dependencies {
            facts.add_extra(extra, wanted.iter().map(String::as_str));
        }
        if dynamic("optional-dependencies") {
            let key = "optional-dependencies";
            let table = written.tool.setuptools.dynamic.get(key).and_then(toml::Value::as_table);
            for (extra, _) in table.into_iter().flatten() {
                let files = table.map(|table| files_of(table, extra)).unwrap_or_default();
                let wanted = requirements(read, &files, true);
                facts.add_extra(extra, wanted.iter().map(String::as_str));
            }
            if table.is_none() {
                facts.extras_of_setup_cfg(&config, read, pbr);
            }
        }
    } else {
        facts.name = metadata("name").ok_or("neither setup.cfg nor pyproject.toml names it")?;
        facts.version = stated.clone().filter(|_| !pbr);
        facts.requires_python = python;
        facts.requires = of_setup_cfg(&config, read, pbr);
        facts.extras_of_setup_cfg(&config, read, pbr);
    }
    facts.target = stated.filter(|_| pbr);
    let arguments = ["install_requires", "extras_require", "python_requires"];
    if !pbr && arguments.iter().any(|argument| setup.contains(argument)) {
        facts.computed = Some(("setup.py", "its code states what the project needs"));
    }
    Ok(facts)
}

impl Facts {
    /// The text of PKG-INFO (core metadata specification, 2.1) at `version`.
    pub(super) fn pkg_info(&self, version: &str) -> String {
        let mut text = format!("Metadata-Version: 2.1\nName: {}\nVersion: {version}\n", self.name);
        if let Some(python) = &self.requires_python {
            text.push_str(&format!("Requires-Python: {python}\n"));
        }
        for extra in &self.extras {
            text.push_str(&format!("Provides-Extra: {extra}\n"));
        }
        for one in &self.requires {
            text.push_str(&format!("Requires-Dist: {}\n", one.replace(['\r', '\n'], " ")));
        }
        text
    }

    fn add_extra<'a>(&mut self, extra: &str, wanted: impl Iterator<Item = &'a str>) {
        self.extras.push(extra.to_owned());
        for one in wanted {
            self.requires.push(match one.split_once(';') {
                Some((one, marker)) if marker.contains(" or ") => {
                    format!("{}; ({}) and extra == \"{extra}\"", one.trim(), marker.trim())
                }
                Some((one, marker)) => {
                    format!("{}; {} and extra == \"{extra}\"", one.trim(), marker.trim())
                }
                None => format!("{}; extra == \"{extra}\"", one.trim()),
            });
        }
    }

    /// The extras of PBR's `[extras]`, or of setuptools' `[options.extras_require]`. Where PBR finds
    /// extras, test-requirements.txt is one, called `test`.
    fn extras_of_setup_cfg(
        &mut self,
        config: &SetupCfg,
        read: &dyn Fn(&str) -> Option<String>,
        pbr: bool,
    ) {
        let section = if pbr { "extras" } else { "options.extras_require" };
        let Some(extras) = config.section(section) else { return };
        for (extra, value) in extras {
            // PBR writes `project:marker  # remark`.
            let wanted: Vec<String> = lines(value)
                .map(|line| line.split(" #").next().unwrap_or(line).trim())
                .map(|line| match line.split_once(':') {
                    Some((one, marker)) if pbr && !marker.is_empty() => {
                        format!("{one};{}", marker.trim().trim_matches(['(', ')']))
                    }
                    _ => line.to_owned(),
                })
                .collect();
            self.add_extra(extra, wanted.iter().map(String::as_str));
        }
        if pbr && !extras.iter().any(|(extra, _)| extra == "test") {
            let files = ["test-requirements.txt", "tools/test-requires"].map(str::to_owned);
            let wanted = requirements(read, &files, false);
            self.add_extra("test", wanted.iter().map(String::as_str));
        }
    }
}

/// What a project without `[project]` needs.
fn of_setup_cfg(
    config: &SetupCfg,
    read: &dyn Fn(&str) -> Option<String>,
    pbr: bool,
) -> Vec<String> {
    if pbr {
        let files = ["requirements.txt", "tools/pip-requires"].map(str::to_owned);
        return requirements(read, &files, false);
    }
    let value = config.value("options", "install_requires").unwrap_or_default();
    if let Some(files) = value.strip_prefix("file:") {
        let files: Vec<String> =
            files.split([',', '\n']).map(|file| file.trim().to_owned()).collect();
        return requirements(read, &files, true);
    }
    lines(value).map(|line| line.split(" #").next().unwrap_or(line).trim().to_owned()).collect()
}

/// The requirements of the first of `files` that is there, or of all of them, and of those that they name
/// with `-r`.
fn requirements(read: &dyn Fn(&str) -> Option<String>, files: &[String], all: bool) -> Vec<String> {
    let there = files.iter().filter_map(|file| Some((file.clone(), read(file)?)));
    let mut open: Vec<(String, String)> = there.take(if all { usize::MAX } else { 1 }).collect();
    let mut seen: BTreeSet<String> = open.iter().map(|(file, _)| file.clone()).collect();
    open.reverse();
    let mut found = Vec::new();
    while let Some((_, text)) = open.pop() {
        for line in text.lines() {
            let named = line.strip_prefix("-r").map(str::trim);
            if let Some(file) = named.filter(|file| seen.insert((*file).to_owned())) {
                open.extend(read(file).map(|text| (file.to_owned(), text)));
            }
            let line = line.split('#').next().unwrap_or_default().trim();
            if !line.is_empty() && !line.starts_with('-') {
                found.push(line.to_owned());
            }
        }
    }
    found
}

/// `{file = [...]}` of a key of `[tool.setuptools.dynamic]`.
fn files_of(table: &toml::Table, key: &str) -> Vec<String> {
    let value = table.get(key).and_then(|value| value.get("file"));
    match value {
        Some(toml::Value::String(file)) => vec![file.clone()],
        Some(toml::Value::Array(files)) => {
            files.iter().filter_map(|file| file.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(files: &[(&str, &str)]) -> String {
        let read = |path: &str| {
            let found = files.iter().find(|(name, _)| *name == path);
            found.map(|(_, text)| (*text).to_owned())
        };
        match facts(&read) {
            Ok(facts) => facts.pkg_info("1.0").replace("Metadata-Version: 2.1\n", ""),
            Err(reason) => reason,
        }
    }

    #[test]
    fn pbr_takes_requirements_and_extras() {
        let config = "[metadata]\nname = oslo.x\npython_requires = >=3.10\n[extras]\n\
                      ldap =\n  python-ldap>=3.0.0 # PSF\n  a:python_version=='3.9'\n";
        let files = [
            ("setup.cfg", config),
            ("setup.py", "setuptools.setup(setup_requires=['pbr>=2.0.0'], pbr=True)"),
            ("requirements.txt", "# no\n\npbr!=2.1.0,>=2.0.0 # Apache\nb;python_version<'3.1'\n"),
            ("test-requirements.txt", "stestr>=1.0 # x\n"),
        ];
        assert_eq!(
            told(&files),
            "Name: oslo.x\nVersion: 1.0\nRequires-Python: >=3.10\nProvides-Extra: ldap\n\
             Provides-Extra: test\nRequires-Dist: pbr!=2.1.0,>=2.0.0\n\
             Requires-Dist: b;python_version<'3.1'\n\
             Requires-Dist: python-ldap>=3.0.0; extra == \"ldap\"\n\
             Requires-Dist: a; python_version=='3.9' and extra == \"ldap\"\n\
             Requires-Dist: stestr>=1.0; extra == \"test\"\n"
        );
    }

    #[test]
    fn others_have_pyproject_toml() {
        let project = "[build-system]\nrequires = ['pbr>=6.1.1']\nbuild-backend = 'pbr.build'\n\
                       [project]\nname = 'x'\nrequires-python = '>=3.11'\n\
                       dynamic = ['version', 'dependencies']\n\
                       [project.optional-dependencies]\nred = ['a>=1 ; os_name == \"posix\"']\n";
        let files = [("pyproject.toml", project), ("requirements.txt", "b>=2\n")];
        assert_eq!(
            told(&files),
            "Name: x\nVersion: 1.0\nRequires-Python: >=3.11\nProvides-Extra: red\n\
             Requires-Dist: b>=2\n\
             Requires-Dist: a>=1; os_name == \"posix\" and extra == \"red\"\n"
        );
        assert!(told(&[("README", "")]).contains("names it"));
        assert!(told(&[("pyproject.toml", "[")]).contains("pyproject.toml"));
    }
}

//! A small index, constraints and a target, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use constraints::{Constraints, Effective, Environment, Overrides, apply};
use names::{Arch, ArchiveName, Epoch, PackageName, Place};
use store::{Address, Fetcher, Store};
use testkit::{IndexFile, Shelf, SimpleIndex, WheelBuilder};
use wheels::{Closure, ClosureErrors, Given, Locator, LockedWheel, Request, Root, Target, closure};

/// What a closure is made of. The fields are texts, as a user would write them.
pub(crate) struct World {
    pub(crate) shelf: Shelf,
    pub(crate) store: Store,
    pub(crate) roots: Vec<&'static str>,
    pub(crate) own: Vec<&'static str>,
    pub(crate) constraints: &'static str,
    pub(crate) overrides: &'static str,
    pub(crate) cutoff: Option<&'static str>,
    pub(crate) given: BTreeMap<PackageName, Given>,
    pub(crate) prefer: Vec<LockedWheel>,
    /// Whether pages are in HTML.
    pub(crate) html: bool,
    pages: BTreeMap<String, SimpleIndex>,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) fn new(roots: &[&'static str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            shelf: Shelf::new(),
            store: Store::open(folder.path()).unwrap(),
            roots: roots.to_vec(),
            own: Vec::new(),
            constraints: "",
            overrides: "",
            cutoff: None,
            given: BTreeMap::new(),
            prefer: Vec::new(),
            html: false,
            pages: BTreeMap::new(),
            _folder: folder,
        }
    }

    /// A wheel of pure Python with these requirements.
    pub(crate) fn wheel(&mut self, name: &str, version: &str, requires: &[&str]) -> &mut IndexFile {
        let wheel = requires.iter().fold(WheelBuilder::new(name, version), |wheel, text| {
            wheel.field("Requires-Dist", text)
        });
        self.add(name, &wheel)
    }

    pub(crate) fn add(&mut self, name: &str, wheel: &WheelBuilder) -> &mut IndexFile {
        self.file(name, &wheel.file_name(), &wheel.build())
    }

    /// A file on the page of a project, and on the host of files.
    pub(crate) fn file(&mut self, name: &str, file: &str, bytes: &[u8]) -> &mut IndexFile {
        let hex = testkit::sha256(bytes).hex();
        let url = format!(
            "https://files.example.org/pool/packages/{}/{}/{}/{file}",
            &hex[..2],
            &hex[2..4],
            &hex[4..]
        );
        self.shelf.put(&Address::Url(url.clone()), "", bytes);
        let page = self.pages.entry(name.to_owned());
        let page =
            page.or_insert_with(|| SimpleIndex { project: name.to_owned(), files: Vec::new() });
        page.files.push(IndexFile::new(file, &url, bytes));
        page.files.last_mut().unwrap()
    }

    pub(crate) fn publish(&self) {
        for (name, page) in &self.pages {
            let address = Address::in_archive(&index(), format!("{name}/"));
            let (media_type, text) = match self.html {
                true => ("text/html", page.html()),
                false => ("application/vnd.pypi.simple.v1+json", page.json()),
            };
            self.shelf.put(&address, media_type, text.as_bytes());
        }
    }

    pub(crate) fn solve(&self) -> Result<Closure, ClosureErrors> {
        self.publish();
        self.solve_with(&self.shelf)
    }

    pub(crate) fn solve_with(&self, fetcher: &dyn Fetcher) -> Result<Closure, ClosureErrors> {
        let roots: Vec<Root> = self
            .roots
            .iter()
            .enumerate()
            .map(|(line, text)| Root {
                requirement: text.parse().unwrap(),
                place: Place { file: "service.toml".into(), line: line + 1, column: 0 },
            })
            .collect();
        let own: BTreeSet<PackageName> =
            self.own.iter().map(|name| PackageName::new(name).unwrap()).collect();
        closure(
            &Request {
                roots: &roots,
                own: &own,
                constraints: &effective(self.constraints, self.overrides),
                target: &target("3.13.5", Arch::Amd64),
                cutoff: self.cutoff.map(|text| Epoch::from_rfc3339(text).unwrap()),
                given: &self.given,
                prefer: &self.prefer,
            },
            &self.store,
            &Locator::new(fetcher, index()),
        )
    }

    /// The closure as `name==version`, with `?` behind what is open; or the errors.
    pub(crate) fn solved(&self) -> String {
        match self.solve() {
            Ok(closure) => shown(&closure),
            Err(errors) => errors.to_string(),
        }
    }
}

pub(crate) fn shown(closure: &Closure) -> String {
    let one = |wheel: &LockedWheel| {
        format!("{}=={}{}", wheel.project, wheel.version, if wheel.open { "?" } else { "" })
    };
    closure.wheels.values().map(|entry| one(&entry.wheel)).collect::<Vec<_>>().join(" ")
}

pub(crate) fn index() -> ArchiveName {
    "pypi".parse().unwrap()
}

pub(crate) fn target(python: &str, arch: Arch) -> Target {
    Target { environment: Environment::linux(python, arch).unwrap(), glibc: (2, 41) }
}

pub(crate) fn effective(constraints: &str, overrides: &str) -> Effective {
    let constraints = Constraints::parse(constraints, Path::new("constraints.txt")).unwrap();
    let overrides = Overrides::parse(overrides, Path::new("overrides.txt")).unwrap();
    apply(&constraints, &overrides).effective
}

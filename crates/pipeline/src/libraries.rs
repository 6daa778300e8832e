//! Which shared libraries the extension modules of an image need, and what of the image has them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use elf::{Dynamic, Machine};
use filetree::{Content, Kind, Tree, TreePath};
use names::Arch;

/// What came of looking at all of them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Libraries {
    /// What is needed and not there, by library and file.
    pub(crate) missing: Vec<MissingLibrary>,
    /// Packages of libraries that the recipe lists and nothing needs, each with its libraries.
    pub(crate) unused: Vec<(String, Vec<String>)>,
    /// The files for the architecture, and what each needs.
    pub(crate) code: BTreeMap<TreePath, Needs>,
}

/// What a file needs of the system.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Needs {
    /// What lies outside of the prefix, by its place.
    pub(crate) outside: BTreeMap<TreePath, Needed>,
    /// What is nowhere in the tree: the versions of symbols that are asked for, by SONAME.
    pub(crate) absent: BTreeMap<String, BTreeSet<String>>,
}

/// A library of the system that files below the prefix need.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Needed {
    /// The name by which it is asked for.
    pub(crate) soname: String,
    /// The versions of its symbols that are asked for.
    pub(crate) versions: BTreeSet<String>,
}

/// A library, or a version of its symbols, that an extension module needs and the image does not have.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct MissingLibrary {
    /// The SONAME of the library.
    pub library: String,
    /// The version of its symbols, where the library is there and does not have it.
    pub version: Option<String>,
    /// The file that needs it.
    pub file: String,
    /// A package that has it, where one is known.
    pub package: Option<String>,
}

/// Looks at every ELF file below `prefix` in `tree`, the root of an image for `arch` with all that is
/// installed in it. `asked` are the packages that the recipe lists; `optional` are libraries that it
/// says may be missing.
///
/// A library is looked for as ld.so(8) does: in the file's own search path, then in the directories of
/// the system; and, since a module may be loaded after another one that brings it, by its name anywhere
/// below `prefix`. Those that a program opens by itself (dlopen(3), `ctypes`) are not seen.
pub(crate) fn libraries(
    tree: &Tree,
    arch: Arch,
    prefix: &TreePath,
    asked: &[String],
    optional: &BTreeSet<String>,
) -> io::Result<Libraries> {
    let mut search = Search { tree, arch, system: system(tree, arch)?, seen: BTreeMap::new() };
    let mut own = BTreeMap::new();
    for (path, node) in tree.below(prefix) {
        if let Kind::File(content) = &node.kind
            && let Some(found) = search.read(path, content)?
        {
            own.insert(path.clone(), found);
        }
    }
    let names = own.iter().flat_map(|(path, found)| {
        found.soname.iter().cloned().chain([path.file_name().to_owned()])
    });
    let own_names: BTreeSet<String> = names.collect();
    let mut missing = BTreeSet::new();
    let mut used = BTreeSet::new();
    let mut code: BTreeMap<TreePath, Needs> = BTreeMap::new();
    for (path, found) in &own {
        let Needs { outside, absent } = code.entry(path.clone()).or_default();
        let lost = |library: &str, version: Option<&String>| MissingLibrary {
            library: library.to_owned(),
            version: version.cloned(),
            file: format!("/{path}"),
            package: None,
        };
        for library in &found.needed {
            match search.find(path, found, library) {
                Some(place) => {
                    missing.extend(
                        search
                            .versions_missing(&place, found, library)?
                            .into_iter()
                            .map(|version| lost(library, Some(&version))),
                    );
                    if place.strip_prefix(prefix).is_none() {
                        let needed = outside.entry(place.clone()).or_default();
                        needed.soname.clone_from(library);
                        let versions = found.versions_needed.get(library).into_iter().flatten();
                        needed.versions.extend(versions.cloned());
                    }
                    search.follow(place, &mut used)?;
                }
                None if own_names.contains(library) || optional.contains(library) => {}
                None => {
                    missing.insert(lost(library, None));
                    let versions = found.versions_needed.get(library).into_iter().flatten();
                    absent.entry(library.clone()).or_default().extend(versions.cloned());
                }
            }
        }
    }
    let packages = asked.iter().map(|name| Package::read(&mut search, name));
    let packages: Vec<Package> = packages.collect::<io::Result<_>>()?;
    for program in packages.iter().flat_map(|package| &package.programs) {
        search.follow(program.clone(), &mut used)?;
    }
    let is_unused = |package: &&Package| {
        let mut libraries = package.libraries.keys();
        package.programs.is_empty()
            && !package.libraries.is_empty()
            && !libraries.any(|place| used.contains(place))
    };
    let unused = packages.iter().filter(is_unused).map(|package| {
        let sonames: BTreeSet<String> = package.libraries.values().cloned().collect();
        (package.name.clone(), sonames.into_iter().collect())
    });
    let (missing, unused) = (missing.into_iter().collect(), unused.collect());
    Ok(Libraries { missing, unused, code })
}

/// The package that a library is in by the rule of Debian Policy 8.1: `libldap2` for `libldap.so.2`.
pub(crate) fn package_by_policy(soname: &str) -> String {
    let dashed = match soname.find(".so.") {
        Some(at) if soname[..at].ends_with(|last: char| last.is_ascii_digit()) => {
            format!("{}-{}", &soname[..at], &soname[at + 4..])
        }
        Some(at) => format!("{}{}", &soname[..at], &soname[at + 4..]),
        None => soname.strip_suffix(".so").unwrap_or(soname).to_owned(),
    };
    dashed.replace('_', "-").to_lowercase()
}

/// The directories of the system: the built-in ones, and those of `/etc/ld.so.conf.d`.
fn system(tree: &Tree, arch: Arch) -> io::Result<Vec<String>> {
    let mut directories = Vec::new();
    let configured = TreePath::from_member("etc/ld.so.conf.d").unwrap_or_default();
    for (path, node) in tree.below(&configured) {
        if let (Kind::File(content), true) = (&node.kind, path.as_str().ends_with(".conf")) {
            let text = content.read()?;
            let text = String::from_utf8_lossy(&text);
            directories
                .extend(text.lines().filter(|line| line.starts_with('/')).map(str::to_owned));
        }
    }
    let triplet = arch.triplet();
    directories.extend([format!("/lib/{triplet}"), format!("/usr/lib/{triplet}")]);
    directories.extend(["/lib", "/usr/lib", "/lib64", "/usr/lib64"].map(str::to_owned));
    Ok(directories)
}

struct Search<'a> {
    tree: &'a Tree,
    arch: Arch,
    system: Vec<String>,
    /// What was read so far.
    seen: BTreeMap<TreePath, Option<Dynamic>>,
}

impl Search<'_> {
    /// Reads a file; nothing where it is for another processor.
    fn read(&mut self, path: &TreePath, content: &Content) -> io::Result<Option<Dynamic>> {
        if let Some(found) = self.seen.get(path) {
            return Ok(found.clone());
        }
        let machine = Machine::Known(self.arch);
        let found = elf::dynamic(content)?.filter(|found| found.machine == machine);
        self.seen.insert(path.clone(), found.clone());
        Ok(found)
    }

    fn read_at(&mut self, path: &TreePath) -> io::Result<Option<Dynamic>> {
        match self.tree.get(path).map(|node| &node.kind) {
            Some(Kind::File(content)) => self.read(path, content),
            Some(Kind::HardLink(other)) => match self.tree.get(other).map(|node| &node.kind) {
                Some(Kind::File(content)) => self.read(other, content),
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// Where `library` is for the file at `path`.
    fn find(&self, path: &TreePath, found: &Dynamic, library: &str) -> Option<TreePath> {
        let origin = path.parent().unwrap_or_default();
        let own = found.search.iter().map(|directory| {
            let origin = format!("/{origin}");
            directory.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin)
        });
        let system = self.system.iter().cloned();
        own.chain(system).find_map(|directory| self.at(&format!("{directory}/{library}")))
    }

    /// The file that a path leads to.
    fn at(&self, path: &str) -> Option<TreePath> {
        let mut parts: Vec<&str> = Vec::new();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => _ = parts.pop(),
                part => parts.push(part),
            }
        }
        let place = self.tree.resolve(&TreePath::from_member(&parts.join("/")).ok()?).ok()?;
        let kind = &self.tree.get(&place)?.kind;
        matches!(kind, Kind::File(_) | Kind::HardLink(_)).then_some(place)
    }

    /// The versions that a file needs of the library at `place` and that it does not have. A library
    /// without any says nothing.
    fn versions_missing(
        &mut self,
        place: &TreePath,
        found: &Dynamic,
        library: &str,
    ) -> io::Result<Vec<String>> {
        let Some(needed) = found.versions_needed.get(library) else { return Ok(Vec::new()) };
        let Some(there) = self.read_at(place)? else { return Ok(Vec::new()) };
        if there.versions.is_empty() {
            return Ok(Vec::new());
        }
        Ok(needed.difference(&there.versions).cloned().collect())
    }

    /// Adds the file at `place` and all that it needs in turn to `used`.
    fn follow(&mut self, place: TreePath, used: &mut BTreeSet<TreePath>) -> io::Result<()> {
        let mut open = vec![place];
        while let Some(place) = open.pop() {
            if !used.insert(place.clone()) {
                continue;
            }
            let Some(found) = self.read_at(&place)? else { continue };
            let needed = found.needed.iter();
            open.extend(needed.filter_map(|library| self.find(&place, &found, library)));
        }
        Ok(())
    }
}

/// What a package has of libraries and programs.
struct Package {
    name: String,
    /// The files with a SONAME in the directories of the system, and the SONAME.
    libraries: BTreeMap<TreePath, String>,
    programs: Vec<TreePath>,
}

impl Package {
    /// Reads the list of files that dpkg has of the package.
    fn read(search: &mut Search<'_>, name: &str) -> io::Result<Self> {
        let mut package =
            Self { name: name.to_owned(), libraries: BTreeMap::new(), programs: Vec::new() };
        let lists = [name.to_owned(), format!("{name}:{}", search.arch.debian())]
            .map(|name| format!("var/lib/dpkg/info/{name}.list"));
        let list = lists.iter().find_map(|path| search.tree.at(path));
        let Some(Kind::File(content)) = list.map(|node| &node.kind) else { return Ok(package) };
        let text = content.read()?;
        for path in String::from_utf8_lossy(&text).lines() {
            let (folder, _) = path.rsplit_once('/').unwrap_or(("", path));
            let Some(place) = search.at(path) else { continue };
            if ["/bin", "/sbin", "/usr/bin", "/usr/sbin"].contains(&folder) {
                package.programs.push(place);
            } else if search.system.iter().any(|directory| directory == folder)
                && let Some(soname) = search.read_at(&place)?.and_then(|found| found.soname)
            {
                package.libraries.insert(place, soname);
            }
        }
        Ok(package)
    }
}

#[cfg(test)]
mod tests {
    use filetree::Node;
    use names::Epoch;

    use super::*;

    fn arch() -> Arch {
        if cfg!(target_arch = "x86_64") { Arch::Amd64 } else { Arch::Arm64 }
    }

    /// A tree with these files, the contents of which are files of this machine or texts.
    fn tree(files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::new();
        for (path, from) in files {
            let bytes = match from.starts_with("/lib/") || from.starts_with("/proc/") {
                true => fs_err::read(from.replace("TRIPLET", arch().triplet())).unwrap(),
                false => from.as_bytes().to_vec(),
            };
            let path = path.replace("TRIPLET", arch().triplet());
            let node = Node::file(0o755, Epoch(0), Content::from_bytes(&bytes));
            tree.insert_with_parents(TreePath::from_member(&path).unwrap(), node).unwrap();
        }
        tree
    }

    /// What is missing, and which packages are unused.
    fn told(files: &[(&str, &str)], asked: &[&str], optional: &[&str]) -> (Vec<String>, String) {
        let prefix = TreePath::from_member("var/lib/openstack").unwrap();
        let asked: Vec<String> = asked.iter().map(|name| (*name).to_owned()).collect();
        let optional = optional.iter().map(|name| (*name).to_owned()).collect();
        let found = libraries(&tree(files), arch(), &prefix, &asked, &optional).unwrap();
        let missing = found.missing.iter().map(|one| one.library.clone()).collect();
        (missing, format!("{:?}", found.unused))
    }

    #[test]
    fn what_a_module_needs_and_the_root_has_is_compared() {
        const MODULE: (&str, &str) = ("var/lib/openstack/lib/module.so", "/proc/self/exe");
        const LIBC: (&str, &str) = ("usr/lib/TRIPLET/libc.so.6", "/lib/TRIPLET/libc.so.6");
        const OTHER: (&str, &str) =
            ("usr/lib/TRIPLET/libresolv.so.2", "/lib/TRIPLET/libresolv.so.2");
        let text = ("var/lib/openstack/lib/module.py", "import x");

        let (missing, unused) = told(&[MODULE, text], &[], &[]);
        assert!(missing.contains(&"libc.so.6".to_owned()), "{missing:?}");
        assert_eq!(unused, "[]");
        let (other, _) = told(&[MODULE, LIBC], &[], &[]);
        assert!(!other.contains(&"libc.so.6".to_owned()) && other.len() < missing.len());
        let rest: Vec<&str> = other.iter().map(String::as_str).collect();
        assert_eq!(told(&[MODULE, LIBC], &[], &rest).0, Vec::<String>::new());
        // Somewhere below the prefix, a module that is loaded before may bring it.
        let bundled = ("var/lib/openstack/lib/x.libs/libc.so.6", "/lib/TRIPLET/libc.so.6");
        let (missing, _) = told(&[MODULE, bundled], &[], &rest);
        assert!(!missing.contains(&"libc.so.6".to_owned()), "{missing:?}");

        // Another library under its name has not all versions of its symbols.
        let wrong = ("usr/lib/TRIPLET/libc.so.6", "/lib/TRIPLET/libresolv.so.2");
        let (missing, _) = told(&[MODULE, wrong], &[], &rest);
        assert!(missing.contains(&"libc.so.6".to_owned()), "{missing:?}");

        let lists = [
            ("var/lib/dpkg/info/libc6.list", format!("/usr/lib/{}/libc.so.6\n", arch().triplet())),
            (
                "var/lib/dpkg/info/resolv.list",
                format!("/usr/lib/{}/libresolv.so.2\n", arch().triplet()),
            ),
        ];
        let mut files = vec![MODULE, LIBC, OTHER];
        files.extend(lists.iter().map(|(path, text)| (*path, text.as_str())));
        let (_, unused) = told(&files, &["libc6", "resolv", "none"], &rest);
        assert_eq!(unused, "[(\"resolv\", [\"libresolv.so.2\"])]");
    }

    #[test]
    fn packages_of_libraries_are_named_by_the_policy() {
        for (soname, package) in [
            ("libldap.so.2", "libldap2"),
            ("libGL.so.1", "libgl1"),
            ("libpython3.13.so.1.0", "libpython3.13-1.0"),
            ("libfoo_bar1.so.2", "libfoo-bar1-2"),
            ("libonly.so", "libonly"),
        ] {
            assert_eq!(package_by_policy(soname), package);
        }
    }
}

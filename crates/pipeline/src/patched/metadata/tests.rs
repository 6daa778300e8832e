//! What patches change in the metadata, against what PBR and setuptools make of the patched files.

use std::path::Path;

use filetree::{Content, Node, TreePath};
use names::Epoch;
use testkit::tool;

use super::*;

const INFO: &str = "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\nRequires-Python: >=3.10\n\
    Provides-Extra: ldap\nRequires-Dist: pbr>=2.0\nRequires-Dist: b[x]<2,>=1; os_name == \"posix\"\n\
    Requires-Dist: python-ldap>=3.0; extra == \"ldap\"\n";
const CONFIG: &str = "[metadata]\nname = thing\npython_requires = >=3.10\n[extras]\nldap =\n  \
    python-ldap>=3.0\n";
const SETUP: &str = "import setuptools\nsetuptools.setup(setup_requires=['pbr'], pbr=True)\n";
const REQUIREMENTS: &str = "pbr>=2.0\nb[x]>=1,<2;os_name=='posix' # why\n";

type Files = BTreeMap<&'static str, String>;

fn tree(files: &Files) -> Tree {
    let mut tree = Tree::new();
    for (path, text) in files {
        let node = Node::file(0o644, Epoch(0), Content::from_bytes(text));
        tree.insert_with_parents(TreePath::from_member(path).unwrap(), node).unwrap();
    }
    tree
}

fn made(before: &Files, after: &Files) -> Result<(Metadata, Vec<String>), PatchedError> {
    let paths = before.keys().chain(after.keys());
    let changed = paths.copied().filter(|path| before.get(path) != after.get(path)).collect();
    patched("thing-1.0.tar.gz", &tree(before), &tree(after), &changed)
}

/// The requirements after `old` has become `new` in the file `path`, or the error.
fn changed(path: &'static str, old: &str, new: &str) -> String {
    let before: Files = [
        ("PKG-INFO", INFO),
        ("setup.cfg", CONFIG),
        ("setup.py", SETUP),
        ("requirements.txt", REQUIREMENTS),
    ]
    .map(|(path, text)| (path, text.to_owned()))
    .into();
    assert!(before[path].contains(old), "{old}");
    let mut after = before.clone();
    after.insert(path, before[path].replace(old, new));
    match made(&before, &after) {
        Ok((metadata, notes)) => {
            let all: Vec<&str> =
                metadata.requires_dist.iter().map(|one| one.text.as_str()).collect();
            let extras: Vec<&str> =
                metadata.provides_extra.iter().map(|one| one.as_str()).collect();
            let python = metadata.requires_python.unwrap_or_default();
            [all.join(", "), extras.join(" "), python, notes.join(" ")].join(" | ")
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_patches_change_is_changed_and_the_rest_stays_as_it_is_written() {
    let first = "pbr>=2.0, b[x]<2,>=1; os_name == \"posix\"";
    let ldap = "python-ldap>=3.0; extra == \"ldap\"";
    let cases = [
        (
            "setup.cfg",
            "[extras]",
            "# none\n[extras]",
            format!("{first}, {ldap} | ldap | >=3.10 | "),
        ),
        (
            "setup.cfg",
            "ldap =\n",
            "red =\n  a:os_name=='nt'\nldap =\n  ldappool\n",
            format!(
                "{first}, {ldap}, a; os_name=='nt' and extra == \"red\", ldappool; extra == \"ldap\" \
                 | ldap red | >=3.10 | "
            ),
        ),
        ("setup.cfg", "python-ldap>=3.0", "", format!("{first} | ldap | >=3.10 | ")),
        ("setup.cfg", ">=3.10", ">=3.12", format!("{first}, {ldap} | ldap | >=3.12 | ")),
        (
            "requirements.txt",
            "b[x]",
            "-r more.txt\nb",
            format!("pbr>=2.0, {ldap}, b>=1,<2;os_name=='posix' | ldap | >=3.10 | "),
        ),
        (
            "PKG-INFO",
            "pbr>=2.0",
            "pbr>=3.0",
            format!("{}, {ldap} | ldap | >=3.10 | ", first.replace("2.0", "3.0")),
        ),
    ];
    for (path, old, new, want) in cases {
        assert_eq!(changed(path, old, new), want, "{path}: {old} -> {new}");
    }
}

#[test]
fn what_is_not_known_without_running_code_is_said() {
    let said = changed("setup.cfg", "name = thing", "names = thing");
    assert!(said.contains("the patches change setup.cfg") && said.contains("hint:"), "{said}");
    let said = changed("requirements.txt", "pbr>=2.0", "pbr>>2.0");
    assert!(said.contains("requirements.txt requires `pbr>>2.0`"), "{said}");
    let code = "setuptools.setup(install_requires=['a'])\n";
    let said = changed("setup.py", SETUP, code);
    assert!(said.contains("change setup.py, and its code states"), "{said}");
    // The release says something else than its files: a patch of them says nothing.
    let mut before: Files =
        [("PKG-INFO", INFO.replace("pbr>=2.0", "pbr>=7")), ("setup.cfg", CONFIG.into())].into();
    before.insert("setup.py", SETUP.to_owned());
    before.insert("requirements.txt", REQUIREMENTS.to_owned());
    let mut after = before.clone();
    after.insert("requirements.txt", REQUIREMENTS.replace("pbr>=2.0\n", ""));
    let error = made(&before, &after).unwrap_err().to_string();
    assert!(
        error.contains("`pbr>=2.0` was there before, and PKG-INFO does not have it"),
        "{error}"
    );
}

#[test]
fn an_old_sdist_has_no_requirements_and_its_files_do() {
    let info = "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n".to_owned();
    let mut files: Files = [("PKG-INFO", info), ("setup.cfg", CONFIG.to_owned())].into();
    files.insert("setup.py", SETUP.to_owned());
    files.insert("requirements.txt", REQUIREMENTS.to_owned());
    let (metadata, _) = made(&files, &files).unwrap();
    assert_eq!(metadata.requires_dist.len(), 3);
    assert_eq!(metadata.requires_python.as_deref(), Some(">=3.10"));
}

/// Numbers that are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn lines(&mut self, marker: char) -> Vec<String> {
        let versions = ["", ">=1.0", "!=2.1.0,>=2.0", "[extra]>=1", "~=3.2"];
        let markers = ["", "python_version<'3.8'", "(sys_platform=='win32' or os_name=='nt')"];
        let mut all = Vec::new();
        for name in ["alpha", "beta.one", "Gamma", "delta_x", "epsilon"] {
            if self.below(2) == 0 {
                let (version, condition) = (versions[self.below(5)], markers[self.below(3)]);
                let end = if self.below(3) == 0 { "  # Apache-2.0" } else { "" };
                let gap = if condition.is_empty() { String::new() } else { marker.to_string() };
                all.push(format!("{name}{version}{gap}{condition}{end}"));
            }
        }
        all
    }

    /// The files of a project in one of three forms.
    fn project(&mut self, form: usize) -> Files {
        let python = [">=3.9", ">=3.10"][self.below(2)];
        let extras: Vec<(&str, Vec<String>)> = ["ldap", "red"]
            .into_iter()
            .filter_map(|name| {
                let lines = self.lines(if form == 0 { ':' } else { ';' });
                (!lines.is_empty()).then_some((name, lines))
            })
            .collect();
        let required = self.lines(';').join("\n");
        let plain = |line: &str| line.split(" #").next().unwrap_or_default().trim().to_owned();
        let section = |name: &str| {
            let each = extras.iter().map(|(extra, lines)| {
                let lines: Vec<String> =
                    lines.iter().map(|line| format!("  {}", plain(line))).collect();
                format!("{extra} =\n{}\n", lines.join("\n"))
            });
            format!("[{name}]\n{}", each.collect::<String>())
        };
        let inline: Vec<String> =
            required.lines().map(|line| format!("  {}", plain(line))).collect();
        let inline = inline.join("\n");
        let test = self.lines(';').join("\n");
        match form {
            0 => [
                ("setup.py", SETUP.to_owned()),
                (
                    "setup.cfg",
                    format!(
                        "[metadata]\nname = thing\npython_requires = {python}\n{}",
                        section("extras")
                    ),
                ),
                ("requirements.txt", required),
                ("test-requirements.txt", test),
            ]
            .into(),
            1 => [
                ("setup.py", "import setuptools\nsetuptools.setup()\n".to_owned()),
                (
                    "setup.cfg",
                    format!(
                        "[metadata]\nname = thing\nversion = 1.0\n[options]\npy_modules = thing\n\
                         python_requires = {python}\ninstall_requires =\n{}\n{}",
                        inline,
                        section("options.extras_require")
                    ),
                ),
            ]
            .into(),
            _ => {
                let list = |lines: &[String]| {
                    lines
                        .iter()
                        .map(|line| format!("\"{}\"", plain(line)))
                        .collect::<Vec<_>>()
                        .join(", ")
                };
                let optional =
                    extras.iter().map(|(extra, lines)| format!("{extra} = [{}]\n", list(lines)));
                let text = format!(
                    "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n\
                     [project]\nname = \"thing\"\nversion = \"1.0\"\nrequires-python = \"{python}\"\n\
                     dynamic = [\"dependencies\"]\n[project.optional-dependencies]\n{}\
                     [tool.setuptools]\npy-modules = [\"thing\"]\n\
                     [tool.setuptools.dynamic]\ndependencies = {{file = [\"requirements.txt\"]}}\n",
                    optional.collect::<String>()
                );
                let setup = "import setuptools\nsetuptools.setup()\n".to_owned();
                [("pyproject.toml", text), ("setup.py", setup), ("requirements.txt", required)]
                    .into()
            }
        }
    }
}

/// PKG-INFO of the sdist and METADATA of the wheel as the tools of the project make them.
fn built(files: &Files, folder: &Path) -> [String; 2] {
    fs_err::create_dir(folder).unwrap();
    for (path, text) in files {
        fs_err::write(folder.join(path), text).unwrap();
    }
    fs_err::write(folder.join("thing.py"), "").unwrap();
    let python = |arguments: &[&str]| {
        tool("python3")
            .args(arguments)
            .env("PYTHONWARNINGS", "ignore")
            .env("PBR_VERSION", "1.0")
            .folder(folder)
            .run();
    };
    python(&["setup.py", "-q", "bdist_wheel"]);
    python(&["-m", "zipfile", "-e", "dist/thing-1.0-py3-none-any.whl", "wheel"]);
    let read = |path: &str| fs_err::read_to_string(folder.join(path)).unwrap();
    [read("thing.egg-info/PKG-INFO"), read("wheel/thing-1.0.dist-info/METADATA")]
}

#[test]
#[ignore = "needs python3 with pbr 7 and setuptools; .ci/run runs it"]
fn metadata_of_patched_sources_is_that_of_pbr_and_setuptools() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(7);
    let mut count = 0;
    for number in 0..36 {
        let form = number % 3;
        let (mut before, after) = (random.project(form), random.project(form));
        let of = |files: &Files, name: &str| {
            built(files, &folder.path().join(format!("{number}{name}")))
        };
        let [_, expected] = of(&after, "after");
        let expected = Metadata::parse(&expected).unwrap();
        // That of an old setuptools has no requirements, and that of a new one has them as METADATA does.
        let [old, new] = of(&before, "before");
        before.insert("PKG-INFO", if number % 2 == 0 { old } else { new });
        let info = [("PKG-INFO", before["PKG-INFO"].clone())];
        let after: Files = after.into_iter().chain(info).collect();
        let (found, notes) =
            made(&before, &after).unwrap_or_else(|error| panic!("{error}: {before:?}"));
        assert_eq!(needs(&found), needs(&expected), "{before:?}\n{after:?}");
        assert_eq!(found.provides_extra, expected.provides_extra, "{after:?}");
        assert_eq!(found.requires_python, expected.requires_python);
        assert_eq!(notes, Vec::<String>::new());
        count += expected.requires_dist.len();
    }
    println!("36 patched projects have the metadata of PBR and setuptools, {count} requirements");
}

//! Machines of all kinds, as folders, and the addresses that they give.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and writes plain files"
)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use mirrors::{Mirrors, Programs, ResolveError, Resolved, Settings};

/// A machine that knows nothing, with these files.
fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Settings) {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let settings = Settings::new(root.path(), Programs::Leave);
    (root, settings)
}

fn resolve(settings: &Settings, archive: &str) -> Result<Resolved, ResolveError> {
    Mirrors::new(settings.clone()).resolve(&archive.parse().unwrap(), &|_| None)
}

/// The one address, and who said so (without the folder that stands for the machine).
#[track_caller]
fn one(settings: &Settings, archive: &str) -> (String, String) {
    let resolved = resolve(settings, archive).unwrap();
    assert_eq!(resolved.urls.len(), 1, "{resolved:?}");
    let root = format!("{}/", settings.root.display());
    (resolved.urls[0].url.clone(), resolved.urls[0].from.replace(&root, "/"))
}

/// Checks each archive's address and the beginning of the reason.
#[track_caller]
fn check(settings: &Settings, archive: &str, url: &str, from: &str) {
    assert_eq!(one(settings, archive), (url.to_owned(), from.to_owned()));
}

const SOURCES: &str = "Types: deb\nURIs: http://apt.example.org/d/\nSuites: trixie trixie-updates\n\
                       \nTypes: deb\nURIs: http://apt.example.org/s\nSuites: trixie-security\n";
const EXAMPLE: &str = "Types: deb deb-src\nURIs: http://m.example.org/debian\nSuites: trixie\n\n\
                       Types: deb\nURIs: http://s.example.org/debian-security\nSuites: trixie-security\n";

fn in_release(origin: &str, label: &str) -> String {
    format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: {origin}\nLabel: {label}\n\
         Suite: stable\nCodename: trixie\n"
    )
}

/// A machine on which every place names an address.
fn knows_all() -> (tempfile::TempDir, Settings) {
    let debian = in_release("Debian", "Debian");
    let (root, mut settings) = machine(&[
        ("home/mirrors.toml", "[debian]\nurls = [\"http://user.example.org/debian/\"]\n"),
        ("etc/cooperage/mirrors.toml", "[debian]\nurls = [\"http://system.example.org/debian\"]\n"),
        ("etc/apt/sources.list.d/debian.sources", SOURCES),
        ("var/lib/apt/lists/apt.example.org_d_dists_trixie_InRelease", &debian),
    ]);
    settings.files = ["home/mirrors.toml", "etc/cooperage/mirrors.toml"]
        .map(|path| root.path().join(path))
        .to_vec();
    settings.explicit.insert("debian".parse().unwrap(), vec!["http://argument.example.org".into()]);
    let variable = "COOPERAGE_MIRROR_DEBIAN".to_owned();
    settings.environment.insert(variable, " http://variable.example.org/debian/ ".into());
    (root, settings)
}

#[test]
fn the_first_in_the_order_counts() {
    let (_root, mut settings) = knows_all();
    check(&settings, "debian", "http://argument.example.org", "the argument --mirror");
    settings.explicit.clear();
    let from = "the environment variable COOPERAGE_MIRROR_DEBIAN";
    check(&settings, "debian", "http://variable.example.org/debian", from);
    settings.environment.clear();
    check(&settings, "debian", "http://user.example.org/debian", "/home/mirrors.toml");
    settings.files.remove(0);
    check(&settings, "debian", "http://system.example.org/debian", "/etc/cooperage/mirrors.toml");
    settings.files.clear();
    let from = "the apt source /etc/apt/sources.list.d/debian.sources";
    check(&settings, "debian", "http://apt.example.org/d", from);
    std::fs::remove_dir_all(settings.root.join("etc")).unwrap();
    assert_eq!(one(&settings, "debian").1, "the public default");
    assert!(one(&settings, "debian").0.starts_with("http://"));
    assert!(one(&settings, "pypi").0.ends_with("/simple"));
}

#[test]
fn an_archive_that_nothing_names_is_an_error_that_says_what_to_do() {
    let (_root, settings) = machine(&[]);
    let error = resolve(&settings, "debian-security").unwrap_err().to_string();
    for part in
        ["`debian-security`", "--mirror debian-security=URL", "COOPERAGE_MIRROR_DEBIAN_SECURITY"]
    {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn example_sources_serve_the_archives_that_nothing_else_names() {
    let (_root, settings) = machine(&[]);
    let mirrors = Mirrors::new(settings);
    let archive = "debian-security".parse().unwrap();
    mirrors.resolve(&archive, &|_| None).unwrap_err();
    mirrors.add_example_sources(EXAMPLE, "the apt package of debian-trixie");
    let found = mirrors.resolve(&archive, &|_| None).unwrap();
    assert_eq!(found.urls[0].url, "http://s.example.org/debian-security");
    assert_eq!(found.urls[0].from, "the apt package of debian-trixie");

    let (_root, settings) = machine(&[("usr/share/doc/apt/examples/debian.sources", EXAMPLE)]);
    let from = "apt's example /usr/share/doc/apt/examples/debian.sources";
    check(&settings, "debian-security", "http://s.example.org/debian-security", from);
}

#[test]
fn a_source_is_what_its_release_says() {
    let (root, settings) = machine(&[("etc/apt/sources.list.d/x.sources", SOURCES)]);
    let asked = RefCell::new(Vec::new());
    let probe = |url: &str| {
        asked.borrow_mut().push(url.to_owned());
        match url {
            "http://apt.example.org/d/dists/trixie-updates/InRelease" => {
                Some(in_release("Debian", "Debian"))
            }
            "http://apt.example.org/s/dists/trixie-security/InRelease" => {
                Some(in_release("Debian", "Debian-Security"))
            }
            _ => None,
        }
    };
    let mirrors = Mirrors::new(settings.clone());
    for _ in 0..2 {
        let found = mirrors.resolve(&"debian-security".parse().unwrap(), &probe).unwrap();
        assert_eq!(found.urls.len(), 1);
        assert_eq!(found.urls[0].url, "http://apt.example.org/s");
    }
    // The first suite did not answer, the second did; the answer is kept.
    let path = |end: &str| format!("http://apt.example.org/{end}/InRelease");
    let want = ["d/dists/trixie", "d/dists/trixie-updates", "s/dists/trixie-security"].map(path);
    assert_eq!(*asked.borrow(), want);
    // Once a source is known for an archive, no further host is asked what it is.
    asked.borrow_mut().clear();
    let found = mirrors.resolve(&"debian".parse().unwrap(), &probe).unwrap();
    assert_eq!(found.urls[0].url, "http://apt.example.org/d");
    assert_eq!(*asked.borrow(), want[..2]);

    // Several sources for one archive are tried in turn; what is turned off or of another kind is not.
    let lists = root.path().join("var/lib/apt/lists");
    std::fs::create_dir_all(&lists).unwrap();
    for (host, origin) in [("a", "Debian"), ("b", "Debian"), ("c", "Company")] {
        let name = format!("{host}.example.org_debian_dists_trixie_InRelease");
        std::fs::write(lists.join(name), in_release(origin, origin)).unwrap();
    }
    let text = "deb http://c.example.org/debian trixie main\n# deb http://x.example.org/debian y z\n\
                deb [trusted=yes] http://b.example.org/debian trixie main\n\
                deb http://b.example.org/debian/ trixie-updates main\n\
                deb cdrom:[Debian]/ trixie main\ndeb http://a.example.org/debian ./\n";
    std::fs::write(root.path().join("etc/apt/sources.list"), text).unwrap();
    let text = "deb http://a.example.org/debian trixie main\n";
    std::fs::write(root.path().join("etc/apt/sources.list.d/a.list"), text).unwrap();
    std::fs::write(root.path().join("etc/apt/sources.list.d/off.list.disabled"), text).unwrap();
    std::fs::remove_file(root.path().join("etc/apt/sources.list.d/x.sources")).unwrap();
    let found = resolve(&settings, "debian").unwrap();
    let urls: Vec<&str> = found.urls.iter().map(|source| source.url.as_str()).collect();
    assert_eq!(urls, ["http://b.example.org/debian", "http://a.example.org/debian"]);
}

#[test]
fn a_list_of_mirrors_is_read_strictly() {
    let (root, mut settings) = machine(&[]);
    let path = root.path().join("mirrors.toml");
    settings.files = vec![path.clone()];
    let mut read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        settings.environment.clear();
        resolve(&settings, "debian")
    };
    let text = "[debian]\nurls = [\"http://a.example.org/d\", \"/srv/debian\"]\n\
                snapshot = \"http://s.example.org/{time}/debian\"\n";
    let found = read(text).unwrap();
    let urls: Vec<&str> = found.urls.iter().map(|source| source.url.as_str()).collect();
    assert_eq!(urls, ["http://a.example.org/d", "/srv/debian"]);
    let snapshot = found.snapshot.unwrap().at("20251115T083045Z");
    assert_eq!(snapshot, "http://s.example.org/20251115T083045Z/debian");
    assert_eq!(
        read("[pypi]\nurls = [\"https://a/\"]\n").unwrap().urls[0].from,
        "the public default"
    );
    for (text, want) in [
        ("[debian]\nurl = \"http://a/\"\n", "unknown field `url`"),
        ("[debian]\nurls = []\n", "`debian` has no urls"),
        ("[debian]\nurls = [\"a.example.org\"]\n", "not an http, https or file URL"),
        ("[debian]\nurls = [\"http://a/\"]\nsnapshot = \"http://b/\"\n", "lacks {time}"),
        ("[Debian]\nurls = [\"http://a/\"]\n", "archive name"),
        ("[debian]\nurls = [\"http://a/\"\n", "line"),
    ] {
        let error = read(text).expect_err(text);
        let mut all = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            all += &format!(": {error}");
            source = error.source();
        }
        assert!(all.contains(want) && all.contains("mirrors.toml"), "{all}");
    }
    settings.files = vec![root.path().to_owned()];
    let error = resolve(&settings, "debian").unwrap_err();
    assert!(matches!(error, ResolveError::Config(_)), "{error}");
}

#[test]
fn a_variable_that_makes_no_sense_is_named_without_its_password() {
    let (_root, mut settings) = machine(&[]);
    let value = "ftp://me:secret@example.org/";
    settings.environment.insert("COOPERAGE_MIRROR_PYPI".into(), value.into());
    let error = resolve(&settings, "pypi").unwrap_err();
    assert!(error.to_string().contains("COOPERAGE_MIRROR_PYPI"), "{error}");
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    settings.environment.insert("COOPERAGE_MIRROR_PYPI".into(), String::new());
    assert_eq!(one(&settings, "pypi").1, "the public default");
}

#[test]
fn an_address_is_shown_without_its_password() {
    let (_root, mut settings) = machine(&[]);
    let mut shown = |url: &str| {
        settings.environment.insert("PIP_INDEX_URL".into(), url.into());
        resolve(&settings, "pypi").unwrap().urls[0].shown()
    };
    assert_eq!(shown("https://me:se@cret@i.example.org/simple/"), "https://i.example.org/simple");
    assert_eq!(shown("/srv/a@b"), "/srv/a@b");
    assert_eq!(shown("https://i.example.org/a@b"), "https://i.example.org/a@b");
}

#[test]
fn the_python_index_is_that_of_uv_and_pip() {
    let conf = |host: &str| format!("[global]\nindex-url = https://{host}.example.org/simple/\n");
    let toml = |host: &str| format!("index-url = \"https://{host}.example.org/simple\"\n");
    let (root, mut settings) = machine(&[
        ("etc/pip.conf", &conf("global")),
        ("home/.pip/pip.conf", &conf("old")),
        ("home/.config/pip/pip.conf", &conf("user")),
        ("venv/pip.conf", &conf("site")),
        ("named.conf", &conf("named")),
        ("etc/uv/uv.toml", &toml("uvsystem")),
        ("home/.config/uv/uv.toml", &toml("uvuser")),
    ]);
    settings.home = Some(root.path().join("home"));
    let path = |path: &str| root.path().join(path).display().to_string();
    let variables = [
        ("UV_DEFAULT_INDEX", "https://uvdefault.example.org/simple".to_owned()),
        ("UV_INDEX_URL", "https://uvindex.example.org/simple".to_owned()),
        ("PIP_INDEX_URL", "https://pipindex.example.org/simple".to_owned()),
        ("PIP_CONFIG_FILE", path("named.conf")),
        ("VIRTUAL_ENV", path("venv")),
    ];
    settings.environment.extend(variables.map(|(name, value)| (name.to_owned(), value)));
    let mut nameless = settings.clone();
    let named = "company=https://n.example.org/simple".to_owned();
    nameless.environment.insert("UV_DEFAULT_INDEX".into(), named);
    assert_eq!(one(&nameless, "pypi").0, "https://n.example.org/simple");
    nameless.environment = [("PIP_CONFIG_FILE".to_owned(), "/dev/null".to_owned())].into();
    std::fs::remove_file(root.path().join("etc/uv/uv.toml")).unwrap();
    nameless.home = None;
    assert_eq!(one(&nameless, "pypi").1, "the public default");
    std::fs::write(root.path().join("etc/uv/uv.toml"), toml("uvsystem")).unwrap();
    // Each step takes the one away that has answered before.
    let remove_file = |path: &str| std::fs::remove_file(root.path().join(path)).unwrap();
    let steps: [(&str, &str); 10] = [
        ("uvdefault", "UV_DEFAULT_INDEX"),
        ("uvindex", "UV_INDEX_URL"),
        ("pipindex", "PIP_INDEX_URL"),
        ("uvuser", "home/.config/uv/uv.toml"),
        ("uvsystem", "etc/uv/uv.toml"),
        ("named", "named.conf"),
        ("site", "venv/pip.conf"),
        ("user", "home/.config/pip/pip.conf"),
        ("old", "home/.pip/pip.conf"),
        ("global", "etc/pip.conf"),
    ];
    for (host, place) in steps {
        let (url, from) = one(&settings, "pypi");
        assert_eq!(url, format!("https://{host}.example.org/simple"), "{place}");
        assert!(from.ends_with(place), "{from}");
        if settings.environment.remove(place).is_none() {
            remove_file(place);
        }
    }
    assert_eq!(one(&settings, "pypi").1, "the public default");
}

/// Writes a program `name` into `folder`.
fn program(folder: &Path, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_pip_of_the_machine_is_asked_last() {
    let (root, mut settings) = machine(&[("bin/x", "")]);
    let bin = root.path().join("bin");
    settings.programs = Programs::Ask;
    settings.environment.insert("PATH".into(), bin.display().to_string());
    assert_eq!(one(&settings, "pypi").1, "the public default");
    program(&bin, "pip", "exit 1");
    let long =
        format!("https://a-very-long-name-{}.example.org/simple", "with-hyphens-".repeat(12));
    let help = "test \"$2\" = --help && test \"$COLUMNS\" = 2000 || exit 1";
    program(
        &bin,
        "pip3",
        &format!("{help}\necho '  -i, --index-url <url>  Base (default {long}). X'"),
    );
    check(&settings, "pypi", &long, "the default of `pip3`");
    settings.programs = Programs::Leave;
    assert_eq!(one(&settings, "pypi").1, "the public default");
}

#[test]
#[ignore = "needs pip; .ci/run runs it"]
fn the_real_pip_names_its_index() {
    let (_root, mut settings) = machine(&[]);
    settings.programs = Programs::Ask;
    settings.environment.insert("PATH".into(), std::env::var("PATH").unwrap());
    let (url, from) = one(&settings, "pypi");
    assert!(url.starts_with("https://") && from.starts_with("the default of `p"), "{url} {from}");
}

/// pip's own settings, as we read them and as the real pip does.
#[test]
#[ignore = "needs pip; .ci/run runs it"]
fn settings_of_pip_are_read_as_pip_reads_them() {
    let (new, old) = (".config/pip/pip.conf", ".pip/pip.conf");
    let cases: [&[(&str, &str)]; 9] = [
        &[(new, "[global]\nindex-url = https://a.example.org/simple\n")],
        &[(new, "[global]\nindex-url: https://a.example.org/simple/\n[install]\nno-deps = true\n")],
        &[(new, "[install]\nindex-url=https://b.example.org/s\n[global]\nindex-url=https://a/s\n")],
        &[(new, "[global]\nindex_url = https://a.example.org/simple\n")],
        &[(new, "[global]\n--index-url = https://a.example.org/simple\n")],
        &[(
            new,
            "[global]\n# index-url = https://b/s\n; index-url = https://c/s\n\
                 Index-URL = https://a.example.org/simple\n",
        )],
        &[(old, "[global]\nindex-url = https://old.example.org/simple\n")],
        &[
            (old, "[global]\nindex-url = https://o/s\n"),
            (new, "[global]\nindex-url = https://n/s\n"),
        ],
        &[
            (old, "[install]\nindex-url = https://o/s\n"),
            (new, "[global]\nindex-url = https://n/s\n"),
        ],
    ];
    for files in cases {
        let (root, mut settings) = machine(files);
        settings.home = Some(root.path().to_owned());
        let read = one(&settings, "pypi").0;
        settings.home = None;
        settings.programs = Programs::Ask;
        let home = root.path().display().to_string();
        settings.environment.insert("HOME".into(), home);
        settings.environment.insert("PATH".into(), std::env::var("PATH").unwrap());
        settings
            .environment
            .insert("PYENV_ROOT".into(), std::env::var("PYENV_ROOT").unwrap_or_default());
        let (asked, from) = one(&settings, "pypi");
        assert!(from.starts_with("the default of `p"), "{from}");
        assert_eq!(read, asked, "{files:?}");
    }
}

/// What apt itself says of the sources of this machine.
#[test]
#[ignore = "needs apt-get; .ci/run runs it"]
fn the_sources_of_this_machine_are_those_that_apt_names() {
    let settings = Settings::new(Path::new("/"), Programs::Leave);
    let format = "--format=$(ORIGIN)|$(LABEL)|$(SITE)";
    let said = testkit::tool("apt-get").args(["indextargets", format]).text();
    for (archive, label) in [("debian", "Debian"), ("debian-security", "Debian-Security")] {
        let start = format!("Debian|{label}|");
        let sites = said.lines().filter_map(|line| line.strip_prefix(&start));
        let want: BTreeSet<&str> = sites.map(|site| site.trim_end_matches('/')).collect();
        let found = resolve(&settings, archive);
        // A machine whose sources are not Debian's, or that has no lists yet, has nothing to compare.
        let found: BTreeSet<&str> = match &found {
            Ok(found) if !want.is_empty() => found.urls.iter().map(|s| s.url.as_str()).collect(),
            _ => BTreeSet::new(),
        };
        assert_eq!(found, want);
    }
}

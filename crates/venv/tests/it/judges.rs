//! Python, pip and uv as judges.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use filetree::{Kind, Tree};
use names::{Epoch, PackageName};
use store::Store;
use testkit::{WheelBuilder, tool};
use venv::{Layout, Merged, Wheel};

use crate::{unpack, write_out};

/// The wheels of an image with keystone 28.1.0 for CPython 3.13, `NAME==VERSION` by line.
const KEYSTONE: &str = include_str!("keystone.txt");

/// The real interpreter of `python3` and its whole version.
fn python() -> (String, String) {
    let code = "import os, platform, sys\n\
                print(os.path.realpath(getattr(sys, '_base_executable', sys.executable)))\n\
                print(platform.python_version())";
    let answer = tool("python3").args(["-c", code]).text();
    let mut lines = answer.lines().map(str::to_owned);
    (lines.next().unwrap(), lines.next().unwrap())
}

/// An environment at `folder` for the interpreter of this machine.
fn layout(folder: &Path) -> Layout {
    let (python, version) = python();
    Layout { prefix: folder.to_str().unwrap().parse().unwrap(), python, version }
}

#[test]
#[ignore = "needs python3 with venv; .ci/run runs it"]
fn the_empty_environment_is_the_one_that_python_makes() {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().join("v");
    let layout = layout(&real);
    tool(&layout.python).args(["-m", "venv", "--without-pip"]).arg(&real).run();
    let tree = venv::skeleton(&layout, Epoch(1)).unwrap();
    let mut ours = BTreeMap::new();
    for (path, node) in tree.below(&layout.prefix) {
        let text = match &node.kind {
            Kind::Directory => "folder".to_owned(),
            Kind::Symlink(target) => format!("-> {target}"),
            Kind::File(content) => String::from_utf8(content.read().unwrap()).unwrap(),
            Kind::HardLink(_) => panic!("{path}"),
        };
        ours.insert(path.strip_prefix(&layout.prefix).unwrap().to_string(), text);
    }
    let mut theirs = BTreeMap::new();
    for path in walk(&real) {
        let place = real.join(&path);
        let text = if place.is_symlink() {
            format!("-> {}", fs_err::read_link(&place).unwrap().display())
        } else if place.is_dir() {
            "folder".to_owned()
        } else {
            fs_err::read_to_string(&place).unwrap()
        };
        theirs.insert(path, text);
    }
    theirs.retain(|path, _| !path.to_lowercase().contains("activate") && path != ".gitignore");
    assert_eq!(ours, theirs);
}

/// Everything below `folder`, relative to it; links are not followed.
fn walk(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs_err::read_dir(next).unwrap() {
            let entry = entry.unwrap();
            found.insert(entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            }
        }
    }
    found
}

/// Installs all wheels of `folder` into one tree.
fn install_all(store: &Store, folder: &Path, wanted: &str, layout: &Layout) -> Merged {
    let mut trees = BTreeMap::new();
    for name in walk(folder).into_iter().filter(|name| name.ends_with(".whl")) {
        let pack = unpack(store, &fs_err::read(folder.join(&name)).unwrap());
        let wheel = Wheel { file_name: &name, pack: &pack, requested: true };
        let tree = venv::install(layout, &wheel, Epoch(1_700_000_000)).unwrap();
        trees.insert(PackageName::new(name.split('-').next().unwrap()).unwrap(), tree);
    }
    assert_eq!(trees.len(), wanted.lines().count());
    venv::merge(venv::skeleton(layout, Epoch(1_700_000_000)).unwrap(), &trees).unwrap()
}

/// Fetches the wheels of a service; `COOPERAGE_TEST_WHEELS` names a folder where they stay for the next
/// time.
fn fetch(folder: &Path, service: &str, wanted: &str) -> std::path::PathBuf {
    let folder = match std::env::var_os("COOPERAGE_TEST_WHEELS") {
        Some(kept) => Path::new(&kept).join(service),
        None => folder.join(format!("wheels-{service}")),
    };
    let count = wanted.lines().count();
    if folder.is_dir() && fs_err::read_dir(&folder).unwrap().count() == count {
        return folder;
    }
    let mut pip = tool("pip").args(["download", "-q", "--no-deps", "--only-binary", ":all:"]);
    pip = pip.args(["--implementation", "cp", "--python-version", "3.13", "--abi", "cp313"]);
    pip = pip.args(["--abi", "abi3", "--abi", "none", "--platform", "any"]);
    // pip knows no "up to this one".
    for minor in (5..=40).rev() {
        pip = pip.arg("--platform").arg(format!("manylinux_2_{minor}_x86_64"));
    }
    for old in ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"] {
        pip = pip.args(["--platform", old]);
    }
    if let Ok(index) = std::env::var("COOPERAGE_MIRROR_PYPI") {
        pip = pip.args(["--index-url", &index]);
    }
    pip.arg("-d").arg(&folder).args(wanted.lines()).run();
    folder
}

/// What a launcher calls: `from M import F` and `F()`.
fn meaning(launcher: &str) -> Vec<String> {
    let mut lines = launcher.lines().map(str::trim).filter(|line| {
        line.starts_with("from ") || line.starts_with("sys.exit(") || line.starts_with("import ")
    });
    let mut meaning: Vec<String> = lines.by_ref().map(str::to_owned).collect();
    meaning.retain(|line| line != "import sys" && line != "import re");
    meaning
}

/// RECORD as a map, less what every installer writes in its own words.
fn record(text: &str) -> BTreeMap<String, String> {
    let lines = wheels::parse_record(text).unwrap().into_iter();
    let own = |path: &str| {
        path.contains("/bin/")
            || ["/INSTALLER", "/RECORD", "/uv_cache.json"].iter().any(|end| path.ends_with(end))
    };
    let lines = lines.filter(|line| !own(&line.path));
    lines.map(|line| (line.path, format!("{:?} {:?}", line.hash, line.size))).collect()
}

/// The part of a lock that counts here.
#[derive(serde::Deserialize)]
struct Lock {
    service: Vec<Service>,
}

#[derive(serde::Deserialize)]
struct Service {
    name: String,
    arch: String,
    wheels: Vec<String>,
}

/// The wheels of every service that is locked in 2025.2, `NAME==VERSION` by line.
fn locked() -> BTreeMap<String, String> {
    let place =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../releases/2025.2/debian-trixie.lock");
    let lock: Lock = toml::from_str(&fs_err::read_to_string(place).unwrap()).unwrap();
    let services = lock.service.into_iter().filter(|service| service.arch == "amd64");
    let line = |file: &String| {
        let mut parts = file.split('-');
        format!("{}=={}\n", parts.next().unwrap(), parts.next().unwrap())
    };
    let wheels = |service: Service| (service.name, service.wheels.iter().map(line).collect());
    services.map(wheels).collect()
}

/// Those of keystone; where COOPERAGE_CI says `full`, those of every locked service.
#[test]
#[ignore = "needs python3, pip, uv and an index; .ci/run runs it"]
fn wheels_come_to_lie_where_uv_puts_them() {
    let mut services = BTreeMap::from([("keystone".to_owned(), KEYSTONE.to_owned())]);
    if std::env::var("COOPERAGE_CI").is_ok_and(|tier| tier == "full") {
        services.extend(locked());
        assert!(services.len() >= 3, "{:?}", services.keys());
    }
    for (service, wanted) in services {
        let compared = lie_where_uv_puts_them(&service, &wanted);
        eprintln!("{service}: {compared} files compared");
    }
}

/// How many files were compared.
fn lie_where_uv_puts_them(service: &str, wanted: &str) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    let wheels = fetch(folder.path(), service, wanted);
    let layout = Layout {
        prefix: "v".parse().unwrap(),
        python: "/usr/bin/python3.13".to_owned(),
        version: "3.13.5".to_owned(),
    };
    let Merged { tree, collisions } = install_all(&store, &wheels, wanted, &layout);
    let disputed: BTreeSet<&str> =
        collisions.iter().map(|collision| collision.path.as_str()).collect();

    let prefix = folder.path().join("uv");
    tool("uv")
        .args(["pip", "install", "-q", "--no-deps", "--no-index", "--no-cache"])
        .args(["--python-platform", "x86_64-manylinux_2_40", "--python-version", "3.13"])
        .arg("--find-links")
        .arg(&wheels)
        .arg("--prefix")
        .arg(&prefix)
        .args(wanted.lines())
        .run();
    // uv names the folders after the interpreter that it found.
    let found = fs_err::read_dir(prefix.join("lib")).unwrap().next().unwrap().unwrap();
    let theirs_python = found.file_name().into_string().unwrap();
    let ours_of = |path: &str| format!("v/{}", path.replace(&theirs_python, "python3.13"));

    let mut ours: BTreeMap<&str, &filetree::Node> = tree
        .iter()
        .filter(|(_, node)| matches!(node.kind, Kind::File(_)))
        .map(|(path, node)| (path.as_str(), node))
        .collect();
    ours.remove("v/pyvenv.cfg");
    let mut compared = 0;
    for path in walk(&prefix) {
        let place = prefix.join(&path);
        if place.is_dir() || path.ends_with("/uv_cache.json") || path == ".lock" {
            continue;
        }
        let name = ours_of(&path);
        let Some(node) = ours.remove(name.as_str()) else { panic!("{path} is missing") };
        let Kind::File(content) = &node.kind else { unreachable!() };
        let (ours, theirs) = (content.read().unwrap(), fs_err::read(&place).unwrap());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        use std::os::unix::fs::PermissionsExt as _;
        let executable = place.metadata().unwrap().permissions().mode() & 0o111 != 0;
        // uv writes RECORD into the file of the wheel, which may have been made executable.
        let record_file = path.ends_with(".dist-info/RECORD");
        assert_eq!(node.mode & 0o111 != 0, executable && !record_file, "{path}");
        compared += 1;
        if disputed.contains(name.as_str()) || path.ends_with("/INSTALLER") {
            continue;
        }
        if record_file {
            let theirs = text(&theirs).replace(&theirs_python, "python3.13");
            assert_eq!(record(&text(&ours)), record(&theirs), "{path}");
        } else if path.starts_with("bin/") && text(&ours).contains("sys.exit(") {
            assert_eq!(meaning(&text(&ours)), meaning(&text(&theirs)), "{path}");
        } else if path.starts_with("bin/") && theirs.starts_with(b"#!") {
            let rest = |bytes: &[u8]| text(bytes).split_once('\n').unwrap().1.to_owned();
            assert_eq!(rest(&ours), rest(&theirs), "{path}");
        } else {
            assert!(ours == theirs, "{path} differs");
        }
    }
    assert_eq!(ours.keys().collect::<Vec<_>>(), Vec::<&&str>::new(), "uv does not have these");
    assert!(compared > 3_000, "{compared} files");
    compared
}

/// Prints one line for each fault of what is installed.
const VERIFY: &str = r#"
import base64, hashlib, importlib.metadata, sys
for distribution in importlib.metadata.distributions(path=[sys.argv[1]]):
    name = distribution.metadata["Name"]
    assert distribution.read_text("INSTALLER") == "cooperage\n", name
    for file in distribution.files:
        bytes = file.locate().read_bytes()
        if file.hash is None:
            assert file.name == "RECORD", file
            continue
        digest = base64.urlsafe_b64encode(hashlib.new(file.hash.mode, bytes).digest())
        if file.hash.value != digest.rstrip(b"=").decode() or file.size != len(bytes):
            print("fault", file)
    print(name)
"#;

#[test]
#[ignore = "needs python3, pip and an index; .ci/run runs it"]
fn python_accepts_the_wheels_of_keystone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    let wheels = fetch(folder.path(), "keystone", KEYSTONE);
    let root = folder.path().join("root");
    let layout = layout(&root.join("v"));
    let Merged { tree, collisions } = install_all(&store, &wheels, KEYSTONE, &layout);
    write_out(&tree, Path::new("/"));

    let bin = root.join("v/bin");
    let code = "import sys; print(sys.prefix); print(sys.prefix != sys.base_prefix); \
                import sysconfig; print(sysconfig.get_path('purelib'))";
    let answer = tool(bin.join("python").to_str().unwrap()).args(["-c", code]).text();
    let mut lines = answer.lines();
    assert_eq!(lines.next(), Some(root.join("v").to_str().unwrap()));
    assert_eq!(lines.next(), Some("True"));
    let site = lines.next().unwrap();
    assert!(Path::new(site).is_dir(), "{site}");

    let said = tool(bin.join("python3").to_str().unwrap()).args(["-B", "-c", VERIFY, site]).text();
    let (faults, found): (Vec<&str>, Vec<&str>) =
        said.lines().partition(|line| line.starts_with("fault "));
    assert_eq!(faults.len(), collisions.len(), "{faults:?} {collisions:?}");
    let found: BTreeSet<PackageName> = found.iter().map(|name| name.parse().unwrap()).collect();
    let wanted: BTreeSet<PackageName> =
        KEYSTONE.lines().map(|line| line.split("==").next().unwrap().parse().unwrap()).collect();
    assert_eq!(found, wanted);
    // A launcher of pure Python starts whatever the version of the interpreter.
    let version = tool(bin.join("pbr").to_str().unwrap()).arg("--version").text();
    assert!(KEYSTONE.contains(&format!("pbr=={}", version.trim())), "{version}");
}

#[test]
#[ignore = "needs python3; .ci/run runs it"]
fn a_wsgi_launcher_gives_an_application_and_serves_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    // A blank in the path: the launcher starts through /bin/sh.
    let layout = layout(&folder.path().join("a b"));
    let module = b"import sys\n\
        def init():\n    \
            def application(environ, start_response):\n        \
                start_response('200 OK', [])\n        \
                return [' '.join(sys.argv[1:]).encode()]\n    \
            return application\n";
    let wheel = WheelBuilder::new("tin", "1")
        .entry_points("[wsgi_scripts]\ntin-api = tin:init\n[console_scripts]\ntin = tin:sys.exit\n")
        .file("tin.py", module);
    let pack = unpack(&store, &wheel.build());
    let install = Wheel { file_name: &wheel.file_name(), pack: &pack, requested: true };
    let tree: Tree = venv::install(&layout, &install, Epoch(1)).unwrap();
    let all = BTreeMap::from([("tin".parse().unwrap(), tree)]);
    let tree = venv::merge(venv::skeleton(&layout, Epoch(1)).unwrap(), &all).unwrap().tree;
    write_out(&tree, Path::new("/"));

    let bin = folder.path().join("a b/bin");
    let script = bin.join("tin-api");
    let script = script.to_str().unwrap();
    tool(bin.join("tin").to_str().unwrap()).run();
    let help = tool(script).arg("--help").text();
    assert!(help.contains("--port"), "{help}");
    let refused = tool(script).arg("stray").fail();
    assert!(refused.contains("unrecognized arguments: stray"), "{refused}");

    // Loaded by a server.
    let load = "import runpy, sys\n\
                run = runpy.run_path(sys.argv[1], run_name='uwsgi')\n\
                print(run['application']({}, lambda *what: print(what[0])))";
    let python = bin.join("python");
    let loaded = tool(python.to_str().unwrap()).args(["-c", load, script]).text();
    assert!(loaded.starts_with("200 OK\n"), "{loaded}");

    // Started by hand, on a free port, with options of its own.
    let serve = "import re, subprocess, sys, urllib.request\n\
                 command = [sys.argv[1], '--port', '0', '--host', '127.0.0.1', '--', 'its', 'own']\n\
                 server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)\n\
                 url = re.search('http://[^ ]*', server.stdout.readline()).group()\n\
                 print(urllib.request.urlopen(url).read().decode())\n\
                 server.kill()";
    let proxies = tool(python.to_str().unwrap()).env("no_proxy", "*");
    assert_eq!(proxies.args(["-c", serve, script]).text(), "its own\n");
}

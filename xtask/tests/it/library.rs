//! Each library at the command line, held against apt and uv.

use std::collections::BTreeSet;
use std::path::Path;

use crate::bench::{bare, build, cooperage, root, run, shell, stdout};

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(str::to_owned).collect()
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// `apt-get` with the suites of a distribution's lock, an empty status, and the machine's mirrors.
struct Apt {
    folder: tempfile::TempDir,
}

impl Apt {
    fn new(arch: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let line = format!(
            "mkdir -p etc/apt.conf.d etc/preferences.d state/lists/partial cache/archives/partial
             touch state/status
             keyring={}/distros/keyrings; uri() {{ apt-get indextargets --format '$(LABEL) $(REPO_URI)' \
                'Created-By: Packages' | awk -v label=\"$1\" '$1 == label {{ print $2; exit }}'; }}
             key=$(ls $keyring/*trixie* | head -1)
             echo \"deb [signed-by=$key] $(uri Debian) trixie main
             deb [signed-by=$key] $(uri Debian) trixie-updates main
             deb [signed-by=$key] $(uri Debian-Security) trixie-security main\" >etc/sources.list
             cat >apt.conf <<END
             Dir::State \"$PWD/state\"; Dir::State::status \"$PWD/state/status\";
             Dir::Cache \"$PWD/cache\"; Dir::Etc \"$PWD/etc\"; Dir::Log \"$PWD/state\";
             APT::Architecture \"{arch}\"; APT::Architectures \"{arch}\"; #clear APT::NeverAutoRemove;
             Acquire::Languages \"none\"; APT::Sandbox::User \"root\";
             Dir::Etc::sourceparts \"-\"; Dir::Etc::trustedparts \"-\";
END
             APT_CONFIG=$PWD/apt.conf apt-get -qq update",
            root().display()
        );
        shell(folder.path(), &line);
        Self { folder }
    }

    /// `name version` of all that would be installed.
    fn install(&self, recommends: &str, names: &str) -> BTreeSet<String> {
        let line = format!(
            "APT_CONFIG=$PWD/apt.conf apt-get install --simulate --{recommends} -- {names} |
             sed -n 's/^Inst \\([^ ]*\\) (\\([^ ]*\\) .*/\\1 \\2/p' | sed 's/:[a-z0-9]* / /'"
        );
        lines(&shell(self.folder.path(), &line))
    }
}

#[test]
#[ignore = "needs apt and the network; .ci/run runs it"]
fn packages_are_those_of_apt() {
    for arch in ["amd64", "arm64"] {
        let apt = Apt::new(arch);
        for names in
            ["hello", "python3 libpq5 xmlsec1", "apache2 libapache2-mod-wsgi-py3", "nova-common"]
        {
            for (option, recommends) in
                [(None, "no-install-recommends"), (Some("--recommends"), "install-recommends")]
            {
                // The others differ from these in nothing but the packages.
                if (option.is_some() || arch == "arm64") && names.contains("nova") {
                    continue;
                }
                let mut command = cooperage();
                command.args(["--quiet", "packages", "debian-trixie", "--arch", arch]);
                command.args(option).args(names.split(' '));
                let ours = lines(&stdout(&mut command));
                let theirs = apt.install(recommends, names);
                assert!(!ours.is_empty());
                assert_eq!(ours, theirs, "{names} on {arch}, {recommends}");
            }
        }
    }
    let full = stdout(cooperage().args(["--quiet", "packages", "debian-trixie", "--base", "full"]));
    assert!(full.contains("\ndpkg ") && full.lines().count() > 50, "{full}");
    let document = stdout(cooperage().args(["--json", "packages", "debian-trixie", "hello"]));
    let packages = json(&document)["packages"].as_array().unwrap().clone();
    assert!(packages.iter().any(|one| one["name"] == "libc6" && one["needed-by"] == "hello"));
    let output = cooperage().args(["packages", "debian-trixie", "helo"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
#[ignore = "needs uv and the network; .ci/run runs it"]
fn the_command_closes_as_uv_does() {
    let folder = tempfile::tempdir().unwrap();
    let index =
        shell(folder.path(), "pip install --help | grep -oE 'https?://[^ )]+/simple' | head -1");
    for (release, own, version, python, arch) in [
        ("2025.2", "keystone", "28.1.0", "3.13", "amd64"),
        ("2025.2", "keystone", "28.1.0", "3.12", "arm64"),
        ("2026.1", "keystone", "29.1.0", "3.13", "amd64"),
        ("2025.1", "openstack-placement", "13.0.1", "3.11", "amd64"),
    ] {
        let pins = stdout(cooperage().args(["constraints", "show", release]));
        let pins: String = pins
            .lines()
            .filter(|line| !line.starts_with(&format!("{own}=")))
            .map(|line| format!("{line}\n"))
            .collect();
        std::fs::write(folder.path().join("pins.txt"), pins).unwrap();
        let wanted = format!("{own}=={version}");
        let ours = stdout(
            cooperage().args(["closure", release, &wanted, "--python", python, "--arch", arch]),
        );
        let machine = if arch == "amd64" { "x86_64" } else { "aarch64" };
        let theirs = shell(
            folder.path(),
            &format!(
                "echo {wanted} | uv pip compile - --quiet --no-header --no-annotate --no-config \
                 --only-binary :all: --default-index {} --python-version {python} \
                 --python-platform {machine}-manylinux_2_40 -c pins.txt",
                index.trim()
            ),
        );
        assert!(ours.lines().count() > 40, "{ours}");
        assert_eq!(lines(&ours), lines(&theirs), "{wanted} on {release} {python} {arch}");
        let sorted: Vec<&str> = ours.lines().collect();
        assert!(sorted.is_sorted_by_key(|line| line.split("==").next()), "{ours}");
    }
    let document =
        stdout(cooperage().args(["--json", "closure", "2025.2", "keystone==28.1.0", "pyuwsgi"]));
    let open = |name: &str| {
        let document = json(&document);
        let projects = document["projects"].as_array().unwrap();
        projects.iter().find(|one| one["name"] == name).unwrap()["open"].as_bool().unwrap()
    };
    assert!(open("pyuwsgi") && !open("sqlalchemy") && !open("keystone"));
}

#[test]
fn requirements_that_are_none_are_refused() {
    for (arguments, want) in [
        (&["closure", "2025.2", "key stone=="][..], "is no requirement"),
        (&["closure", "2025.2", "keystone==1", "--python", "three"], "not a version of Python"),
        (&["closure", "2024.1", "keystone==1"], "there is no release 2024.1"),
        (&["packages", "debian-trixi", "hello"], "did you mean debian-trixie?"),
        (&["packages", "debian-trixie", "--base", "fat"], "no base fat"),
        (&["store", "export", "x.tar", "no-such-kind"], "names no file of a store"),
        (&["store", "export", "x.tar", "--for", "keystome", "2025.2"], "did you mean keystone?"),
        (&["store", "import", "/no/such/file"], "/no/such/file"),
        (&["constraints", "show", "2025.2", "--why", "sqlalchemi"], "did you mean sqlalchemy?"),
    ] {
        let output = cooperage().arg("--offline").args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(want), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn pins_are_shown_with_their_story() {
    for release in ["2025.1", "2025.2", "2026.1", "2026.2"] {
        let shown = stdout(cooperage().args(["constraints", "show", release]));
        let upstream = root().join(format!("releases/{release}/upper-constraints.txt"));
        let pins = constraints::Constraints::parse(&shown, Path::new("shown")).unwrap();
        assert!(pins.iter().count() > 500, "{release}");
        // In the normal form, it is what it prints.
        assert_eq!(pins.to_string(), shown);
        // In files of people, names are as they like them.
        let read = |path: &Path| {
            let text = std::fs::read_to_string(path).unwrap().to_lowercase();
            let normal = |line: &str| {
                let (name, rest) = line.split_once("===").unwrap_or_default();
                format!("{}==={rest}", name.replace(['.', '_'], "-"))
            };
            text.lines().map(normal).collect::<BTreeSet<String>>()
        };
        let upstream = read(&upstream);
        let overrides = read(&root().join(format!("overrides/{release}/constraints.txt")));
        let changed: Vec<&str> = shown.lines().filter(|line| !upstream.contains(*line)).collect();
        let stray = changed.iter().find(|line| !overrides.contains(**line));
        assert!(!changed.is_empty() && stray.is_none(), "{release}: {stray:?}");
    }
    let story =
        stdout(cooperage().args(["constraints", "show", "2025.2", "--why", "Testresources"]));
    let lines: Vec<&str> = story.lines().collect();
    assert!(
        lines[0].starts_with("testresources===2.0.1  overrides/2025.2/constraints.txt:"),
        "{story}"
    );
    assert!(lines[1].starts_with("  because: 2.0.2 was published without a wheel"), "{story}");
    let replaced = "  instead of: testresources===2.0.2  releases/2025.2/upper-constraints.txt:";
    assert!(lines[2].starts_with(replaced), "{story}");
    assert_eq!(lines.len(), 3);
    let document = stdout(cooperage().args([
        "constraints",
        "show",
        "2025.2",
        "--why",
        "sqlalchemy",
        "--json",
    ]));
    let project = &json(&document)["projects"][0];
    assert_eq!(project["name"], "sqlalchemy");
    assert_eq!(project["replaced"].as_array().unwrap().len(), 0);
}

#[test]
fn the_doctor_names_what_does_not_answer() {
    let folder = tempfile::tempdir().unwrap();
    let doctor = |arguments: &[&str]| {
        let mut command = bare();
        command.arg("doctor").arg("--root").arg(root()).arg("--store").arg(folder.path());
        command.args(arguments);
        command.env("HTTPS_PROXY", "http://me:secret@127.0.0.1:9").output().unwrap()
    };
    let mirror = folder.path().join("mirror");
    for suite in ["trixie", "trixie-updates", "trixie-security"] {
        std::fs::create_dir_all(mirror.join("dists").join(suite)).unwrap();
        std::fs::write(mirror.join("dists").join(suite).join("InRelease"), "").unwrap();
    }
    std::fs::create_dir_all(mirror.join("keystone")).unwrap();
    let here = |archive: &str| format!("--mirror={archive}={}", mirror.display());
    let all = [here("debian"), here("debian-security"), here("pypi")];
    let output = doctor(&[&all[0], &all[1], &all[2]]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(text.matches("(from the argument --mirror): answers").count(), 3, "{text}");
    assert!(text.contains("HTTPS_PROXY=http://127.0.0.1:9") && !text.contains("secret"), "{text}");
    for want in ["certificates ", "store ", ": format 1, ", " free"] {
        assert!(text.contains(want), "{want} is not in {text}");
    }
    let output = doctor(&[&all[0], &all[1], "--mirror=pypi=http://127.0.0.1:9/simple", "--json"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no mirror serves pypi"), "{said}");
    let report = json(&String::from_utf8_lossy(&output.stdout));
    let pypi = report["mirrors"].as_array().unwrap().iter().find(|one| one["archive"] == "pypi");
    assert_eq!(pypi.unwrap()["mirrors"][0]["answers"], false);
}

#[test]
fn a_store_is_looked_after() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store");
    let command = |arguments: &[&str]| {
        bare()
            .arg("--store")
            .arg(&place)
            .arg("store")
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    let digest = {
        let store = store::Store::open(&place).unwrap();
        let mut writer = store.blob_writer().unwrap();
        writer.write_all(b"hello").unwrap();
        let blob = writer.finish(None).unwrap();
        let mut writer = store.derived_writer("layer-1", &blob.digest).unwrap();
        writer.write_all(b"{}").unwrap();
        writer.finish().unwrap();
        blob.digest
    };
    let printed =
        |output: &std::process::Output| String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(printed(&command(&["info"])), "blob 1 5 B\nlayer-1 1 2 B\n");
    assert_eq!(json(&printed(&command(&["info", "--json"])))["kinds"]["blob"]["bytes"], 5);

    let exported = command(&["export", "one.tar", &digest.to_string(), "layer-1"]);
    let sum = shell(folder.path(), "sha256sum one.tar | cut -d' ' -f1");
    assert_eq!(printed(&exported), format!("sha256:{sum}"));
    let blob = place.join("blobs").join(&digest.hex()[..2]).join(&digest.hex()[2..]);
    std::fs::write(&blob, "hallo").unwrap();
    for remove in [false, true] {
        let arguments: &[&str] = if remove { &["verify", "--remove"] } else { &["verify"] };
        let output = command(arguments);
        assert_eq!(output.status.code(), Some(5), "{output:?}");
        assert!(printed(&output).starts_with(&format!("{digest}: it hashes to ")));
        assert_eq!(blob.exists(), !remove);
    }
    assert_eq!(command(&["verify"]).status.code(), Some(0));
    assert_eq!(printed(&command(&["import", "one.tar"])), format!("{digest}\n"));
    assert_eq!(std::fs::read(&blob).unwrap(), b"hello");
    assert_eq!(printed(&command(&["gc"])), "removed 0 files, 0 B; kept 2 files, 7 B\n");
    shell(folder.path(), "find store/blobs -type f -exec touch -d '40 days ago' {} +");
    assert_eq!(printed(&command(&["gc"])), "removed 1 file, 5 B; kept 1 file, 2 B\n");
    let output = command(&["export", "two.tar", &digest.to_string()]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(!folder.path().join("two.tar").exists());
    shell(folder.path(), "head -c 2000 one.tar >cut.tar");
    let output = command(&["import", "cut.tar"]);
    assert!(matches!(output.status.code(), Some(2 | 5)), "{output:?}");
}

/// A bundle takes the place of the network.
#[test]
#[ignore = "needs the network for its store; .ci/run runs it"]
fn a_bundle_is_enough_for_another_machine() {
    let folder = tempfile::tempdir().unwrap();
    build("keystone", "2025.2", &folder.path().join("here"));
    let bundle = folder.path().join("keystone.tar");
    run(cooperage().args(["store", "export", "--for", "keystone", "2025.2", "--"]).arg(&bundle));
    let there = folder.path().join("store");
    let with_store = || {
        let mut command = bare();
        command.arg("--root").arg(root()).arg("--store").arg(&there);
        command
    };
    run(with_store().args(["store", "import"]).arg(&bundle));
    // All that is in it is named by locks, and stays though nobody has used it.
    shell(folder.path(), "find store/blobs -type f -exec touch -d '40 days ago' {} +");
    let kept = stdout(with_store().args(["store", "gc"]));
    assert!(kept.starts_with("removed 0 files"), "{kept}");
    run(with_store()
        .args(["--offline", "build", "keystone", "2025.2", "--locked", "--out"])
        .arg(folder.path().join("there")));
    let digest = |place: &str| {
        crate::bench::image_digest(&folder.path().join(place).join("2025.2/keystone/oci"))
    };
    assert_eq!(digest("here"), digest("there"));
}

//! The meta package of a release: what it is made of, and what apt and dnf do with it.

use std::path::{Path, PathBuf};
use std::process::Command;

use names::Sha256;
use pipeline::META_FORMAT_LEVEL;

use crate::bench::{cooperage, cooperage_on, run, shell, signing_file, stdout, tree_copy};
use crate::debs::packages;
use crate::golden::are_golden;
use crate::linters::{lintian_finds_nothing, rpmlint_finds_nothing};
use crate::machine::{Machine, Served};
use crate::packages::{Place, json, provenance_of};
use crate::rpms;

/// A copy of the golden tree whose release has a meta package.
fn place() -> Place {
    let place = Place::new();
    let file = place.at("tree/releases/2025.2/release.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let meta = "[meta-package]\nmaintainer = \"Jane Doe <jane@example.org>\"\n";
    std::fs::write(&file, format!("{text}\n{meta}")).unwrap();
    place
}

/// The command for the distributions of the golden tree.
fn build(place: &Place, what: &str, out: &str) -> Command {
    let line = format!(
        "build {what} 2025.2 --distro golden --rpm-distro golden-rpm --locked --format deb,rpm"
    );
    let mut command = place.command(&line);
    command.arg("--out").arg(place.at(out));
    command
}

/// The one package of a format below `out`.
fn package(out: &Path, format: &str) -> PathBuf {
    let mut packages = packages(&out.join("2025.2/meta").join(format), format);
    assert_eq!(packages.len(), 1, "{packages:?}");
    packages.remove(0)
}

/// What the command said that ended with `code`.
fn said(command: &mut Command, code: i32) -> String {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

#[test]
fn it_follows_from_the_locks() {
    let place = place();
    let table = stdout(&mut build(&place, "all", "a"));
    let last = table.lines().last().unwrap();
    assert!(last.starts_with("meta 2025.2") && last.contains(" 2025.2.0.1.0.0 "), "{table}");
    // Alone, on another machine, at another time of day: the same bytes.
    let other = self::place();
    let mut alone = build(&other, "meta", "b");
    run(alone.env("TZ", "Pacific/Kiritimati").args(["--jobs", "1", "--offline"]));
    for format in ["deb", "rpm"] {
        let [one, two] = [place.at("a"), other.at("b")].map(|out| package(&out, format));
        assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap(), "{format}");
        let [one, two] = [one, two].map(|path| provenance_of(&path));
        assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap(), "{format}");
        let build = &json(&one)["predicate"]["buildDefinition"];
        assert_eq!(build["externalParameters"]["service"], "meta");
        let inputs = build["resolvedDependencies"].as_array().unwrap();
        let names: Vec<&str> = inputs.iter().map(|input| input["name"].as_str().unwrap()).collect();
        let distro = if format == "deb" { "golden" } else { "golden-rpm" };
        let lock = format!("releases/2025.2/{distro}.lock");
        let distro = format!("distros/{distro}.toml");
        let release = "releases/2025.2/release.toml";
        assert_eq!(names, [&*lock, release, &*distro, "services/demo.toml"]);
    }
    // The time of the build is the latest of all.
    let mut earlier = build(&place, "meta", "c");
    run(earlier.env("SOURCE_DATE_EPOCH", "1000000000"));
    let earlier = std::fs::read(package(&place.at("c"), "deb")).unwrap();
    assert!(earlier != std::fs::read(package(&place.at("a"), "deb")).unwrap());
    assert!(earlier.windows(10).any(|bytes| bytes == b"1000000000"));
    // What rises in a service's version rises in its own; the package of before goes.
    place.change_recipe("[package]\n", "[package]\nepoch = 2\n");
    let summary = stdout(build(&place, "meta", "a").arg("--json"));
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["version"], "2025.2.2.1.0.0");
    assert_eq!(summary["packages"][0]["arch"], "all");
    assert_eq!(summary["packages"][1]["arch"], "noarch");
    package(&place.at("a"), "deb");
}

#[test]
fn it_has_the_digests_of_its_format_level() {
    let place = place();
    run(&mut build(&place, "meta", "a"));
    let digest = |format| {
        Sha256::digest(std::fs::read(package(&place.at("a"), format)).unwrap()).to_string()
    };
    are_golden(META_FORMAT_LEVEL, "META_FORMAT_LEVEL", &["deb", "rpm"].map(digest));
}

#[test]
fn it_is_signed_as_others_are() {
    let place = place();
    signing_file(&place.at(""), &["package"]);
    run(build(&place, "meta", "a").arg("--signing").arg(place.at("signing.toml")));
    let deb = std::fs::read(package(&place.at("a"), "deb")).unwrap();
    assert!(deb.windows(10).any(|bytes| bytes == b"_gpgorigin"));
    run(&mut build(&place, "meta", "b"));
    let size = |out: &str| package(&place.at(out), "rpm").metadata().unwrap().len();
    assert!(size("a") > size("b"));
}

#[test]
fn it_is_made_where_all_that_it_needs_is_there() {
    let place = place();
    // Images alone have none.
    let images = "build all 2025.2 --distro golden --locked --out";
    let table = stdout(place.command(images).arg(place.at("a")));
    assert!(!table.contains("meta"), "{table}");
    let images = "build meta 2025.2 --distro golden --locked --format oci";
    let text = said(&mut place.command(images), 2);
    assert!(text.contains("the meta package of 2025.2 has no image"), "{text}");
    // A service that it brings in cannot be packed.
    place.change_recipe("commands = [\"demo-manage\"]", "commands = [\"demo-mange\"]");
    let text = said(&mut build(&place, "all", "a"), 2);
    assert!(text.contains("meta package of 2025.2 needs demo, which was not built"), "{text}");
    assert!(text.contains("meta 2025.2             not built: exit code 2"), "{text}");
    place.change_recipe("commands = [\"demo-mange\"]", "commands = [\"demo-manage\"]");
    // Locks that do not follow from the tree.
    place.change_recipe("golden = [\"small-editor\"]", "golden = []");
    let text = said(&mut build(&place, "meta", "a"), 2);
    assert!(text.contains("--locked: the lock of demo 2025.2 does not follow"), "{text}");
    place.change_recipe("golden = []", "golden = [\"small-editor\"]");
    // One package for all architectures, and two versions of what it needs.
    let lock = place.at("tree/releases/2025.2/golden.lock");
    let locked = std::fs::read_to_string(&lock).unwrap();
    let table = |name: &str| {
        let start = locked.find(&format!("[[{name}]]")).unwrap();
        let end = locked[start + 1..].find("\n[[").unwrap();
        locked[start..=start + end].to_owned()
    };
    let service = table("service").replace("amd64", "arm64").replace("demo=1.0.0", "demo=1.1.0");
    let source = table("source").replace("version = \"1.0.0\"", "version = \"1.1.0\"");
    let text =
        locked.replace(&table("source"), &format!("{service}\n{}\n{source}", table("source")));
    std::fs::write(&lock, text).unwrap();
    let text = said(&mut build(&place, "meta", "a"), 2);
    assert!(text.contains("demo 2025.2 is locked in several versions, 1.0.0 and 1.1.0"), "{text}");
    std::fs::write(&lock, &locked[..locked.find("\n[[").unwrap()]).unwrap();
    let text = said(&mut build(&place, "meta", "a"), 2);
    assert!(text.contains("no service with [package] is locked for 2025.2 on golden"), "{text}");
    // A release that has none.
    let text = said(&mut build(&Place::new(), "meta", "a"), 2);
    assert!(text.contains("does not say how the meta package is made"), "{text}");
}

#[test]
#[ignore = "needs lintian and rpmlint; .ci/run runs it"]
fn lintian_and_rpmlint_are_content_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["build", "meta", "2025.2", "--locked", "--format", "deb,rpm", "--out"];
    run(cooperage().args(words).arg(folder.path()));
    lintian_finds_nothing(&[package(folder.path(), "deb")]);
    rpmlint_finds_nothing(&[package(folder.path(), "rpm")]);
}

/// What the release brings in, by the locks of the tree.
const SERVICES: [&str; 4] = ["cinder", "horizon", "keystone", "placement"];

/// Lets keystone of 2025.2 be of a version in `tree`, and locks what packages are made of.
fn keystone_is(version: &str, tree: &Path, distro: &str) {
    let file = tree.join("releases/2025.2/source-refs.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines = text.lines().map(|line| match line.starts_with("keystone:") {
        true => format!("keystone: \"{version}\"\n"),
        false => format!("{line}\n"),
    });
    std::fs::write(&file, String::from_iter(lines)).unwrap();
    let lock = ["lock", "2025.2", "keystone", "--distro", distro];
    run(cooperage_on(tree).args(lock));
}

/// Builds packages into `out`, and gives their paths.
fn build_on(tree: &Path, what: &[&str], more: &[&str], format: &str, out: &Path) -> Vec<PathBuf> {
    let mut made = Vec::new();
    for one in what {
        let words = ["build", one, "2025.2", "--locked", "--format", format];
        run(cooperage_on(tree).args(words).args(more).arg("--out").arg(out));
        made.extend(packages(&out.join("2025.2").join(one).join(format), format));
    }
    made
}

#[test]
#[ignore = "needs mmdebstrap and bwrap as root, and the network; .ci/full runs it"]
fn apt_follows_a_release() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    let [first, second] = ["first", "second"].map(|out| folder.path().join(out));
    keystone_is("28.0.0", &tree, "debian-trixie");
    let served = Served::new();
    let all = [&SERVICES[..], &["meta"]].concat();
    served.publish(&build_on(&tree, &all, &[], "deb", &first));
    let machine = Machine::new(&served, folder.path());
    let within = |line: &str| machine.within(line);
    const NAMED: &str = "find / -xdev '(' -path '/opt/*' -o -iname '*cinder*' -o -iname '*horizon*' \
                         -o -iname '*keystone*' -o -iname '*placement*' -o -iname '*openstack*' ')' \
                         ! -path '/var/lib/apt/lists/*' ! -path '/var/cache/apt/*' | sort";
    assert_eq!(within("apt-get -qq update"), "", "no warnings");
    let before = within(NAMED);
    let install = "apt-get install -y --no-install-recommends openstack-2025.2";
    let installed = within(install);
    assert!(!installed.contains("\nW: ") && !installed.contains("warning"), "{installed}");
    // Names without a version are those that dpkg knows as provided.
    let list = "dpkg-query -W -f '${Package} ${Version}\\n' 'openstack-*' | grep -v ' $'";
    let versions = || within(list);
    let are = |meta: &str, keystone: &str| {
        format!(
            "openstack-2025.2 2025.2.10.94.{meta}-0+deb13\nopenstack-cinder 3:27.0.0-0+deb13\n\
             openstack-horizon 4:25.5.2-0+deb13\nopenstack-keystone 3:{keystone}-0+deb13\n\
             openstack-placement 14.0.0-0+deb13\n"
        )
    };
    assert_eq!(versions(), are("5.2", "28.0.0"));
    assert_eq!(within("apt-mark showmanual 'openstack-*'"), "openstack-2025.2\n");

    // One name moves what has moved, and nothing else.
    keystone_is("28.1.0", &tree, "debian-trixie");
    served.publish(&build_on(&tree, &["keystone", "meta"], &[], "deb", &second));
    within("apt-get -qq update");
    let upgraded = within(install);
    assert!(upgraded.contains("2 upgraded, 0 newly installed, 0 to remove"), "{upgraded}");
    assert_eq!(versions(), are("6.2", "28.1.0"));
    assert_eq!(within("keystone-manage --version"), "28.1.0\n");
    assert_eq!(within("dpkg --verify openstack-2025.2"), "");
    // Nobody takes away what it needs without being told.
    let removed = within("apt-get -s remove openstack-placement");
    assert!(removed.contains("Remv openstack-2025.2"), "{removed}");

    let purged = within("apt-get autoremove --purge -y openstack-2025.2");
    assert!(!purged.contains("not empty") && !purged.contains("warning"), "{purged}");
    assert_eq!(within(NAMED), before, "nothing is left");
}

#[test]
#[ignore = "needs root, rpmbuild, createrepo_c, rpm, rpmlint, dnf and systemd, and the network; .ci/full runs it"]
fn dnf_follows_a_release() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    let served = rpms::Served::new();
    let signing = served.at("signing.toml");
    let more = ["--distro", "fedora-42", "--signing", signing.to_str().unwrap()];
    keystone_is("28.0.0", &tree, "fedora-42");
    let all = [&SERVICES[..], &["meta"]].concat();
    let first = build_on(&tree, &all, &more, "rpm", &served.at("first"));
    rpmlint_finds_nothing(&first[..SERVICES.len()]);
    served.publish_these(&first);
    served.stubs(&first);
    let top = served.at("top/root");
    let left = || {
        let line = "find . -path './opt/*' -o -iname '*cinder*' -o -iname '*horizon*' -o -iname '*keystone*' \
                    -o -iname '*placement*' -o -iname '*openstack*' -o -path './etc/alternatives/*' | sort";
        shell(&top, line)
    };
    served.dnf("top").args(["install", "system"]).run();
    assert_eq!(left(), "");
    first[..SERVICES.len()].iter().for_each(|package| served.make_accounts("top", package));
    let installed = served.dnf("top").args(["install", "openstack-2025.2"]).said();
    assert!(installed.contains("Complete!") && !installed.contains("arning:"), "{installed}");
    let versions = || {
        let query = ["-qa", "--queryformat", "%{NAME} %{EVR}\n", "openstack-*"];
        let said = served.rpm("top").args(query).text();
        let mut lines: Vec<&str> = said.lines().collect();
        lines.sort_unstable();
        lines.join("\n")
    };
    let are = |meta: &str, keystone: &str| {
        format!(
            "openstack-2025.2 2025.2.10.94.{meta}-4.fc42\nopenstack-cinder 3:27.0.0-1.fc42\n\
             openstack-horizon 4:25.5.2-1.fc42\nopenstack-keystone 3:{keystone}-1.fc42\n\
             openstack-placement 14.0.0-1.fc42"
        )
    };
    assert_eq!(versions(), are("5.2", "28.0.0"));
    assert_eq!(served.rpm("top").args(["--verify", "openstack-2025.2"]).text(), "");

    keystone_is("28.1.0", &tree, "fedora-42");
    served.publish_these(&build_on(
        &tree,
        &["keystone", "meta"],
        &more,
        "rpm",
        &served.at("second"),
    ));
    let upgraded = served.dnf("top").args(["upgrade", "openstack-2025.2"]).said();
    assert!(upgraded.contains("Upgrade  2 Packages"), "{upgraded}");
    assert_eq!(versions(), are("6.2", "28.1.0"));

    served.dnf("top").args(["remove", "openstack-2025.2"]).run();
    assert_eq!(versions(), "");
    assert_eq!(left(), "");
}

//! Rpms of a service, judged by rpm, dnf and systemd.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{Tool, tool};

use crate::bench::{
    cooperage, cooperage_on, root, run, shell, signing_file, stdout, store, tree_copy,
};
use crate::debs::{packages, verify_equivalence};
use crate::linters::rpmlint_finds_nothing;
use crate::patched::add_patches;

const PREFIX: &str = "opt/openstack/keystone-28.1.0";
const FILE: &str = "openstack-keystone-28.1.0-1.fc42.x86_64.rpm";

/// Builds the rpm of keystone 2025.2 alone, from the locks unless the tree is another one, and gives its
/// path.
fn build(command: &mut Command, more: &[&str], out: &Path) -> PathBuf {
    let mut packages = build_all(command, more, out);
    assert_eq!(packages.len(), 1, "{packages:?}");
    packages.remove(0)
}

/// The same of a recipe with parts.
fn build_all(command: &mut Command, more: &[&str], out: &Path) -> Vec<PathBuf> {
    let arguments = ["build", "keystone", "2025.2", "--distro", "fedora-42"];
    run(command.args(arguments).args(more).arg("--out").arg(out));
    packages(&out.join("2025.2/keystone/rpm"), "rpm")
}

/// What rpm says of a package.
fn rpm(arguments: &[&str], package: &Path) -> String {
    tool("rpm").args(["-qp", "--nosignature"]).args(arguments).arg(package).text()
}

#[test]
fn what_a_distribution_does_not_have_is_refused() {
    for (arguments, want) in [
        (&["--distro", "fedora-42", "--format", "oci,rpm"][..], "fedora-42 makes packages alone"),
        (&["--distro", "el10", "--format", "deb"], "el10 makes packages alone"),
        (
            &["--format", "rpm", "--rpm-distro", "debian-trixie"],
            "no rpms are made for debian-trixie",
        ),
        (&["--format", "rpm", "--rpm-distro", "fedora-24"], "did you mean fedora-42?"),
    ] {
        let mut command = cooperage();
        command.args(["build", "keystone", "2025.2", "--locked"]).args(arguments);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(want), "{want}: {said}");
    }
    for arguments in [
        &["plan", "keystone", "2025.2", "--distro", "el10"],
        &["packages", "el10", "bash", "--arch", "amd64"],
    ] {
        let output = cooperage().args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let want = "el10 makes packages alone: build with --format rpm";
        assert!(output.status.code() == Some(2) && said.contains(want), "{said}");
    }
    // What would have to be built, and nothing to build it on.
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    let patches = tree.join("patches/keystone/2025.2");
    std::fs::create_dir_all(&patches).unwrap();
    std::fs::write(patches.join("0001-x.patch"), "--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+x\n").unwrap();
    let file = tree.join("distros/fedora-42.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let builds = |line: &str, want: &str| {
        std::fs::write(&file, text.replace("builder = \"debian-trixie\"\n", line)).unwrap();
        let arguments = ["build", "keystone", "2025.2", "--distro", "fedora-42", "--offline"];
        let output = cooperage_on(&tree).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(want), "{said}");
    };
    builds("", "distros/fedora-42.toml names nothing to build it on: add `builder`");
    builds("builder = \"el10\"\n", "el10 makes packages alone");
    let output = cooperage_on(&tree).arg("check").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the builder el10 is no distro of .debs of this tree"), "{said}");
}

#[test]
fn the_locks_follow_from_the_tree() {
    for distro in ["fedora-42", "el10"] {
        run(cooperage().args(["lock", "2025.2", "--check", "--distro", distro]));
    }
}

#[test]
#[ignore = "needs rpm and the network; .ci/run runs it"]
fn folder_umask_locale_and_jobs_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let package = build(&mut cooperage(), &["--locked"], &folder.path().join("a"));
    assert_eq!(package.file_name().unwrap(), FILE);
    let want = std::fs::read(&package).unwrap();
    let line = format!(
        "mkdir b; cd b; umask 077; export LC_ALL=tr_TR.UTF-8 TZ=Pacific/Kiritimati TMPDIR=$PWD HOME=$PWD
         exec {} --root {} --store {} --jobs 1 build keystone 2025.2 --locked --format rpm --out out",
        env!("CARGO_BIN_EXE_cooperage"),
        root().display(),
        store().display(),
    );
    shell(folder.path(), &line);
    let there = folder.path().join("b/out/2025.2/keystone");
    assert!(want == std::fs::read(there.join("rpm").join(FILE)).unwrap(), "the packages differ");
    let summary = std::fs::read_to_string(there.join("build.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["packages"][0]["digest"], testkit::sha256(&want).to_string());
    assert_eq!(summary["packages"][0]["version"], "3:28.1.0-1.fc42");
    assert!(!there.join("oci").exists() && summary["images"].as_array().unwrap().is_empty());

    // No file and no build is later than what is asked for.
    let mut earlier = cooperage();
    earlier.env("SOURCE_DATE_EPOCH", "1000000000");
    let earlier = build(&mut earlier, &["--locked"], &folder.path().join("c"));
    let times = rpm(&["--queryformat", "[%{FILEMTIMES}\n]%{BUILDTIME}\n"], &earlier);
    assert!(times.lines().all(|time| time.parse::<u64>().unwrap() <= 1_000_000_000));
    assert_eq!(rpm(&["--list"], &package), rpm(&["--list"], &earlier));
}

#[test]
#[ignore = "needs dpkg, rpm and the network; .ci/run runs it"]
fn image_deb_and_rpm_hold_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = cooperage();
    all.args(["build", "keystone", "2025.2", "--locked", "--format", "oci,deb,rpm", "--out"]);
    run(all.arg(folder.path()));
    let verify = || verify_equivalence(folder.path());
    let json: serde_json::Value = serde_json::from_str(&stdout(&mut verify())).unwrap();
    let packages = json["packages"].as_array().unwrap();
    let with: Vec<&str> = packages.iter().map(|one| one["with"].as_str().unwrap()).collect();
    assert_eq!(with, ["image", "image", "openstack-keystone_28.1.0-0+deb13_amd64.deb"]);
    for one in packages {
        assert!(one["paths"].as_u64().unwrap() > 5000, "{one}");
        assert_eq!(one["differences"], serde_json::json!([]));
    }
    // The deb and the rpm have one prefix: what they differ in is the version of the interpreter.
    assert_eq!(packages[2]["carriers"], serde_json::json!(["pyvenv.cfg"]));
    let carriers = packages[1]["carriers"].as_array().unwrap();
    assert!(carriers.contains(&"bin/keystone-manage".into()), "{carriers:?}");

    // Another file in the rpm, made by rpmbuild from what rpm2cpio unpacks: it is seen.
    let line = format!(
        "mkdir x; cd x; rpm2cpio ../2025.2/keystone/rpm/{FILE} | cpio -id --quiet
         echo '# more' >>{PREFIX}/bin/keystone-manage; chmod 700 {PREFIX}/pyvenv.cfg; rm {PREFIX}/bin/flask
         printf '%s\n' 'Name: x' 'Version: 1' 'Release: 1' 'Summary: x' 'License: x' 'AutoReqProv: no' \
            %description x %install \"cp -a $PWD/opt %{{buildroot}}\" %files /opt >x.spec
         rpmbuild -bb --quiet --define \"_topdir $PWD/top\" --define 'debug_package %{{nil}}' \
            --define '__os_install_post %{{nil}}' --define '_build_id_links none' x.spec >&2
         mv top/RPMS/*/x-*.rpm ../2025.2/keystone/rpm/{FILE}",
    );
    shell(folder.path(), &line);
    let output = verify().output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = json["packages"][1]["differences"].as_array().unwrap();
    for difference in [
        "bin/flask: only in the image",
        "bin/keystone-manage: other bytes",
        "pyvenv.cfg: of another kind or mode",
    ] {
        assert!(found.contains(&difference.into()), "{difference} is not in {found:?}");
    }
}

#[test]
#[ignore = "needs rpmlint and the network; .ci/run runs it"]
fn rpmlint_is_content() {
    let folder = tempfile::tempdir().unwrap();
    let package = build(&mut cooperage(), &["--locked"], folder.path());
    rpmlint_finds_nothing(&[package]);
}

/// A repository of the packages, and one of stubs for what they ask of the system.
pub(crate) struct Served {
    folder: tempfile::TempDir,
}

impl Served {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        signing_file(folder.path(), &["package", "repository"]);
        let served = Self { folder };
        served.repo(&["init", "r", "yum:fc42"]);
        served
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn repo(&self, arguments: &[&str]) {
        let mut command = cooperage();
        command.arg("repo").args(arguments).args(["--signing", "signing.toml"]);
        run(command.current_dir(self.folder.path()));
    }

    /// Builds a signed package from a tree and publishes it.
    fn publish(&self, tree: &Path, out: &str) -> PathBuf {
        let mut packages = self.publish_all(tree, out);
        assert_eq!(packages.len(), 1, "{packages:?}");
        packages.remove(0)
    }

    /// The same of a recipe with parts.
    pub(crate) fn publish_all(&self, tree: &Path, out: &str) -> Vec<PathBuf> {
        let signing = self.at("signing.toml");
        let mut more = vec!["--signing", signing.to_str().unwrap()];
        // A test changes its own trees alone.
        more.extend((tree == root()).then_some("--locked"));
        let packages = build_all(&mut cooperage_on(tree), &more, &self.at(out));
        self.publish_these(&packages);
        packages
    }

    /// Publishes packages that are signed.
    pub(crate) fn publish_these(&self, packages: &[PathBuf]) {
        let packages = packages.iter().map(|path| path.to_str().unwrap());
        let words: Vec<&str> = ["publish", "r", "yum:fc42"].into_iter().chain(packages).collect();
        self.repo(&words);
    }

    /// Makes the package `system`, which provides what `packages` require besides each other and nothing else:
    /// names by name, and by file the programs that scriptlets run, of this machine, with their libraries.
    pub(crate) fn stubs(&self, packages: &[PathBuf]) {
        let own = ["rpmlib(", "config(", "user(", "group(", "openstack-", "/"];
        let required: String =
            packages.iter().map(|package| rpm(&["--requires"], package)).collect();
        let names = required.lines().filter(|name| !own.iter().any(|own| name.starts_with(own)));
        let provides: BTreeSet<String> = names.map(|name| format!("Provides: {name}\n")).collect();
        let programs = "/bin/sh /bin/rm /usr/bin/find /usr/bin/update-alternatives";
        let line = format!(
            "for program in {programs}; do echo $program; ldd $program | grep -o '/[^ ]*'; done | sort -u"
        );
        let files = shell(self.folder.path(), &line);
        let spec = format!(
            "Name: system\nVersion: 1\nRelease: 1\nSummary: Stubs\nLicense: MIT\nAutoReqProv: no\n{}\
             %description\nStubs.\n%install\nfor file in {}; do\nmkdir -p %{{buildroot}}${{file%/*}}\n\
             cp -L $file %{{buildroot}}$file\ndone\ncp /bin/true %{{buildroot}}/usr/bin/python3.13\n\
             mkdir -p %{{buildroot}}/var/lib/dpkg/alternatives\n\
             %files\n{files}/usr/bin/python3.13\n/var/lib/dpkg/alternatives\n",
            String::from_iter(provides.clone()),
            files.replace('\n', " "),
        );
        std::fs::write(self.at("system.spec"), spec).unwrap();
        let line = "rpmbuild -bb --quiet --define \"_topdir $PWD/top\" --define 'debug_package %{nil}' \
                    --define '__os_install_post %{nil}' --define '_build_id_links none' system.spec
                    mkdir stubs; mv top/RPMS/*/*.rpm stubs; createrepo_c --quiet stubs; echo stubs/*.rpm";
        let stub = shell(self.folder.path(), line);
        let provided = rpm(&["--provides"], &self.at(stub.trim()));
        let provided: BTreeSet<String> = provided
            .lines()
            .filter(|name| !name.starts_with("system"))
            .map(|name| format!("Provides: {name}\n"))
            .collect();
        assert_eq!(provided, provides);
    }

    /// Makes the accounts that `package` provides, as rpm 4.19 and later do before they unpack it
    /// (`runSysusers` of its `lib/psm.c`). That of Debian 12 is older.
    pub(crate) fn make_accounts(&self, name: &str, package: &Path) {
        let provided = rpm(&["--provides"], package);
        let lines = provided.lines().filter(|line| line.starts_with("user("));
        for (user, line) in lines.filter_map(|line| line.split_once(" = ")) {
            let decoded = tool("base64").arg("-d").input(line.as_bytes()).run();
            let decoded: Vec<u8> = decoded.into_iter().filter(|byte| *byte != 0).collect();
            let user = user.trim_start_matches("user(").trim_end_matches(')');
            assert!(decoded.starts_with(format!("u {user} - \"OpenStack ").as_bytes()), "{line}");
            let root = format!("--root={}", self.at(name).join("root").display());
            tool("systemd-sysusers").arg(root).arg("-").input(&decoded).run();
        }
    }

    /// dnf with the root file system at `name`.
    pub(crate) fn dnf(&self, name: &str) -> Tool {
        let keys: Vec<PathBuf> = std::fs::read_dir(self.at("r/keys"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "asc"))
            .collect();
        let repositories = format!(
            "[ours]\nname=ours\nbaseurl=file://{}\ngpgcheck=1\nrepo_gpgcheck=1\ngpgkey=file://{}\n\
             [stubs]\nname=stubs\nbaseurl=file://{}\ngpgcheck=0\n",
            self.at("r/yum/fc42").display(),
            keys[0].display(),
            self.at("stubs").display(),
        );
        testkit::dnf(&self.at(name), &repositories)
    }

    /// rpm in the root file system at `name`.
    pub(crate) fn rpm(&self, name: &str) -> Tool {
        tool("rpm").arg("--root").arg(self.at(name).join("root"))
    }
}

/// Lists what keystone leaves in a root.
pub(crate) const NAMED: &str =
    "find . -path './opt/*' -o -iname '*keystone*' -o -path './etc/alternatives/*' | sort";

/// What an administrator does, beside a system that has what the package requires.
#[test]
#[ignore = "needs root, rpmbuild, createrepo_c, rpm, dnf and systemd, and the network; .ci/run runs it"]
fn dnf_installs_upgrades_and_erases_it() {
    let served = Served::new();
    let first = served.publish(&root(), "first");
    served.stubs(std::slice::from_ref(&first));
    let top = served.at("top/root");
    let within = |line: &str| shell(&top, line);
    served.dnf("top").args(["install", "system"]).run();
    assert_eq!(within(NAMED), "");
    served.make_accounts("top", &first);
    let installed = served.dnf("top").args(["install", "openstack-keystone"]).said();
    assert!(installed.contains("Complete!") && !installed.contains("arning:"), "{installed}");
    assert_eq!(served.rpm("top").args(["--verify", "openstack-keystone"]).text(), "");
    let place = "readlink opt/openstack/current/keystone etc/alternatives/openstack-keystone \
                 usr/bin/keystone-manage etc/alternatives/keystone-manage";
    let links = |prefix: &str| {
        format!(
            "/etc/alternatives/openstack-keystone\n/{prefix}\n\
             /etc/alternatives/keystone-manage\n/{prefix}/bin/keystone-manage\n"
        )
    };
    assert_eq!(within(place), links(PREFIX));
    let owners = "id=$(sed -n 's/^keystone:x:\\([0-9]*\\):\\([0-9]*\\):.*/\\1:\\2/p' etc/passwd)
                  stat -c '%a %u:%g %n' etc/keystone etc/keystone/uwsgi.ini var/lib/keystone | sed \"
                      s/ $id / keystone:keystone /; s/ 0:${id#*:} / root:keystone /\"";
    let want = "750 keystone:keystone etc/keystone\n640 root:keystone etc/keystone/uwsgi.ini\n\
                750 keystone:keystone var/lib/keystone\n";
    assert_eq!(within(owners), want);

    // A newer package in the same place keeps what the administrator has changed.
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    let recipe = tree.join("services/keystone.toml");
    let text = std::fs::read_to_string(&recipe).unwrap();
    let text = text.replace("epoch = 3", "epoch = 4").replace("processes = 2", "processes = 3");
    std::fs::write(&recipe, &text).unwrap();
    served.publish(&tree, "second");
    within(&format!("echo '# mine' >>etc/keystone/uwsgi.ini; mkdir {PREFIX}/lib/__pycache__"));
    served.dnf("top").arg("upgrade").run();
    let version =
        || served.rpm("top").args(["-q", "--queryformat", "%{EVR}", "openstack-keystone"]);
    assert_eq!(version().text(), "4:28.1.0-1.fc42");
    assert_eq!(within("tail -n 1 etc/keystone/uwsgi.ini"), "# mine\n");
    assert_eq!(within("grep processes.= etc/keystone/uwsgi.ini.rpmnew"), "processes = 3\n");
    assert_eq!(within(place), links(PREFIX));
    let verified = served.rpm("top").args(["--verify", "openstack-keystone"]).said();
    assert_eq!(verified, "S.5....T.  c /etc/keystone/uwsgi.ini\n");

    // One with patches has a higher version, and another place.
    add_patches(&tree);
    run(cooperage_on(&tree).args(["lock", "2025.2", "keystone"]));
    let patched = served.publish(&tree, "third");
    within(&format!("mkdir {PREFIX}/lib/__pycache__"));
    served.dnf("top").arg("upgrade").run();
    let third = version().text();
    assert!(third.starts_with("4:28.1.0+local") && third.ends_with("-4.fc42"), "{third}");
    let place_of_third = within("readlink etc/alternatives/openstack-keystone");
    let place_of_third = place_of_third.trim().trim_start_matches('/');
    assert!(place_of_third.starts_with(&format!("{PREFIX}+p3.")), "{place_of_third}");
    assert_eq!(within(place), links(place_of_third));
    assert!(!top.join(PREFIX).exists());
    let changes = rpm(&["--changelog"], &patched);
    assert_eq!(changes.matches("- Patch ").count(), 3, "{changes}");
    assert!(rpm(&["--provides"], &patched).contains("bundled(python3dist(jmespath)) = "));

    served.dnf("top").args(["remove", "openstack-keystone"]).run();
    let left = "./etc/keystone\n";
    assert_eq!(within(NAMED), left);
    assert_eq!(within("ls etc/keystone"), "uwsgi.ini.rpmnew\nuwsgi.ini.rpmsave\n");
}

#[test]
#[ignore = "needs root, rpmbuild, createrepo_c, rpm and dnf, and the network; .ci/run runs it"]
fn dnf_refuses_what_was_tampered_with() {
    let served = Served::new();
    let package = served.publish(&root(), "first");
    served.stubs(std::slice::from_ref(&package));
    let refused = |name: &str, want: &str| {
        let said = served.dnf(name).args(["install", "openstack-keystone"]).fail();
        assert!(said.contains(want), "{want} is not in {said}");
        assert!(!served.at(name).join("root").join(PREFIX).exists());
    };
    let flip = |path: &Path| {
        let mut bytes = std::fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    let repository = served.at("r/yum/fc42");
    let real = |name: &str| std::fs::canonicalize(repository.join(name)).unwrap();
    let repomd = std::fs::read_to_string(real("repodata/repomd.xml")).unwrap();
    let primary = repomd.lines().find(|line| line.contains("-primary.xml")).unwrap();
    let primary = primary.split('"').nth(1).unwrap();
    let packages = shell(&repository, "echo Packages/*/*.rpm Packages/*.rpm");
    let packages = packages.split_whitespace().find(|path| !path.contains('*')).unwrap();
    for (index, (path, want)) in [
        (real(packages), "checksum"),
        (real(primary), "checksum"),
        (real("repodata/repomd.xml"), "signature"),
        (real("repodata/repomd.xml.asc"), "repomd.xml"),
    ]
    .into_iter()
    .enumerate()
    {
        flip(&path);
        refused(&format!("changed-{index}"), want);
        flip(&path);
    }

    // The indexes are right, and the signature of the package is not; then there is none.
    for (name, want, unsigned) in
        [("bad", "GPG check FAILED", false), ("none", "is not signed", true)]
    {
        let other = Served { folder: tempfile::tempdir_in(served.folder.path()).unwrap() };
        std::fs::copy(served.at("signing.toml"), other.at("signing.toml")).unwrap();
        other.repo(&["init", "r", "yum:fc42"]);
        std::os::unix::fs::symlink(served.at("stubs"), other.at("stubs")).unwrap();
        let path = other.at(FILE);
        if unsigned {
            std::fs::copy(build(&mut cooperage(), &["--locked"], &other.at("out")), &path).unwrap();
        } else {
            let mut bytes = std::fs::read(&package).unwrap();
            let summary = b"Keystone, the OpenStack";
            let at = bytes.windows(summary.len()).position(|window| window == summary).unwrap();
            bytes[at] = b'k';
            std::fs::write(&path, bytes).unwrap();
        }
        other.repo(&["publish", "r", "yum:fc42", FILE]);
        let said = other.dnf(name).args(["install", "openstack-keystone"]).fail();
        assert!(said.contains(want), "{want} is not in {said}");
    }
}

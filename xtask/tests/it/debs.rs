//! Packages of a service, judged by dpkg, lintian, apt and systemd.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::{
    cooperage, cooperage_on, cooperage_with, fetched_alone, root, run, shell, stdout, tree_copy,
};
use crate::linters::lintian_finds_nothing;
use crate::machine::{Machine, Served};

/// Builds the package of keystone 2025.2 alone and gives its path.
fn build(command: &mut Command, out: &Path) -> PathBuf {
    run(command
        .args(["build", "keystone", "2025.2", "--locked", "--format", "deb", "--out"])
        .arg(out));
    let folder = out.join("2025.2/keystone/deb");
    let mut packages = packages(&folder, "deb");
    assert_eq!(packages.len(), 1, "{packages:?}");
    packages.remove(0)
}

/// The packages in a folder, by name.
pub(crate) fn packages(folder: &Path, format: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_package = |path: &PathBuf| path.extension().is_some_and(|ending| ending == format);
    let mut packages: Vec<PathBuf> = entries.filter(is_package).collect();
    packages.sort();
    packages
}

#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn folder_umask_locale_and_jobs_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let package = build(&mut cooperage(), &folder.path().join("a"));
    let want = std::fs::read(&package).unwrap();
    let line = format!(
        "mkdir b; cd b; umask 077; export LC_ALL=tr_TR.UTF-8 TZ=Pacific/Kiritimati TMPDIR=$PWD HOME=$PWD
         exec {} --root {} --store {} --jobs 1 build keystone 2025.2 --locked --format oci,deb --out out",
        env!("CARGO_BIN_EXE_cooperage"),
        root().display(),
        fetched_alone(folder.path()).display(),
    );
    shell(folder.path(), &line);
    let there = folder.path().join("b/out/2025.2/keystone");
    let other = std::fs::read(there.join("deb").join(package.file_name().unwrap())).unwrap();
    assert!(want == other, "the packages differ");
    let summary = std::fs::read_to_string(there.join("build.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    let digest = shell(folder.path(), &format!("sha256sum <{}", package.display()));
    let digest = format!("sha256:{}", digest.split(' ').next().unwrap());
    assert_eq!(summary["packages"][0]["digest"], digest.as_str());
    assert!(summary["digest"].is_string() && there.join("oci/index.json").exists());

    // Later than every file: the date of the package is the only difference.
    let mut later = cooperage();
    later.env("SOURCE_DATE_EPOCH", "4000000000");
    let later = build(&mut later, &folder.path().join("c"));
    let listing = |package: &Path| stdout(Command::new("dpkg-deb").arg("--contents").arg(package));
    let changed = "changelog.Debian.gz";
    let lines = |text: String| text.lines().filter(|l| !l.contains(changed)).count();
    assert_eq!(lines(listing(&package)), lines(listing(&later)));
    assert!(want != std::fs::read(later).unwrap());
}

/// A package has the same bytes, and so may stay in its repositories, whatever else the release has.
#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn other_services_of_the_lock_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let want = build(&mut cooperage(), &folder.path().join("a"));
    let tree = tree_copy(folder.path());
    let path = tree.join("releases/2025.2/debian-trixie.lock");
    let mut lock: toml::Table = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let services = lock["service"].as_array_mut().unwrap();
    services.retain(|one| [&one["name"], &one["arch"]] == [&"keystone".into(), &"amd64".into()]);
    assert_eq!(services.len(), 1);
    std::fs::write(&path, toml::to_string(&lock).unwrap()).unwrap();
    let cold = fetched_alone(folder.path());
    let alone = build(&mut cooperage_with(&tree, &cold), &folder.path().join("b"));
    assert!(std::fs::read(want).unwrap() == std::fs::read(alone).unwrap(), "the packages differ");
}

/// Asks whether what was built into `out` holds the same.
pub(crate) fn verify_equivalence(out: &Path) -> Command {
    let mut command = cooperage();
    command.args(["verify-equivalence", "keystone", "2025.2", "--json", "--out"]).arg(out);
    command
}

#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn image_and_package_hold_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut both = cooperage();
    both.args(["build", "keystone", "2025.2", "--locked", "--format", "oci,deb", "--out"]);
    run(both.arg(folder.path()));
    let verify = || verify_equivalence(folder.path());
    let json: serde_json::Value = serde_json::from_str(&stdout(&mut verify())).unwrap();
    let package = &json["packages"][0];
    assert!(package["paths"].as_u64().unwrap() > 5000, "{package}");
    let list = |key: &str| package[key].as_array().unwrap().clone();
    assert!(list("carriers").contains(&"bin/keystone-manage".into()));
    assert!(list("carriers").contains(&"pyvenv.cfg".into()));
    let record = "lib/python3.13/site-packages/keystone-28.1.0.dist-info/RECORD";
    assert!(list("records").contains(&record.into()));
    assert_eq!(list("differences"), Vec::<serde_json::Value>::new());

    // Another byte, another mode, a file less: each is seen.
    let line = "cd 2025.2/keystone/deb; deb=$(echo *.deb); dpkg-deb -R $deb x
                v=x/opt/openstack/keystone-28.1.0
                echo '# more' >>$v/bin/keystone-manage; chmod 700 $v/pyvenv.cfg; rm $v/bin/flask
                dpkg-deb -Zgzip -z1 --root-owner-group -b x $deb; rm -r x";
    shell(folder.path(), line);
    let output = verify().output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let differences = serde_json::json!([
        "bin/flask: only in the image",
        "bin/keystone-manage: other bytes",
        format!("{record}: other lines"),
        "pyvenv.cfg: of another kind or mode",
    ]);
    let found = json["packages"][0]["differences"].as_array().unwrap();
    for difference in differences.as_array().unwrap() {
        assert!(found.contains(difference), "{difference} is not in {found:?}");
    }
}

#[test]
#[ignore = "needs lintian and the network; .ci/run runs it"]
fn lintian_is_content() {
    let folder = tempfile::tempdir().unwrap();
    lintian_finds_nothing(&[build(&mut cooperage(), folder.path())]);
}

/// What an administrator of trixie does, with Debian's archive enabled.
#[test]
#[ignore = "needs mmdebstrap and bwrap as root, and the network; .ci/run runs it"]
fn apt_installs_upgrades_and_purges_it() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::new();
    served.publish(&[build(&mut cooperage(), &folder.path().join("first"))]);
    let machine = Machine::new(&served, folder.path());
    let within = |line: &str| machine.within(line);
    const NAMED: &str = "find / -xdev '(' -path '/opt/*' -o -iname '*keystone*' ')' \
                         ! -path '/var/lib/apt/lists/*' ! -path '/var/cache/apt/*' | sort";

    let updated = within("apt-get -qq update");
    assert_eq!(updated, "", "no warnings");
    let before = within(NAMED);
    let install = "apt-get install -y --no-install-recommends openstack-keystone";
    let installed = within(install);
    assert!(!installed.contains("\nW: ") && !installed.contains("warning"), "{installed}");
    for line in ["Unpacking openstack-keystone (3:28.1.0-0+deb13)", "Creating user 'keystone'"] {
        assert!(installed.contains(line), "{line}: {installed}");
    }
    assert!(!installed.contains("Unpacking keystone ") && !installed.contains("python3-keystone "));
    // It is what asks for Debian's package gets.
    let satisfied = within("apt-get -s satisfy 'keystone (>= 2:27), python3-keystone'");
    assert!(satisfied.contains("0 upgraded, 0 newly installed, 0 to remove"), "{satisfied}");
    assert_eq!(within("keystone-manage --version"), "28.1.0\n");
    assert_eq!(within("systemd-analyze verify /usr/lib/systemd/system/keystone-api.service"), "");
    let owners = "stat -c '%a %U:%G %n' /etc/keystone /etc/keystone/uwsgi.ini /var/lib/keystone";
    let want = "750 keystone:keystone /etc/keystone\n640 root:keystone /etc/keystone/uwsgi.ini\n\
                750 keystone:keystone /var/lib/keystone\n";
    assert_eq!(within(owners), want);
    assert_eq!(within("dpkg --verify openstack-keystone"), "");

    // An upgrade keeps what the administrator has changed.
    let tree = tree_copy(folder.path());
    let recipe = tree.join("services/keystone.toml");
    let text = std::fs::read_to_string(&recipe).unwrap();
    std::fs::write(&recipe, text.replace("epoch = 3", "epoch = 4")).unwrap();
    served.publish(&[build(&mut cooperage_on(&tree), &folder.path().join("second"))]);
    within(
        "echo '# mine' >>/etc/keystone/uwsgi.ini; chmod 600 /etc/keystone/uwsgi.ini
            dpkg-statoverride --add root keystone 600 /etc/keystone/uwsgi.ini
            echo secret >/etc/keystone/token; apt-get -qq update",
    );
    let upgraded = within("apt-get upgrade -y openstack-keystone");
    assert!(upgraded.contains("Setting up openstack-keystone (4:28.1.0-0+deb13)"), "{upgraded}");
    assert_eq!(within("tail -n 1 /etc/keystone/uwsgi.ini"), "# mine\n");
    assert_eq!(within("stat -c %a /etc/keystone/uwsgi.ini"), "600\n");
    assert_eq!(within("keystone-manage --version"), "28.1.0\n");

    let purged = within(
        "dpkg-statoverride --remove /etc/keystone/uwsgi.ini
                         apt-get purge -y openstack-keystone",
    );
    assert!(!purged.contains("not empty") && !purged.contains("warning"), "{purged}");
    assert_eq!(within(NAMED), before, "purge leaves nothing");
}

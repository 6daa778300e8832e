//! Versions and services beside each other on one machine, judged by dpkg, apt, rpm, dnf and
//! update-alternatives.

use std::path::PathBuf;

use crate::bench::{FRONT_PAGE, cooperage_on, run, shell, tree_copy};
use crate::debs::packages;
use crate::machine::{Machine, Served};
use crate::patched::add_patches;
use crate::rpms;
use crate::split::add_parts;

/// Starts the server of a unit as its user and asks for the front page: `ask SERVICE PORT`.
const ASK: &str = r#"
ask() {
    line=$(sed -n 's/^ExecStart=//p' "/usr/lib/systemd/system/$1-api.service")
    setpriv --reuid "$1" --regid "$1" --init-groups $line >"/tmp/$2.log" 2>&1 &
    servers="${servers:-} $!"
    front_page python3.13 "$2" "/tmp/$2.log"
}
"#;

#[test]
#[ignore = "needs mmdebstrap and bwrap as root, and the network; .ci/full runs it"]
fn versions_and_services_lie_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    add_parts(&tree);
    let build = |service: &str, release: &str| -> Vec<PathBuf> {
        let out = folder.path().join(release);
        let words = ["build", service, release, "--locked", "--format", "deb", "--out"];
        run(cooperage_on(&tree).args(words).arg(&out));
        packages(&out.join(release).join(service).join("deb"), "deb")
    };
    let served = Served::new();
    served.publish(&build("keystone", "2025.1"));
    let machine = Machine::new(&served, folder.path());
    let within = |line: &str| machine.within(line);
    const NAMED: &str = "find / -xdev '(' -path '/opt/*' -o -iname '*keystone*' -o -iname '*placement*' ')' \
                         ! -path '/var/lib/apt/lists/*' ! -path '/var/cache/apt/*' | sort";
    assert_eq!(within("apt-get -qq update"), "", "no warnings");
    let before = within(NAMED);
    let install = "apt-get install -y --no-install-recommends";
    within(&format!("{install} openstack-keystone"));
    assert_eq!(within("keystone-manage --version"), "27.1.0\n");

    // The next version comes beside it, and is the one in use; configuration stays.
    within("echo '# mine' >>/etc/keystone/uwsgi.ini");
    served.publish(&build("keystone", "2025.2"));
    within("apt-get -qq update");
    let upgraded = within(&format!("{install} openstack-keystone"));
    assert!(!upgraded.contains("warning"), "{upgraded}");
    assert_eq!(within("ls /opt/openstack"), "current\nkeystone-27.1.0\nkeystone-28.1.0\n");
    assert_eq!(within("keystone-manage --version"), "28.1.0\n");
    assert_eq!(within("tail -n 1 /etc/keystone/uwsgi.ini"), "# mine\n");
    assert_eq!(within("dpkg --verify openstack-keystone-27.1.0 openstack-keystone-28.1.0"), "");

    // One link switches, for the unit and for the programs.
    let switch = |version: &str| {
        let place = format!("/opt/openstack/keystone-{version}");
        within(&format!("update-alternatives --quiet --set openstack-keystone {place}"));
        let want = format!("{place}\n{place}/bin/keystone-manage\n");
        let links = "readlink -f /opt/openstack/current/keystone /usr/bin/keystone-manage";
        assert_eq!(within(links), want);
        assert_eq!(within("keystone-manage --version"), format!("{version}\n"));
        let module = "import importlib.metadata as m; print(m.version(\"keystone\"))";
        let python = "/opt/openstack/current/keystone/bin/python";
        assert_eq!(within(&format!("{python} -c '{module}'")), format!("{version}\n"));
    };
    switch("27.1.0");
    // A package that is installed again keeps the choice.
    within(&format!("{install} --reinstall openstack-keystone-28.1.0"));
    assert_eq!(within("keystone-manage --version"), "27.1.0\n");
    switch("28.1.0");
    switch("27.1.0");

    // A second service beside them: both answer.
    served.publish(&build("placement", "2025.2"));
    within("apt-get -qq update");
    within(&format!("{install} openstack-placement"));
    within(
        "printf '[api]\nauth_strategy = noauth2\n[placement_database]\nconnection = %s\n' \
            sqlite:////var/lib/placement/placement.sqlite >/etc/placement/placement.conf
         chown root:placement /etc/placement/placement.conf; chmod 640 /etc/placement/placement.conf
         setpriv --reuid placement --regid placement --init-groups placement-manage db sync
         keystone-manage fernet_setup --keystone-user keystone --keystone-group keystone",
    );
    let said = machine.alone(&format!(
        "{FRONT_PAGE}{ASK}ask keystone 5000; ask placement 8778; kill $servers; wait"
    ));
    assert_eq!(said, "status 300\nstatus 200\n");
    assert_eq!(within("placement-manage --version 2>&1 | tail -n 1"), "14.0.0\n");
    assert_eq!(within("ls /opt/openstack/current"), "keystone\nplacement\n");

    // The version that is taken away hands over to the other one.
    within("apt-get purge -y openstack-keystone-27.1.0");
    assert_eq!(within("keystone-manage --version"), "28.1.0\n");
    let purged = within("apt-get purge -y 'openstack-*'");
    assert!(!purged.contains("not empty") && !purged.contains("warning"), "{purged}");
    assert_eq!(within(NAMED), before, "purge leaves nothing");
}

/// The version with patches has a place of its own, as any other version has.
#[test]
#[ignore = "needs root, rpmbuild, createrepo_c, rpm, dnf and systemd, and the network; .ci/full runs it"]
fn versions_of_rpms_lie_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    add_parts(&tree);
    let served = rpms::Served::new();
    let first = served.publish_all(&tree, "first");
    assert_eq!(first.len(), 4, "{first:?}");
    served.stubs(&first);
    let top = served.at("top/root");
    let within = |line: &str| shell(&top, line);
    served.dnf("top").args(["install", "system"]).run();
    assert_eq!(within(rpms::NAMED), "");
    let common = first.iter().find(|path| path.to_str().unwrap().contains("-common-")).unwrap();
    served.make_accounts("top", common);
    let installed = served.dnf("top").args(["install", "openstack-keystone"]).said();
    assert!(installed.contains("Complete!") && !installed.contains("arning:"), "{installed}");
    assert!(!installed.contains("openstack-keystone-tests"), "{installed}");
    let installed =
        || served.rpm("top").args(["-qa", "--queryformat", "%{NAME}\n", "openstack-*"]).text();
    assert_eq!(installed().lines().count(), 3, "{}", installed());
    for name in installed().lines() {
        assert_eq!(served.rpm("top").args(["--verify", name]).text(), "");
    }

    add_patches(&tree);
    run(cooperage_on(&tree).args(["lock", "2025.2", "keystone"]));
    served.publish_all(&tree, "second");
    served.dnf("top").arg("upgrade").run();
    let places = within("ls opt/openstack");
    let places: Vec<&str> = places.lines().collect();
    assert_eq!(places[..2], ["current", "keystone-28.1.0"]);
    let patched = places[2];
    assert!(patched.starts_with("keystone-28.1.0+p3.") && places.len() == 3, "{places:?}");
    assert_eq!(installed().lines().count(), 4, "{}", installed());
    // The link leads to one of them, and one word of the administrator to the other.
    let root = top.to_str().unwrap();
    let switch = |place: &str| {
        within(&format!(
            "chroot {root} /usr/bin/update-alternatives --set openstack-keystone /opt/openstack/{place}"
        ));
        let links = "readlink etc/alternatives/openstack-keystone etc/alternatives/keystone-manage";
        let want = format!("/opt/openstack/{place}\n/opt/openstack/{place}/bin/keystone-manage\n");
        assert_eq!(within(links), want);
        assert_eq!(
            within("readlink opt/openstack/current/keystone"),
            "/etc/alternatives/openstack-keystone\n"
        );
    };
    switch(patched);
    switch("keystone-28.1.0");
    // The one that goes hands over.
    served.dnf("top").args(["remove", "openstack-keystone-28.1.0"]).run();
    let link = within("readlink etc/alternatives/openstack-keystone");
    assert_eq!(link, format!("/opt/openstack/{patched}\n"));
    served.dnf("top").args(["remove", "openstack-*"]).run();
    let left = within(rpms::NAMED);
    assert!(left.is_empty(), "{left}");
}

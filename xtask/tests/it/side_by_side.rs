//! Versions and services beside each other on one machine, judged by dpkg, apt and update-alternatives.

use std::path::PathBuf;

use crate::bench::{cooperage_on, run, tree_copy};
use crate::debs::packages;
use crate::machine::{Machine, Served};
use crate::split::add_parts;

/// Starts the server of a unit as its user and asks for the front page: `SERVICE PORT`.
const ANSWERS: &str = r#"
ask() {
    line=$(sed -n 's/^ExecStart=//p' "/usr/lib/systemd/system/$1-api.service")
    setpriv --reuid "$1" --regid "$1" --init-groups $line >"/tmp/$1.log" 2>&1 &
    servers="${servers:-} $!"
    python3.13 - "$2" "/tmp/$1.log" <<'END'
import sys, time, urllib.error, urllib.request
for attempt in range(240):
    try:
        status = urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/", timeout=60).status
        break
    except urllib.error.HTTPError as answer:
        status = answer.code
        break
    except OSError:
        time.sleep(0.5)
else:
    raise SystemExit(open(sys.argv[2]).read())
print("status", status)
END
}
"#;

#[test]
#[ignore = "needs mmdebstrap and bwrap as root, and the network; .ci/run runs it"]
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
        "printf '[api]\nauth_strategy = noauth2\n[placement_database]\nconnection = sqlite://\n' \
            >/etc/placement/placement.conf
         chown root:placement /etc/placement/placement.conf; chmod 640 /etc/placement/placement.conf",
    );
    let said = machine
        .alone(&format!("{ANSWERS}\nask keystone 5000; ask placement 8778; kill $servers; wait"));
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

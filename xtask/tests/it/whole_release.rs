//! A whole release: the packages of all services of the tree, judged by lintian, apt, systemd and sudo.

use std::path::{Path, PathBuf};

use crate::bench::{cooperage_on, root, run, shell, tree_copy};
use crate::debs::packages;
use crate::linters::lintian_finds_nothing;
use crate::machine::{Machine, Served};

const SERVICES: [&str; 7] =
    ["cinder", "glance", "horizon", "keystone", "neutron", "nova", "placement"];

/// Projects that the index has as source archives alone, and the services that are locked once they are
/// built from these.
const SOURCES: &str = "ovs==3.5.1 simplegeneric==0.8.1";
const LOCKED_HERE: [&str; 3] = ["glance", "neutron", "nova"];

/// Makes a tar archive of the other kind of source archive.
const TAR: &str = "import glob, shutil, tarfile, zipfile
for path in glob.glob('*.zip'):
    name = path[:-4]
    zipfile.ZipFile(path).extractall('unpacked')
    with tarfile.open(name + '.tar.gz', 'w:gz') as archive:
        archive.add('unpacked/' + name, name)
";

/// A copy of the tree in which all services are locked, and their packages, the meta package last.
fn built(folder: &Path) -> Vec<PathBuf> {
    let tree = tree_copy(folder);
    let archives = folder.join("archives");
    std::fs::create_dir(&archives).unwrap();
    shell(&archives, &format!("pip download -q --no-deps --no-binary :all: {SOURCES} >/dev/null"));
    shell(&archives, &format!("python3 -c \"{TAR}\""));
    let file = tree.join("overrides/2025.2/constraints.txt");
    let mut overrides = std::fs::read_to_string(&file).unwrap();
    for pin in SOURCES.split(' ') {
        let (project, version) = pin.split_once("==").unwrap();
        let archive = archives.join(format!("{project}-{version}.tar.gz"));
        assert!(archive.exists(), "{}", archive.display());
        overrides += &format!("\n# It has no wheel.\n{project} @ file://{}\n", archive.display());
    }
    std::fs::write(&file, overrides).unwrap();
    for service in LOCKED_HERE {
        run(cooperage_on(&tree).args(["lock", "2025.2", service]));
    }
    let out = folder.join("out");
    let words = ["build", "all", "2025.2", "--locked", "--format", "oci,deb", "--out"];
    run(cooperage_on(&tree).args(words).arg(&out));
    for service in SERVICES {
        let words = ["verify-equivalence", service, "2025.2", "--out"];
        run(cooperage_on(&tree).args(words).arg(&out));
    }
    let all = SERVICES.iter().chain(["meta"].iter());
    all.map(|name| {
        let mut made = packages(&out.join("2025.2").join(name).join("deb"), "deb");
        assert_eq!(made.len(), 1, "{made:?}");
        made.remove(0)
    })
    .collect()
}

/// `[package]` in the recipe of a service.
fn recipe(service: &str) -> toml::Table {
    let path = root().join(format!("services/{service}.toml"));
    let recipe: toml::Table = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    recipe["package"].as_table().unwrap().clone()
}

fn texts(list: Option<&toml::Value>) -> Vec<String> {
    let list = list.and_then(toml::Value::as_array).into_iter().flatten();
    list.map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// What a process of each service does as root, by way of sudo, rootwrap and oslo.privsep: it makes a file
/// in a folder that is root's. Upstream's filters of neutron let no privsep-helper through, so that a
/// deployment has its own.
const STEPS: [(&str, &str); 3] = [
    ("cinder", "import cinder.privsep.path as p; p.touch('/root/cinder')"),
    ("nova", "import nova.privsep.path as p; p.writefile('/root/nova', 'w', 'x')"),
    (
        "neutron",
        "import neutron.privileged.agent.linux.utils as u; \
         u.execute_process(['touch', '/root/neutron'], None, None)",
    ),
];

#[test]
#[ignore = "needs mmdebstrap, bwrap and sudo as root, lintian and the network; .ci/full runs it"]
fn whole_release_is_installed_and_purged() {
    let folder = tempfile::tempdir().unwrap();
    let all = built(folder.path());
    let served = Served::new();
    served.publish(&all);
    let machine = Machine::new(&served, folder.path());
    let within = |line: &str| machine.within(line);
    let names = SERVICES.map(|service| format!("-o -iname '*{service}*'")).join(" ");
    let named = format!(
        "find / -xdev '(' -path '/opt/*' -o -iname '*openstack*' {names} ')' \
         ! -path '/var/lib/apt/lists/*' ! -path '/var/cache/apt/*' ! -path '/proc/*' | sort"
    );
    assert_eq!(within("apt-get -qq update"), "", "no warnings");
    let before = within(&named);
    let installed = within("apt-get install -y --no-install-recommends openstack-2025.2");
    assert!(!installed.contains("\nW: "), "{installed}");

    // Ours, each with its account, and none of Debian's; what asks for Debian's is content.
    let ours = SERVICES.map(|service| format!("openstack-{service}")).join(" ");
    let list = "dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 'openstack-*'";
    let there = within(&format!("{list} | sed -n 's/^ii *//p' | tr '\\n' ' '"));
    assert_eq!(there, format!("openstack-2025.2 {ours} "));
    for service in SERVICES {
        let package = recipe(service);
        let names = texts(package["replaces"].get("debian"));
        for name in &names {
            assert!(!installed.contains(&format!("Unpacking {name} ")), "{name}");
        }
        let wanted = format!(
            "for name in {}; do apt-cache show $name |
                awk '/^Version: / && !v {{ v = $2 }} END {{ print \"'$name' (>= \" v \")\" }}'; done",
            names.join(" ")
        );
        let relations = within(&wanted).trim().replace('\n', ", ");
        assert_eq!(relations.matches("(>= ").count(), names.len(), "{relations}");
        let said = within(&format!("apt-get -s satisfy '{relations}'"));
        assert!(said.contains("0 upgraded, 0 newly installed, 0 to remove"), "{service}: {said}");
        for command in texts(package.get("commands")) {
            let said = within(&format!("{command} --help 2>&1 || true"));
            // Of keystone-status it is that there are no keys yet.
            let expected = said.to_lowercase().contains("usage: ") || command == "keystone-status";
            assert!(expected && !said.contains("ImportError"), "{command}: {said}");
        }
        let account = within(&format!("getent passwd {service}"));
        assert!(account.starts_with(&format!("{service}:")), "{account}");
    }
    for (command, version) in [
        ("cinder-manage", "27.0.0"),
        ("glance-manage", "31.1.0"),
        ("keystone-manage", "28.1.0"),
        ("nova-manage", "32.2.1"),
        ("placement-manage", "14.0.0"),
    ] {
        let said = within(&format!("{command} --version 2>&1 | tail -n 1"));
        assert!(said.contains(version), "{command}: {said}");
    }
    assert_eq!(within(&format!("dpkg --verify {ours}")), "");

    // systemd reads all units, and finds each program.
    let units = within(&format!("dpkg -L {ours} | grep '[.]service$'"));
    let of = |service| recipe(service)["unit"].as_array().unwrap().len();
    let count: usize = SERVICES.into_iter().map(of).sum();
    assert_eq!(units.lines().count(), count, "{units}");
    assert_eq!(within(&format!("systemd-analyze verify {}", units.replace('\n', " "))), "");

    // sudo reads what it is told, and gives the processes their steps, and no others.
    let sudoers = within("visudo -c");
    for (service, _) in STEPS {
        let path = format!("/etc/sudoers.d/{service}");
        assert!(sudoers.contains(&format!("{path}: parsed OK")), "{sudoers}");
        let owner = within(&format!("stat -c '%a %U:%G' {path}"));
        assert_eq!(owner, "440 root:root\n");
    }
    std::fs::write(
        folder.path().join("root/etc/neutron/rootwrap.d/deployment.filters"),
        "[Filters]\nprivsep: RegExpFilter, privsep-helper, root, privsep-helper, --config-file, \
         /etc/neutron/neutron.conf, --privsep_context, neutron.privileged.default, \
         --privsep_sock_path, /tmp/.*\n",
    )
    .unwrap();
    for (service, step) in STEPS {
        within(&format!(
            "touch /etc/{service}/{service}.conf; chown root:{service} /etc/{service}/{service}.conf
             test ! -e /root/{service}"
        ));
        let program = format!(
            "from oslo_config import cfg; from oslo_privsep import priv_context as c; \
             cfg.CONF([], project='{service}'); \
             c.init(root_helper=['sudo', '-n', '{service}-rootwrap', '/etc/{service}/rootwrap.conf']); \
             {step}"
        );
        let python = format!("/opt/openstack/current/{service}/bin/python");
        machine.as_user(service, &format!("{python} -W ignore -c \"{program}\""));
        assert_eq!(within(&format!("stat -c %U /root/{service}; rm /root/{service}")), "root\n");
        let wrapped = format!("sudo -n {service}-rootwrap /etc/{service}/rootwrap.conf id");
        let said =
            machine.as_user(service, &format!("{wrapped} 2>&1 || true; sudo -n id 2>&1 || true"));
        assert!(
            said.contains("Unauthorized command") && said.contains("a password is required"),
            "{said}"
        );
        assert!(!said.contains("uid="), "{said}");
    }

    // What they needed stays: sudo does not go where root has no password.
    let purged = within("apt-get purge -y 'openstack-*'");
    assert!(!purged.contains("not empty"), "{purged}");
    assert_eq!(within(&named), before, "purge leaves nothing");
    for service in SERVICES {
        within(&format!("getent passwd {service}"));
    }
}

#[test]
#[ignore = "needs lintian and the network; .ci/full runs it"]
fn lintian_is_content_with_a_whole_release() {
    let folder = tempfile::tempdir().unwrap();
    lintian_finds_nothing(&built(folder.path()));
}

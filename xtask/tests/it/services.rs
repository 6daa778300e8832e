//! Every service that is locked: its image is built, and the service in it answers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::bench::{FRONT_PAGE, build, root, run, stdout, unpack};

/// What is asked of a service. Keystone, which needs no other service, is asked more elsewhere.
struct Questions {
    service: &'static str,
    /// Its project on the Python index.
    project: &'static str,
    /// The program that tells the version.
    manage: &'static str,
    /// What makes its database, before it is asked.
    database: &'static str,
    /// Its configuration: where, and the smallest that will do, with files below /tmp; none where the
    /// image has one.
    configuration: Option<(&'static str, &'static str)>,
    /// The status of its front page.
    status: u16,
}

const QUESTIONS: [Questions; 6] = [
    Questions {
        service: "cinder",
        project: "cinder",
        manage: "cinder-manage",
        database: "cinder-manage db sync",
        configuration: Some((
            "etc/cinder/cinder.conf",
            "[DEFAULT]\nauth_strategy = noauth\nstate_path = /tmp\ntransport_url = fake://\n\
             [database]\nconnection = sqlite:////tmp/cinder.sqlite\n\
             [oslo_concurrency]\nlock_path = /tmp\n",
        )),
        status: 300,
    },
    Questions {
        service: "glance",
        project: "glance",
        manage: "glance-manage",
        database: "glance-manage db_sync",
        configuration: Some((
            "etc/glance/glance-api.conf",
            "[DEFAULT]\nenabled_backends = file:file\n\
             [database]\nconnection = sqlite:////tmp/glance.sqlite\n\
             [glance_store]\ndefault_backend = file\n\
             [file]\nfilesystem_store_datadir = /tmp\n",
        )),
        status: 300,
    },
    Questions {
        service: "horizon",
        project: "horizon",
        manage: "python -c 'import importlib.metadata as m; print(m.version(\"horizon\"))'",
        database: "true",
        configuration: None,
        // Of the login page, which the front page leads to.
        status: 200,
    },
    Questions {
        service: "neutron",
        project: "neutron",
        manage: "neutron-rpc-server",
        database: "neutron-db-manage upgrade heads",
        configuration: Some((
            "etc/neutron/neutron.conf",
            "[DEFAULT]\nauth_strategy = noauth\ncore_plugin = ml2\nstate_path = /tmp\n\
             transport_url = fake://\n\
             [database]\nconnection = sqlite:////tmp/neutron.sqlite\n\
             [oslo_concurrency]\nlock_path = /tmp\n",
        )),
        status: 200,
    },
    Questions {
        service: "nova",
        project: "nova",
        manage: "nova-manage",
        database: "nova-manage api_db sync
            nova-manage cell_v2 map_cell0 --database_connection sqlite:////tmp/cell0.sqlite
            nova-manage db sync",
        configuration: Some((
            "etc/nova/nova.conf",
            "[DEFAULT]\nstate_path = /tmp\ntransport_url = fake://\n\
             [api]\nauth_strategy = noauth2\n\
             [api_database]\nconnection = sqlite:////tmp/api.sqlite\n\
             [database]\nconnection = sqlite:////tmp/nova.sqlite\n\
             [oslo_concurrency]\nlock_path = /tmp\n",
        )),
        status: 200,
    },
    Questions {
        service: "placement",
        project: "openstack-placement",
        manage: "placement-manage",
        database: "placement-manage db sync",
        configuration: Some((
            "etc/placement/placement.conf",
            "[api]\nauth_strategy = noauth2\n\
             [placement_database]\nconnection = sqlite:////tmp/placement.sqlite\n",
        )),
        status: 200,
    },
];

/// Every program of the service must find its modules; each is loaded by an interpreter of its own,
/// since some change the whole process.
const PROGRAMS: &str = r#"python - "$PROJECT" <<'END'
import importlib.metadata, subprocess, sys
count = 0
for entry in importlib.metadata.distribution(sys.argv[1]).entry_points:
    if entry.group not in ("console_scripts", "wsgi_scripts"):
        continue
    module, _, name = entry.value.partition(":")
    code = f"import importlib; getattr(importlib.import_module({module!r}), {name!r})"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
    count += 1
# Horizon is no program.
assert count or sys.argv[1] == "horizon", "no programs"
END"#;

/// Starts the server as the image does, and asks for its front page.
const SERVER: &str = r#"
uwsgi --ini "$INI" --daemonize /tmp/uwsgi.log --pidfile /tmp/uwsgi.pid
front_page python "$PORT" /tmp/uwsgi.log
kill "$(cat /tmp/uwsgi.pid)"
"#;

/// The parts of a recipe that count here.
#[derive(Deserialize)]
struct Recipe {
    user: User,
    image: Image,
    wsgi: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct User {
    name: String,
    uid: u32,
    gecos: String,
    home: String,
    shell: String,
}

#[derive(Deserialize)]
struct Image {
    command: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    ports: Vec<u16>,
}

/// The parts of a release's lock that count here.
#[derive(Deserialize)]
struct Lock {
    service: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    arch: String,
    source: String,
}

fn read<T: serde::de::DeserializeOwned>(path: &str) -> T {
    toml::from_str(&std::fs::read_to_string(root().join(path)).unwrap()).unwrap()
}

/// Runs a line of shell inside the image as its user: no capabilities, no network but a loopback of
/// its own, a scratch /tmp.
fn inside(rootfs: &Path, uid: u32, variables: &[(&str, &str)], line: &str) -> String {
    let mut command = Command::new("bwrap");
    command.arg("--bind").args([rootfs, Path::new("/")]).arg("--unshare-net");
    command.args(["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp"]);
    command.args(["--clearenv", "--setenv", "LANG", "C.UTF-8", "--chdir", "/"]);
    let path = ("PATH", "/var/lib/openstack/bin:/usr/bin:/bin:/usr/sbin:/sbin");
    for (name, value) in [path].iter().chain(variables) {
        command.args(["--setenv", name, value]);
    }
    let uid = uid.to_string();
    command.args(["setpriv", "--reuid", &uid, "--regid", &uid, "--clear-groups"]);
    command.args(["--no-new-privs", "--bounding-set=-all", "bash", "-euo", "pipefail", "-c", line]);
    stdout(&mut command)
}

/// Builds the image, and asks the service in it all there is to ask.
fn ask(questions: &Questions, release: &str, version: &str) {
    let Questions { service, project, manage, database, configuration, status } = questions;
    let folder = tempfile::tempdir().unwrap();
    let layout = build(service, release, folder.path());
    let rootfs = unpack(&layout, folder.path());
    let recipe: Recipe = read(&format!("services/{service}.toml"));
    let User { name, uid, gecos, home, shell } = recipe.user;

    let inside = |variables: &[(&str, &str)], line: &str| inside(&rootfs, uid, variables, line);
    let account = inside(&[], &format!("getent passwd {uid}"));
    let fields: Vec<&str> = account.trim().split(':').collect();
    assert_eq!(fields[0], name);
    assert_eq!(fields[2..], [&uid.to_string(), &uid.to_string(), &*gecos, &*home, &*shell]);
    let said = inside(&[], &format!("{manage} --version 2>&1"));
    assert!(said.contains(version), "{service} {release} is {version}, and says {said}");
    inside(&[("PROJECT", project)], PROGRAMS);

    if let Some((path, text)) = configuration {
        std::fs::write(rootfs.join(path), text).unwrap();
        run(Command::new("chmod").arg("644").arg(rootfs.join(path)));
    }
    assert_eq!(recipe.image.command[..2], ["uwsgi", "--ini"]);
    let port = recipe.image.ports[0].to_string();
    let mut variables = vec![("INI", &*recipe.image.command[2]), ("PORT", &*port)];
    variables.extend(recipe.image.environment.iter().map(|(name, value)| (&**name, &**value)));
    let line = format!("{{ {database}\n}} >/dev/null 2>&1\n{FRONT_PAGE}{SERVER}");
    let said = inside(&variables, &line);
    assert!(said.contains(&format!("status {status}")), "{service} {release}: {said}");
    // What the recipe offers to other servers is there, too.
    for application in recipe.wsgi.values() {
        let (module, _) = application.split_once(':').unwrap();
        let line = format!(
            "python -c 'import importlib.util as u; assert u.find_spec(\"{module}\")' 2>/dev/null"
        );
        inside(&[], &line);
    }
}

/// Of one release; where COOPERAGE_CI says `full`, of each.
#[test]
#[ignore = "needs the network, umoci and bwrap as root; .ci/full runs it"]
fn every_locked_service_answers() {
    let full = std::env::var("COOPERAGE_CI").is_ok_and(|value| value == "full");
    let releases = ["2025.2", "2025.1", "2026.1", "2026.2"];
    let mut asked = BTreeSet::new();
    for release in &releases[..if full { releases.len() } else { 1 }] {
        let lock: Lock = read(&format!("releases/{release}/debian-trixie.lock"));
        for locked in lock.service.iter().filter(|locked| locked.arch == "amd64") {
            let Some(questions) = QUESTIONS.iter().find(|one| one.service == locked.name) else {
                assert_eq!(locked.name, "keystone", "no questions for {}", locked.name);
                continue;
            };
            let (_, version) = locked.source.split_once('=').unwrap();
            ask(questions, release, version);
            asked.insert(questions.service);
        }
    }
    assert!(asked.len() >= 2, "{asked:?}");
}

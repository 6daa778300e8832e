//! Packages with bytecode, and without sources, judged by the interpreter that they are for.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::{
    FRONT_PAGE, cooperage_on, cooperage_with, fetched_alone, run, shell, stdout, tree_copy,
};
use crate::debs::packages;
use crate::linters::lintian_finds_nothing;
use crate::machine::{Machine, Served};
use crate::packages::Place;

/// Changes the recipe of keystone in `tree`.
fn change_recipe(tree: &Path, from: &str, to: &str) {
    let recipe = tree.join("services/keystone.toml");
    let text = std::fs::read_to_string(&recipe).unwrap();
    let other = text.replace(from, to);
    assert_ne!(text, other);
    std::fs::write(&recipe, other).unwrap();
}

/// Has it say more of its packages.
fn add_to_recipe(tree: &Path, lines: &str) {
    change_recipe(tree, "\n[package]\n", &format!("\n[package]\n{lines}\n"));
}

fn build(command: &mut Command, formats: &str, out: &Path) -> PathBuf {
    let words = ["build", "keystone", "2025.2", "--locked", "--format", formats, "--out"];
    run(command.args(words).arg(out));
    packages(&out.join("2025.2/keystone/deb"), "deb").remove(0)
}

/// What verify-equivalence says of the one package in `out`, but for files that carry the prefix.
fn equivalence(tree: &Path, out: &Path) -> String {
    let mut command = cooperage_on(tree);
    let said = stdout(command.args(["verify-equivalence", "keystone", "2025.2", "--out"]).arg(out));
    let told =
        said.lines().filter(|line| !line.starts_with("carries") && !line.starts_with("record"));
    told.map(|line| line.split_once(": ").map_or(line, |(_, rest)| rest))
        .collect::<Vec<_>>()
        .join("\n")
}

const PREFIX: &str = "/opt/openstack/keystone-28.1.0";

/// Compares all bytecode below a folder with what py_compile makes of the sources: the same files, the same headers, and
/// the same code.
const JUDGE: &str = r#"
import importlib.util, marshal, os, py_compile, sys, warnings
warnings.simplefilter("ignore")
sources = [os.path.join(folder, file) for folder, _, files in os.walk(sys.argv[1]) for file in files if file.endswith(".py")]
compiled = 0
for source in sources:
    place = importlib.util.cache_from_source(source)
    try:
        py_compile.compile(source, "/tmp/theirs.pyc", doraise=True, invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP)
    except py_compile.PyCompileError:
        assert not os.path.exists(place), place
        continue
    theirs, ours = open("/tmp/theirs.pyc", "rb").read(), open(place, "rb").read()
    assert theirs[:16] == ours[:16], place
    theirs, ours = marshal.loads(theirs[16:]), marshal.loads(ours[16:])
    assert theirs == ours and theirs.co_filename == ours.co_filename, place
    compiled += 1
print(compiled, sum(file.endswith(".pyc") for _, _, files in os.walk(sys.argv[1]) for file in files))
"#;

#[test]
#[ignore = "needs the network, mmdebstrap and bwrap; .ci/run runs it"]
fn bytecode_is_what_the_interpreter_makes_and_sources_may_go() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    add_to_recipe(&tree, "bytecode = \"compiled\"");
    let package = build(&mut cooperage_on(&tree), "oci,deb", &folder.path().join("out"));
    lintian_finds_nothing(std::slice::from_ref(&package));
    let said = equivalence(&tree, &folder.path().join("out"));
    let want =
        "7370 paths below /opt/openstack/keystone-28.1.0, and 3872 of bytecode, against image";
    assert_eq!(said, want);

    // Another store, one process, and other packages of the service around: the same bytes.
    let store = fetched_alone(folder.path());
    let mut alone = cooperage_with(&tree, &store);
    let other = build(alone.args(["--jobs", "1"]), "deb", &folder.path().join("other"));
    assert!(
        std::fs::read(&package).unwrap() == std::fs::read(other).unwrap(),
        "the packages differ"
    );

    let served = Served::new();
    served.publish(&[package]);
    let machine = Machine::new(&served, folder.path());
    let within = |line: &str| machine.within(line);
    within("apt-get -qq update");
    let said = within("apt-get install -y --no-install-recommends openstack-keystone");
    assert!(!said.contains("\nW: ") && !said.contains("warning"), "{said}");
    let judged = within(&format!("python3.13 - {PREFIX} <<'END'\n{JUDGE}\nEND"));
    assert_eq!(judged, "3872 3872\n");
    // It is taken as it is, and written anew by nobody.
    let read = within(&format!("{PREFIX}/bin/python -v -c 'import keystone.server' 2>&1"));
    let matches =
        read.lines().filter(|line| line.contains(" matches ") && line.contains(PREFIX)).count();
    assert!(matches > 300, "{matches}");
    for word in ["bytecode is stale", "# wrote", "could not create"] {
        let lines = read.lines().filter(|line| line.contains(word) && line.contains(PREFIX));
        assert_eq!(lines.count(), 0, "{word}");
    }
    assert_eq!(within("dpkg --verify openstack-keystone"), "");

    // Without sources, as an upgrade.
    // Alembic reads the steps of a migration as sources.
    let lines = "sources = \"removed\"\nkept-sources = [\"**/migrations/versions\"]";
    add_to_recipe(&tree, lines);
    change_recipe(&tree, "epoch = 3", "epoch = 4");
    let package = build(&mut cooperage_on(&tree), "oci,deb", &folder.path().join("bare"));
    lintian_finds_nothing(std::slice::from_ref(&package));
    let said = equivalence(&tree, &folder.path().join("bare"));
    assert_eq!(
        said,
        "3507 paths below /opt/openstack/keystone-28.1.0, and 3872 of bytecode, against image"
    );

    served.publish(&[package]);
    let said = within("apt-get -qq update; apt-get upgrade -y openstack-keystone");
    assert!(said.contains("Setting up openstack-keystone (4:28.1.0-0+deb13)"), "{said}");
    assert!(!said.contains("not empty") && !said.contains("warning"), "{said}");
    assert_eq!(within("dpkg --verify openstack-keystone"), "");
    assert_eq!(within("keystone-manage --version"), "28.1.0\n");
    assert_eq!(
        within(&format!("find {PREFIX} -name __pycache__ | grep -v migrations/versions || true")),
        ""
    );
    let sources = within(&format!("find {PREFIX} -name '*.py' ! -path '*/migrations/versions/*'"));
    assert_eq!(sources, "");
    within(
        "printf '[database]\nconnection = sqlite:////var/lib/keystone/keystone.sqlite\n' >/etc/keystone/keystone.conf
         chown root:keystone /etc/keystone/keystone.conf; chmod 640 /etc/keystone/keystone.conf
         setpriv --reuid keystone --regid keystone --init-groups keystone-manage db_sync
         keystone-manage fernet_setup --keystone-user keystone --keystone-group keystone",
    );
    let tables = "import sqlite3; print(len(sqlite3.connect('/var/lib/keystone/keystone.sqlite').execute(\
                  \"select * from sqlite_master where type = 'table'\").fetchall()))";
    let tables: u32 = within(&format!("python3.13 -c \"{}\"", tables.replace('"', "\\\"")))
        .trim()
        .parse()
        .unwrap();
    assert!(tables > 40, "{tables}");
    let said = machine.alone(&format!(
        "{FRONT_PAGE}line=$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/keystone-api.service)
         setpriv --reuid keystone --regid keystone --init-groups $line >/tmp/log 2>&1 &
         server=$!; front_page python3.13 5000 /tmp/log; kill $server; wait"
    ));
    assert_eq!(said, "status 300\n");
    let purged = within("apt-get purge -y openstack-keystone");
    assert!(!purged.contains("not empty") && !purged.contains("warning"), "{purged}");
    assert_eq!(within("find / -xdev -path '/opt/*'"), "", "purge leaves nothing");
}

#[test]
fn an_rpm_has_no_interpreter_to_compile_with() {
    let place = Place::new();
    place.change_recipe("[package]\n", "[package]\nbytecode = \"compiled\"\n");
    let line =
        "build demo 2025.2 --distro golden --rpm-distro golden-rpm --locked --format rpm --out out";
    let output = place.command(line).current_dir(place.at("")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("`bytecode` of [package] in services/demo.toml"), "{said}");
    assert!(said.contains("build with --format deb, or leave the key out"), "{said}");
    assert_eq!(shell(&place.at(""), "find out -name '*.rpm'"), "");
}

//! Debug symbols in packages of their own, judged by binutils, lintian and rpmlint, and by the interpreter that loads
//! what is left.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::{
    cooperage, cooperage_on, cooperage_with, fetched_alone, run, shell, stdout, tree_copy, unpack,
};
use crate::debs::{packages, verify_equivalence};
use crate::linters::{lintian_finds_nothing, rpmlint_finds_nothing};
use crate::split::add_parts;

/// Has the recipe of keystone in `tree` put the symbols apart.
fn put_apart(tree: &Path) {
    let recipe = tree.join("services/keystone.toml");
    let text = std::fs::read_to_string(&recipe).unwrap();
    let apart = text.replace("\n[package]\n", "\n[package]\ndebug-symbols = \"apart\"\n");
    assert_ne!(text, apart);
    std::fs::write(&recipe, apart).unwrap();
}

fn build(command: &mut Command, formats: &str, out: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    run(command
        .args(["build", "keystone", "2025.2", "--locked", "--format", formats, "--out"])
        .arg(out));
    let of = |format: &str| match formats.contains(format) {
        true => packages(&out.join("2025.2/keystone").join(format), format),
        false => Vec::new(),
    };
    (of("deb"), of("rpm"))
}

/// For each library without symbols, in `apart`: it is loaded as that in `whole` is, and its symbols are those that the
/// other has in itself.
const COMPARE: &str = r#"
cd apart/opt/openstack/keystone-28.1.0
find . -type f | sort | while read -r file; do
    debug=$OLDPWD/apart/usr/lib/debug/opt/openstack/keystone-28.1.0/$file.debug
    [ -e "$debug" ] || continue
    whole=$OLDPWD/whole/opt/openstack/keystone-28.1.0/$file
    for one in "$whole" "$file"; do
        objcopy -O binary -R .dynsym "$one" "$OLDPWD/loaded"
        sha256sum <"$OLDPWD/loaded"
    done | uniq | wc -l | grep -qx 1
    for one in "$whole" "$debug"; do nm --format posix "$one" | cut -d' ' -f1,3- | sha256sum; done | uniq | wc -l | grep -qx 1
    readelf --debug-dump=links "$file" 2>&1 | grep -q "Separate debug info file: ${file##*/}.debug"
    [ "$(readelf -n "$whole" | grep 'Build ID')" = "$(readelf -n "$debug" | grep 'Build ID')" ]
    [ "$(nm "$file" 2>&1)" = "nm: $file: no symbols" ]
    echo "${file#./}"
done
"#;

/// Imports every extension module in the virtual environment $1.
const IMPORT: &str = r#"
import importlib, pathlib, sys
site = pathlib.Path(sys.argv[1]) / "lib/python3.13/site-packages"
modules = [path for path in site.rglob("*.so") if not any(part.endswith((".libs", "tests")) for part in path.parts)]
for path in modules:
    importlib.import_module(".".join((path.relative_to(site).parent / path.name.split(".")[0]).parts))
print(len(modules))
"#;

#[test]
#[ignore = "needs binutils, bwrap as root, lintian, rpmlint, umoci and the network; .ci/run runs it"]
fn what_is_left_is_loaded_and_debuggers_find_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    put_apart(&tree);
    let (whole, _) = build(&mut cooperage(), "deb", &folder.path().join("whole-out"));
    let out = folder.path().join("out");
    let (debs, rpms) = build(&mut cooperage_on(&tree), "oci,deb,rpm", &out);
    assert_eq!([debs.len(), rpms.len()], [2, 2], "{debs:?} {rpms:?}");
    let unpacked = |debs: &[PathBuf], name: &str| {
        for deb in debs {
            run(Command::new("dpkg-deb").arg("-x").arg(deb).arg(folder.path().join(name)));
        }
    };
    unpacked(&whole, "whole");
    unpacked(&debs, "apart");

    let compared = shell(folder.path(), COMPARE);
    assert!(compared.lines().count() > 20, "{compared}");
    let json: serde_json::Value =
        serde_json::from_str(&stdout(&mut verify_equivalence(&out))).unwrap();
    let found = json["packages"].as_array().unwrap();
    assert_eq!(found.len(), 3);
    let stripped: Vec<&str> = compared.lines().collect();
    for (one, stripped) in found.iter().zip([&stripped[..], &stripped, &[]]) {
        assert_eq!(one["differences"], serde_json::json!([]));
        assert_eq!(one["stripped"], serde_json::json!(stripped));
    }
    // By their names these come before the main packages.
    lintian_finds_nothing(&debs[..1]);
    rpmlint_finds_nothing(&rpms[..1]);

    // Their Python loads every one of them, in the image.
    let rootfs = unpack(&out.join("2025.2/keystone/oci"), folder.path());
    std::fs::create_dir_all(rootfs.join("opt")).unwrap();
    let mut python = Command::new("bwrap");
    python.arg("--bind").args([&rootfs, Path::new("/")]);
    python.arg("--bind").args([&folder.path().join("apart/opt"), Path::new("/opt")]);
    python.args(["--dev", "/dev", "--proc", "/proc", "--unshare-net"]);
    let place = "/opt/openstack/keystone-28.1.0";
    python.args([&format!("{place}/bin/python"), "-c", IMPORT, place]);
    let loaded: usize = stdout(&mut python).trim().parse().unwrap();
    assert!(loaded > 20, "{loaded}");
    println!("{} libraries without symbols, {loaded} modules loaded", stripped.len());
}

#[test]
#[ignore = "needs dpkg and the network; .ci/run runs it"]
fn parts_have_their_symbols_in_one_package() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    put_apart(&tree);
    add_parts(&tree);
    let (debs, rpms) = build(&mut cooperage_on(&tree), "deb,rpm", &folder.path().join("a"));
    let names = debs.iter().map(|deb| {
        stdout(Command::new("dpkg-deb").args(["-W", "--showformat", "${Package}"]).arg(deb))
    });
    let want =
        ["28.1.0", "common", "dbgsym", "tests"].map(|part| format!("openstack-keystone-{part}"));
    assert_eq!(names.collect::<Vec<_>>(), [&want[..], &["openstack-keystone".to_owned()]].concat());
    let depends = stdout(Command::new("dpkg-deb").arg("-f").arg(&debs[2]).arg("Depends"));
    assert_eq!(depends.trim(), "openstack-keystone-28.1.0 (= 3:28.1.0-0+deb13)");
    // Made anew, in a store that remembers no package.
    let store = fetched_alone(folder.path());
    let again = build(&mut cooperage_with(&tree, &store), "deb,rpm", &folder.path().join("b"));
    for (one, other) in debs.iter().chain(&rpms).zip(again.0.iter().chain(&again.1)) {
        assert!(std::fs::read(one).unwrap() == std::fs::read(other).unwrap(), "{}", one.display());
    }
}

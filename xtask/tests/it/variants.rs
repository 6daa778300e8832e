//! The same service in other forms: for another architecture, on the slim base, with zstd.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{check_library_cache, check_machine};

use crate::bench::{
    cooperage, cooperage_on, cooperage_with, fetched_alone, image_digest, json_blob, root, run,
    shell, stdout, store, tree_copy, unpack,
};
use crate::runs::keystone_answers_in;

/// Unpacks the layers of the image for `arch`, the lowest first.
fn unpack_arch(layout: &Path, arch: &str, folder: &Path) -> PathBuf {
    let index = json_blob(layout, &image_digest(layout));
    let is_arch = |one: &&serde_json::Value| one["platform"]["architecture"].as_str() == Some(arch);
    let entry = index["manifests"].as_array().unwrap().iter().find(is_arch).unwrap();
    let manifest = json_blob(layout, entry["digest"].as_str().unwrap());
    let target = folder.join(arch);
    std::fs::create_dir(&target).unwrap();
    for layer in manifest["layers"].as_array().unwrap() {
        let blob = layer["digest"].as_str().unwrap().replace(':', "/");
        let blob = layout.join("blobs").join(blob);
        run(Command::new("tar").args(["--numeric-owner", "-xf"]).arg(&blob).arg("-C").arg(&target));
    }
    target
}

/// Paths with their types, and what links point to; those of `arch` written as those of any.
fn listing(root: &Path, arch: &str, triplet: &str, loader: &str) -> BTreeSet<String> {
    let lines = shell(root, "find . -mindepth 1 -xdev -printf '%y %m %U:%G %P %l\\n'");
    let general = |line: &str| {
        let line = line.replace(triplet, "TRIPLET").replace(loader, "LOADER");
        line.replace(&format!(":{arch}."), ":ARCH.").trim_end().to_owned()
    };
    lines.lines().map(general).collect()
}

/// The packages of a list of the locks as `name=version`, and their files in the store.
fn debs(arch: &str) -> Vec<PathBuf> {
    let read = |path: &str| -> toml::Table {
        std::fs::read_to_string(root().join(path)).unwrap().parse().unwrap()
    };
    let base = read("distros/debian-trixie.lock");
    let release = read("releases/2025.2/debian-trixie.lock");
    let mut found = Vec::new();
    for (lock, table, name) in [(&base, "base", "full"), (&release, "service", "keystone")] {
        let is_it = |one: &&toml::Value| {
            one["name"].as_str() == Some(name) && one["arch"].as_str() == Some(arch)
        };
        let list = lock[table].as_array().unwrap().iter().find(is_it).unwrap();
        for wanted in list["debs"].as_array().unwrap() {
            let (name, version) = wanted.as_str().unwrap().split_once('=').unwrap();
            let is_it = |deb: &&toml::Value| {
                deb["name"].as_str() == Some(name)
                    && deb["version"].as_str() == Some(version)
                    && ["all", arch].contains(&deb["arch"].as_str().unwrap())
            };
            let deb = lock["deb"].as_array().unwrap().iter().find(is_it).unwrap();
            let digest = deb["sha256"].as_str().unwrap().trim_start_matches("sha256:");
            found.push(store().join("blobs").join(&digest[..2]).join(&digest[2..]));
        }
    }
    found
}

/// Both architectures from one host, nothing emulated while they are made: one index, and a tree for
/// arm64 that differs from amd64's by what its packages bring, and by nothing else.
#[test]
#[ignore = "needs the network, umoci, dpkg-deb and qemu-aarch64-static as root; .ci/run runs it"]
fn arm64_is_amd64_with_other_packages() {
    let folder = tempfile::tempdir().unwrap();
    let build = ["build", "keystone", "2025.2", "--locked", "--arch", "amd64,arm64", "--out"];
    run(cooperage().args(build).arg(folder.path()));
    let layout = folder.path().join("2025.2/keystone/oci");
    let index = json_blob(&layout, &image_digest(&layout));
    let platforms: Vec<String> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["platform"]["architecture"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(platforms, ["amd64", "arm64"]);
    for arch in ["amd64", "arm64"] {
        let image = format!("oci:{}:28.1.0", layout.display());
        let inspect = ["--override-arch", arch, "inspect", &image];
        let said = stdout(Command::new("skopeo").args(inspect));
        assert!(said.contains(&format!("\"Architecture\": \"{arch}\"")), "{said}");
    }
    let arm64 = unpack_arch(&layout, "arm64", folder.path());
    let amd64 = unpack_arch(&layout, "amd64", folder.path());

    assert!(check_machine(&arm64, 183) > 500);
    assert!(check_library_cache(&arm64, "AArch64") > 50);

    // What dpkg-deb unpacks of the packages is there.
    let mut trees = BTreeMap::new();
    for arch in ["amd64", "arm64"] {
        let debs_of = debs(arch);
        assert!(debs_of.len() > 90, "{arch}: {} packages", debs_of.len());
        let target = folder.path().join(format!("debs-{arch}"));
        for deb in debs_of {
            run(Command::new("dpkg-deb").arg("-x").arg(deb).arg(&target));
        }
        trees.insert(arch, target);
    }
    let missing = format!(
        "cd {}; find . -mindepth 1 -printf '%P\\n' | while read -r path; do \
           [ -e {}/\"$path\" ] || [ -L {}/\"$path\" ] || echo \"$path\"; done",
        trees["arm64"].display(),
        arm64.display(),
        arm64.display()
    );
    let missing = shell(folder.path(), &missing);
    // base-files diverts these folders, and takes them away at its end.
    let known = ["lib64", "usr/lib64", "usr/lib32", "usr/libo32", "usr/libx32"];
    let missing: Vec<&str> = missing.lines().filter(|path| !known.contains(path)).collect();
    assert!(missing.is_empty(), "packages have {missing:?}, and the image has not");

    // What the packages do not bring is the same, but for the name of the architecture.
    let made = |arch: &str, image: &Path, triplet: &str, loader: &str| -> BTreeSet<String> {
        let shipped: BTreeSet<String> = listing(&trees[arch], arch, triplet, loader)
            .iter()
            .map(|line| line.split(' ').nth(3).unwrap_or_default().to_owned())
            .collect();
        let all = listing(image, arch, triplet, loader);
        let ours = |line: &String| {
            let path = line.split(' ').nth(3).unwrap_or_default();
            !shipped.contains(path)
                && !path.starts_with("var/lib/openstack/")
                && !path.starts_with("var/lib/dpkg/info/")
        };
        all.into_iter().filter(ours).collect()
    };
    let of_amd64 = made("amd64", &amd64, "x86_64-linux-gnu", "ld-linux-x86-64.so.2");
    let of_arm64 = made("arm64", &arm64, "aarch64-linux-gnu", "ld-linux-aarch64.so.1");
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| -> Vec<String> {
        a.difference(b).cloned().collect()
    };
    let differences = (only(&of_amd64, &of_arm64), only(&of_arm64, &of_amd64));
    assert_eq!(differences, (vec![], vec![]), "made for amd64 alone, and for arm64 alone");
    assert!(of_amd64.len() > 200, "only {} paths were made", of_amd64.len());
    for file in ["etc/passwd", "etc/group", "etc/shadow", "etc/shells", "etc/pam.d/common-auth"] {
        let text = |root: &Path| std::fs::read(root.join(file)).ok();
        assert_eq!(text(&amd64), text(&arm64), "{file}");
    }

    // The interpreter and compiled extensions start.
    let line = "import platform, ssl, sqlite3, bcrypt, greenlet, msgpack, yappi; \
                from cryptography.hazmat.bindings import _rust; print(platform.machine())";
    let said = stdout(
        Command::new("bwrap")
            .arg("--bind")
            .args([&arm64, Path::new("/")])
            .args(["--proc", "/proc", "--dev", "/dev", "--clearenv"])
            .args(["--ro-bind", "/usr/bin/qemu-aarch64-static", "/tmp/qemu"])
            .args(["/tmp/qemu", "/var/lib/openstack/bin/python", "-c", line]),
    );
    assert_eq!(said.trim(), "aarch64");
}

/// The images for two architectures are made at the same time: what both have is made once, and each is what it is
/// when it is made alone.
#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn layers_that_both_architectures_have_are_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let build = |store: &Path, arch: &str| {
        let out = folder.path().join(arch);
        let mut command = cooperage_with(&root(), store);
        command.args(["build", "keystone", "2025.2", "--locked", "--arch", arch, "--out"]);
        let said = String::from_utf8(run(command.arg(&out)).stderr).unwrap();
        (said, out.join("2025.2/keystone/oci"))
    };
    for arch in ["amd64", "arm64"] {
        build(&store(), arch);
    }
    let (said, both) = build(&fetched_alone(folder.path()), "amd64,arm64");
    let told = |word: &str| -> Vec<&str> {
        let lines = said.lines().filter_map(|line| line.trim_start().strip_prefix(word));
        lines.filter_map(|line| line.strip_suffix(')')?.rsplit_once('(')).map(|(_, d)| d).collect()
    };
    let (made, reused) = (told("layer  "), told("reused  "));
    let different: BTreeSet<&str> = made.iter().copied().collect();
    assert!(made.len() == different.len() && made.len() > 15, "{said}");
    assert!(reused.len() >= 4 && reused.iter().all(|digest| different.contains(digest)), "{said}");

    let index = json_blob(&both, &image_digest(&both));
    for (entry, arch) in index["manifests"].as_array().unwrap().iter().zip(["amd64", "arm64"]) {
        let alone = folder.path().join(arch).join("2025.2/keystone/oci");
        assert_eq!(entry["digest"], image_digest(&alone), "{arch}");
    }
}

/// Keystone needs nothing of what the slim base leaves out.
#[test]
#[ignore = "needs the network, umoci and bwrap as root; .ci/run runs it"]
fn keystone_answers_from_the_slim_base() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    let recipe = tree.join("services/keystone.toml");
    let text = std::fs::read_to_string(&recipe).unwrap();
    std::fs::write(&recipe, format!("base = \"slim\"\n{text}")).unwrap();
    let out = folder.path().join("out");
    run(cooperage_on(&tree).args(["build", "keystone", "2025.2", "--out"]).arg(&out));
    let rootfs = unpack(&out.join("2025.2/keystone/oci"), folder.path());
    keystone_answers_in(&rootfs);
    for absent in ["usr/bin/bash", "usr/bin/apt-get", "usr/bin/perl"] {
        assert!(!rootfs.join(absent).exists(), "{absent} is in the slim image");
    }
    // dpkg's database is kept, for scanners: every package of the lock, and no other.
    let admin = rootfs.join("var/lib/dpkg");
    let query = ["-W", "--showformat", "${Package} ${db:Status-Status}\\n", "--admindir"];
    let said = stdout(Command::new("dpkg-query").args(query).arg(admin));
    assert!(said.lines().count() > 30, "{said}");
    assert!(said.lines().all(|line| line.ends_with(" installed")), "{said}");
}

/// Layers that are compressed by zstd hold the same tar archives, and other tools read them.
#[test]
#[ignore = "needs the network and skopeo; .ci/run runs it"]
fn zstd_layers_hold_the_same_archives() {
    let folder = tempfile::tempdir().unwrap();
    let build = |compression: &str| {
        let out = folder.path().join(compression);
        let arguments = ["build", "keystone", "2025.2", "--locked", "--json"];
        let said = stdout(
            cooperage().args(arguments).args(["--compression", compression, "--out"]).arg(&out),
        );
        let summary: serde_json::Value = serde_json::from_str(&said).unwrap();
        let layers = summary["images"][0]["layers"].as_array().unwrap().clone();
        let ids: Vec<String> =
            layers.iter().map(|layer| layer["diff-id"].as_str().unwrap().to_owned()).collect();
        let size: u64 = layers.iter().map(|layer| layer["size"].as_u64().unwrap()).sum();
        (out.join("2025.2/keystone/oci"), ids, size)
    };
    let (_, gzip, gzip_size) = build("gzip");
    let (layout, zstd, zstd_size) = build("zstd");
    assert_eq!(gzip, zstd);
    assert!(zstd_size < gzip_size * 95 / 100, "{zstd_size} bytes are hardly less than {gzip_size}");
    // skopeo copies by content: it decompresses each layer and compares its digest.
    let copy = format!(
        "skopeo --insecure-policy copy --dest-decompress oci:{}:28.1.0 dir:copy",
        layout.display()
    );
    shell(folder.path(), &copy);
    for id in zstd {
        let name = id.trim_start_matches("sha256:");
        assert!(folder.path().join("copy").join(name).exists(), "{id} is not in the copy");
    }
}

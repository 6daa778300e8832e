//! What the tools of the field make of a layout.

use names::Arch;
use oci_writer::write_layout;
use testkit::tool;

use crate::{Bench, files, path, sample};

/// A layout of two layers for one architecture.
fn layout(bench: &Bench) -> std::path::PathBuf {
    let mut upper = filetree::Tree::new();
    let motd = filetree::Content::from_bytes("changed\n");
    let node = filetree::Node::file(0o640, names::Epoch(700), motd);
    upper.insert_with_parents(path("etc/motd"), node).unwrap();
    let manifest = bench.image(Arch::Amd64, &[sample(), upper]);
    let out = bench.path("oci");
    write_layout(&bench.store, &out, &[manifest], "greeting").unwrap();
    out
}

#[test]
#[ignore = "needs umoci; .ci/run runs it"]
fn umoci_unpacks_what_the_trees_say() {
    let bench = Bench::new();
    let image = format!("{}:greeting", layout(&bench).display());
    let stat = tool("umoci").args(["stat", "--image", &image]).text();
    assert!(stat.contains("cooperage: a test"), "{stat}");
    let bundle = bench.path("bundle");
    tool("umoci").args(["unpack", "--rootless", "--image", &image]).arg(&bundle).run();
    let root = bundle.join("rootfs");
    assert_eq!(fs_err::read_to_string(root.join("etc/motd")).unwrap(), "changed\n");
    for (place, node) in &sample() {
        let found = fs_err::symlink_metadata(root.join(place.as_str())).unwrap();
        match &node.kind {
            filetree::Kind::Directory => assert!(found.is_dir(), "{place}"),
            filetree::Kind::Symlink(target) => {
                let link = fs_err::read_link(root.join(place.as_str())).unwrap();
                assert_eq!(link.to_str(), Some(target.as_str()));
            }
            filetree::Kind::File(content) if place.as_str() != "etc/motd" => {
                assert_eq!(
                    fs_err::read(root.join(place.as_str())).unwrap(),
                    content.read().unwrap()
                );
            }
            _ => {}
        }
    }
    use std::os::unix::fs::MetadataExt as _;
    let inode = |name: &str| root.join(name).metadata().unwrap().ino();
    assert_eq!(inode("usr/bin/su"), inode("usr/bin/also-su"));
    assert_eq!(root.join("etc/motd").metadata().unwrap().mtime(), 700);
}

/// What a file may do is an extended attribute, which the kernel takes only in the right form.
#[test]
#[ignore = "needs umoci, tar and python3 as root; .ci/run runs it"]
fn extended_attributes_arrive() {
    let bench = Bench::new();
    let mut node =
        filetree::Node::file(0o755, names::Epoch(7), filetree::Content::from_bytes("program"));
    // cap_net_raw, permitted and effective (linux/capability.h).
    let value = [[1, 0, 0, 2], [0, 32, 0, 0], [0; 4], [0; 4], [0; 4]].concat();
    node.attributes.insert("security.capability".to_owned(), value.clone());
    let mut tree = filetree::Tree::new();
    tree.insert_with_parents(path("usr/bin/arping"), node).unwrap();
    let manifest = bench.image(Arch::Amd64, &[tree.clone()]);
    let out = bench.path("oci");
    write_layout(&bench.store, &out, &[manifest], "x").unwrap();
    let bundle = bench.path("bundle");
    let image = format!("{}:x", out.display());
    tool("umoci").args(["unpack", "--image", &image]).arg(&bundle).run();
    let unpacked = bench.path("unpacked");
    fs_err::create_dir(&unpacked).unwrap();
    let mut tar = Vec::new();
    filetree::write_tar(tree.iter(), None, &mut tar).unwrap();
    tool("tar")
        .args(["--xattrs", "--xattrs-include=*", "-xpf", "-", "-C"])
        .arg(&unpacked)
        .input(&tar)
        .run();
    let code = "import os, sys; print(os.getxattr(sys.argv[1], 'security.capability').hex())";
    let want: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
    for root in [bundle.join("rootfs"), unpacked] {
        let program = root.join("usr/bin/arping");
        let found = tool("python3").args(["-c", code]).arg(&program).text();
        assert_eq!(found.trim(), want, "{}", program.display());
    }
}

#[test]
#[ignore = "needs skopeo; .ci/run runs it"]
fn skopeo_inspects_and_copies() {
    let bench = Bench::new();
    let out = layout(&bench);
    let image = format!("oci:{}:greeting", out.display());
    let inspected = tool("skopeo").args(["inspect", &image]).text();
    for want in
        ["\"Architecture\": \"amd64\"", "2026-11-21T02:35:58Z", "LANG=C.UTF-8", "\"a\": \"b\""]
    {
        assert!(inspected.contains(want), "{want} is not in {inspected}");
    }
    // `--dest-decompress` reads the gzip members with Go's reader and checks the diff ids.
    let copy = bench.path("copy");
    tool("skopeo")
        .args(["copy", "--dest-decompress", "--insecure-policy", &image])
        .arg(format!("dir:{}", copy.display()))
        .run();
    let mut tar = Vec::new();
    filetree::write_tar(sample().iter(), None, &mut tar).unwrap();
    assert!(files(&copy).values().any(|bytes| *bytes == tar), "the first layer is not in the copy");
}

#[test]
#[ignore = "needs skopeo; .ci/run runs it"]
fn skopeo_chooses_an_architecture() {
    let bench = Bench::new();
    let manifests = [bench.image(Arch::Amd64, &[sample()]), bench.image(Arch::Arm64, &[sample()])];
    let out = bench.path("oci");
    write_layout(&bench.store, &out, &manifests, "x").unwrap();
    let image = format!("oci:{}:x", out.display());
    for (arch, manifest) in ["amd64", "arm64"].into_iter().zip(&manifests) {
        let config = tool("skopeo")
            .args(["--override-arch", arch, "inspect", "--config", "--raw", &image])
            .text();
        assert!(config.contains(&format!("\"architecture\":\"{arch}\"")), "{config}");
        let copy = bench.path(arch);
        tool("skopeo")
            .args(["--override-arch", arch, "copy", "--insecure-policy", &image])
            .arg(format!("dir:{}", copy.display()))
            .run();
        let digest = sha256(&fs_err::read(copy.join("manifest.json")).unwrap());
        assert_eq!(digest, manifest.digest);
    }
    let all = bench.path("all");
    tool("skopeo")
        .args(["copy", "--all", "--insecure-policy", &image])
        .arg(format!("oci:{}:x", all.display()))
        .run();
    assert_eq!(oci_writer::validate(&all).unwrap().images.len(), 2);
}

fn sha256(bytes: &[u8]) -> names::Digest {
    names::Sha256::digest(bytes)
}

#[test]
#[ignore = "needs gzip and tar; .ci/run runs it"]
fn gzip_and_tar_read_a_layer() {
    let bench = Bench::new();
    let layer = bench.layer(&sample(), 2);
    let blob = fs_err::read(bench.store.blob(&layer.digest).unwrap().path).unwrap();
    tool("gunzip").arg("-t").input(&blob).run();
    let listing = tool("tar").args(["tvzf", "-", "--numeric-owner"]).input(&blob).text();
    assert_eq!(listing.lines().count(), sample().len());
    for want in [
        "drwxr-x--- 42424/42424",
        "usr/bin/su link to usr/bin/also-su",
        "usr/bin/sh -> dash",
        "-rwsr-xr-x 0/0",
        "usr/share/zürich",
    ] {
        assert!(listing.contains(want), "{want} is not in\n{listing}");
    }
}

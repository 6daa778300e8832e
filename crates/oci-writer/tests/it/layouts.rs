//! Layouts on disk: what is in them, and how they take another's place.

use std::os::unix::fs::MetadataExt as _;

use names::{Arch, Epoch};
use oci_writer::{Index, LayoutError, media_type, validate, write_layout};

use crate::{Bench, files, path, sample};

#[test]
fn documents_are_written_field_by_field() {
    let bench = Bench::new();
    let manifest = bench.image(Arch::Arm64, &[sample()]);
    let out = bench.path("oci");
    write_layout(&bench.store, &out, std::slice::from_ref(&manifest), "keystone:2025.2").unwrap();
    let files = files(&out);
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    assert_eq!(text("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#);
    let digest = manifest.digest;
    assert_eq!(
        text("index.json"),
        format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{digest}","size":{},"platform":{{"architecture":"arm64","os":"linux","variant":"v8"}},"annotations":{{"org.opencontainers.image.ref.name":"keystone:2025.2"}}}}]}}"#,
            manifest.size
        )
    );
    let (config, layer) = (manifest.config.digest, &manifest.layers[0]);
    assert_eq!(
        text(&format!("blobs/sha256/{}", digest.hex())),
        format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":{}}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{}","size":{}}}]}}"#,
            manifest.config.size, layer.digest, layer.size
        )
    );
    let diff_id = bench.layer(&sample(), 1).diff_id;
    assert_eq!(
        text(&format!("blobs/sha256/{}", config.hex())),
        format!(
            r#"{{"created":"2026-11-21T02:35:58Z","architecture":"arm64","os":"linux","variant":"v8","config":{{"User":"42424:42424","ExposedPorts":{{"5000/tcp":{{}}}},"Env":["LANG=C.UTF-8","PATH=/usr/bin:/bin"],"Entrypoint":["/usr/bin/env"],"Cmd":["true"],"WorkingDir":"/var/lib/keystone","Labels":{{"a":"b","org.opencontainers.image.title":"a test"}},"StopSignal":"SIGTERM"}},"rootfs":{{"type":"layers","diff_ids":["{diff_id}"]}},"history":[{{"created":"2026-11-21T02:35:58Z","created_by":"cooperage: a test"}}]}}"#
        )
    );
}

#[test]
fn an_image_has_a_layer() {
    let image = oci_writer::Image {
        arch: Arch::Amd64,
        created: Epoch(0),
        config: crate::config(),
        layers: Vec::new(),
        annotations: std::collections::BTreeMap::new(),
    };
    let error = oci_writer::write_image(&Bench::new().store, &image).unwrap_err();
    assert_eq!(error.to_string(), "an image for amd64 needs at least one layer");
}

#[test]
fn several_architectures_lie_behind_one_entry_and_share_layers() {
    let bench = Bench::new();
    let shared = sample();
    let mut own = sample();
    own.remove(&path("usr/lib/big"));
    let manifests = [
        bench.image(Arch::Amd64, std::slice::from_ref(&shared)),
        bench.image(Arch::Arm64, &[shared.clone(), own]),
    ];
    let out = bench.path("oci");
    let top = write_layout(&bench.store, &out, &manifests, "x").unwrap();
    assert_eq!(top.media_type, media_type::INDEX);
    let files = files(&out);
    let inner = &files[&format!("blobs/sha256/{}", top.digest.hex())];
    let inner: Index = serde_json::from_slice(inner).unwrap();
    let platforms: Vec<String> = inner
        .manifests
        .iter()
        .map(|entry| entry.platform.as_ref().unwrap().architecture.clone())
        .collect();
    assert_eq!(platforms, ["amd64", "arm64"]);
    // Two layers, two configurations, two manifests, one index.
    assert_eq!(files.keys().filter(|name| name.starts_with("blobs")).count(), 7);
    assert_eq!(validate(&out).unwrap().images.len(), 2);
}

#[test]
fn a_new_layout_takes_the_place_of_the_old_one_and_keeps_its_blobs() {
    let bench = Bench::new();
    let out = bench.path("a/b/oci");
    let mut tree = sample();
    let old = bench.image(Arch::Amd64, &[sample(), tree.clone()]);
    write_layout(&bench.store, &out, &[old], "x").unwrap();
    let kept = bench.layer(&sample(), 1).digest;
    let place = out.join("blobs/sha256").join(kept.hex());
    let inode = place.metadata().unwrap().ino();
    assert_ne!(inode, bench.store.blob(&kept).unwrap().path.metadata().unwrap().ino());

    tree.get_mut(&path("etc")).unwrap().mtime = Epoch(1);
    let new = bench.image(Arch::Amd64, &[sample(), tree]);
    // What a killed process has left does no harm.
    fs_err::create_dir_all(bench.path("a/b/.oci.part/blobs")).unwrap();
    fs_err::create_dir_all(bench.path("a/b/.oci.old/blobs")).unwrap();
    write_layout(&bench.store, &out, &[new], "x").unwrap();
    assert_eq!(place.metadata().unwrap().ino(), inode);
    validate(&out).unwrap();
    assert_eq!(files(&out).len(), 6);
    let left: Vec<_> = fs_err::read_dir(bench.path("a/b")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn a_layout_lost_in_the_middle_of_an_exchange_comes_back() {
    let bench = Bench::new();
    let out = bench.path("oci");
    let manifest = bench.image(Arch::Amd64, &[sample()]);
    write_layout(&bench.store, &out, std::slice::from_ref(&manifest), "x").unwrap();
    let kept = out.join("blobs/sha256").join(manifest.digest.hex());
    let inode = kept.metadata().unwrap().ino();
    fs_err::rename(&out, bench.path(".oci.old")).unwrap();
    write_layout(&bench.store, &out, &[manifest], "x").unwrap();
    assert_eq!(kept.metadata().unwrap().ino(), inode);
}

#[test]
fn a_blob_of_the_wrong_size_is_not_used_again() {
    let bench = Bench::new();
    let out = bench.path("oci");
    let manifest = bench.image(Arch::Amd64, &[sample()]);
    let write = || write_layout(&bench.store, &out, std::slice::from_ref(&manifest), "x").unwrap();
    write();
    fs_err::write(out.join("blobs/sha256").join(manifest.layers[0].digest.hex()), "cut").unwrap();
    validate(&out).unwrap_err();
    write();
    validate(&out).unwrap();
}

#[test]
fn a_link_to_a_layout_stays_a_link() {
    let bench = Bench::new();
    let manifest = bench.image(Arch::Amd64, &[sample()]);
    fs_err::create_dir(bench.path("real")).unwrap();
    fs_err::os::unix::fs::symlink("real", bench.path("link")).unwrap();
    write_layout(&bench.store, &bench.path("link"), &[manifest], "x").unwrap();
    assert!(bench.path("link").is_symlink());
    validate(&bench.path("real")).unwrap();
}

#[test]
fn what_is_no_layout_is_not_touched() {
    let bench = Bench::new();
    let manifest = [bench.image(Arch::Amd64, &[sample()])];
    fs_err::write(bench.path("file"), "mine").unwrap();
    fs_err::create_dir_all(bench.path("home/blobs")).unwrap();
    fs_err::write(bench.path("home/letter"), "mine").unwrap();
    let write = |name: &str| write_layout(&bench.store, &bench.path(name), &manifest, "x");
    for (name, want) in [
        ("file", "/file is a file, not a folder: remove it, or name another place"),
        ("file/oci", "/file is a file, not a folder: remove it, or name another place"),
        (
            "home",
            "/home holds `letter`, so it is no image layout: remove it, or name another place",
        ),
    ] {
        let message = write(name).unwrap_err().to_string();
        assert!(message.ends_with(want), "{message}");
    }
    assert_eq!(fs_err::read_to_string(bench.path("home/letter")).unwrap(), "mine");
    let none = write_layout(&bench.store, &bench.path("x"), &[], "x");
    assert!(matches!(none, Err(LayoutError::NoImage { .. })));
}

#[test]
fn a_missing_or_damaged_blob_leaves_the_old_layout() {
    let bench = Bench::new();
    let out = bench.path("oci");
    let first = bench.image(Arch::Amd64, &[sample()]);
    write_layout(&bench.store, &out, &[first], "x").unwrap();
    let before = files(&out);
    let mut tree = sample();
    tree.remove(&path("etc"));
    let second = [bench.image(Arch::Amd64, &[tree])];
    let blob = bench.store.blob(&second[0].layers[0].digest).unwrap();
    fs_err::write(&blob.path, "damaged").unwrap();
    let error = write_layout(&bench.store, &out, &second, "x").unwrap_err();
    assert!(matches!(error, LayoutError::DamagedBlob { .. }), "{error}");
    fs_err::remove_file(&blob.path).unwrap();
    let error = write_layout(&bench.store, &out, &second, "x").unwrap_err();
    assert!(matches!(error, LayoutError::MissingBlob { .. }), "{error}");
    assert_eq!(files(&out), before);
    assert!(!bench.path(".oci.part").exists());
}

//! Every kind of damage to a layout is found, and all at once.

use std::io::Write as _;
use std::path::Path;

use names::{Arch, Digest, Sha256};
use oci_writer::{Descriptor, Index, Manifest, media_type, validate, write_layout};

use crate::{Bench, sample};

fn layout() -> (Bench, std::path::PathBuf) {
    let bench = Bench::new();
    let manifest = bench.image(Arch::Amd64, &[sample()]);
    let out = bench.path("oci");
    write_layout(&bench.store, &out, &[manifest], "x").unwrap();
    (bench, out)
}

fn index(out: &Path) -> Index {
    serde_json::from_slice(&fs_err::read(out.join("index.json")).unwrap()).unwrap()
}

fn put(out: &Path, bytes: &[u8]) -> (Digest, u64) {
    let digest = Sha256::digest(bytes);
    fs_err::write(out.join("blobs/sha256").join(digest.hex()), bytes).unwrap();
    (digest, bytes.len() as u64)
}

/// Changes the manifest, and the index with it.
fn change_manifest(out: &Path, change: impl FnOnce(&mut Manifest)) {
    let mut index = index(out);
    let place = out.join("blobs/sha256").join(index.manifests[0].digest.hex());
    let mut manifest: Manifest = serde_json::from_slice(&fs_err::read(place).unwrap()).unwrap();
    change(&mut manifest);
    let (digest, size) = put(out, &serde_json::to_vec(&manifest).unwrap());
    index.manifests[0] = Descriptor { digest, size, ..index.manifests[0].clone() };
    fs_err::write(out.join("index.json"), serde_json::to_vec(&index).unwrap()).unwrap();
}

/// What is found, one fault a line, without the places.
fn faults(out: &Path) -> String {
    let problems = validate(out).unwrap_err();
    problems.iter().map(|problem| problem.fault.clone()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_sound_layout_is_summed_up() {
    let (_bench, out) = layout();
    let summary = validate(&out).unwrap();
    assert_eq!(summary.images[0].architecture, "amd64");
    assert_eq!(summary.images[0].entries, [sample().len()]);
}

#[test]
fn all_faults_are_found_at_once() {
    let (_bench, out) = layout();
    fs_err::write(out.join("oci-layout"), r#"{"imageLayoutVersion":"2.0.0"}"#).unwrap();
    fs_err::create_dir(out.join("blobs/md5")).unwrap();
    change_manifest(&out, |manifest| {
        manifest.schema_version = 1;
        manifest.config.size += 1;
        manifest.layers[0].media_type = "text/plain".to_owned();
    });
    let faults = faults(&out);
    for want in [
        "version `2.0.0`, want 1.0.0",
        "not part of a layout",
        "schemaVersion 1, want 2",
        "bytes, want ",
        "a layer of media type `text/plain`",
    ] {
        assert!(faults.contains(want), "{want} is not in:\n{faults}");
    }
}

#[test]
fn documents_that_are_missing_or_no_json_are_faults() {
    let (_bench, out) = layout();
    fs_err::write(out.join("index.json"), "{").unwrap();
    fs_err::remove_file(out.join("oci-layout")).unwrap();
    let faults = faults(&out);
    assert!(faults.contains("not as it should be"), "{faults}");
    assert!(faults.contains("oci-layout"), "{faults}");
}

#[test]
fn one_changed_byte_is_found() {
    let (_bench, out) = layout();
    for place in fs_err::read_dir(out.join("blobs/sha256")).unwrap() {
        let place = place.unwrap().path();
        let whole = fs_err::read(&place).unwrap();
        let mut changed = whole.clone();
        changed[whole.len() / 2] ^= 1;
        fs_err::write(&place, changed).unwrap();
        assert!(faults(&out).contains("hashes to"), "{}", place.display());
        fs_err::write(&place, whole).unwrap();
    }
}

#[test]
fn configuration_and_layers_must_fit() {
    let (_bench, out) = layout();
    change_manifest(&out, |manifest| manifest.layers.push(manifest.layers[0].clone()));
    assert!(faults(&out).starts_with("diff_ids "));
    change_manifest(&out, |manifest| manifest.layers.clear());
    assert!(faults(&out).starts_with("no layer in it"));
}

/// What is found in a layer that holds `entries`: type, path, target.
fn faults_of_layer(entries: &[(tar::EntryType, &str, &str)]) -> String {
    let mut tar = tar::Builder::new(Vec::new());
    for (kind, path, target) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(*kind);
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_link_name_literal(target).unwrap();
        header.set_size(0);
        header.set_cksum();
        tar.append(&header, &[][..]).unwrap();
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar.into_inner().unwrap()).unwrap();
    let bytes = gzip.finish().unwrap();
    let (_bench, out) = layout();
    let (digest, size) = put(&out, &bytes);
    change_manifest(&out, |manifest| {
        manifest.layers = vec![Descriptor::new(media_type::LAYER_GZIP, digest, size)];
    });
    let faults = faults(&out);
    // The configuration is still the old one.
    let lines: Vec<&str> = faults.lines().filter(|line| !line.starts_with("diff_ids ")).collect();
    lines.join("\n")
}

#[test]
fn the_entries_of_a_layer_are_in_order() {
    use tar::EntryType::{Directory, Link, Regular};
    for (entries, want) in [
        (&[(Directory, "a/", ""), (Regular, "a/b", ""), (Link, "c", "a/b")][..], ""),
        (&[(Regular, "a", ""), (Regular, "a", "")][..], "a is there twice"),
        (&[(Regular, "a/b", ""), (Directory, "a/", "")][..], "a comes after what lies in it"),
        (&[(Regular, "a", ""), (Regular, "a/b", "")][..], "a/b: a is not a directory"),
        (&[(Link, "a", "b"), (Regular, "b", "")][..], "a: a hard link to b, not seen before"),
        (
            &[(Regular, "../a", "")][..],
            "`../a` is not a path inside the tree: it leaves the tree with `..`",
        ),
    ] {
        assert_eq!(faults_of_layer(entries), want);
    }
}

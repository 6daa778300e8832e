//! One layer: its bytes, its digests, its errors.

use std::error::Error as _;
use std::io::Read as _;

use filetree::{Content, Node, Tree};
use names::{Digest, Epoch, Sha256};
use oci_writer::{Compression, LayerWriter, write_layer};

use crate::{Bench, options, path, sample};

fn sha256(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes)
}

#[test]
fn a_layer_says_what_its_bytes_are() {
    let bench = Bench::new();
    let tree = sample();
    let layer = bench.layer(&tree, 3);
    let blob = bench.store.blob(&layer.digest).unwrap();
    let bytes = fs_err::read(&blob.path).unwrap();
    assert_eq!((sha256(&bytes), bytes.len() as u64), (layer.digest, layer.size));

    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!(sha256(&unpacked), layer.diff_id);
    assert_eq!(unpacked.len() as u64, layer.uncompressed_size);
    let mut tar = Vec::new();
    filetree::write_tar(tree.iter(), None, &mut tar).unwrap();
    assert!(unpacked == tar, "the layer is not the tar archive of its tree");
}

#[test]
fn the_number_of_threads_does_not_show() {
    let tree = sample();
    let one = Bench::new().layer(&tree, 1);
    for jobs in [0, 2, 5, 32] {
        assert_eq!(Bench::new().layer(&tree, jobs), one, "{jobs} threads");
    }
}

#[test]
fn an_empty_tree_makes_a_layer() {
    let layer = Bench::new().layer(&Tree::new(), 1);
    assert_eq!(layer.uncompressed_size, 1024);
}

#[test]
fn late_times_are_clamped() {
    let bench = Bench::new();
    let tree = sample();
    let mut clamped = tree.clone();
    clamped.get_mut(&path("usr/share/zürich")).unwrap().mtime = Epoch(7_000);
    // The directories above were made with the same time.
    for place in ["usr/share", "usr"] {
        let node = clamped.get_mut(&path(place)).unwrap();
        node.mtime = node.mtime.min(Epoch(7_000));
    }
    let layer = |tree: &Tree, clamp| {
        write_layer(&bench.store, tree.iter(), &options(1, clamp)).unwrap().digest
    };
    assert_eq!(layer(&tree, Some(Epoch(7_000))), layer(&clamped, None));
    assert_ne!(layer(&tree, None), layer(&clamped, None));
}

#[test]
fn a_damaged_content_names_the_file_and_leaves_nothing() {
    let bench = Bench::new();
    let place = bench.path("pack");
    fs_err::write(&place, "other").unwrap();
    let mut tree = Tree::new();
    let content = Content::from_slice(place.into(), 0, 5, sha256(b"bytes"));
    tree.insert(path("x"), Node::file(0o644, Epoch(0), content)).unwrap();
    let error = write_layer(&bench.store, tree.iter(), &options(2, None)).unwrap_err();
    assert_eq!(error.to_string(), "cannot write the layer `cooperage: a test`");
    assert_eq!(error.source().unwrap().to_string(), "cannot read the content of /x");
    let left = crate::files(&bench.path("store"));
    assert_eq!(left.into_keys().collect::<Vec<_>>(), ["format", "lock"]);
}

#[test]
fn the_bytes_are_those_of_the_format() {
    // When they change, for instance with another libdeflate, LAYER_FORMAT must change with them.
    assert_eq!(oci_writer::LAYER_FORMAT, "layer-3");
    let layer = Bench::new().layer(&sample(), 2);
    assert_eq!(
        layer.digest.to_string(),
        "sha256:0ad64adc8fd475eda7efcecfe9e7663b1dbfed8ead2bea35e591dda1f662e5fd"
    );
}

/// Many small files and a large one, each of which is told by `seed`.
fn many(seed: &str) -> Tree {
    let mut tree = Tree::new();
    for number in 0..600 {
        let text = format!("{seed} {number}\n").repeat(300);
        let node = Node::file(0o644, Epoch(100), Content::from_bytes(text));
        tree.insert_with_parents(path(&format!("usr/lib/{number}")), node).unwrap();
    }
    let large = Node::file(0o644, Epoch(100), Content::from_bytes(seed.repeat(2 << 20)));
    tree.insert_with_parents(path("usr/lib/300-large"), large).unwrap();
    tree
}

fn with_one_more(mut tree: Tree) -> Tree {
    let node = Node::file(0o644, Epoch(100), Content::from_bytes("more"));
    tree.insert_with_parents(path("usr/lib/299-more"), node).unwrap();
    tree
}

#[test]
fn a_layer_does_not_depend_on_those_before_it() {
    for compression in [Compression::gzip(), Compression::zstd()] {
        let together = Bench::new();
        let mut writer = LayerWriter::new(compression, 2);
        for tree in [many("oak"), sample(), Tree::new()] {
            let options = options(1, None);
            let options = oci_writer::LayerOptions { compression, ..options };
            let alone = write_layer(&Bench::new().store, tree.iter(), &options).unwrap();
            let created_by = &options.created_by;
            let again = writer.write(&together.store, tree.iter(), None, created_by).unwrap();
            assert_eq!(again, alone);
        }
    }
}

/// How many groups the store knows.
fn groups(bench: &Bench) -> usize {
    let folder = bench.path("store/derived").join(oci_writer::GROUP_RECORDS);
    crate::files(&folder).len()
}

#[test]
fn what_an_earlier_layer_has_is_not_compressed_again_and_does_not_show() {
    for compression in [Compression::gzip(), Compression::zstd()] {
        let write = |bench: &Bench, tree: &Tree| {
            let options = oci_writer::LayerOptions { compression, ..options(2, None) };
            write_layer(&bench.store, tree.iter(), &options).unwrap()
        };
        let bench = Bench::new();
        let (first, second) = (many("a"), with_one_more(many("a")));
        let alone = write(&Bench::new(), &second);
        let layer = write(&bench, &first);
        let before = groups(&bench);
        assert!(before > 5, "{before}");
        assert_eq!(write(&bench, &first), layer);
        assert_eq!(groups(&bench), before);
        assert_eq!(write(&bench, &second), alone);
        assert_eq!(groups(&bench), before + 1, "only the group of the new file is new");

        // Other contents are other groups.
        let other = write(&bench, &many("b"));
        assert_eq!(write(&Bench::new(), &many("b")), other);
        assert_eq!(groups(&bench), 2 * before + 1);
    }
}

#[test]
fn a_damaged_or_lost_layer_does_no_harm_to_later_ones() {
    let (first, second) = (many("a"), with_one_more(many("a")));
    let alone = Bench::new().layer(&second, 2);
    let damages: [fn(&std::path::Path); 4] = [
        |place| fs_err::remove_file(place).unwrap(),
        |place| fs_err::write(place, "").unwrap(),
        |place| {
            let mut bytes = fs_err::read(place).unwrap();
            bytes.iter_mut().step_by(1000).for_each(|byte| *byte ^= 1);
            fs_err::write(place, bytes).unwrap();
        },
        |place| {
            let bytes = fs_err::read(place).unwrap();
            fs_err::write(place, &bytes[7..]).unwrap();
        },
    ];
    for damage in damages {
        let bench = Bench::new();
        let layer = bench.layer(&first, 2);
        damage(&bench.store.blob(&layer.digest).unwrap().path);
        assert_eq!(bench.layer(&second, 2), alone);
    }
}

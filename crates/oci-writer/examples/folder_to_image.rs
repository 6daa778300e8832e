//! Makes an image of one layer from a folder, and says how large and how fast:
//! `folder_to_image FOLDER STORE OUT [LEVEL [JOBS]]`.
#![expect(clippy::print_stdout, reason = "it shows what it has made")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use filetree::{Tree, TreePath};
use names::{Arch, Epoch};
use oci_writer::{Compression, Image, LayerOptions, RunConfig};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, store, out, rest @ ..] = &arguments[..] else {
        return Err("usage: folder_to_image FOLDER STORE OUT [LEVEL [JOBS]]".into());
    };
    let level = rest.first().map_or(Ok(6), |text| text.parse())?;
    let jobs = rest.get(1).map_or(Ok(2), |text| text.parse())?;

    let mut tree = Tree::new();
    filetree::read_folder(&mut tree, &TreePath::root(), Path::new(folder), jobs)?;
    let store = store::Store::open(Path::new(store))?;
    let options = LayerOptions {
        clamp: None,
        compression: Compression::Gzip { level },
        jobs,
        created_by: format!("folder_to_image {folder}"),
    };
    let start = Instant::now();
    let layer = oci_writer::write_layer(&store, tree.iter(), &options)?;
    let seconds = start.elapsed().as_secs_f64();
    let (from, to) = (layer.uncompressed_size as f64 / 1e6, layer.size as f64 / 1e6);
    println!(
        "level {level}, {jobs} jobs: {from:.1} MB to {to:.1} MB ({:.4}) in {seconds:.2} s, {:.0} MB/s, {}",
        to / from,
        from / seconds,
        layer.digest
    );
    let image = Image {
        arch: Arch::Amd64,
        created: Epoch(0),
        config: RunConfig::default(),
        layers: vec![layer],
        annotations: BTreeMap::new(),
    };
    let manifest = oci_writer::write_image(&store, &image)?;
    oci_writer::write_layout(&store, Path::new(out), &[manifest], "folder:latest")?;
    Ok(())
}

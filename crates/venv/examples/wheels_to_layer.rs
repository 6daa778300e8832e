//! Installs a folder of wheels into a virtual environment and writes it as a layer:
//! `wheels_to_layer WHEELS STORE`. Wheels that the store has unpacked already are not unpacked again.
#![expect(clippy::print_stdout, reason = "it shows what it has made")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use fs_err::File;
use names::{Epoch, PackageName};
use oci_writer::{Compression, LayerOptions};
use store::Store;
use venv::{Layout, Wheel};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, store] = &arguments[..] else {
        return Err("usage: wheels_to_layer WHEELS STORE".into());
    };
    let store = Store::open(Path::new(store))?;
    let layout = Layout {
        prefix: "var/lib/openstack".parse()?,
        python: "/usr/bin/python3.13".to_owned(),
        version: "3.13.5".to_owned(),
    };

    let start = Instant::now();
    let mut trees = BTreeMap::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        let file_name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(project) = file_name.strip_suffix(".whl").and_then(|name| name.split('-').next())
        else {
            continue;
        };
        let mut writer = store.blob_writer()?;
        std::io::copy(&mut File::open(&path)?, &mut writer)?;
        let pack = wheels::unpack(&store, &writer.finish(None)?)?;
        let wheel = Wheel { file_name, pack: &pack, requested: false };
        let tree = venv::install(&layout, &wheel, Epoch(1_795_228_558))?;
        trees.insert(PackageName::new(project)?, tree);
    }
    let merged = venv::merge(venv::skeleton(&layout, Epoch(1_795_228_558))?, &trees)?;
    let installed = start.elapsed();
    let options = LayerOptions {
        clamp: None,
        compression: Compression::Gzip { level: 6 },
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
        created_by: format!("wheels_to_layer {folder}"),
    };
    let layer = oci_writer::write_layer(&store, merged.tree.iter(), &options)?;
    println!(
        "{} wheels: installed in {:.2} s, a layer of {:.1} MB in {:.2} s",
        trees.len(),
        installed.as_secs_f64(),
        layer.size as f64 / 1e6,
        (start.elapsed() - installed).as_secs_f64(),
    );
    Ok(())
}

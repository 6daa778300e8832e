//! Makes an image of one layer from a folder, and says how large and how fast:
//! `folder_to_image FOLDER STORE OUT [LEVEL [JOBS]]`.
#![expect(clippy::print_stdout, reason = "it shows what it has made")]

use std::collections::BTreeMap;
use std::error::Error;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Instant;

use filetree::{Content, Node, Tree, TreePath};
use names::{Arch, Digest, Epoch, Hashing};
use oci_writer::{Compression, Image, LayerOptions, RunConfig};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, store, out, rest @ ..] = &arguments[..] else {
        return Err("usage: folder_to_image FOLDER STORE OUT [LEVEL [JOBS]]".into());
    };
    let level = rest.first().map_or(Ok(6), |text| text.parse())?;
    let jobs = rest.get(1).map_or(Ok(2), |text| text.parse())?;

    let mut tree = Tree::new();
    add(&mut tree, Path::new(folder), &TreePath::root())?;
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

/// Adds what is in `folder`, at `path` of the tree.
fn add(tree: &mut Tree, folder: &Path, path: &TreePath) -> Result<(), Box<dyn Error>> {
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        let name = entry.file_name().into_string().map_err(|_| "a name that is not UTF-8")?;
        let inner = path.join(&name)?;
        let mode = meta.permissions().mode() & 0o7777;
        let time = Epoch(u64::try_from(meta.mtime())?);
        if meta.is_dir() {
            tree.insert(inner.clone(), Node::directory(mode, time))?;
            add(tree, &entry.path(), &inner)?;
        } else if meta.is_symlink() {
            let target = fs_err::read_link(entry.path())?.to_string_lossy().into_owned();
            tree.insert(inner, Node::symlink(target, time))?;
        } else if meta.is_file() {
            let content =
                Content::from_slice(entry.path().into(), 0, meta.len(), digest(&entry.path())?);
            tree.insert(inner, Node::file(mode, time, content))?;
        }
    }
    Ok(())
}

fn digest(path: &Path) -> std::io::Result<Digest> {
    Ok(Hashing::new(fs_err::File::open(path)?).finish_reading()?.0)
}

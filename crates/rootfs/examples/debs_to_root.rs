//! Makes a root file system from a folder of .debs, as a tar archive, and says how long each part took:
//! `debs_to_root DISTRO.toml DEBS STORE OUT.tar`. Nothing is solved: DEBS holds exactly what is installed.
#![expect(clippy::print_stdout, reason = "it shows what it has made")]

use std::error::Error;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use distro::{DistroFile, UnpackedDeb, unpack_deb};
use fs_err::File;
use names::{Arch, Epoch};
use rootfs::{Request, assemble};
use store::Store;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [distro, folder, store, out] = &arguments[..] else {
        return Err("usage: debs_to_root DISTRO.toml DEBS STORE OUT.tar".into());
    };
    let text = fs_err::read_to_string(distro)?;
    let distro = DistroFile::parse(&text, Path::new(distro))
        .map_err(|faults| names::render_faults(&faults))?;
    let store = Store::open(Path::new(store))?;

    let start = Instant::now();
    let mut paths = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            paths.push(path);
        }
    }
    paths.sort();
    let debs = unpack_all(&store, &paths)?;
    let unpacked = start.elapsed();

    let requested = Vec::new();
    let time = Epoch(1_795_228_558);
    let debs: Vec<&UnpackedDeb> = debs.iter().collect();
    let request =
        Request { arch: Arch::Amd64, distro: &distro, debs: &debs, requested: &requested, time };
    let tree = assemble(&request)?;
    let assembled = start.elapsed();

    let mut file = BufWriter::new(File::create(out)?);
    filetree::write_tar(tree.iter(), None, &mut file)?;
    file.flush()?;
    println!(
        "{} packages: unpacked in {:.2} s, assembled in {:.2} s, written in {:.2} s",
        debs.len(),
        unpacked.as_secs_f64(),
        (assembled - unpacked).as_secs_f64(),
        (start.elapsed() - assembled).as_secs_f64(),
    );
    Ok(())
}

/// Each CPU takes the next package when it is done with one.
fn unpack_all(store: &Store, paths: &[PathBuf]) -> Result<Vec<UnpackedDeb>, Box<dyn Error>> {
    let next = Mutex::new(0..paths.len());
    let done = Mutex::new(Vec::new());
    let worker = || {
        loop {
            let Some(index) = next.lock().expect("no thread panics").next() else { return };
            let result = unpack(store, &paths[index]).map_err(|error| error.to_string());
            done.lock().expect("no thread panics").push((index, result));
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(worker);
        }
    });
    let mut done = done.into_inner()?;
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, deb)| deb).collect::<Result<_, _>>()?)
}

fn unpack(store: &Store, path: &Path) -> Result<UnpackedDeb, Box<dyn Error>> {
    let mut writer = store.blob_writer()?;
    std::io::copy(&mut File::open(path)?, &mut writer)?;
    Ok(unpack_deb(store, &writer.finish(None)?)?)
}

//! Makes a package from what is in a folder, for `/opt/NAME`, and says how long it took:
//! `folder_to_package FOLDER NAME VERSION OUT.(deb|rpm) [zstd|xz|gzip [JOBS [unchecked]]]`.
//!
//! The version is one of Python's. A tree, the metadata, one call: that is all that another tool needs.
#![expect(clippy::print_stdout, reason = "it shows what it has made")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use filetree::{Node, Tree, TreePath};
use names::Epoch;
use pkg_writer::version::{self, Revision, Scheme, Stage};
use pkg_writer::{Accounts, Compression, Options, deb, rpm};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, name, version, out, rest @ ..] = &arguments[..] else {
        return Err("usage: folder_to_package FOLDER NAME VERSION OUT [COMPRESSION [JOBS]]".into());
    };
    let compression = match rest.first().map(String::as_str) {
        None | Some("zstd") => Compression::zstd(),
        Some("xz") => Compression::xz(),
        Some("gzip") => Compression::gzip(),
        Some(other) => return Err(format!("`{other}` is not zstd, xz or gzip").into()),
    };
    let mut tree = Tree::new();
    let top: TreePath = format!("opt/{name}").parse()?;
    tree.insert_with_parents(top.clone(), Node::directory(0o755, Epoch(1_795_228_558)))?;
    let jobs = rest.get(1).map_or(Ok(2), |text| text.parse())?;
    filetree::read_folder(&mut tree, &top, Path::new(folder), jobs)?;

    let out = Path::new(out);
    let scratch = out.parent().filter(|parent| !parent.as_os_str().is_empty());
    let options = Options {
        compression,
        jobs,
        epoch: Epoch(1_795_228_558),
        scratch: scratch.map_or(PathBuf::from("."), Path::to_owned),
        check_contents: rest.get(2).is_none(),
        accounts: Accounts::default(),
    };
    let version = constraints::parse_version(version)?;
    let revision = Revision { base: 1, stage: Stage::Main, distro: String::new() };
    let scheme = Scheme { epoch: 0, components: 3, revision };
    let start = Instant::now();
    if out.extension().is_some_and(|extension| extension == "rpm") {
        let version = version::rpm(&version, &scheme)?;
        let package = rpm::Package {
            name: name.clone(),
            epoch: version.epoch,
            version: version.version,
            release: version.release,
            architecture: "x86_64".to_owned(),
            summary: format!("{name}, from a folder"),
            description: format!("What was in {folder}."),
            license: "Apache-2.0".to_owned(),
            left_out: ["opt".parse()?].into(),
            ..rpm::Package::default()
        };
        rpm::save(&tree, &package, &options, out)?;
    } else {
        let package = deb::Package {
            name: name.clone(),
            version: version::debian(&version, &scheme)?,
            architecture: "amd64".to_owned(),
            maintainer: "Jane Doe <jane@example.org>".to_owned(),
            description: format!("{name}, from a folder\nWhat was in {folder}."),
            ..deb::Package::default()
        };
        deb::save(&tree, &package, &options, out)?;
    }
    let size = fs_err::metadata(out)?.len() as f64 / 1e6;
    println!("{}: {size:.1} MB in {:.2} s", out.display(), start.elapsed().as_secs_f64());
    Ok(())
}

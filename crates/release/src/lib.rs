//! Reads `releases/`, `services/` and `overrides/` of a tree into one checked description, and
//! reports every fault with its place.
//!
//! ```no_run
//! use std::path::Path;
//!
//! let tree = release::Tree::read(Path::new("/srv/releases"))
//!     .map_err(|faults| names::render_faults(&faults))?;
//! let keystone = tree.service(&"keystone".parse()?)?;
//! let release = tree.release("2025.2".parse()?)?;
//! println!("{} {}", keystone.description, release.file.series);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod fields;
mod folder;
mod meta_package;
mod release_file;
mod service_file;
mod toml_file;
mod tree;

pub use meta_package::MetaPackage;
pub use release_file::ReleaseFile;
pub use service_file::{
    Bytecode, DEB_SYMBOLS, DebugSymbols, Directory, File, Image, Names, Need, Owner, Package, Part,
    PathPattern, Pattern, Python, RPM_SYMBOLS, Selection, SelectionFile, Service, Sources,
    SystemPackages, Target, Template, Unit, User,
};
pub use tree::{ALL, META, Release, Tree, UnknownName, check};

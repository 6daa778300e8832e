//! Trees and configuration to an OCI image layout.
//!
//! [`write_layer`] streams a tree into a compressed layer of the store, [`write_image`] adds the
//! configuration and the manifest, [`write_layout`] puts images for one or several architectures into
//! a folder that `skopeo`, `umoci` and `podman` read. Equal input gives equal bytes: whatever the
//! number of threads, the place or the day.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use filetree::{Content, Node, Tree};
//! use names::{Arch, Epoch};
//! use oci_writer::{Compression, Image, LayerOptions, RunConfig};
//!
//! let folder = tempfile::tempdir()?;
//! let store = store::Store::open(&folder.path().join("store"))?;
//! let mut tree = Tree::new();
//! let motd = Node::file(0o644, Epoch(0), Content::from_bytes("hello\n"));
//! tree.insert_with_parents("etc/motd".parse()?, motd)?;
//!
//! let options = LayerOptions {
//!     clamp: None,
//!     compression: Compression::default(),
//!     jobs: 2,
//!     created_by: "cooperage: greeting".to_owned(),
//! };
//! let layer = oci_writer::write_layer(&store, tree.iter(), &options)?;
//! let image = Image {
//!     arch: Arch::Amd64,
//!     created: Epoch(1_795_228_558),
//!     config: RunConfig { user: "42424:42424".to_owned(), ..RunConfig::default() },
//!     layers: vec![layer],
//!     annotations: BTreeMap::new(),
//! };
//! let manifest = oci_writer::write_image(&store, &image)?;
//! let out = folder.path().join("oci");
//! oci_writer::write_layout(&store, &out, &[manifest], "greeting:1")?;
//! assert_eq!(oci_writer::validate(&out).unwrap().images.len(), 1);
//!
//! let mut paths = Vec::new();
//! oci_writer::read_image(&out, Arch::Amd64, &mut |path, _| Ok(paths.push(path.to_string())))?;
//! assert_eq!(paths, ["etc", "etc/motd"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod compress;
mod image;
mod layer;
mod layout;
mod model;
mod read;
mod remembered;
mod validate;

pub use image::{Image, ImageError, ManifestBlob, RunConfig, write_image};
pub use layer::{
    Compression, LAYER_FORMAT, Layer, LayerError, LayerOptions, LayerWriter, write_layer,
};
pub use layout::{LayoutError, write_layout};
pub use model::{
    Config, ConfigFile, Descriptor, History, Index, LayoutFile, Manifest, Platform, RootFs,
    media_type,
};
pub use read::{LayerEntry, LayerEntryKind, ReadImageError, read_image};
pub use remembered::GROUP_RECORDS;
pub use validate::{ImageSummary, Problem, Summary, validate};

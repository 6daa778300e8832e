//! Wheels to a Python virtual environment tree.
//!
//! [`skeleton`] makes what `python3 -m venv` makes, [`install`] what an installer makes of one wheel
//! ("binary distribution format" and "recording installed projects" of the PyPA specifications),
//! and [`merge`] puts them together. Nothing is executed and no byte code is written.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use filetree::{Content, Node, Pack};
//! use names::{Epoch, PackageName};
//! use venv::{Layout, Wheel};
//!
//! let layout = Layout {
//!     prefix: "var/lib/openstack".parse()?,
//!     python: "/usr/bin/python3.13".to_owned(),
//!     version: "3.13.5".to_owned(),
//! };
//! // What `wheels::unpack` gives for a wheel with one module and one command.
//! let mut pack = Pack::default();
//! for (path, text) in [
//!     ("tin.py", "def main():\n    return 0\n"),
//!     ("tin-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tin\nVersion: 1\n"),
//!     ("tin-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"),
//!     ("tin-1.dist-info/entry_points.txt", "[console_scripts]\ntin = tin:main\n"),
//! ] {
//!     pack.entries.push((path.parse()?, Node::file(0o644, Epoch(5), Content::from_bytes(text))));
//! }
//! let record: Vec<_> = pack
//!     .entries
//!     .iter()
//!     .filter_map(|(path, node)| match &node.kind {
//!         filetree::Kind::File(content) => Some(wheels::RecordLine {
//!             path: path.to_string(),
//!             hash: Some(wheels::RecordHash::Sha256(content.sha256)),
//!             size: Some(content.size),
//!         }),
//!         _ => None,
//!     })
//!     .collect();
//! let record = Content::from_bytes(wheels::render_record(&record));
//! pack.entries.push(("tin-1.dist-info/RECORD".parse()?, Node::file(0o644, Epoch(5), record)));
//!
//! let wheel = Wheel { file_name: "tin-1-py3-none-any.whl", pack: &pack, requested: true };
//! let tin = venv::install(&layout, &wheel, Epoch(5))?;
//! let all = BTreeMap::from([(PackageName::new("tin")?, tin)]);
//! let environment = venv::merge(venv::skeleton(&layout, Epoch(5))?, &all)?;
//! assert!(environment.tree.at("var/lib/openstack/bin/tin").is_some());
//! assert_eq!(environment.collisions, []);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod install;
mod layout;
mod merge;
mod scripts;
mod verify;

pub use install::{InstallError, Wheel, install};
pub use layout::{Layout, LayoutError, skeleton};
pub use merge::{Collision, MergeError, Merged, merge};
pub use verify::VerifyError;

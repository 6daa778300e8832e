//! Reads `source-refs.yaml`: where the source of each component of a release comes from.
//!
//! ```
//! use std::path::Path;
//! use source_refs::{Source, SourceRefs};
//!
//! let text = "keystone: \"28.1.0\"\nnova: {ref: stable/2025.2, submodules: true}\n";
//! let refs = SourceRefs::parse(text, Path::new("source-refs.yaml")).unwrap();
//! let keystone = refs.get(&"keystone".parse()?).expect("because the file names it");
//! assert_eq!(keystone.source, Source::Release { version: "28.1.0".to_owned() });
//! assert_eq!(keystone.place.to_string(), "source-refs.yaml:1:11");
//! # Ok::<(), names::NameError>(())
//! ```

mod commit;
mod file;
mod long;
mod place;
mod reference;
mod refs;
mod source;

pub use commit::{CommitId, CommitIdError};
pub use place::{GitUrl, GitUrlError, SubFolder, SubFolderError};
pub use reference::{GitReference, GitReferenceError};
pub use refs::{SourceRef, SourceRefs};
pub use source::{GitSource, Source, Submodules};

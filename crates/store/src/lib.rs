//! Content-addressed blobs on disk, verified on the way in, and the [`Fetcher`] seam through which
//! bytes arrive.
//!
//! Nothing enters under a digest that it does not have, and nothing half-written is ever visible:
//! files are written beside their place and renamed into it. Several processes may use one store at
//! once.
//!
//! ```
//! use std::io::Write as _;
//!
//! let folder = tempfile::tempdir()?;
//! let store = store::Store::open(folder.path())?;
//! let mut writer = store.blob_writer()?;
//! writer.write_all(b"hello")?;
//! let blob = writer.finish(None)?;
//! assert_eq!(store.blob(&blob.digest).unwrap().size, 5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod blob;
mod fetcher;
mod folder;

pub use blob::{Blob, BlobError, BlobWriter, DerivedWriter};
pub use fetcher::{Address, Document, FetchError, Fetcher, Want};
pub use folder::{Store, StoreError};

//! Content-addressed blobs on disk, verified on the way in, and the [`Fetcher`] seam through which
//! bytes arrive.
//!
//! Nothing enters under a digest that it does not have, and nothing half-written is ever visible:
//! files are written beside their place and renamed into it. Several processes may use one store at
//! once.
//!
//! [`verify`] reads all files again, [`collect`] removes those that nobody has used for long, and
//! [`export`] and [`import`] carry files to another machine.
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
mod bundle;
mod care;
mod fetcher;
mod folder;
mod inventory;
mod key;
mod record;

pub use blob::{Blob, BlobError, BlobWriter, DerivedWriter};
pub use bundle::{BundleError, export, import};
pub use care::{Collected, DamagedFile, Verified, collect, remove_damaged, verify};
pub use fetcher::{Address, Document, FetchError, Fetcher, Want};
pub use folder::{SoleStore, Store, StoreError};
pub use inventory::{Inventory, InventoryError, StoredFile, Tally};
pub use key::{KeyError, StoreKey};
pub use record::is_whole_record;

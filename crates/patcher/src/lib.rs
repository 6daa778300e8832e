//! Applies series of patches to trees of files: in order, each to the result of the one before, all or
//! nothing, never outside the tree.
//!
//! [`parse`] reads what `git format-patch`, `git diff`, `diff -u` and quilt write. [`apply`] takes the
//! files from a [`Source`] (a [`Folder`], or a map in memory) and gives plain data: the files that
//! change, and where each hunk went. [`status`](status()) tells of each patch of a series by itself, and
//! [`refreshed`] writes where its hunks went into its headers. [`write`](write()) and [`write_copy`] bring that to disk.
//!
//! The result is that of `git apply`, and of `patch --fuzz=0` where both agree; `docs/formats/patches.md`
//! in the repository lists the differences.
//!
//! ```
//! use std::collections::BTreeMap;
//! use patcher::{File, FileKind, Options};
//!
//! let patch = b"Say good evening.
//!
//! --- a/greeting.txt
//! +++ b/greeting.txt
//! @@ -1,2 +1,2 @@
//! -Good morning,
//! +Good evening,
//!  world
//! ";
//! let file = |text: &str| File { bytes: text.into(), kind: FileKind::Plain };
//! let tree = BTreeMap::from([("greeting.txt".to_owned(), file("Good morning,\nworld\n"))]);
//! let series = [patcher::parse(patch, "0001-evening.patch")?];
//! let applied = patcher::apply(&tree, &series, &Options::default())?;
//! assert_eq!(applied.files["greeting.txt"], Some(file("Good evening,\nworld\n")));
//! assert!(applied.is_exact());
//!
//! let error = patcher::apply(&BTreeMap::new(), &series, &Options::default()).unwrap_err();
//! assert!(error.to_string().starts_with("0001-evening.patch:3: greeting.txt is not there"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod applied;
mod apply;
mod content;
mod delta;
mod failure;
mod image;
pub mod limits;
mod parse;
mod patch;
mod path;
mod paths;
mod refresh;
mod reverse;
mod series;
mod source;
mod state;
mod status;
mod text;
mod write;

pub use applied::{Applied, AppliedPatch, AppliedSection, Placement};
pub use apply::{Options, apply};
pub use failure::{ApplyError, Failure, Mismatch, Nearest, Reason, Remark};
pub use parse::{ParseError, parse};
pub use patch::{
    Action, Binary, BinaryData, Body, FileKind, Hunk, HunkLine, Name, Patch, Section, Side,
};
pub use refresh::refreshed;
pub use series::{SeriesError, read_series};
pub use source::{File, Folder, Source};
pub use status::{Outcome, PatchStatus, status};
pub use write::{WriteError, write, write_copy};

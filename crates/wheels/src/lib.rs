//! Read Python package indexes and wheels, choose by tag, walk the closure, unpack.
//!
//! - [`ProjectPage`]: the files of a project, from an index in HTML or JSON.
//! - [`WheelName`], [`Target`]: which wheels a machine can install, and which of them is best.
//! - [`closure`]: what some requirements need under the constraints of a release, as exact files.
//! - [`Locator`]: fetches locked wheels, without any page of the index where that is possible.
//! - [`Metadata`], [`WheelInfo`], [`EntryPoints`], [`parse_record`]: the texts inside a wheel.
//! - [`unpack`], [`unpack_sdist`]: a wheel or a source archive as a pack of its files.
//! - [`normalize_wheel`]: equal bytes for a wheel that was built twice.
//!
//! Nothing here knows a host or the machine that it runs on: markers and tags are those of the
//! target.
//!
//! ```
//! use constraints::Environment;
//! use names::Arch;
//! use wheels::{Target, WheelName};
//!
//! let environment = Environment::linux("3.13.5", Arch::Arm64)?;
//! let trixie = Target { environment, glibc: (2, 41) };
//! let ranks = trixie.ranks();
//! let wheel = WheelName::parse("yappi-1.7.3-cp313-cp313-manylinux_2_28_aarch64.whl")?;
//! assert!(ranks.of(&wheel).is_some());
//! let other = WheelName::parse("yappi-1.6.10-cp313-cp313-manylinux_2_17_x86_64.whl")?;
//! assert!(ranks.of(&other).is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod closure;
mod counting;
mod dist_info;
mod entry_points;
mod file_name;
mod headers;
mod index;
mod inflate;
mod locator;
mod locked;
mod metadata;
mod normalize;
mod python;
mod record;
mod sdist;
mod tags;
mod unpack;
mod wheel_info;

pub use closure::{
    Chain, Closure, ClosureError, ClosureErrors, ClosureWheel, Given, Request, Root, Step, closure,
};
pub use dist_info::WheelMetadataError;
pub use entry_points::{EntryPoint, EntryPoints, EntryPointsError};
pub use file_name::{SdistName, WheelName, WheelNameError};
pub use index::{ACCEPT, File, LONGEST_PAGE, PageError, ProjectPage};
pub use locator::{LocateError, Locator};
pub use locked::LockedWheel;
pub use metadata::{Metadata, MetadataError};
pub use normalize::{NormalizeError, normalize_wheel};
pub use python::python_allowed;
pub use record::{RecordError, RecordHash, RecordLine, parse_record, render_record};
pub use sdist::{SdistError, unpack_sdist};
pub use tags::{Ranks, Target};
pub use unpack::{UnpackError, unpack};
pub use wheel_info::{WheelInfo, WheelInfoError};

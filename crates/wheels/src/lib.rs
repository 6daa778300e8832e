//! Read Python package indexes and wheels, choose by tag, walk the closure, unpack.

mod closure;
mod dist_info;
mod entry_points;
mod file_name;
mod headers;
mod index;
mod locator;
mod locked;
mod metadata;
mod python;
mod record;
mod tags;
mod unpack;
mod wheel_info;

pub use closure::{
    Chain, Closure, ClosureError, ClosureErrors, ClosureWheel, Request, Root, Step, closure,
};
pub use dist_info::WheelMetadataError;
pub use entry_points::{EntryPoint, EntryPoints, EntryPointsError};
pub use file_name::{SdistName, WheelName, WheelNameError};
pub use index::{ACCEPT, File, LONGEST_PAGE, PageError, ProjectPage};
pub use locator::{LocateError, Locator};
pub use locked::LockedWheel;
pub use metadata::{Metadata, MetadataError};
pub use python::python_allowed;
pub use record::{RecordError, RecordHash, RecordLine, parse_record, render_record};
pub use tags::{Ranks, Target};
pub use unpack::{UnpackError, unpack};
pub use wheel_info::{WheelInfo, WheelInfoError};

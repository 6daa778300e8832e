//! Read Python package indexes and wheels, choose by tag, walk the closure, unpack.

mod entry_points;
mod file_name;
mod headers;
mod index;
mod metadata;
mod python;
mod record;
mod tags;
mod unpack;
mod wheel_info;

pub use entry_points::{EntryPoint, EntryPoints, EntryPointsError};
pub use file_name::{SdistName, WheelName, WheelNameError};
pub use index::{ACCEPT, File, LONGEST_PAGE, PageError, ProjectPage};
pub use metadata::{Metadata, MetadataError};
pub use python::python_allowed;
pub use record::{RecordError, RecordHash, RecordLine, parse_record, render_record};
pub use tags::{Ranks, Target};
pub use unpack::{UnpackError, unpack};
pub use wheel_info::{WheelInfo, WheelInfoError};

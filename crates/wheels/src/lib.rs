//! Read Python package indexes and wheels, choose by tag, walk the closure, unpack.

mod entry_points;
mod headers;
mod metadata;
mod python;
mod record;
mod unpack;
mod wheel_info;

pub use entry_points::{EntryPoint, EntryPoints, EntryPointsError};
pub use metadata::{Metadata, MetadataError};
pub use python::python_allowed;
pub use record::{RecordError, RecordHash, RecordLine, parse_record, render_record};
pub use unpack::{UnpackError, unpack};
pub use wheel_info::{WheelInfo, WheelInfoError};

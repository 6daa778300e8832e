//! Reads .deb files (deb(5)): once from the archive into a pack file of the store, afterwards from
//! there.

mod ar;
mod control;
mod data;
mod inspect;
mod members;
mod stanza;
mod unpack;

pub use control::{Activation, Conffile, ControlFile, Interest, Triggers, UnpackedDeb};
pub use inspect::{InspectedDeb, inspect_deb};
pub use stanza::{Stanza, StanzaError};
pub use unpack::{DEB_KIND, DebError, DebFault, unpack_deb};

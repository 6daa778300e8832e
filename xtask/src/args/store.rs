//! Arguments of the commands that look after the store.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::Target;

#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Tell what the store holds
    #[command(after_help = "Prints `kind files bytes`, one kind a line.\n\n\
        Example:\n  cooperage store info --store /srv/store")]
    Info,
    /// Read all files again and find those that are damaged
    Verify(VerifyStore),
    /// Remove what no build has used for long
    Gc(Collect),
    /// Write files of the store to a bundle for another machine
    Export(Export),
    /// Take the files of a bundle into the store
    Import(Import),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Prints `name: what is wrong` for each damaged file, and ends with 5 if there is one. \
What was removed is fetched or made again by the next build.\n\nExample:\n  cooperage store verify --remove"
)]
pub(crate) struct VerifyStore {
    /// Remove the files that are damaged
    #[arg(long)]
    pub(crate) remove: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Removes what was neither made nor used in the last days, but for what a lock of the \
tree names. Nothing is removed while another cooperage uses the store.\n\nExamples:\n  \
cooperage store gc\n  cooperage store gc --keep-days 0"
)]
pub(crate) struct Collect {
    /// Keep what was used within this number of days
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(crate) keep_days: u32,
}

#[derive(Debug, Args)]
#[command(
    after_help = "The bundle is a tar archive, the same to the bit for the same files. It prints the \
digest of the bundle.\n\nExamples:\n  \
cooperage store export keystone.tar --for keystone 2025.2\n  \
cooperage store export layers.tar layer-3\n  \
cooperage store export one.tar sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)]
pub(crate) struct Export {
    /// The bundle to write
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// The files: sha256:HEX, KIND/HEX, or KIND for all of that kind; `store info` tells the kinds
    #[arg(required_unless_present = "service")]
    pub(crate) key: Vec<String>,
    /// All packages and wheels that a build of SERVICE of RELEASE takes, those that were built here too
    #[arg(long = "for", value_names = ["SERVICE", "RELEASE"], num_args = 2)]
    pub(crate) service: Vec<String>,
    #[command(flatten)]
    pub(crate) target: Target,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Every file is verified before it enters. What was made on the other machine is taken \
as it is: import what you would also run. Prints the names of the files that are new, one a \
line.\n\nExample:\n  cooperage store import keystone.tar"
)]
pub(crate) struct Import {
    /// The bundle to read
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
}

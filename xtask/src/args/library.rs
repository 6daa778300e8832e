//! The arguments of the commands for single libraries, and of `plan`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use names::{DistroId, ReleaseId, ServiceName};

use super::{Compression, Format, Target};

#[derive(Debug, Args)]
#[command(
    after_help = "Prints a step a line: `there` if its result is in the store, `make` if it would be \
assembled, `run` if code would be run for it in the sandbox. Works offline.\n\nExamples:\n  \
cooperage plan keystone 2025.2 --arch amd64,arm64\n  cooperage plan keystone 2025.2 --format oci,deb,rpm"
)]
pub(crate) struct Plan {
    /// The service, such as keystone
    pub(crate) service: ServiceName,
    /// The release, such as 2025.2
    pub(crate) release: ReleaseId,
    #[command(flatten)]
    pub(crate) target: Target,
    /// What would be made: oci,deb,rpm [default: oci]
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) format: Vec<Format>,
    /// The distribution that rpms would be made for, where that of --distro is one of .debs
    #[arg(long, value_name = "DISTRO", default_value = "fedora-42")]
    pub(crate) rpm_distro: DistroId,
    /// As build has it: the source is a folder
    #[arg(long, value_name = "SERVICE=DIR")]
    pub(crate) source: Vec<String>,
    /// How layers would be compressed
    #[arg(long, value_enum, default_value_t = Compression::Gzip)]
    pub(crate) compression: Compression,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Prints the names of packages in the order of the file, one a line, as bindep -b -l \
newline does on such a system. Without a profile, `default` is active.\n\nExamples:\n  \
cooperage bindep bindep.txt\n  \
cooperage bindep bindep.txt --platform ubuntu-noble compile test\n  \
cooperage bindep bindep.txt --os-release /srv/root/etc/os-release --compat"
)]
pub(crate) struct Bindep {
    /// The file
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// The distribution that the packages are for, by its code name or version: ubuntu-24.04
    #[arg(long, value_name = "DISTRO", default_value = "debian-trixie")]
    pub(crate) platform: String,
    /// Read what the distribution is from this os-release file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "platform")]
    pub(crate) os_release: Option<PathBuf>,
    /// Take all that bindep takes, mistakes too
    #[arg(long)]
    pub(crate) compat: bool,
    /// The profiles that are active
    pub(crate) profile: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Patches {
    /// Apply patches to a folder: all of them, or none
    #[command(
        after_help = "Patches are applied in the order in which they are named, each to the result of \
the one before. Prints the files that have changed.\n\nExamples:\n  \
cooperage patches apply --source keystone-28.1.0 0001-fix.patch 0002-more.patch\n  \
cooperage patches apply --source keystone-28.1.0 --out patched patches/keystone/2025.2/*.patch"
    )]
    Apply(ApplyPatches),
    /// Tell of each patch of the tree whether it applies to its source
    #[command(
        after_help = "Prints a patch a line: what becomes of it, the component, the release, the file. \
`applies`, `offset` (hunks are elsewhere than the patch says), `upstream` (the source has it: delete the \
patch), `conflict`, `orphan` (there is no such component or release) or `unreadable`; below it, with two \
blanks in front, the hunks and what is in their place. Each patch is tried on the result of those before \
it that apply. Sources that are not in the store are fetched.\n\nExamples:\n  \
cooperage patches status\n  \
cooperage patches status 2025.2 --json"
    )]
    Status(SomeRelease),
    /// Write into the patches of the tree where their hunks apply
    #[command(
        after_help = "Changes the line numbers of patches that apply elsewhere than they say, and nothing \
else. Prints the patches that were written.\n\nExample:\n  cooperage patches refresh 2025.2"
    )]
    Refresh(SomeRelease),
}

#[derive(Debug, Args)]
pub(crate) struct SomeRelease {
    /// The release [default: all of the tree]
    pub(crate) release: Option<ReleaseId>,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyPatches {
    /// The folder with the source
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) source: PathBuf,
    /// Write the patched source into this new folder, and leave the source as it is
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: Option<PathBuf>,
    /// How many lines of context at each end of a hunk may differ
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) fuzz: usize,
    /// The patches
    #[arg(required = true, value_hint = ValueHint::FilePath)]
    pub(crate) patch: Vec<PathBuf>,
}

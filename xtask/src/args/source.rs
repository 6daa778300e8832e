//! The arguments of the commands for repositories of sources.

use clap::{Args, Subcommand};
use names::{DistroId, ReleaseId};

#[derive(Debug, Subcommand)]
pub(crate) enum Source {
    /// Print the version that PBR gives a commit
    #[command(
        after_help = "The repository is an address or a folder. As much of the history is fetched as the \
version takes.\n\nExamples:\n  \
cooperage source version https://example.org/openstack/keystone stable/2025.2\n  \
cooperage source version ../keystone 28.1.0"
    )]
    Version(SourceVersion),
    /// Print the commit that the source of a component is at this moment
    #[command(
        after_help = "Prints the commit, the full name of the reference and the address that told it; of a \
release its version. What the lock has is told on standard error. Nothing is changed.\n\nExample:\n  \
cooperage source resolve 2025.2 keystone"
    )]
    Resolve(ResolveSource),
}

#[derive(Debug, Args)]
pub(crate) struct SourceVersion {
    /// The repository: https://..., ssh://..., or a folder
    pub(crate) repository: String,
    /// The commit, or a branch, a tag, refs/... or gerrit:NUMBER
    pub(crate) commit: String,
}

#[derive(Debug, Args)]
pub(crate) struct ResolveSource {
    /// The release, such as 2025.2
    pub(crate) release: ReleaseId,
    /// The service or library, such as keystone
    pub(crate) component: String,
    /// The distribution whose lock is compared
    #[arg(long, default_value = "debian-trixie")]
    pub(crate) distro: DistroId,
}

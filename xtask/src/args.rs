//! What the user typed, and nothing more.

mod library;
mod query;
mod repo;
mod source;
mod store;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use names::{Arch, DistroId, ReleaseId, ServiceName};

pub(crate) use library::{ApplyPatches, Bindep, Patches, Plan, SomeRelease};
pub(crate) use query::{
    Closure, DiffConstraints, Doctor, ExplainConstraint, Packages, ShowConstraints,
};
pub(crate) use repo::{
    ChannelOptions, CollectRepo, ExtraOptions, GateOptions, IndexFolder, InitChannel, ListRepo,
    Pinning, Promote, Publish, RemovePackages, Repo, Rollback, ServeRepo, SignOptions, VerifyRepo,
};
pub(crate) use source::{ResolveSource, Source, SourceVersion};
pub(crate) use store::{Collect, Export, Import as ImportStore, Store, VerifyStore};

/// Build OpenStack images, from pinned releases, without a daemon, without root, and without
/// running foreign code.
#[derive(Debug, Parser)]
#[command(
    name = "cooperage",
    version,
    max_term_width = 100,
    after_help = "Examples:\n  \
        cooperage check\n  \
        cooperage build keystone 2025.2 --locked\n  \
        cooperage help build\n\n\
        Exit codes: 0 done, 1 a bug, 2 bad input, 3 upstream or the network, 4 a build step failed,\n\
        5 verification failed."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The heading of the options that every command has.
const EVERYWHERE: &str = "Options of every command";

#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The tree with releases/, services/ and distros/ [default: the nearest folder above]
    #[arg(help_heading = EVERYWHERE, long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) root: Option<PathBuf>,
    /// The content store [default: ~/.cache/cooperage]
    #[arg(help_heading = EVERYWHERE, long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) store: Option<PathBuf>,
    /// Use this address for an archive: debian=/srv/debian, or an http or https URL
    #[arg(help_heading = EVERYWHERE, long, global = true, value_name = "ARCHIVE=URL")]
    pub(crate) mirror: Vec<String>,
    /// Use the store alone, never the network
    #[arg(help_heading = EVERYWHERE, long, global = true)]
    pub(crate) offline: bool,
    /// Print the result as JSON
    #[arg(help_heading = EVERYWHERE, long, global = true)]
    pub(crate) json: bool,
    /// Say nothing but errors and the result
    #[arg(help_heading = EVERYWHERE, long, short, global = true)]
    pub(crate) quiet: bool,
    /// Work for one of several CPUs each [default: the number of CPUs]
    #[arg(help_heading = EVERYWHERE, long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build the image of a service, or a package of it
    #[command(after_help = "Examples:\n  \
        cooperage build keystone 2025.2\n  \
        cooperage build keystone 2025.2 --format oci,deb,rpm\n  \
        cooperage build keystone 2025.2 --distro el10\n  \
        cooperage build keystone 2025.2 --locked --offline --out /srv/images\n  \
        cooperage build keystone 2025.2 --source keystone=../keystone\n  \
        cooperage build meta 2025.2 --format deb,rpm\n\n\
        SOURCE_DATE_EPOCH clamps all times of the image, as reproducible-builds.org says.")]
    Build(Build),
    /// Write, check or move the locks
    #[command(after_help = "Examples:\n  \
        cooperage lock 2025.2 keystone         what is missing or stale is chosen, the rest stays\n  \
        cooperage lock 2025.2 --check          offline: do the locks follow from the tree?\n  \
        cooperage lock 2025.2 --outdated       what do the mirrors have that is newer?\n  \
        cooperage lock 2025.2 --update openssl one package moves, and nothing else")]
    Lock(Lock),
    /// Check every file of the tree
    #[command(after_help = "Example:\n  cooperage check --root /srv/releases")]
    Check,
    /// Work on upper constraints
    #[command(subcommand)]
    Constraints(Constraints),
    /// List the packages of a distribution that some packages need
    Packages(Packages),
    /// List the Python projects that some requirements need
    Closure(Closure),
    /// Tell what a build would do, and what of it is in the store
    Plan(Plan),
    /// List the packages that a bindep file asks for
    Bindep(Bindep),
    /// Work with patches
    #[command(subcommand)]
    Patches(Patches),
    /// Ask repositories of sources
    #[command(subcommand)]
    Source(Source),
    /// Tell what this machine has for a build: mirrors, certificates, proxies, store
    Doctor(Doctor),
    /// Prove that an image and its packages hold the same
    VerifyEquivalence(VerifyEquivalence),
    /// Publish packages in apt and yum repositories
    #[command(subcommand)]
    Repo(Repo),
    /// Look after the content store
    #[command(subcommand)]
    Store(Store),
    /// Race against the tools that make the same things, on this machine
    #[command(after_help = "Examples:\n  \
        cooperage bench                    every race, some minutes\n  \
        cooperage bench --runs 5 base venv\n\n\
        Only in a checkout of Cooperage, as root; benches/races names the packages that it needs.")]
    Bench(Bench),
    /// Print the completions of a shell
    #[command(after_help = "Examples:\n  \
        cooperage completions bash >/etc/bash_completion.d/cooperage\n  \
        cooperage completions zsh >\"${fpath[1]}/_cooperage\"")]
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page of the command or of one of its commands
    #[command(after_help = "Examples:\n  \
        cooperage man | man -l -\n  \
        cooperage man store gc\n  \
        cooperage man --out /usr/local/share/man/man1")]
    Man {
        /// The command, such as `build` or `store gc`
        command: Vec<String>,
        /// Write the pages of all commands into this folder
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "command")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Build {
    /// The service, such as keystone; `all` for every recipe that the release has a source for, and its meta
    /// package; `meta` for that alone
    pub(crate) service: ServiceName,
    /// The releases: 2025.1,2025.2
    #[arg(required = true, value_delimiter = ',')]
    pub(crate) release: Vec<ReleaseId>,
    #[command(flatten)]
    pub(crate) target: Target,
    /// What is made: oci,deb,rpm [default: oci, or rpm where the distribution is one of rpms]
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) format: Vec<Format>,
    /// The distribution that rpms are made for, where that of --distro is one of .debs
    #[arg(long, value_name = "DISTRO", default_value = "fedora-42")]
    pub(crate) rpm_distro: DistroId,
    /// Fail where the locks are missing, stale or no longer served
    #[arg(long)]
    pub(crate) locked: bool,
    /// Build a service from a folder as it is now, and leave the locks of the tree as they are
    #[arg(long, value_name = "SERVICE=DIR")]
    pub(crate) source: Vec<String>,
    /// How layers are compressed: gzip, which everything reads, or zstd, which is smaller
    #[arg(long, value_enum, default_value_t = Compression::Gzip)]
    pub(crate) compression: Compression,
    /// The file that names the keys: the first one for `package` signs packages
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) signing: Option<PathBuf>,
    /// Where the results go, below RELEASE/SERVICE/ [default: out/ in the tree]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Format {
    /// An OCI image
    Oci,
    /// A Debian package
    Deb,
    /// An RPM package
    Rpm,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Compression {
    Gzip,
    Zstd,
}

#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The distribution of the image
    #[arg(long, default_value = "debian-trixie")]
    pub(crate) distro: DistroId,
    /// The architectures of the image: amd64,arm64
    #[arg(long, value_name = "ARCH", value_delimiter = ',')]
    pub(crate) arch: Vec<Arch>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Reads what `build --format oci,deb,rpm` has written. Prints for each package how many \
paths it and the image have, or an rpm and the Debian package; then `carries PATH` for files that are equal once the prefix is replaced, and `record PATH` \
for lists of digests of these. Ends with 5 where anything else differs.\n\nExample:\n  \
cooperage build keystone 2025.2 --format oci,deb,rpm\n  cooperage verify-equivalence keystone 2025.2"
)]
pub(crate) struct VerifyEquivalence {
    /// The service, such as keystone
    pub(crate) service: ServiceName,
    /// The release, such as 2025.2
    pub(crate) release: ReleaseId,
    /// Where the results are, below RELEASE/SERVICE/ [default: out/ in the tree]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Lock {
    /// The release, such as 2025.2
    pub(crate) release: ReleaseId,
    /// The services [default: those that are locked already]
    pub(crate) service: Vec<ServiceName>,
    #[command(flatten)]
    pub(crate) target: Target,
    /// Only tell, offline, whether the locks follow from the tree
    #[arg(long, conflicts_with_all = ["outdated", "update"])]
    pub(crate) check: bool,
    /// Only tell what the mirrors have that is newer
    #[arg(long, conflicts_with = "update")]
    pub(crate) outdated: bool,
    /// Move to what is newest: everything, or the packages that are named
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    pub(crate) update: Vec<String>,
    /// Take suites that are older than those that the lock was made from
    #[arg(long, conflicts_with = "check")]
    pub(crate) allow_older: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Constraints {
    /// Write releases/RELEASE/upper-constraints.txt from another file
    #[command(
        after_help = "Example:\n  cooperage constraints import 2025.2 upper-constraints.txt \\\n    \
        --source \"openstack/requirements stable/2025.2\" --commit 0123abc --date 2025-11-21"
    )]
    Import(Import),
    /// Print the pins of a release, as its overrides change them
    Show(ShowConstraints),
    /// Tell what the overrides of a release change, or how two releases differ
    Diff(DiffConstraints),
    /// Tell of one project where its pin is written, why, what it replaced, and what is locked
    Explain(ExplainConstraint),
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// The races: locked, warm, nothing, base, venv, wheels, solve [default: all]
    #[arg(value_parser = ["locked", "warm", "nothing", "base", "venv", "wheels", "solve"])]
    pub(crate) race: Vec<String>,
    /// How often each is run; the median counts
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=100))]
    pub(crate) runs: Option<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The release, such as 2025.2
    pub(crate) release: ReleaseId,
    /// The file, or a URL
    pub(crate) from: String,
    /// Where the pins come from, for the header: "openstack/requirements stable/2025.2"
    #[arg(long)]
    pub(crate) source: String,
    /// The commit that they were taken from
    #[arg(long)]
    pub(crate) commit: Option<String>,
    /// The date of that commit
    #[arg(long)]
    pub(crate) date: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_sound() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn every_command_and_option_is_explained() {
        fn explained(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            assert!(command.get_about().is_some(), "{path} has no help");
            let leaf = command.get_subcommands().next().is_none();
            assert!(!leaf || command.get_after_help().is_some(), "{path} has no example");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{path} {} has no help", argument.get_id());
            }
            command.get_subcommands().for_each(|command| explained(command, &path));
        }
        explained(&super::Cli::command(), "");
    }
}

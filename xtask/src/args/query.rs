//! Arguments of the commands that answer a question.

use clap::Args;
use names::{Arch, DistroId, PackageName, ReleaseId};

/// What a question is about: one distribution and one architecture.
#[derive(Debug, Args)]
pub(crate) struct Machine {
    /// The distribution
    #[arg(long, value_name = "DISTRO", default_value = "debian-trixie")]
    pub(crate) distro: DistroId,
    /// The architecture
    #[arg(long, value_name = "ARCH", default_value = "amd64")]
    pub(crate) arch: Arch,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Prints `name version`, one a line, by name: what `apt-get install` would add to an \
empty system. Packages that are Essential are not implied; --base full takes them, and all that the base \
of images holds.\n\nExamples:\n  \
cooperage packages debian-trixie python3 libpq5\n  \
cooperage packages debian-trixie --base full --arch arm64 apache2"
)]
pub(crate) struct Packages {
    /// The distribution, such as debian-trixie
    pub(crate) distro: DistroId,
    /// The packages
    #[arg(required_unless_present = "base")]
    pub(crate) name: Vec<String>,
    /// The architecture
    #[arg(long, value_name = "ARCH", default_value = "amd64")]
    pub(crate) arch: Arch,
    /// Take recommended packages too
    #[arg(long)]
    pub(crate) recommends: bool,
    /// Take a base of the distribution too: full
    #[arg(long, value_name = "BASE")]
    pub(crate) base: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Prints `name==version`, one a line, by name. A project that is asked for with `==` is \
what is being built, and no constraint of the release pins it. --json tells the files, and which versions \
no constraint pins (`open`).\n\nExamples:\n  \
cooperage closure 2025.2 keystone==28.1.0 pymysql\n  \
cooperage closure 2025.2 'keystone[ldap]==28.1.0' --python 3.12 --arch arm64 --json"
)]
pub(crate) struct Closure {
    /// The release whose constraints count, such as 2025.2
    pub(crate) release: ReleaseId,
    // Not a doc comment: there the brackets would be a link.
    #[arg(required = true, help = "The requirements, such as 'keystone[ldap]==28.1.0'")]
    pub(crate) requirement: Vec<String>,
    /// The version of Python [default: that of the distribution]
    #[arg(long, value_name = "VERSION")]
    pub(crate) python: Option<String>,
    #[command(flatten)]
    pub(crate) machine: Machine,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Prints `name===version` or `name===version;marker`, one a line, by name: a file of \
constraints for other tools. Ranges and addresses of the overrides are printed as they are written.\n\nExamples:\n  \
cooperage constraints show 2025.2 >constraints.txt\n  \
cooperage constraints show 2025.2 --why sqlalchemy"
)]
pub(crate) struct ShowConstraints {
    /// The release, such as 2025.2
    pub(crate) release: ReleaseId,
    /// Tell of one project where its pin is written, why, and what it replaced
    #[arg(long, value_name = "NAME")]
    pub(crate) why: Option<PackageName>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Prints a change a line: `+` for what is pinned besides, `-` for what is not pinned any \
more, `~` for what is pinned otherwise; of overrides with the line and, below it, the reason. Overrides \
of projects that no lock of the release has are marked.\n\nExamples:\n  \
cooperage constraints diff 2025.2\n  \
cooperage constraints diff 2025.1 2025.2"
)]
pub(crate) struct DiffConstraints {
    /// The release [default: all of the tree]
    pub(crate) release: Option<ReleaseId>,
    /// Another one, to compare with the first, overrides of both included
    pub(crate) other: Option<ReleaseId>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Without a release, every release that names the project is told of.\n\nExamples:\n  \
cooperage constraints explain cryptography\n  \
cooperage constraints explain 2025.2 cryptography"
)]
pub(crate) struct ExplainConstraint {
    /// The release, if one alone is meant, and the project
    #[arg(required = true, num_args = 1..=2, value_names = ["RELEASE", "NAME"])]
    pub(crate) word: Vec<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Ends with 3 where a mirror that a build needs does not answer.\n\nExamples:\n  \
cooperage doctor\n  cooperage doctor --offline --json"
)]
pub(crate) struct Doctor {
    /// The distribution whose mirrors are asked
    #[arg(long, value_name = "DISTRO", default_value = "debian-trixie")]
    pub(crate) distro: DistroId,
}

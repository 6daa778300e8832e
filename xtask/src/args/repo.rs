//! Arguments of the commands that publish packages.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use pkg_repo::ChannelName;

#[derive(Debug, Subcommand)]
pub(crate) enum Repo {
    /// Make a channel: a suite of apt, or a repository of yum
    Init(InitChannel),
    /// Publish packages in a channel, through the version gate
    Publish(Publish),
    /// Publish packages of one channel in another one, by their digests
    Promote(Promote),
    /// Take packages out of a channel, or the whole channel away
    Remove(RemovePackages),
    /// Make a channel what it was in an earlier snapshot
    Rollback(Rollback),
    /// Sign a channel anew at the present time
    Refresh(Refresh),
    /// Publish groups and advisories with a repository of yum
    Extras(SetExtras),
    /// Index the rpms of a folder where they lie
    Index(IndexFolder),
    /// List channels, packages or snapshots
    List(ListRepo),
    /// Check that everything is there and is what the signed indexes say
    Verify(VerifyRepo),
    /// Remove old snapshots, and what none of the others has
    Gc(CollectRepo),
    /// Serve a repository over HTTP
    Serve(ServeRepo),
}

/// Who signs: one of the two must be said.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct SignOptions {
    /// The file that names the keys: those for `repository` sign
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) signing: Option<PathBuf>,
    /// Publish without a signature
    #[arg(long)]
    pub(crate) unsigned: bool,
}

/// What the version gate lets through.
#[derive(Debug, Args)]
pub(crate) struct GateOptions {
    /// Let an older version replace a newer one
    #[arg(long)]
    pub(crate) allow_downgrade: bool,
    /// These are a part of what their sources make: drop no other package of them
    #[arg(long)]
    pub(crate) part: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "A channel that is there with the same settings stays as it is.\n\n\
Examples:\n  \
cooperage repo init /srv/repo apt:trixie --arch amd64,arm64 --signing signing.toml\n  \
cooperage repo init /srv/repo apt:CR-1234 --arch amd64 --pinning manual --unsigned\n  \
cooperage repo init /srv/repo yum:el10 --signing signing.toml")]
pub(crate) struct InitChannel {
    /// The folder of the repository
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// The channel: apt:SUITE or yum:NAME
    pub(crate) channel: ChannelName,
    #[command(flatten)]
    pub(crate) options: ChannelOptions,
    #[command(flatten)]
    pub(crate) sign: SignOptions,
}

/// What a channel says of itself.
#[derive(Debug, Args)]
pub(crate) struct ChannelOptions {
    /// Who publishes it
    #[arg(long, default_value = "")]
    pub(crate) origin: String,
    /// The name of the archive
    #[arg(long, default_value = "")]
    pub(crate) label: String,
    /// A line about it
    #[arg(long, default_value = "")]
    pub(crate) description: String,
    /// The codename of an apt suite [default: the suite]
    #[arg(long)]
    pub(crate) codename: Option<String>,
    /// The components of an apt suite
    #[arg(long, value_delimiter = ',', default_value = "main")]
    pub(crate) component: Vec<String>,
    /// The architectures of an apt suite
    #[arg(long, value_delimiter = ',', default_value = "amd64")]
    pub(crate) arch: Vec<String>,
    /// For how many days clients of an apt suite believe an index [default: for ever]
    #[arg(long, value_name = "N")]
    pub(crate) valid_days: Option<u32>,
    /// How many versions of each package are kept
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) keep: u16,
    /// What apt takes from the suite unasked
    #[arg(long, value_enum, default_value_t = Pinning::Normal)]
    pub(crate) pinning: Pinning,
    /// Compress the indexes of a yum repository with gzip, for systems before el9
    #[arg(long)]
    pub(crate) gzip: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Pinning {
    /// As from any other suite
    Normal,
    /// Upgrades of what was taken from it
    UpgradesOnly,
    /// Nothing
    Manual,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Newer versions come in; the same version with the same content is passed over, \
with other content it is an error; so is an older version. All packages come or none.\n\n\
Examples:\n  \
cooperage repo publish /srv/repo apt:trixie out/2025.2/keystone/deb/*.deb --signing signing.toml\n  \
cooperage repo publish /srv/repo apt:trixie old.deb --allow-downgrade --unsigned"
)]
pub(crate) struct Publish {
    /// The folder of the repository
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// The channel
    pub(crate) channel: ChannelName,
    /// The packages: .deb, .udeb or .rpm
    #[arg(required = true, value_hint = ValueHint::FilePath)]
    pub(crate) package: Vec<PathBuf>,
    /// The component of an apt suite
    #[arg(long, default_value = "main")]
    pub(crate) component: String,
    #[command(flatten)]
    pub(crate) gate: GateOptions,
    #[command(flatten)]
    pub(crate) sign: SignOptions,
}

#[derive(Debug, Args)]
#[command(after_help = "The files stay where they are: both channels are over one pool.\n\n\
Examples:\n  \
cooperage repo promote /srv/repo apt:proposed apt:updates --signing signing.toml\n  \
cooperage repo promote /srv/repo apt:CR-1234 apt:proposed openstack-keystone --unsigned")]
pub(crate) struct Promote {
    /// The folder of the repository
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// The channel that has them
    pub(crate) from: ChannelName,
    /// The channel that gets them
    pub(crate) to: ChannelName,
    /// The packages, as digests or names [default: all]
    pub(crate) package: Vec<String>,
    #[command(flatten)]
    pub(crate) gate: GateOptions,
    #[command(flatten)]
    pub(crate) sign: SignOptions,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Files stay in the pool until `repo gc` finds that no snapshot has them.\n\n\
Examples:\n  \
cooperage repo remove /srv/repo apt:trixie openstack-keystone --signing signing.toml\n  \
cooperage repo remove /srv/repo apt:CR-1234 --channel --unsigned"
)]
pub(crate) struct RemovePackages {
    /// The folder of the repository
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// The channel
    pub(crate) channel: ChannelName,
    /// The packages, as digests or names: all versions of a name
    #[arg(required_unless_present = "whole")]
    pub(crate) package: Vec<String>,
    /// Take the whole channel away
    #[arg(long = "channel", id = "whole", conflicts_with = "package")]
    pub(crate) whole: bool,
    #[command(flatten)]
    pub(crate) sign: SignOptions,
}

#[derive(Debug, Args)]
#[command(
    after_help = "It is a new snapshot, signed at the present time: clients do not go back by \
themselves.\n\nExample:\n  \
cooperage repo list /srv/repo apt:trixie --snapshots\n  \
cooperage repo rollback /srv/repo apt:trixie 00000003-6f1c0a --signing signing.toml"
)]
pub(crate) struct Rollback {
    /// The folder of the repository
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// The channel
    pub(crate) channel: ChannelName,
    /// The snapshot
    pub(crate) snapshot: String,
    #[command(flatten)]
    pub(crate) sign: SignOptions,
}

#[derive(Debug, Args)]
#[command(
    after_help = "For a new key, and before the days of --valid-days are over. Damaged indexes are made anew from the \
packages.\n\nExample:\n  \
cooperage repo refresh /srv/repo apt:trixie --signing signing.toml"
)]
pub(crate) struct Refresh {
    /// The folder of the repository
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// The channel
    pub(crate) channel: ChannelName,
    #[command(flatten)]
    pub(crate) sign: SignOptions,
}

/// What is published with the indexes of yum.
#[derive(Debug, Args)]
pub(crate) struct ExtraOptions {
    /// Groups of packages
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) comps: Option<PathBuf>,
    /// Advisories
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) updateinfo: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "They take the place of those that were there: what is not given goes.\n\nExample:\n  \
cooperage repo extras /srv/repo yum:el10 --comps comps.xml --updateinfo advisories.xml --signing signing.toml"
)]
pub(crate) struct SetExtras {
    /// The folder of the repository
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// The channel: yum:NAME
    pub(crate) channel: ChannelName,
    #[command(flatten)]
    pub(crate) extras: ExtraOptions,
    #[command(flatten)]
    pub(crate) sign: SignOptions,
}

#[derive(Debug, Args)]
#[command(
    after_help = "For a folder that something else looks after: there is no pool, no version gate and no \
snapshot.\nReplaces FOLDER/repodata as createrepo_c does; clients take FOLDER as the baseurl.\n\nExamples:\n  \
cooperage repo index /srv/rpms --signing signing.toml\n  \
cooperage repo index /srv/rpms --comps comps.xml --updateinfo advisories.xml --unsigned"
)]
pub(crate) struct IndexFolder {
    /// The folder; its packages may lie in folders below it
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) extras: ExtraOptions,
    /// Compress the indexes with gzip, for systems before el9
    #[arg(long)]
    pub(crate) gzip: bool,
    #[command(flatten)]
    pub(crate) sign: SignOptions,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Prints channels; of a channel `name version architecture digest`; of snapshots \
`snapshot date packages`, the current one with `current`.\n\nExamples:\n  \
cooperage repo list /srv/repo\n  cooperage repo list /srv/repo apt:trixie --json"
)]
pub(crate) struct ListRepo {
    /// The folder of the repository
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// The channel whose packages are listed
    pub(crate) channel: Option<ChannelName>,
    /// List the snapshots of the channel
    #[arg(long, requires = "channel")]
    pub(crate) snapshots: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Ends with 5 where something is wrong.\n\nExamples:\n  \
cooperage repo verify /srv/repo --keyring /srv/keys/archive.asc\n  \
cooperage repo verify /srv/repo --unsigned --sizes")]
pub(crate) struct VerifyRepo {
    /// The folder of the repository
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// The channel [default: all]
    pub(crate) channel: Option<ChannelName>,
    /// The public keys whose signatures count
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, required_unless_present = "unsigned")]
    pub(crate) keyring: Option<PathBuf>,
    /// The indexes are unsigned on purpose
    #[arg(long, conflicts_with = "keyring")]
    pub(crate) unsigned: bool,
    /// Compare the sizes of packages alone, and do not read them
    #[arg(long)]
    pub(crate) sizes: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "It waits until nobody publishes; clients read on. What a channel is at always \
stays.\n\nExample:\n  cooperage repo gc /srv/repo --keep-count 10 --keep-days 60"
)]
pub(crate) struct CollectRepo {
    /// The folder of the repository
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// Keep this number of snapshots of each channel
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) keep_count: u32,
    /// Keep snapshots of this number of days
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub(crate) keep_days: u32,
}

#[derive(Debug, Args)]
#[command(
    after_help = "It serves what is for clients: dists/, yum/, pool/ and keys/. Publishers need not \
wait.\nWhere strangers can reach it, put a server in front that speaks TLS.\n\n\
Examples:\n  \
cooperage repo serve /srv/repo\n  \
cooperage repo serve /srv/repo --listen [::]:8080 --quiet"
)]
pub(crate) struct ServeRepo {
    /// The folder of the repository
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// Where to wait for clients; port 0 is any that is free
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8000")]
    pub(crate) listen: SocketAddr,
}

//! What a maintainer script does to a fresh root, as data.

use names::Arch;
use serde::{Deserialize, Serialize};

use super::Capability;

/// One thing that a maintainer script does to a fresh root. Paths are absolute, as in the scripts;
/// owners are names of the root's own `/etc/passwd` and `/etc/group`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Effect {
    /// A directory is made, unless it is there.
    #[serde(rename_all = "kebab-case")]
    Directory {
        /// The directory.
        path: String,
        /// Its permission bits.
        #[serde(default = "directory_mode")]
        mode: u32,
        /// Its owner.
        #[serde(default = "root")]
        user: String,
        /// Its group.
        #[serde(default = "root")]
        group: String,
    },
    /// A file is copied with its mode, owner and time, unless the other one is there.
    #[serde(rename_all = "kebab-case")]
    Copy {
        /// The file that some package has.
        from: String,
        /// The copy.
        to: String,
    },
    /// A file is written, unless it is there.
    #[serde(rename_all = "kebab-case")]
    File {
        /// The file.
        path: String,
        /// What it holds; nothing by default.
        #[serde(default)]
        text: String,
        /// Its permission bits.
        #[serde(default = "file_mode")]
        mode: u32,
        /// Its group.
        #[serde(default = "root")]
        group: String,
    },
    /// A list of what could be chosen is written, nothing of it chosen, unless it is there: the lines of a
    /// file that begin with a letter, in order, each once and behind `# `.
    #[serde(rename_all = "kebab-case")]
    Commented {
        /// The list.
        path: String,
        /// The file that some package has.
        from: String,
        /// What comes before the lines.
        #[serde(default)]
        head: String,
    },
    /// A symbolic link is made, unless something is there; an empty directory gives way to it.
    #[serde(rename_all = "kebab-case")]
    Link {
        /// The link.
        path: String,
        /// Its target, as it is written.
        target: String,
    },
    /// What is there gets other permission bits, and belongs to root and a group.
    #[serde(rename_all = "kebab-case")]
    Mode {
        /// The file or directory.
        path: String,
        /// Its permission bits.
        mode: u32,
        /// Its group.
        #[serde(default = "root")]
        group: String,
    },
    /// A program gets capabilities, permitted and effective: `setcap NAME,...+ep` (setcap(8)). Its
    /// set-user-ID bit goes.
    #[serde(rename_all = "kebab-case")]
    Capabilities {
        /// The program.
        path: String,
        /// What it may do.
        capabilities: Vec<Capability>,
    },
    /// A path of other packages is put elsewhere (dpkg-divert(1)), without moving what is there.
    #[serde(rename_all = "kebab-case")]
    Divert {
        /// The path.
        path: String,
        /// Where it goes.
        to: String,
    },
    /// A link group of update-alternatives(1) is filled.
    #[serde(rename_all = "kebab-case")]
    Alternative {
        /// The name of the group: `awk`.
        name: String,
        /// The generic name: `/usr/bin/awk`.
        link: String,
        /// What it leads to: `/usr/bin/mawk`.
        path: String,
        /// Its priority in automatic mode.
        priority: i32,
        /// Links that follow it.
        #[serde(default)]
        slaves: Vec<SlaveLink>,
    },
    /// A unit is enabled (deb-systemd-helper(1p)).
    #[serde(rename_all = "kebab-case")]
    SystemdEnable {
        /// The unit: `apt-daily.timer`.
        unit: String,
        /// Whether it is one of those that every user's own systemd runs.
        #[serde(default)]
        user: bool,
    },
    /// A unit that is not enabled is recorded with the links that it would have (deb-systemd-helper(1p),
    /// `update-state`).
    #[serde(rename_all = "kebab-case")]
    SystemdRecord {
        /// The unit: `rsync.service`.
        unit: String,
    },
    /// Runlevel links are made for a script of `/etc/init.d` (update-rc.d(8), `defaults`), where the
    /// script is there.
    #[serde(rename_all = "kebab-case")]
    RcDefaults {
        /// The script: `sudo`.
        script: String,
    },
    /// A group is made; its number is in the distro's file.
    #[serde(rename_all = "kebab-case")]
    Group {
        /// Its name.
        name: String,
    },
    /// A system user is made (adduser(8), `--system`); its number is in the distro's file.
    #[serde(rename_all = "kebab-case")]
    User {
        /// Its name.
        name: String,
        /// Its primary group.
        group: String,
        /// Its home directory, which is not made.
        home: String,
        /// Its full name.
        #[serde(default)]
        gecos: String,
        /// Its shell.
        #[serde(default = "no_shell")]
        shell: String,
    },
    /// Passwords move to `/etc/shadow` and `/etc/gshadow` (shadowconfig(8)).
    EnableShadow,
    /// `/var/lib/dpkg/arch-native` names the architecture.
    ArchNative,
    /// `/etc/ld.so.cache` is written (ldconfig(8)).
    LdCache,
    /// The CA certificates are linked and bundled (update-ca-certificates(8)).
    CaCertificates,
    /// The PAM profiles are merged (pam-auth-update(8)).
    PamAuthUpdate,
    /// `/etc/shells` is merged (update-shells(8)).
    Shells,
    /// Nothing is done, as long as none of these directories holds anything: a script would make an
    /// index of it.
    #[serde(rename_all = "kebab-case")]
    Empty {
        /// Directories, which need not be there.
        paths: Vec<String>,
    },
    /// Nothing is done, as long as none of these is in the root: a script that would use them looks
    /// for them first.
    #[serde(rename_all = "kebab-case")]
    Without {
        /// Programs or directories.
        paths: Vec<String>,
    },
}

impl Effect {
    /// The effect on one architecture: `@TRIPLET@` in the paths of a diversion, and of directories that
    /// must be empty, becomes its name.
    pub(super) fn on(&self, arch: Arch) -> Effect {
        let named = |text: &String| text.replace("@TRIPLET@", arch.triplet());
        match self {
            Effect::Divert { path, to } => Effect::Divert { path: named(path), to: named(to) },
            Effect::Empty { paths } => Effect::Empty { paths: paths.iter().map(named).collect() },
            other => other.clone(),
        }
    }
}

/// A link that follows the main one of a group (update-alternatives(1), `--slave`). It is made only
/// where its target is there.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SlaveLink {
    /// Its name: `awk.1.gz`.
    pub name: String,
    /// The generic name: `/usr/share/man/man1/awk.1.gz`.
    pub link: String,
    /// What it leads to: `/usr/share/man/man1/mawk.1.gz`.
    pub path: String,
}

fn directory_mode() -> u32 {
    0o755
}

fn file_mode() -> u32 {
    0o644
}

fn root() -> String {
    "root".to_owned()
}

fn no_shell() -> String {
    "/usr/sbin/nologin".to_owned()
}

//! What dpkg runs: small, idempotent, and no more than Debian Policy chapter 6 and 10.9 allow.

use pkg_writer::deb::Scripts;

use crate::package::alternative::{Alternative, quoted};
use crate::package::files::Files;
use crate::package::share::Share;

/// What the scripts work on.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    /// The version of the package up to its last `-`: with another one the prefix may be another.
    pub(crate) upstream: &'a str,
    /// Whether bytecode is among the files of the packages.
    pub(crate) is_compiled: bool,
    /// The version among those that are installed.
    pub(crate) alternative: Alternative<'a>,
}

/// The program of Debian.
const PROGRAM: &str = "update-alternatives --quiet";

/// The scripts of one of the packages; none where there is nothing to do.
pub(crate) fn scripts(subject: &Subject<'_>, share: &Share) -> Scripts {
    let Files { owners, units, has_sysusers, has_tmpfiles, purged, .. } = &share.files;
    let makes = *has_sysusers || *has_tmpfiles || !owners.is_empty();
    let acts = share.is_home || !units.is_empty();
    let leaves = acts || !purged.is_empty();
    Scripts {
        postinst: (makes || acts).then(|| postinst(subject, share)),
        prerm: (acts || share.has_environment && !subject.is_compiled)
            .then(|| prerm(subject, share)),
        postrm: leaves.then(|| postrm(&share.files)),
        ..Scripts::default()
    }
}

fn postinst(subject: &Subject<'_>, share: &Share) -> String {
    let Share { files, .. } = share;
    let Alternative { package, .. } = subject.alternative;
    let mut text = "#!/bin/sh\nset -e\n\n".to_owned();
    if !files.owners.is_empty() {
        text.push_str(
            "# The owner and mode of a file, unless the administrator has said otherwise.\n\
             own() {\n\tif ! dpkg-statoverride --list \"$3\" >/dev/null; then\n\
             \t\tchown \"$1\" \"$3\"\n\t\tchmod \"$2\" \"$3\"\n\tfi\n}\n\n",
        );
    }
    text.push_str(
        "case \"$1\" in\nconfigure | abort-upgrade | abort-deconfigure | abort-remove) ;;\n\
         *) exit 0 ;;\nesac\n\n",
    );
    if files.has_sysusers {
        text.push_str(&format!("systemd-sysusers {package}.conf\n"));
    }
    for owner in &files.owners {
        text.push_str(&format!("own {} {:04o} {}\n", owner.names, owner.mode, quoted(&owner.path)));
    }
    if files.has_tmpfiles {
        text.push_str(&format!("systemd-tmpfiles --create {package}.conf || true\n"));
    }
    if share.is_home {
        text.push_str(&subject.alternative.install(PROGRAM));
        text.push('\n');
    }
    if !files.units.is_empty() {
        let units = files.units.join(" ");
        text.push_str(&format!(
            "\n# It is started once it is configured and enabled; an upgrade restarts what runs.\n\
             if [ -d /run/systemd/system ]; then\n\
             \tdeb-systemd-invoke daemon-reload || true\n\
             \tif [ -n \"$2\" ]; then\n\t\tdeb-systemd-invoke restart {units} || true\n\tfi\nfi\n"
        ));
    }
    text
}

fn prerm(subject: &Subject<'_>, share: &Share) -> String {
    let Share { files, .. } = share;
    let Subject { upstream, is_compiled, alternative } = subject;
    let prefix = alternative.prefix;
    let alternative = alternative.remove(PROGRAM);
    let compiled = format!(
        "# What Python has compiled.\nfind {} -name __pycache__ -type d -prune -exec rm -rf {{}} +\n",
        quoted(prefix)
    );
    let mut text = "#!/bin/sh\nset -e\n\n".to_owned();
    if !share.is_home && files.units.is_empty() {
        return text + &compiled;
    }
    text.push_str("case \"$1\" in\nremove | deconfigure)\n");
    if !files.units.is_empty() {
        text.push_str(&format!(
            "\tif [ -d /run/systemd/system ]; then\n\t\tdeb-systemd-invoke stop {} || true\n\tfi\n",
            files.units.join(" ")
        ));
    }
    if share.is_home {
        text.push_str(&format!(
            "\t{alternative}\n\t;;\nupgrade)\n\
             \t# The same version keeps its place, and the administrator's choice.\n\
             \tcase \"$2\" in\n\t{}-*) ;;\n\t*) {alternative} ;;\n\tesac\n",
            quoted(upstream)
        ));
    }
    text.push_str("\t;;\nesac\n");
    if share.has_environment && !is_compiled {
        text.push_str(&format!("\n{compiled}"));
    }
    text
}

fn postrm(files: &Files) -> String {
    let mut text = "#!/bin/sh\nset -e\n\n".to_owned();
    if !files.units.is_empty() {
        text.push_str(
            "if [ -d /run/systemd/system ]; then\n\tdeb-systemd-invoke daemon-reload || true\nfi\n",
        );
    }
    text.push_str("if [ \"$1\" = purge ]; then\n");
    for unit in &files.units {
        text.push_str(&format!("\trm -f /etc/systemd/system/multi-user.target.wants/{unit}\n"));
    }
    for directory in &files.purged {
        text.push_str(&format!("\trm -rf {}\n", quoted(directory)));
    }
    if files.purged.is_empty() && files.units.is_empty() {
        text.push_str("\t:\n");
    }
    text + "fi\n"
}

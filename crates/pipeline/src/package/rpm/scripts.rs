//! What rpm runs: small, idempotent, for a POSIX shell. Fedora's Packaging Guidelines ("Scriptlets",
//! "Alternatives") say what is in them; accounts, `systemd-tmpfiles` and `daemon-reload` are left to rpm and
//! to the file triggers of systemd.

use pkg_writer::rpm::{Script, Scripts};

use crate::package::alternative::quoted;
use crate::package::documents::Told;
use crate::package::files::Files;

/// The program, by the name that Fedora's has in common with Debian's.
const PROGRAM: &str = "update-alternatives";

/// What the macros of systemd's `macros.systemd` call, where systemd is there.
const HELPER: &str = "/usr/lib/systemd/systemd-update-helper";

/// The scriptlets of the package that has `files`.
pub(super) fn scripts(told: &Told<'_>, files: &Files) -> Scripts {
    let commands = told.commands();
    let alternative = told.alternative(&commands);
    let prefix = quoted(told.prefix);
    let post = format!(
        "{}\n{}",
        alternative.install(PROGRAM),
        systemd(files, "$1 -eq 1", "install-system-units")
    );
    let preun = format!(
        "{}# What Python has compiled.\n\
         find {prefix} -name __pycache__ -type d -prune -exec rm -rf {{}} + || :\n",
        systemd(files, "$1 -eq 0", "remove-system-units")
    );
    // An upgrade to another version has another place; one of the same version keeps its place, and with
    // it the administrator's choice.
    let postun = format!(
        "{}if [ ! -e {prefix}/pyvenv.cfg ]; then\n\t{} || :\nfi\n",
        systemd(files, "$1 -ge 1", "mark-restart-system-units"),
        alternative.remove(PROGRAM)
    );
    Scripts {
        post: Some(Script::shell(post)),
        preun: Some(Script::shell(preun)),
        postun: Some(Script::shell(postun)),
        ..Scripts::default()
    }
}

/// What `%systemd_post`, `%systemd_preun` and `%systemd_postun_with_restart` become.
fn systemd(files: &Files, when: &str, what: &str) -> String {
    if files.units.is_empty() {
        return String::new();
    }
    let units = files.units.join(" ");
    format!("if [ {when} ] && [ -x {HELPER} ]; then\n\t{HELPER} {what} {units} || :\nfi\n")
}

//! What rpm runs: small, idempotent, for a POSIX shell. Fedora's Packaging Guidelines ("Scriptlets",
//! "Alternatives") say what is in them; accounts, `systemd-tmpfiles` and `daemon-reload` are left to rpm and
//! to the file triggers of systemd.

use pkg_writer::rpm::{Script, Scripts};

use crate::package::alternative::quoted;
use crate::package::documents::Told;
use crate::package::files::Files;
use crate::package::share::Share;

/// The program, by the name that Fedora's has in common with Debian's.
const PROGRAM: &str = "update-alternatives";

/// What the macros of systemd's `macros.systemd` call, where systemd is there.
const HELPER: &str = "/usr/lib/systemd/systemd-update-helper";

/// The scriptlets of one of the packages; none where there is nothing to do.
pub(super) fn scripts(told: &Told<'_>, share: &Share) -> Scripts {
    let Share { files, .. } = share;
    let commands = told.commands();
    let alternative = told.alternative(&commands);
    let prefix = quoted(told.prefix);
    let mut post = String::new();
    if share.is_home {
        post.push_str(&format!("{}\n", alternative.install(PROGRAM)));
    }
    post.push_str(&systemd(files, "$1 -eq 1", "install-system-units"));
    let mut preun = systemd(files, "$1 -eq 0", "remove-system-units");
    if share.has_environment {
        preun.push_str(&format!(
            "# What Python has compiled.\n\
             find {prefix} -name __pycache__ -type d -prune -exec rm -rf {{}} + || :\n"
        ));
    }
    // An upgrade to another version has another place; one of the same version keeps its place, and with
    // it the administrator's choice.
    let mut postun = systemd(files, "$1 -ge 1", "mark-restart-system-units");
    if share.is_home {
        let remove = alternative.remove(PROGRAM);
        postun.push_str(&format!("if [ ! -e {prefix}/pyvenv.cfg ]; then\n\t{remove} || :\nfi\n"));
    }
    let shell = |text: String| (!text.is_empty()).then(|| Script::shell(text));
    Scripts { post: shell(post), preun: shell(preun), postun: shell(postun), ..Scripts::default() }
}

/// What `%systemd_post`, `%systemd_preun` and `%systemd_postun_with_restart` become.
fn systemd(files: &Files, when: &str, what: &str) -> String {
    if files.units.is_empty() {
        return String::new();
    }
    let units = files.units.join(" ");
    format!("if [ {when} ] && [ -x {HELPER} ]; then\n\t{HELPER} {what} {units} || :\nfi\n")
}

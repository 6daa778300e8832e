//! The texts of a Debian package: what has changed, and why lintian is told otherwise.

use std::io::{Read as _, Write as _};

use filetree::{Kind, Node, Tree, TreePath};
use flate2::{Compression, GzBuilder};
use names::Epoch;

use crate::package::documents::Told;

/// An entry of `changelog.Debian.gz` (Debian Policy 4.4 and 12.7).
pub(super) struct Entry<'a> {
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) suite: &'a str,
    /// Lines that begin with `  * `, and others below them.
    pub(super) changes: &'a str,
    pub(super) maintainer: &'a str,
    pub(super) time: Epoch,
}

/// `changelog.Debian.gz`: one entry, with all that the lock names.
pub(crate) fn changelog(told: &Told<'_>, suite: &str) -> Vec<u8> {
    let Told { service, source, release, name, version, time, .. } = *told;
    let mut text = format!(
        "  * {} {} of the release {release}, from\n    {}.\n",
        service.name, source.version, source.file
    );
    for patch in &source.patches {
        text.push_str(&format!("  * Patch\n    {}.\n", patch.file));
    }
    text.push_str("  * With these Python projects:\n");
    for (project, version) in told.projects() {
        text.push_str(&format!("    - {project} {version}\n"));
    }
    let maintainer = &told.recipe.maintainer;
    compressed(&Entry { name, version, suite, changes: &text, maintainer, time })
}

/// `changelog.Debian.gz` with one entry.
pub(super) fn compressed(entry: &Entry<'_>) -> Vec<u8> {
    let Entry { name, version, suite, changes, maintainer, time } = entry;
    let text = format!(
        "{name} ({version}) {suite}; urgency=medium\n\n{changes}\n -- {maintainer}  {}\n",
        time.rfc5322("+0000")
    );
    let mut out = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    let written = out.write_all(text.as_bytes()).and_then(|()| out.finish());
    written.expect("a Vec takes every write")
}

/// What lintian is told to pass over in every package, and why.
pub(super) const ZSTANDARD: (&str, &[&str]) = (
    "Zstandard is read by dpkg 1.21.18 and later, that is Debian 12.",
    &["malformed-deb-archive *.tar.zst not *"],
);

/// What lintian is told to pass over in the package `name`, each with its reason.
pub(super) fn overrides(name: &str, reasons: &[(&str, &[&str])]) -> String {
    let mut text = String::new();
    for (reason, tags) in reasons {
        text.push_str(&format!("# {reason}\n"));
        text.extend(tags.iter().map(|tag| format!("{name}: {tag}\n")));
    }
    text
}

/// What lintian is told to pass over in a package with the symbols of another.
pub(crate) fn symbols_overrides(name: &str) -> String {
    let names_alone = (
        "Some projects ship names of functions and nothing else: debuggers show them in a backtrace.",
        &["debug-file-with-no-debug-symbols [usr/lib/debug/*]"][..],
    );
    overrides(name, &[ZSTANDARD, names_alone])
}

/// What lintian is told to pass over in the package `name` of a service, which has the files of `tree`.
pub(crate) fn lintian_overrides(name: &str, prefix: &str, tree: &Tree) -> String {
    const EVERYWHERE: [(&str, &[&str]); 3] = [
        (
            "Versions and services lie side by side where no package of Debian has anything.",
            &["dir-or-file-in-opt *"],
        ),
        ZSTANDARD,
        (
            "Configuration holds passwords: the group of the service reads it, and nobody else.",
            &["non-standard-file-perm * [etc/*]", "non-standard-dir-perm * [etc/*]"],
        ),
    ];
    const BELOW_PREFIX: [(&str, &[&str]); 3] = [
        ("The scripts run in this virtual environment.", &["unusual-interpreter *"]),
        (
            "Files are as their projects ship them in wheels, byte for byte as in the image.",
            &[
                "executable-not-elf-or-script",
                "extra-license-file",
                "interpreter-in-usr-local *",
                "national-encoding",
                "package-contains-documentation-outside-usr-share-doc",
                "package-installs-ieee-data",
                "privacy-breach-generic *",
                "privacy-breach-uses-embedded-file *",
                "script-not-executable",
                "shell-script-fails-syntax-check",
            ],
        ),
        (
            "Extension modules are as their projects have built them, with the libraries they need.",
            &[
                "custom-library-search-path *",
                "embedded-library *",
                "exit-in-shared-library",
                "hardening-no-pie",
                "hardening-no-relro",
                "library-not-linked-against-libc",
                "shared-library-is-executable *",
                "shared-library-lacks-prerequisites",
                "unstripped-binary-or-object",
            ],
        ),
    ];
    const OF_PAGES: (&str, &[&str]) = (
        "Web pages have their fonts and scripts in the versions that their projects ship.",
        &[
            "duplicate-font-file *",
            "embedded-javascript-library *",
            "package-contains-eslint-config-file",
            "privacy-breach-google-adsense *",
            "truetype-font-prohibits-installable-embedding *",
        ],
    );
    const OF_SCRIPTS: (&str, &[&str]) = (
        "Modules that are scripts, too, are imported here, and not run by the system's Python.",
        &["python3-script-but-no-python3-dep *"],
    );
    const OF_BYTECODE: (&str, &[&str]) = (
        "Bytecode is for the one Python that the package depends on; py3compile looks below /usr alone.",
        &["package-installs-python-pycache-dir", "package-installs-python-bytecode"],
    );
    let below = prefix.trim_start_matches('/');
    let mut text = overrides(name, &EVERYWHERE);
    let mut reasons = BELOW_PREFIX.to_vec();
    if tree.iter().any(|(path, _)| is_font(path)) {
        reasons.push(OF_PAGES);
    }
    if tree.iter().any(|(path, _)| path.as_str().ends_with(".pyc")) {
        reasons.push(OF_BYTECODE);
    }
    if tree.iter().any(|(_, node)| is_script_of_system(node)) {
        reasons.push(OF_SCRIPTS);
    }
    for (reason, tags) in reasons {
        text.push_str(&format!("# {reason}\n"));
        text.extend(tags.iter().map(|tag| match tag.ends_with('*') {
            true => format!("{name}: {tag}[{below}/*]\n"),
            false => format!("{name}: {tag} [{below}/*]\n"),
        }));
    }
    text
}

/// Whether a file is a font, as pages bring them along.
fn is_font(path: &TreePath) -> bool {
    [".otf", ".ttf", ".woff", ".woff2"].iter().any(|ending| path.file_name().ends_with(ending))
}

/// Whether a file is a program for the Python of the distribution.
fn is_script_of_system(node: &Node) -> bool {
    const STARTS: [&str; 2] = ["#!/usr/bin/python3", "#!/usr/bin/env python3"];
    let Kind::File(content) = &node.kind else { return false };
    if node.mode & 0o111 == 0 {
        return false;
    }
    let mut start = Vec::new();
    // What cannot be read stops the writer of the package.
    let reader = content.reader();
    let read =
        reader.and_then(|reader| reader.take(STARTS[1].len() as u64).read_to_end(&mut start));
    read.is_ok() && STARTS.iter().any(|text| start.starts_with(text.as_bytes()))
}

//! The control archive: the control file, and what stands beside it.

use std::collections::{BTreeMap, BTreeSet};

use filetree::{Kind, Tree, TreePath};

use super::{DebError, Package};
use crate::entries::{Entry, Form};

/// Members of the control archive by name: mode and bytes.
pub(super) type Members = BTreeMap<String, (u32, Vec<u8>)>;

/// All members but `md5sums`, which come with the files.
pub(super) fn members(
    package: &Package,
    tree: &Tree,
    entries: &[Entry<'_>],
) -> Result<Members, DebError> {
    let mut members = Members::new();
    let mut add = |name: &str, mode: u32, text: String| {
        let taken = members.insert(name.to_owned(), (mode, text.into_bytes())).is_some();
        if taken { Err(DebError::MemberTwice { name: name.to_owned() }) } else { Ok(()) }
    };
    add("control", 0o644, fields(package, installed_size(entries))?)?;
    let conffiles = conffiles(package, tree)?;
    if !conffiles.is_empty() {
        add("conffiles", 0o644, conffiles)?;
    }
    if !package.triggers.is_empty() {
        let mut lines = String::new();
        for line in &package.triggers {
            one_line("triggers", line)?;
            lines.push_str(line);
            lines.push('\n');
        }
        add("triggers", 0o644, lines)?;
    }
    let scripts = &package.scripts;
    for (name, script) in [
        ("preinst", &scripts.preinst),
        ("postinst", &scripts.postinst),
        ("prerm", &scripts.prerm),
        ("postrm", &scripts.postrm),
        ("config", &scripts.config),
    ] {
        let Some(script) = script else { continue };
        if !script.starts_with("#!") {
            return Err(DebError::Script { name });
        }
        add(name, 0o755, script.clone())?;
    }
    for (name, text) in &package.other_members {
        let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.len() > 90 || name.starts_with('.') || !name.chars().all(known) {
            return Err(DebError::Member { name: name.clone() });
        }
        if name == "md5sums" {
            return Err(DebError::MemberTwice { name: name.clone() });
        }
        add(name, 0o644, text.clone())?;
    }
    Ok(members)
}

/// Kibibytes as `dpkg-gencontrol(1)` counts them: files and symbolic links rounded up each, a file
/// with several names once, and one for everything else, the root of the tree included.
pub(super) fn installed_size(entries: &[Entry<'_>]) -> u64 {
    let sizes = entries.iter().map(|entry| match entry.form {
        Form::Directory => 1,
        Form::Symlink(target) => (target.len() as u64).div_ceil(1024),
        Form::File { content, position: 0, .. } => content.size.div_ceil(1024),
        Form::File { .. } => 0,
    });
    sizes.sum::<u64>() + 1
}

/// The control file, its fields in the order of dpkg (`Dpkg::Control::FieldsCore`).
fn fields(package: &Package, installed_size: u64) -> Result<String, DebError> {
    check_identity(package)?;
    let installed_size = Some(installed_size.to_string());
    let some = |text: &String| Some(text.clone());
    let list = |relations: &[String]| (!relations.is_empty()).then(|| relations.join(", "));
    let relations = &package.relations;
    let known = [
        ("Package", some(&package.name)),
        ("Source", package.source.clone()),
        ("Version", some(&package.version)),
        ("Architecture", some(&package.architecture)),
        ("Maintainer", some(&package.maintainer)),
        ("Installed-Size", installed_size),
        ("Pre-Depends", list(&relations.pre_depends)),
        ("Depends", list(&relations.depends)),
        ("Recommends", list(&relations.recommends)),
        ("Suggests", list(&relations.suggests)),
        ("Enhances", list(&relations.enhances)),
        ("Conflicts", list(&relations.conflicts)),
        ("Breaks", list(&relations.breaks)),
        ("Replaces", list(&relations.replaces)),
        ("Provides", list(&relations.provides)),
        ("Section", package.section.clone()),
        ("Priority", package.priority.clone()),
        ("Multi-Arch", package.multi_arch.clone()),
        ("Homepage", package.homepage.clone()),
    ];
    let mut text = String::new();
    for (name, value) in &known {
        if let Some(value) = value {
            push(&mut text, name, value)?;
        }
    }
    for (name, value) in &package.other_fields {
        let letter = |c: char| c.is_ascii_graphic() && c != ':';
        let taken = name.eq_ignore_ascii_case("description")
            || known.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        if name.is_empty() || name.starts_with(['#', '-']) || !name.chars().all(letter) || taken {
            return Err(DebError::FieldName { name: name.clone() });
        }
        push(&mut text, name, value)?;
    }
    push_description(&mut text, &package.description)?;
    Ok(text)
}

fn check_identity(package: &Package) -> Result<(), DebError> {
    let check = |field, value: &String, right: bool, want| {
        let value = value.chars().take(80).collect();
        if right { Ok(()) } else { Err(DebError::Field { field, value, want }) }
    };
    let low = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let name = &package.name;
    let right = name.len() >= 2
        && name.starts_with(low)
        && name.chars().all(|c| low(c) || "+-.".contains(c));
    check("Package", name, right, "lower-case letters, digits, `+`, `-` and `.`, two at least")?;
    let right = is_version(&package.version);
    check("Version", &package.version, right, "[epoch:]upstream[-revision], such as 1:2.3-1")?;
    let architecture = &package.architecture;
    let right = architecture.starts_with(low) && architecture.chars().all(|c| low(c) || c == '-');
    check("Architecture", architecture, right, "a name such as amd64 or all")?;
    let maintainer = &package.maintainer;
    let right = maintainer.contains(" <") && maintainer.ends_with('>');
    check("Maintainer", maintainer, right, "a name and an address: Jane Doe <jane@example.org>")?;
    let summary = package.description.lines().next().unwrap_or_default();
    let right = !summary.trim().is_empty();
    check("Description", &package.description, right, "a summary on the first line")
}

/// Debian Policy 5.6.12, as strictly as dpkg reads it.
fn is_version(version: &str) -> bool {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let epoch_right = epoch.bytes().all(|b| b.is_ascii_digit()) && epoch.parse::<i32>().is_ok();
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, "0"));
    let letter = |c: char| c.is_ascii_alphanumeric() || ".+~".contains(c);
    epoch_right
        && upstream.starts_with(|c: char| c.is_ascii_digit())
        && upstream.chars().all(|c| letter(c) || c == '-')
        && !revision.is_empty()
        && revision.chars().all(letter)
}

fn push(text: &mut String, name: &str, value: &str) -> Result<(), DebError> {
    one_line(name, value)?;
    text.push_str(name);
    text.push_str(": ");
    text.push_str(value.trim());
    text.push('\n');
    Ok(())
}

/// The summary, then each line behind a space; an empty one is a space and a full stop.
fn push_description(text: &mut String, description: &str) -> Result<(), DebError> {
    let mut lines = description.trim_end().lines();
    push(text, "Description", lines.next().unwrap_or_default())?;
    for line in lines {
        let line = line.trim_end();
        if line.contains(|c: char| c.is_control() && c != '\t') {
            return Err(broken("Description", line));
        }
        text.push(' ');
        text.push_str(if line.is_empty() { "." } else { line });
        text.push('\n');
    }
    Ok(())
}

fn one_line(name: &str, value: &str) -> Result<(), DebError> {
    if value.trim().is_empty() || value.contains(|c: char| c.is_control() && c != '\t') {
        return Err(broken(name, value));
    }
    Ok(())
}

fn broken(name: &str, value: &str) -> DebError {
    let value = value.chars().take(80).collect();
    DebError::Line { name: name.to_owned(), value }
}

/// The lines of `conffiles` (`deb-conffiles(5)`).
fn conffiles(package: &Package, tree: &Tree) -> Result<String, DebError> {
    let mut lines = String::new();
    for path in &package.conffiles {
        let file = matches!(tree.get(path).map(|node| &node.kind), Some(Kind::File(_)));
        if !file || package.removed_conffiles.contains(path) || !nameable(path) {
            return Err(DebError::Conffile { path: path.clone() });
        }
        lines.push_str(&format!("/{path}\n"));
    }
    for path in &package.removed_conffiles {
        if tree.get(path).is_some() || !nameable(path) {
            return Err(DebError::RemovedConffile { path: path.clone() });
        }
        lines.push_str(&format!("remove-on-upgrade /{path}\n"));
    }
    Ok(lines)
}

/// dpkg takes blanks at the end of a line off.
fn nameable(path: &TreePath) -> bool {
    !path.is_root() && !path.as_str().ends_with(char::is_whitespace)
}

/// The lines of `md5sums` (`deb-md5sums(5)`), for all files but conffiles, whose digests dpkg keeps
/// itself.
pub(super) fn md5sums(
    digests: &BTreeMap<&TreePath, [u8; 16]>,
    conffiles: &BTreeSet<TreePath>,
) -> Vec<u8> {
    use std::fmt::Write as _;
    let mut lines = String::new();
    for (path, digest) in digests.iter().filter(|(path, _)| !conffiles.contains(**path)) {
        for byte in digest {
            write!(lines, "{byte:02x}").expect("a String takes every write");
        }
        writeln!(lines, "  {path}").expect("a String takes every write");
    }
    lines.into_bytes()
}

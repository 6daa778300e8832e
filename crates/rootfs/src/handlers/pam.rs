//! `/etc/pam.d/common-*`, as `pam-auth-update` of libpam-runtime writes them.
//!
//! Packages ship profiles in `/usr/share/pam-configs`; those with `Default: yes` are put, by
//! priority, into the blocks "Primary" and "Additional" of the templates in `/usr/share/pam`.
//! What was put there is kept in `/var/lib/pam`, so that later calls see what a person changed.

mod profile;

use filetree::{Tree, TreePath};
use names::Epoch;

use super::files::{self, FileError};
use profile::Profile;

const PROFILES: &str = "usr/share/pam-configs";
const TYPES: [&str; 5] = ["auth", "account", "password", "session", "session-noninteractive"];

/// Why the common files cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PamError {
    /// A file of the tree is not what it should be.
    #[error("/etc/pam.d/common-* cannot be put together from /{PROFILES}")]
    File {
        /// Which file, and why.
        #[from]
        source: FileError,
    },
    /// No profile that is on by default.
    #[error("/{PROFILES}: no profile has `Default: yes`: add libpam-runtime, which ships `unix`")]
    NoProfile,
    /// A template without the lines between which profiles go.
    #[error(
        "/usr/share/pam/common-{part}: the mark `{mark}` is missing: look for another template"
    )]
    Template {
        /// The part: `auth`.
        part: &'static str,
        /// The line that should be there.
        mark: &'static str,
    },
    /// A line of a profile that is no module line.
    #[error("/{PROFILES}/{profile}: `{line}` is no control and module: mend or drop the profile")]
    Line {
        /// The profile.
        profile: String,
        /// The line.
        line: String,
    },
}

/// Writes `/etc/pam.d/common-{auth,account,password,session,session-noninteractive}` and
/// `/var/lib/pam/*` for the profiles in the tree, as a first `pam-auth-update --package` does
/// without a terminal (pam-auth-update(8)).
///
/// Call it when all packages are in the tree: the result does not depend on the order in which
/// they come.
///
/// # Errors
/// When a profile or template is damaged, or no profile is on by default.
pub fn update(tree: &mut Tree, time: Epoch) -> Result<(), PamError> {
    let sorted = profiles(tree)?;
    let enabled = without_conflicts(&sorted);
    if enabled.is_empty() {
        return Err(PamError::NoProfile);
    }
    let mut outputs = Vec::new();
    for part in TYPES {
        let template = files::required_text(tree, &format!("usr/share/pam/common-{part}"))?;
        outputs.push((format!("etc/pam.d/common-{part}"), common(&template, part, &enabled)?));
        outputs.push((format!("var/lib/pam/{part}"), saved(part, &enabled)));
    }
    let seen = sorted.iter().map(|profile| format!("{}\n", profile.name)).collect();
    outputs.push(("var/lib/pam/seen".to_owned(), seen));
    for (path, text) in outputs {
        files::write(tree, &path, 0o644, time, text)?;
    }
    Ok(())
}

/// All profiles, those of high priority first; of two alike, the later name.
fn profiles(tree: &Tree) -> Result<Vec<Profile>, PamError> {
    let folder = TreePath::from_member(PROFILES).map_err(FileError::from)?;
    let mut profiles = Vec::new();
    for name in files::children(tree, &folder)? {
        let backup =
            name.ends_with('~') || (name.len() > 2 && name.starts_with('#') && name.ends_with('#'));
        if backup {
            continue;
        }
        let path = folder.join(&name).map_err(FileError::from)?;
        if let Some(text) = files::text(tree, path.as_str())? {
            profiles.extend(Profile::parse(&name, &text));
        }
    }
    profiles.sort_by(|left, right| {
        right.priority.total_cmp(&left.priority).then_with(|| right.name.cmp(&left.name))
    });
    Ok(profiles)
}

/// The profiles that are on by default, without those that a profile of higher priority excludes.
fn without_conflicts(sorted: &[Profile]) -> Vec<&Profile> {
    let mut enabled: Vec<&Profile> = sorted.iter().filter(|profile| profile.is_default).collect();
    let mut at = 0;
    while at < enabled.len() {
        let excluded = &enabled[at].conflicts;
        enabled.retain(|profile| !excluded.contains(&profile.name));
        at += 1;
    }
    enabled
}

/// The file with the marks of the template and the modules of the profiles between them.
fn common(template: &str, part: &'static str, enabled: &[&Profile]) -> Result<String, PamError> {
    const MARKS: [&str; 4] = [
        "# here are the per-package modules (the \"Primary\" block)",
        "# here's the fallback if no module succeeds",
        "# and here are more per-package modules (the \"Additional\" block)",
        "# end of pam-auth-update config",
    ];
    let mut text = String::new();
    let mut passed = 0;
    for line in template.split_inclusive('\n') {
        let is_mark = MARKS.get(passed).is_some_and(|mark| line.starts_with(mark));
        // Between the first mark and the second, and the third and the fourth, stands what was
        // put there before.
        if passed % 2 == 0 || is_mark {
            text.push_str(line);
        }
        if is_mark {
            match passed {
                0 => push_block(&mut text, part, "Primary", enabled)?,
                2 => push_block(&mut text, part, "Additional", enabled)?,
                _ => {}
            }
            passed += 1;
        }
    }
    match MARKS.get(passed) {
        Some(mark) => Err(PamError::Template { part, mark }),
        None => Ok(text),
    }
}

fn push_block(
    text: &mut String,
    part: &'static str,
    block: &str,
    enabled: &[&Profile],
) -> Result<(), PamError> {
    let realm = part.trim_end_matches("-noninteractive");
    let chosen: Vec<&Profile> =
        enabled.iter().copied().filter(|profile| profile.block(part) == Some(block)).collect();
    let modules: Vec<(&str, &str)> = chosen
        .iter()
        .enumerate()
        .flat_map(|(at, profile)| {
            let lines = profile.modules(part, at == 0).unwrap_or_default().split('\n');
            lines.filter(|line| !line.is_empty()).map(|line| (profile.name.as_str(), line))
        })
        .collect();
    // Jumps to `end` go over the modules that are left, in the last block not past its end.
    let mut left = modules.len() as i64 - i64::from(block == "Additional");
    if block == "Primary" && modules.is_empty() {
        text.push_str(&format!("{realm}\t[default=1]\t\t\tpam_permit.so\n"));
    }
    for (profile, line) in modules {
        let bad = || PamError::Line { profile: profile.to_owned(), line: line.to_owned() };
        let (module, options) = split_module(line).ok_or_else(bad)?;
        let module = module.replace("end", &left.to_string());
        let options: Vec<&str> = options.split_ascii_whitespace().collect();
        text.push_str(&format!("{realm}\t{module} {}\n", options.join(" ")));
        left -= 1;
    }
    Ok(())
}

/// Control and module of a line, and its options.
fn split_module(line: &str) -> Option<(&str, &str)> {
    let control = match line.strip_prefix('[') {
        Some(inner) => inner.find(']').filter(|at| *at > 0)? + 2,
        None => line.find(|c: char| !c.is_alphanumeric() && c != '_').filter(|at| *at > 0)?,
    };
    let rest = &line[control..];
    let module = rest.trim_ascii_start();
    if module.len() == rest.len() || module.is_empty() {
        return None;
    }
    let end = module.find(|c: char| c.is_ascii_whitespace()).unwrap_or(module.len());
    Some((&line[..line.len() - module.len() + end], &module[end..]))
}

/// What `/var/lib/pam` keeps of a part: the modules as the profiles have them.
fn saved(part: &str, enabled: &[&Profile]) -> String {
    let mut text = String::new();
    for block in ["Primary", "Additional"] {
        let mut found = 0;
        // Whatever is not in the other block is in this one.
        let other = if block == "Primary" { "Additional" } else { "Primary" };
        for profile in enabled {
            if profile.block(part).is_none_or(|found| found == other) {
                continue;
            }
            let modules = profile.modules(part, found == 0).unwrap_or_default();
            found += 1;
            if !modules.is_empty() {
                text.push_str(&format!("Module: {}\n{modules}\n", profile.name));
            }
        }
        if block == "Primary" && found == 0 {
            text.push_str("Module: null\n[default=1]\t\t\tpam_permit.so\n");
        }
    }
    text
}

//! `/etc/shells`, as `update-shells` of debianutils writes it.

use filetree::{Tree, TreePath};
use names::Epoch;

use super::files::{self, FileError};

const TEMPLATE: &str = "usr/share/debianutils/shells";
const PARTS: &str = "usr/share/debianutils/shells.d";
const STATE: &str = "var/lib/shells.state";
const TARGET: &str = "etc/shells";

/// Why `/etc/shells` cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShellsError {
    /// A file of the tree is not what it should be.
    #[error("/etc/shells cannot be put together from /{PARTS}")]
    File {
        /// Which file, and why.
        #[from]
        source: FileError,
    },
}

/// Merges `/usr/share/debianutils/shells` and the files in `shells.d` into `/etc/shells`, and keeps
/// the list of packaged shells in `/var/lib/shells.state` (update-shells(8)).
///
/// Each shell is listed as it is written and under the real path of its directory. Lines that are
/// in `/etc/shells` already stay, but for shells that no package ships any more.
///
/// # Errors
/// When a file is no text or the template of debianutils is missing.
pub fn update(tree: &mut Tree, time: Epoch) -> Result<(), ShellsError> {
    let template = files::required_text(tree, TEMPLATE)?;
    let source = files::text(tree, TARGET)?.unwrap_or_else(|| template.clone());
    let known = shells(&files::text(tree, STATE)?.unwrap_or_default());

    let folder = TreePath::from_member(PARTS).map_err(FileError::from)?;
    let mut parts = vec![template];
    for name in files::children(tree, &folder)? {
        let path = folder.join(&name).map_err(FileError::from)?;
        let is_file = matches!(files::find(tree, &path), Ok(Some(_)));
        if is_file && !name.starts_with('.') {
            parts.extend(files::text(tree, path.as_str())?);
        }
    }
    let mut packaged: Vec<String> = Vec::new();
    for shell in parts.iter().flat_map(|part| shells(part)) {
        let real = real_path(tree, &shell)?;
        for shell in [shell, real] {
            if !packaged.contains(&shell) {
                packaged.push(shell);
            }
        }
    }

    let mut text = String::new();
    let mut listed: Vec<String> = Vec::new();
    for line in complete_lines(&source) {
        let shell = before_comment(line);
        let keep = shell.is_empty()
            || (!known.contains(&shell) || packaged.contains(&shell)) && !listed.contains(&shell);
        if keep {
            text.push_str(line);
            text.push('\n');
            listed.push(shell);
        }
    }
    let new = |shell: &&String| !listed.contains(shell) && !known.contains(shell);
    for shell in packaged.iter().filter(new) {
        text.push_str(shell);
        text.push('\n');
    }
    let state: String = packaged.iter().map(|shell| format!("{shell}\n")).collect();
    files::rewrite(tree, TARGET, (0o644, 0), time, &text)?;
    files::rewrite(tree, STATE, (0o644, 0), time, &state)?;
    Ok(())
}

/// The shells of a file, one a line, without comments.
fn shells(text: &str) -> Vec<String> {
    complete_lines(text).map(before_comment).filter(|shell| !shell.is_empty()).collect()
}

/// Lines that end with a newline: `read` of the shell drops a last one without.
fn complete_lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'))
}

fn before_comment(line: &str) -> String {
    line.split('#').next().unwrap_or_default().to_owned()
}

/// The path with the links of its directory followed (dpkg-realpath(1)).
fn real_path(tree: &Tree, shell: &str) -> Result<String, FileError> {
    let path = TreePath::from_member(shell)?;
    Ok(format!("/{}", tree.resolve_parent(&path)?))
}

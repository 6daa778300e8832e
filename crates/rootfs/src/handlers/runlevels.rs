//! Runlevel links, as `update-rc.d SCRIPT defaults` makes them in a root without insserv.

use filetree::{Tree, TreePath};
use names::Epoch;

use super::files::{self, FileError};

/// Makes the links `S01SCRIPT` and `K01SCRIPT` for the runlevels that the header of the script in
/// `/etc/init.d` names (update-rc.d(8); Linux Standard Base, 20.8). Nothing happens where there is no
/// such script, or links for it are there already.
///
/// # Errors
/// When the script is no text, or the tree does not take a link.
pub fn defaults(tree: &mut Tree, script: &str, time: Epoch) -> Result<(), FileError> {
    let Some(text) = files::text(tree, &format!("etc/init.d/{script}"))? else { return Ok(()) };
    let linked = |path: &TreePath| {
        let (folder, name) = (path.parent().unwrap_or_default(), path.file_name());
        let number = name.strip_prefix(['S', 'K']).and_then(|name| name.strip_suffix(script));
        folder.as_str().starts_with("etc/rc")
            && folder.as_str().ends_with(".d")
            && number.is_some_and(|number| number.len() == 2)
    };
    if tree.iter().any(|(path, _)| linked(path)) {
        return Ok(());
    }
    let mut links = Vec::new();
    let header = text
        .lines()
        .skip_while(|line| line.trim_end() != "### BEGIN INIT INFO")
        .take_while(|line| line.trim_end() != "### END INIT INFO");
    for line in header {
        for (key, letter) in [("# Default-Start:", 'S'), ("# Default-Stop:", 'K')] {
            let levels = line.strip_prefix(key).unwrap_or_default().split_ascii_whitespace();
            links.extend(levels.map(|level| format!("etc/rc{level}.d/{letter}01{script}")));
        }
    }
    for link in links {
        let path = TreePath::from_member(&link)?;
        if tree.get(&path).is_none() {
            files::link(tree, &path, &format!("../init.d/{script}"), time)?;
        }
    }
    Ok(())
}

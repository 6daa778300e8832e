//! Taking away what a command has written.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;

/// Removes a folder and all in it, whatever the modes of its folders: an ordinary user's own files
/// in a folder with mode 0000 are in the way of others' tools. Links are not followed. A folder that
/// is not there is fine.
///
/// # Errors
/// When something cannot be removed, for example because it belongs to another user.
pub fn remove(folder: &Path) -> io::Result<()> {
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    let mut left: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        let mode = fs::symlink_metadata(&folder)?.permissions().mode();
        if mode & 0o700 != 0o700 {
            fs::set_permissions(&folder, Permissions::from_mode(mode | 0o700))?;
        }
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                left.push(entry.path());
            }
        }
    }
    fs::remove_dir_all(folder)
}

//! Taking away what a command has written.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;

/// Bytes of a path below the folder, beyond which it is moved up: a path has 4,095 bytes at most,
/// and removing needs an open file for each level.
const DEEPEST: usize = 600;

/// Removes a folder and all in it, or a file, whatever the modes of its folders: an ordinary user's
/// own files in a folder with mode 0000 are in the way of others' tools. Links are not followed,
/// any depth is possible, and a folder that is not there is fine.
///
/// # Errors
/// When something cannot be removed, for example because it belongs to another user.
pub fn remove(folder: &Path) -> io::Result<()> {
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(found) if !found.is_dir() => return fs::remove_file(folder),
        Ok(_) => {}
    }
    let mut left: Vec<PathBuf> = vec![folder.to_owned()];
    let mut names = 0_u64..;
    while let Some(mut inner) = left.pop() {
        let mode = fs::symlink_metadata(&inner)?.permissions().mode();
        if mode & 0o700 != 0o700 {
            fs::set_permissions(&inner, Permissions::from_mode(mode | 0o700))?;
        }
        if inner.as_os_str().len() > folder.as_os_str().len() + DEEPEST {
            let free = names.by_ref().map(|name| folder.join(format!("deep-{name}")));
            let place = free.filter(|path| fs::symlink_metadata(path).is_err()).take(1).next();
            let place = place.ok_or(io::ErrorKind::AlreadyExists)?;
            fs::rename(&inner, &place)?;
            inner = place;
        }
        for entry in fs::read_dir(&inner)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                left.push(entry.path());
            }
        }
    }
    fs::remove_dir_all(folder)
}

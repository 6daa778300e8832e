//! Which paths a patch may name.

/// Says what is wrong with a path, if it is not one inside a tree: relative, without empty components,
/// `.` and `..`, and not in Git's own folder.
pub(crate) fn check_path(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        return Err("it is empty");
    }
    if path.starts_with('/') {
        return Err("it is absolute");
    }
    if path.len() > 4095 {
        return Err("it is longer than 4,095 bytes");
    }
    if path.bytes().any(|byte| byte == 0 || byte == b'\n') {
        return Err("it has a NUL or a newline in it");
    }
    for component in path.split('/') {
        match component {
            "" => return Err("it has an empty component"),
            "." => return Err("it has a `.` in it"),
            ".." => return Err("it leaves the tree with `..`"),
            _ if component.len() > 255 => return Err("a component is longer than 255 bytes"),
            // What Git reads there, it may run.
            _ if component.eq_ignore_ascii_case(".git") => {
                return Err("it is in the folder of Git itself");
            }
            _ => {}
        }
    }
    Ok(())
}

/// The folders above `path`, from the top.
pub(crate) fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

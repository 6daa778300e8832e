//! `/etc/ld.so.cache`, as `ldconfig` of glibc 2.41 in Debian writes it.
//!
//! The format is glibc's "new" one (`glibc-ld.so.cache1.1`): a header, one entry for each library,
//! a table of strings that share their tails, and a block of extensions with the name of the
//! program. The rules are those of `elf/ldconfig.c`, `elf/cache.c`, `elf/readelflib.c` and
//! `elf/stringtable.c`, with Debian's two patches: the built-in directories are those of the
//! dynamic loader, and an existing link to the loader is left alone.

mod conf;
mod format;
mod scan;

use std::collections::{BTreeMap, BTreeSet};

use filetree::{Tree, TreePath};
use names::{Arch, Epoch};

use super::files::{self, FileError};

/// Why the cache cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LdCacheError {
    /// A file of the tree is not what it should be.
    #[error("/etc/ld.so.cache cannot be made from the libraries of the tree")]
    File {
        /// Which file, and why.
        #[from]
        source: FileError,
    },
    /// Configuration files that include one another without end.
    #[error("/{path}: too many included files: look for a file that includes itself")]
    Includes {
        /// The file with the include.
        path: TreePath,
    },
    /// More libraries than any root has.
    #[error("more than {limit} shared libraries: look into the directories of /etc/ld.so.conf")]
    TooMany {
        /// The most that are taken.
        limit: usize,
    },
}

/// What `ldconfig` makes of a tree.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LdSoCache {
    /// The content of `/etc/ld.so.cache`.
    pub bytes: Vec<u8>,
    /// Symbolic links, named after the SONAME of a library, that are not there yet (or lead
    /// elsewhere), with their targets.
    pub links: BTreeMap<TreePath, String>,
    /// Links that lead nowhere and have `.so.` in their names: `ldconfig` removes them.
    pub stale: BTreeSet<TreePath>,
}

/// Computes `/etc/ld.so.cache` for `tree`, and the links beside it.
///
/// `version_line` is what glibc calls the generator: `ldconfig (Debian GLIBC 2.41-12+deb13u4)
/// stable release version 2.41`, with the version of libc-bin.
/// Files that are no libraries, and broken ones, are passed over, as `ldconfig` does.
///
/// # Errors
/// When a file of the tree cannot be read, or there are too many.
pub fn ld_so_cache(tree: &Tree, arch: Arch, version_line: &str) -> Result<LdSoCache, LdCacheError> {
    let directories = conf::directories(tree, arch)?;
    let mut scan = scan::Scan::default();
    for directory in &directories {
        scan.add_directory(tree, arch, directory)?;
    }
    let names = directories.iter().filter_map(|directory| directory.hwcaps.as_deref());
    let bytes = format::write(&scan.entries, names, version_line);
    Ok(LdSoCache { bytes, links: scan.links, stale: scan.stale })
}

/// The generator line that Debian's `ldconfig` of this version of libc-bin writes.
///
/// ```
/// use rootfs::handlers::ld_cache::version_line;
///
/// let line = "ldconfig (Debian GLIBC 2.41-12+deb13u4) stable release version 2.41";
/// assert_eq!(version_line("2.41-12+deb13u4"), line);
/// ```
pub fn version_line(libc_bin: &str) -> String {
    let upstream = libc_bin.rsplit_once('-').map_or(libc_bin, |(upstream, _)| upstream);
    let release = upstream.split('+').next().unwrap_or(upstream);
    format!("ldconfig (Debian GLIBC {libc_bin}) stable release version {release}")
}

/// Does what the trigger of libc-bin does: writes `/etc/ld.so.cache`, adds links that are
/// missing and takes away those that lead nowhere. Returns what was done.
///
/// # Errors
/// As [`ld_so_cache`].
pub fn install(
    tree: &mut Tree,
    arch: Arch,
    version_line: &str,
    time: Epoch,
) -> Result<LdSoCache, LdCacheError> {
    let cache = ld_so_cache(tree, arch, version_line)?;
    for path in &cache.stale {
        tree.remove(path);
    }
    for (path, target) in &cache.links {
        files::link(tree, path, target, time)?;
    }
    files::write(tree, "etc/ld.so.cache", 0o644, time, &cache.bytes)?;
    Ok(cache)
}

//! Reads files and lists folders of a tree, and never leaves it.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use names::{Fault, Place};

/// Most bytes of a file of the tree.
const MAX_BYTES: u64 = 1 << 20;
/// Most entries of a folder.
const MAX_ENTRIES: usize = 10_000;

/// The root of a tree.
pub(crate) struct Folder {
    root: PathBuf,
}

/// One entry of a folder.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) is_folder: bool,
}

impl Folder {
    /// Opens the tree at `root`.
    pub(crate) fn open(root: &Path) -> Result<Self, Fault> {
        let real = fs_err::canonicalize(root);
        match real {
            Ok(root) if root.is_dir() => Ok(Self { root }),
            Ok(_) => Err(fault(root, "it is not a folder", "name the folder of a release tree")),
            Err(error) => Err(fault(root, reason(&error), "name the folder of a release tree")),
        }
    }

    /// Whether there is anything at `path`.
    pub(crate) fn has(&self, path: &Path) -> bool {
        fs_err::symlink_metadata(self.root.join(path)).is_ok()
    }

    /// The text of a file, by its path in the tree.
    pub(crate) fn text(&self, path: &Path) -> Result<String, Fault> {
        let real = self.inside(path)?;
        let metadata = fs_err::metadata(&real).map_err(|error| failed(path, &error))?;
        // Opening a pipe would wait for ever.
        if !metadata.is_file() {
            return Err(fault(path, "it is not a file", "put a file in its place"));
        }
        let mut text = Vec::new();
        let file = fs_err::File::open(&real).map_err(|error| failed(path, &error))?;
        file.take(MAX_BYTES + 1).read_to_end(&mut text).map_err(|error| failed(path, &error))?;
        if text.len() as u64 > MAX_BYTES {
            return Err(fault(path, "it is larger than 1 MiB", "files of a tree are short texts"));
        }
        String::from_utf8(text).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let start = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
            Fault {
                place: Place::of_offset(path, &start, valid),
                message: "a byte that is not UTF-8".to_owned(),
                hint: "save the file in UTF-8".to_owned(),
            }
        })
    }

    /// What is in a folder, by name; nothing where there is no such folder. Names that start with a
    /// dot are left out, and so are Markdown files: both are for people.
    pub(crate) fn list(&self, path: &Path, faults: &mut Vec<Fault>) -> Vec<Entry> {
        if !self.has(path) {
            return Vec::new();
        }
        match self.entries(path) {
            Ok(mut entries) => {
                entries.sort_by(|left, right| left.name.cmp(&right.name));
                entries
            }
            Err(found) => {
                faults.push(found);
                Vec::new()
            }
        }
    }

    fn entries(&self, path: &Path) -> Result<Vec<Entry>, Fault> {
        let real = self.inside(path)?;
        let mut entries = Vec::new();
        for entry in fs_err::read_dir(&real).map_err(|error| failed(path, &error))? {
            let entry = entry.map_err(|error| failed(path, &error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || name.ends_with(".md") {
                continue;
            }
            if entries.len() == MAX_ENTRIES {
                return Err(fault(path, "it has more than 10000 entries", "remove some"));
            }
            let is_folder = fs_err::metadata(entry.path()).is_ok_and(|found| found.is_dir());
            entries.push(Entry { name, is_folder });
        }
        Ok(entries)
    }

    /// The real path of a path of the tree, which no link may lead out of it.
    fn inside(&self, path: &Path) -> Result<PathBuf, Fault> {
        let real = fs_err::canonicalize(self.root.join(path)).map_err(|e| failed(path, &e))?;
        if real.starts_with(&self.root) {
            return Ok(real);
        }
        Err(fault(path, "a symbolic link leads out of the tree", "put the file itself here"))
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Fault {
    fault(path, reason(error), "make the file readable")
}

/// The reason alone: `fs_err` puts the path into its messages, and ours names it already.
fn reason(error: &std::io::Error) -> String {
    format!("it cannot be read: {}", error.kind())
}

/// A fault of a whole file or folder.
pub(crate) fn fault(path: &Path, message: impl Into<String>, hint: impl Into<String>) -> Fault {
    Fault {
        place: Place { file: path.to_owned(), line: 0, column: 0 },
        message: message.into(),
        hint: hint.into(),
    }
}

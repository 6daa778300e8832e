//! Why a Debian package could not be written.

use std::io;
use std::path::PathBuf;

use filetree::TreePath;

use crate::DanglingHardLink;

/// Why a Debian package could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DebError {
    /// A field that every package has breaks its rule.
    #[error("{field} `{}` is not right: want {want}", .value.escape_debug())]
    Field {
        /// The field.
        field: &'static str,
        /// What it holds, cut to 80 characters.
        value: String,
        /// What is wanted.
        want: &'static str,
    },
    /// A field or line is empty, or holds a newline or another control character.
    #[error("{name} `{}` is not right: want one line with something on it", .value.escape_debug())]
    Line {
        /// The field, or the member of the control archive.
        name: String,
        /// What it holds, cut to 80 characters.
        value: String,
    },
    /// An additional field has a name that no field can have, or one of those that have a place of
    /// their own.
    #[error(
        "`{}` is no name for an additional field: want one without blanks and colons that the package \
         does not have yet",
        .name.escape_debug()
    )]
    FieldName {
        /// The name.
        name: String,
    },
    /// A maintainer script cannot be run.
    #[error("the script {name} does not begin with `#!`: name its interpreter in the first line")]
    Script {
        /// The script.
        name: &'static str,
    },
    /// An additional member has a name that no member can have.
    #[error("`{}` is no name for a member of the control archive", .name.escape_debug())]
    Member {
        /// The name.
        name: String,
    },
    /// A member of the control archive is there already.
    #[error("the control archive has a member {name} already: give it in its own place")]
    MemberTwice {
        /// The member.
        name: String,
    },
    /// A conffile is no file of the package.
    #[error("/{path}: a conffile must be a regular file of the package, and not a removed one")]
    Conffile {
        /// The conffile.
        path: TreePath,
    },
    /// A conffile that is to be removed is still there.
    #[error("/{path}: a conffile that is to be removed must not be in the package")]
    RemovedConffile {
        /// The conffile.
        path: TreePath,
    },
    /// A hard link has no file.
    #[error(transparent)]
    HardLink(#[from] DanglingHardLink),
    /// A file's bytes could not be read, or are not what its digest says.
    #[error("cannot read the content of /{path}")]
    Content {
        /// The file.
        path: TreePath,
        /// Why.
        source: io::Error,
    },
    /// The compressed files are more than the format can hold.
    #[error("the compressed files have {size} bytes: a Debian package holds at most 9,999,999,999")]
    TooLarge {
        /// Their size.
        size: u64,
    },
    /// The files could not be compressed into the scratch folder.
    #[error("cannot compress the files in {}", .folder.display())]
    Scratch {
        /// The scratch folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The role of a signature is no word.
    #[error("`{}` is no role of a signature: want one to ten letters, such as origin", .role.escape_debug())]
    Role {
        /// The role.
        role: String,
    },
    /// The output could not be written.
    #[error("cannot write the package")]
    Write(#[source] io::Error),
    /// The file could not be written.
    #[error("cannot write the package {}", .path.display())]
    Save {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

//! Why a package was not made.

use std::io;
use std::path::PathBuf;

use filetree::{PathError, TreeError};
use names::ServiceName;
use pkg_writer::deb::DebError;
use pkg_writer::rpm::RpmError;
use pkg_writer::version::VersionError;
use signer::SignError;
use store::BlobError;

use super::bytecode::BytecodeError;
use crate::blame::Blame;
use crate::describe::DescribeError;
use crate::layers_error::LayersError;

/// Why a package was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// The distribution has no such packages.
    #[error(transparent)]
    Describe(#[from] DescribeError),
    /// What it is made of cannot be had.
    #[error(transparent)]
    Layers(#[from] LayersError),
    /// The recipe does not say how.
    #[error(
        "services/{service}.toml does not say how packages are made: add [package] with maintainer, \
         license and copyright, or build with --format oci"
    )]
    NoPackage {
        /// The service.
        service: ServiceName,
    },
    /// The version of the service is none of Python's.
    #[error("the version {version} cannot be that of a package")]
    Version {
        /// The version.
        version: String,
        /// Why.
        source: constraints::VersionError,
    },
    /// The version of the package cannot be made.
    #[error("the package has no version: see `epoch` of the recipe and `suffix` of the distro")]
    Revision(#[from] VersionError),
    /// A path of the recipe is none.
    #[error("the recipe has the path {path}")]
    Path {
        /// The path.
        path: String,
        /// Why.
        source: PathError,
    },
    /// Two files of the package have the same place.
    #[error("/{path} is in the package twice: take it out of the recipe")]
    Taken {
        /// The place.
        path: filetree::TreePath,
    },
    /// A file of the package meets another one.
    #[error("the files of the package do not fit together")]
    Tree(#[from] TreeError),
    /// The recipe names a program that the service does not have.
    #[error(
        "{key} of [package] in services/{service}.toml names {program}, and the service has no \
         {prefix}/bin/{program}"
    )]
    NoProgram {
        /// The service.
        service: ServiceName,
        /// The key of the recipe.
        key: &'static str,
        /// The program.
        program: String,
        /// Where the virtual environment lies.
        prefix: String,
    },
    /// A part of the recipe has no file.
    #[error(
        "no file is left for {part}, a part of [package] in services/{service}.toml: look at its patterns, and \
         at those of the parts before it"
    )]
    EmptyPart {
        /// The service.
        service: ServiceName,
        /// The name of its package.
        part: String,
    },
    /// Two packages of a service need each other.
    #[error(
        "{package} has {what}, so that it needs the package of {service} with {file}, which needs {package}: \
         name that one in `needs` of {package}, or give {file} to a part that needs no other"
    )]
    Circle {
        /// The service.
        service: ServiceName,
        /// The package.
        package: String,
        /// What it has that is of no use without the other.
        what: &'static str,
        /// A file that the other has.
        file: String,
    },
    /// Symbols cannot be taken out of a file.
    #[error("the symbols of /{path} cannot be taken out")]
    Symbols {
        /// The file.
        path: filetree::TreePath,
        /// Why.
        source: io::Error,
    },
    /// There is no bytecode.
    #[error(transparent)]
    Bytecode(#[from] BytecodeError),
    /// The package cannot be written.
    #[error("the package cannot be written")]
    Deb(#[from] DebError),
    /// The rpm cannot be described or written.
    #[error("the rpm cannot be written")]
    Rpm(#[from] RpmError),
    /// The package cannot be signed.
    #[error("the package cannot be signed")]
    Sign(#[from] SignError),
    /// The package cannot be kept in the store.
    #[error("the package cannot be kept in the store")]
    Store(#[from] BlobError),
    /// A file of the output folder cannot be read or removed.
    #[error("cannot use {}: name another folder with --out", .path.display())]
    Out {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl PackageError {
    /// Who must act.
    pub(crate) fn blame(&self) -> Blame {
        match self {
            Self::Bytecode(error) => error.blame(),
            _ => Blame::Input,
        }
    }
}

//! Why the layers of an image cannot be made.

use distro::DebError;
use filetree::TreeError;
use names::ServiceName;
use rootfs::AssembleError;
use store::FetchError;
use venv::{InstallError, LayoutError, MergeError};
use wheels::{ClosureError, ClosureErrors, LocateError, UnpackError, WheelMetadataError};

use crate::blame::Blame;
use crate::built_wheel::BuiltWheelError;
use crate::layers::MakeLayerError;
use crate::libraries::{MissingLibrary, package_by_policy};
use crate::service_layer::ServiceError;

/// Why the layers of an image cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayersError {
    /// The network may not be used, and files are missing.
    #[error("not all that the image is made of is in the store")]
    Missing(#[source] FetchError),
    /// Packages of the distribution cannot be had.
    #[error("cannot get the packages of the distribution")]
    Debs(#[from] FetchError),
    /// Wheels cannot be had.
    #[error("cannot get the wheels")]
    Wheels(#[from] LocateError),
    /// A .deb cannot be used.
    #[error("a package of the distribution cannot be unpacked")]
    Deb(#[from] DebError),
    /// A wheel cannot be used.
    #[error("a wheel cannot be unpacked")]
    Wheel(#[from] UnpackError),
    /// The packages make no root file system.
    #[error("the root file system cannot be made")]
    Root(#[from] AssembleError),
    /// A wheel makes no tree.
    #[error("a wheel cannot be installed")]
    Install(#[from] InstallError),
    /// The virtual environment cannot be made.
    #[error("the virtual environment cannot be made")]
    Environment(#[from] LayoutError),
    /// Wheels do not fit together.
    #[error("the wheels do not fit together")]
    Merge(#[from] MergeError),
    /// The place of the virtual environment is none.
    #[error("the virtual environment has no place")]
    Prefix(#[source] filetree::PathError),
    /// The layers do not fit over each other.
    #[error("the layers do not fit over each other")]
    Tree(#[from] TreeError),
    /// Libraries that extension modules need are not in the image.
    #[error(
        "libraries are missing:\n  {}\nadd the packages to [system-packages] of services/{service}.toml, \
         or the libraries to `optional` of [libraries] there",
        .missing.iter().map(told).collect::<Vec<_>>().join("\n  ")
    )]
    Libraries {
        /// The service.
        service: ServiceName,
        /// What is missing.
        missing: Vec<MissingLibrary>,
    },
    /// A library cannot be read.
    #[error("a library of the image cannot be read")]
    ReadLibraries(#[source] std::io::Error),
    /// The service does not fit.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The service's wheel cannot be built.
    #[error(transparent)]
    Built(#[from] BuiltWheelError),
    /// A layer cannot be written.
    #[error(transparent)]
    Layer(#[from] MakeLayer),
}

/// A missing library, for people.
fn told(missing: &MissingLibrary) -> String {
    let MissingLibrary { library, version, file, package } = missing;
    match (version, package) {
        (Some(version), _) => {
            format!("{file} needs {version} of {library}, and the image's has no such symbols")
        }
        (None, Some(package)) => format!("{file} needs {library}: {package} has it"),
        (None, None) => {
            let package = package_by_policy(library);
            format!("{file} needs {library}: by its name it is in {package}, if the distro has it")
        }
    }
}

/// Why a layer could not be written. Opaque: its text and causes say all.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct MakeLayer(#[from] MakeLayerError);

impl LayersError {
    /// Who must act.
    pub(crate) fn blame(&self) -> Blame {
        match self {
            LayersError::Built(error) => error.blame(),
            LayersError::Debs(error) | LayersError::Missing(error) => Blame::of_fetch(error),
            LayersError::Wheels(error) => of_locate(error),
            LayersError::Deb(_) | LayersError::Wheel(_) => Blame::Verification,
            LayersError::Install(InstallError::Verify { .. }) => Blame::Verification,
            LayersError::Service(_) | LayersError::Layer(_) => Blame::Input,
            LayersError::Libraries { .. } => Blame::Input,
            _ => Blame::Step,
        }
    }

    /// Whether a locked package of the distribution is on no mirror any more.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, LayersError::Debs(FetchError::NotFound { .. }))
    }
}

/// Who must act when a wheel cannot be had.
pub(crate) fn of_locate(error: &LocateError) -> Blame {
    match error {
        LocateError::Fetch { source, .. } | LocateError::Blobs { source } => {
            Blame::of_fetch(source)
        }
        LocateError::Replaced { .. } => Blame::Verification,
        _ => Blame::Upstream,
    }
}

/// Who must act when a closure cannot be had. The network is to blame only where nothing else is.
pub(crate) fn of_closure(errors: &ClosureErrors) -> Blame {
    let blames = errors.0.iter().map(|error| match error {
        ClosureError::Locate { source, .. } => of_locate(source),
        ClosureError::Metadata { source, .. } => match source {
            WheelMetadataError::Fetch { source, .. } => Blame::of_fetch(source),
            _ => Blame::Verification,
        },
        _ => Blame::Input,
    });
    Blame::of_all(blames)
}

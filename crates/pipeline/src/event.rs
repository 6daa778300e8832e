//! What happens while the pipeline works, for whoever watches.

use names::{Arch, Digest, ReleaseId, ServiceName};

/// What happened, for a terminal, a CI log, a test. Given to a closure; nothing is printed here.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A stage of the work begins, and the one before it has ended. A stage may come again.
    StageStarted {
        /// Which.
        stage: Stage,
    },
    /// Indexes are read to answer a question.
    Reading {
        /// Whose: `debian-trixie amd64`.
        what: String,
    },
    /// The indexes of a distribution are read and its packages chosen.
    LockingDistro {
        /// The distribution.
        distro: String,
        /// The architecture.
        arch: Arch,
    },
    /// The closure of a service's Python requirements is walked.
    LockingPython {
        /// The service.
        service: ServiceName,
        /// The release.
        release: ReleaseId,
        /// The architecture.
        arch: Arch,
    },
    /// A package that no constraint pins was chosen; it is marked `open` in the lock.
    OpenPackage {
        /// `name version`.
        package: String,
    },
    /// An entry of a lock changed.
    LockChanged {
        /// The change as one line: `+ name version`, `- name version`, `name old -> new`.
        change: String,
    },
    /// A lock was written.
    LockWritten {
        /// The file, relative to the tree.
        path: String,
    },
    /// Files are about to be fetched or found in the store.
    FetchStarted {
        /// How many.
        files: usize,
        /// Their bytes, as far as they are known.
        bytes: u64,
    },
    /// One of them is there.
    Fetched {
        /// Its bytes.
        bytes: u64,
        /// Whether it came over the network.
        fetched: bool,
    },
    /// A step is run in the sandbox.
    StepStarted {
        /// What it makes.
        what: String,
    },
    /// A step has been run in the sandbox.
    StepFinished {
        /// What it has made.
        what: String,
        /// The digest of that.
        digest: Digest,
    },
    /// A layer is being made.
    LayerStarted {
        /// What it holds.
        layer: String,
    },
    /// A layer was in the store already.
    LayerReused {
        /// What it holds.
        layer: String,
        /// The digest of its compressed bytes.
        digest: Digest,
    },
    /// A layer was made.
    LayerFinished {
        /// What it holds.
        layer: String,
        /// The digest of its compressed bytes.
        digest: Digest,
        /// Its compressed bytes.
        size: u64,
    },
    /// A package is being made.
    PackageStarted {
        /// Its name, version and architecture.
        package: String,
    },
    /// A package was in the store already.
    PackageReused {
        /// Its file, below the folder of the build's results.
        file: String,
        /// The digest of its bytes.
        digest: Digest,
    },
    /// A package was written.
    PackageFinished {
        /// Its file, below the folder of the build's results.
        file: String,
        /// The digest of its bytes.
        digest: Digest,
        /// Number of its bytes.
        size: u64,
    },
    /// Something of one image, where several are built at a time.
    Of {
        /// The image: `keystone 2025.2`.
        image: String,
        /// What happened.
        event: Box<Event>,
    },
    /// Something that the user may want to know, and that stops nothing.
    Note {
        /// A whole sentence.
        text: String,
    },
}

/// A stage of a build, in the order of work.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Stage {
    /// The tree and the locks are read, and the locks written where that is needed.
    Lock,
    /// Packages and wheels come in.
    Fetch,
    /// Wheels are made from sources.
    Build,
    /// Archives are unpacked and trees put together.
    Assemble,
    /// Layers are written and compressed.
    Layers,
    /// Packages are written and compressed.
    Packages,
    /// The image layout is written.
    Write,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Stage::Lock => "lock",
            Stage::Fetch => "fetch",
            Stage::Build => "build",
            Stage::Assemble => "assemble",
            Stage::Layers => "layers",
            Stage::Packages => "packages",
            Stage::Write => "write",
        })
    }
}

//! Why a project is wanted.

use std::fmt;

use constraints::Version;
use names::{PackageName, Place};

/// The requirements that lead from what a user wrote to a project: one of the shortest ways.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Chain(pub Vec<Step>);

/// One requirement, and who has it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Step {
    /// A user wrote it.
    Root {
        /// Where.
        place: Place,
        /// The requirement as written.
        requirement: String,
    },
    /// METADATA of a wheel has it.
    Wheel {
        /// The wheel's project.
        project: PackageName,
        /// Its version.
        version: Version,
        /// Its file.
        file: String,
        /// The requirement as written.
        requirement: String,
    },
}

/// A step on each line.
impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            let separator = if index > 0 { "\n" } else { "" };
            write!(f, "{separator}  {step}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Root { place, requirement } => write!(f, "{place} asks for {requirement}"),
            Step::Wheel { project, version, file, requirement } => {
                write!(f, "{project} {version} requires {requirement} (METADATA of {file})")
            }
        }
    }
}

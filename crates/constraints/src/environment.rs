//! What markers are evaluated for.

use names::Arch;

use crate::marker::Variable;
use crate::version::{Version, VersionError, parse_version};

/// The values of the environment markers (PEP 508) of a target. A target is a machine that an
/// image will run on: never the one that this runs on.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Environment {
    python: Version,
    python_full_version: String,
    python_version: String,
    arch: Arch,
}

impl Environment {
    /// The environment of CPython `python` (its full version, such as `3.13.5`) on Linux. The
    /// kernel's release and version, which no image can know, are empty.
    ///
    /// # Errors
    /// When `python` is not a version.
    ///
    /// ```
    /// let environment = constraints::Environment::linux("3.13.5", names::Arch::Amd64)?;
    /// assert_eq!(environment.python_version(), "3.13");
    /// # Ok::<(), constraints::VersionError>(())
    /// ```
    pub fn linux(python: &str, arch: Arch) -> Result<Self, VersionError> {
        let version = parse_version(python)?;
        let part = |index: usize| version.release().get(index).copied().unwrap_or(0);
        Ok(Self {
            python_version: format!("{}.{}", part(0), part(1)),
            python_full_version: python.to_owned(),
            arch,
            python: version,
        })
    }

    /// The full version of Python, such as `3.13.5`.
    pub fn python(&self) -> &Version {
        &self.python
    }

    /// Python's major and minor number, such as `3.13`.
    pub fn python_version(&self) -> &str {
        &self.python_version
    }

    /// The machine's architecture.
    pub fn arch(&self) -> Arch {
        self.arch
    }

    /// The value of a variable; `extra` is empty here.
    pub(crate) fn value(&self, variable: Variable) -> &str {
        match variable {
            Variable::ImplementationName => "cpython",
            Variable::ImplementationVersion | Variable::PythonFullVersion => {
                &self.python_full_version
            }
            Variable::OsName => "posix",
            Variable::PlatformMachine => self.arch.machine(),
            Variable::PlatformPythonImplementation => "CPython",
            Variable::PlatformRelease | Variable::PlatformVersion | Variable::Extra => "",
            Variable::PlatformSystem => "Linux",
            Variable::PythonVersion => &self.python_version,
            Variable::SysPlatform => "linux",
        }
    }
}

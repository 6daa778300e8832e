//! The file WHEEL in a wheel (binary distribution format, PEP 427).

use crate::headers::fields;

/// What the file WHEEL says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WheelInfo {
    /// The format's minor version: 0 for `Wheel-Version: 1.0`. The major one is 1.
    pub minor_version: u32,
    /// The program that made the wheel.
    pub generator: Option<String>,
    /// Whether the root of the archive goes to `purelib`; else it goes to `platlib`.
    pub root_is_purelib: bool,
    /// The tags, expanded: `py3-none-any`.
    pub tags: Vec<String>,
    /// The build number.
    pub build: Option<String>,
}

/// Why a file WHEEL cannot be taken. Lines count from 1.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WheelInfoError {
    /// A line is no field.
    #[error("line {line} of WHEEL is not a field: want `Name: value`")]
    Line {
        /// The line.
        line: usize,
    },
    /// The version is missing or is none that is known.
    #[error("Wheel-Version is `{version}`: version 1 is the one that is known")]
    Version {
        /// The version; empty where there is none.
        version: String,
    },
    /// `Root-Is-Purelib` is neither true nor false.
    #[error("Root-Is-Purelib is `{value}`: want true or false")]
    Purelib {
        /// The value; empty where there is none.
        value: String,
    },
}

impl WheelInfo {
    /// Reads the file WHEEL.
    ///
    /// # Errors
    /// When the format's major version is not 1, or it does not say where the root goes.
    ///
    /// ```
    /// let info = wheels::WheelInfo::parse("Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")?;
    /// assert!(info.root_is_purelib);
    /// # Ok::<(), wheels::WheelInfoError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, WheelInfoError> {
        let fields = fields(text).map_err(|line| WheelInfoError::Line { line })?;
        let first = |name: &str| {
            fields.iter().find(|field| field.is(name)).map(|field| field.value.clone())
        };
        let version = first("Wheel-Version").unwrap_or_default();
        let minor_version = version
            .split_once('.')
            .filter(|(major, _)| *major == "1")
            .and_then(|(_, minor)| minor.parse().ok())
            .ok_or(WheelInfoError::Version { version })?;
        let purelib = first("Root-Is-Purelib").unwrap_or_default();
        let root_is_purelib = match purelib.to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => return Err(WheelInfoError::Purelib { value: purelib }),
        };
        let tags = fields.iter().filter(|field| field.is("Tag"));
        Ok(Self {
            minor_version,
            generator: first("Generator"),
            root_is_purelib,
            tags: tags.map(|field| field.value.clone()).collect(),
            build: first("Build"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_refused() {
        for text in [
            "",
            "Wheel-Version: 2.0\nRoot-Is-Purelib: true\n",
            "Wheel-Version: 1\nRoot-Is-Purelib: true\n",
            "Wheel-Version: 1.0\n",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: yes\n",
            "no field",
        ] {
            assert!(WheelInfo::parse(text).is_err(), "{text:?}");
        }
    }
}

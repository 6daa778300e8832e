//! Names of wheels and source archives.

use constraints::{Version, parse_version};
use names::PackageName;

/// The parts of a wheel's file name (binary distribution format, PEP 427).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WheelName {
    /// The project.
    pub project: PackageName,
    /// The version.
    pub version: Version,
    /// The build tag: its number and what follows. A wheel without one sorts first.
    pub build: Option<(u64, String)>,
    /// Python tags, such as `cp313`.
    pub pythons: Vec<String>,
    /// ABI tags, such as `abi3`.
    pub abis: Vec<String>,
    /// Platform tags, such as `manylinux_2_17_x86_64`.
    pub platforms: Vec<String>,
}

/// Why a text is not the name of a wheel.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{name}` is not a wheel's file name: {reason}")]
pub struct WheelNameError {
    /// The text.
    pub name: String,
    /// What is wrong.
    pub reason: &'static str,
}

impl WheelName {
    /// Reads the file name of a wheel.
    ///
    /// # Errors
    /// When it is not `NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl`.
    ///
    /// ```
    /// let name = wheels::WheelName::parse("oslo.db-17.4.0-1local-py2.py3-none-any.whl")?;
    /// assert_eq!(name.project.as_str(), "oslo-db");
    /// assert_eq!(name.build, Some((1, "local".to_owned())));
    /// assert!(name.tags().any(|tag| tag == "py3-none-any"));
    /// # Ok::<(), wheels::WheelNameError>(())
    /// ```
    pub fn parse(name: &str) -> Result<Self, WheelNameError> {
        let wrong = |reason| WheelNameError { name: name.chars().take(255).collect(), reason };
        let stem = name.strip_suffix(".whl").ok_or_else(|| wrong("it does not end in .whl"))?;
        if name.len() > 255 {
            return Err(wrong("it is longer than 255 bytes"));
        }
        let parts: Vec<&str> = stem.split('-').collect();
        let (project, version, build, pythons, abis, platforms) = match parts.as_slice() {
            [project, version, a, b, c] => (project, version, None, a, b, c),
            [project, version, build, a, b, c] => (project, version, Some(build), a, b, c),
            _ => return Err(wrong("it has not 5 or 6 parts between `-`")),
        };
        if project.contains("__") {
            return Err(wrong("the project's name has `__`"));
        }
        let build = build.map(|build| build_tag(build).ok_or_else(|| wrong("a wrong build tag")));
        // A set of tags for each part is at most as long as the name: no other limit is needed.
        let set = |text: &str| {
            let right = |tag: &&str| {
                !tag.is_empty() && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            };
            let tags: Vec<&str> = text.split('.').collect();
            let right = tags.iter().all(right);
            right.then(|| tags.iter().map(|tag| tag.to_ascii_lowercase()).collect())
        };
        let wrong_tag = || wrong("a wrong tag");
        if pythons.split('.').any(|tag| tag.starts_with(|c: char| c.is_ascii_digit())) {
            return Err(wrong("a Python tag that begins with a digit"));
        }
        Ok(Self {
            project: PackageName::new(project).map_err(|_| wrong("a wrong project name"))?,
            version: parse_version(version).map_err(|_| wrong("a wrong version"))?,
            build: build.transpose()?,
            pythons: set(pythons).ok_or_else(wrong_tag)?,
            abis: set(abis).ok_or_else(wrong_tag)?,
            platforms: set(platforms).ok_or_else(wrong_tag)?,
        })
    }

    /// Every tag that the name stands for: `py3-none-any`.
    pub fn tags(&self) -> impl Iterator<Item = String> {
        self.pythons.iter().flat_map(move |python| {
            self.abis.iter().flat_map(move |abi| {
                self.platforms.iter().map(move |platform| format!("{python}-{abi}-{platform}"))
            })
        })
    }
}

fn build_tag(text: &str) -> Option<(u64, String)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, text[end..].to_owned()))
}

/// The parts of a source archive's file name (PEP 625, and older forms).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SdistName {
    /// The version.
    pub version: Version,
}

impl SdistName {
    /// Reads the file name of a source archive of `project`; `None` where it is none. Older names
    /// may have `-` in the project's name, so the project must be known.
    ///
    /// ```
    /// let project = names::PackageName::new("python-ldap")?;
    /// let name = wheels::SdistName::parse("python-ldap-3.4.4.tar.gz", &project);
    /// assert_eq!(name.unwrap().version.to_string(), "3.4.4");
    /// # Ok::<(), names::NameError>(())
    /// ```
    pub fn parse(name: &str, project: &PackageName) -> Option<Self> {
        const ENDS: [&str; 6] = [".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar.Z"];
        let stem = ENDS.iter().find_map(|end| name.strip_suffix(end))?;
        let fits = |at: usize| {
            let own = PackageName::new(&stem[..at]).is_ok_and(|own| own == *project);
            own.then(|| parse_version(&stem[at + 1..]).ok()).flatten()
        };
        // A name has at most 255 bytes, and each `-` is tried once.
        let dashes = stem.match_indices('-').map(|(at, _)| at);
        dashes.take(64).find_map(fits).map(|version| Self { version })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_none_are_refused() {
        for name in [
            "",
            "a-1-py3-none-any.zip",
            "a-1-py3-none.whl",
            "a-1-x-py3-none-any.whl",
            "a-1-1-py3-none.whl",
            "a-1-1-1-py3-none-any.whl",
            "a__b-1-py3-none-any.whl",
            "a-x.y-py3-none-any.whl",
            "-1-py3-none-any.whl",
            "a-1-py3..py2-none-any.whl",
            "a-1-py3-none-.whl",
            "../a-1-py3-none-any.whl",
            "a-1-99999999999999999999-py3-none-any.whl",
        ] {
            assert!(WheelName::parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn older_source_names_are_read() {
        let version = |name: &str, project: &str| {
            SdistName::parse(name, &PackageName::new(project).unwrap())
                .map(|name| name.version.to_string())
        };
        assert_eq!(version("oslo.db-1.0.tar.gz", "oslo-db").as_deref(), Some("1.0"));
        assert_eq!(version("a-b-1-2.zip", "a-b").as_deref(), Some("1.post2"));
        assert_eq!(version("a-b-1.tar.gz", "a"), None);
        assert_eq!(version("a-1.tar.gz", "b"), None);
        assert_eq!(version("a-1.whl", "a"), None);
    }
}

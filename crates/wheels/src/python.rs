//! `Requires-Python`: the versions of Python that a file is for.

use constraints::{Specifier, Version};

/// Whether `requires_python` (core metadata) allows `python`, a full version such as 3.13.5.
///
/// A part that is no specifier allows everything, as it does for pip; `>=3.6.*`, which old files
/// have, is read as `>=3.6`, as uv does.
///
/// ```
/// let python = constraints::parse_version("3.13.5")?;
/// assert!(wheels::python_allowed(">=3.9,<4", &python));
/// assert!(!wheels::python_allowed("<3.13", &python));
/// # Ok::<(), constraints::VersionError>(())
/// ```
pub fn python_allowed(requires_python: &str, python: &Version) -> bool {
    requires_python.split(',').all(|part| {
        let part = part.trim();
        part.parse::<Specifier>()
            .or_else(|error| match part.strip_suffix(".*") {
                Some(stem) => stem.parse::<Specifier>(),
                None => Err(error),
            })
            .map_or(true, |specifier| specifier.contains(python))
    })
}

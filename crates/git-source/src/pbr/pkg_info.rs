//! The version that an sdist states.

/// The version in the PKG-INFO at the root of an sdist, which PBR takes before it looks at git.
///
/// `text` is the content of the file, `project` the name in setup.cfg. `None` where the file is of
/// another project (the names are compared letter by letter, as PBR does) or states no version.
/// Rules: core metadata specification (a header of RFC 822), `pbr.packaging` of PBR 7.
///
/// ```
/// let text = "Metadata-Version: 2.1\nName: keystone\nVersion: 28.0.2\n\nVersion: of the text\n";
/// assert_eq!(git_source::version_from_pkg_info(text, "keystone"), Some("28.0.2"));
/// assert_eq!(git_source::version_from_pkg_info(text, "nova"), None);
/// ```
pub fn version_from_pkg_info<'a>(text: &'a str, project: &str) -> Option<&'a str> {
    let name = header(text, "name")?;
    if name != project {
        return None;
    }
    header(text, "version").filter(|version| !version.is_empty())
}

/// The first header of this name, given in lower case.
fn header<'a>(text: &'a str, wanted: &str) -> Option<&'a str> {
    for line in text.lines() {
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value.trim_start_matches([' ', '\t']));
        }
    }
    None
}

//! The version of a source that was patched.

/// `version` with a local part that tells of `patches` patches: `28.1.0+p2.3f9a01c2d4e5`.
///
/// `digest` names the patches and their order; its first twelve letters or digits are taken, in
/// lower case. A version that has a local part keeps it in front: `28.1.0+company.1.p2.3f9a01c2d4e5`.
/// Without patches the version is as it was. Rule: PEP 440, "Local version identifiers": letters,
/// digits and dots, in normal form.
///
/// ```
/// assert_eq!(git_source::patched_version("28.1.0", 2, "3F9A01C2D4E5F6"), "28.1.0+p2.3f9a01c2d4e5");
/// assert_eq!(git_source::patched_version("28.1.0", 0, ""), "28.1.0");
/// ```
pub fn patched_version(version: &str, patches: usize, digest: &str) -> String {
    if patches == 0 {
        return version.to_owned();
    }
    let digest = digest.bytes().filter(u8::is_ascii_alphanumeric).take(12);
    let digest: String = digest.map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    // Digits alone are a number, whose normal form has no zeros in front.
    let digest = digest.parse::<u64>().map_or(digest, |number| number.to_string());
    let separator = if version.contains('+') { '.' } else { '+' };
    let dot = if digest.is_empty() { "" } else { "." };
    format!("{version}{separator}p{patches}{dot}{digest}")
}

//! The version of a package that stands for several others.

use constraints::{PrereleaseKind, Version};

use super::{Scheme, epoch, release};

/// What [`phase`] says of what is no pre-release.
const RELEASED: u64 = 4;

/// The part before the revision, for a package that stands for others of these versions: `prefix`, the sum
/// of their epochs, and the sum of their releases, place by place. With the sum of their revisions behind it,
/// it is newer for dpkg and for rpm whenever one of the versions is newer and none is older, and whenever
/// one is added: versions are ordered by the first place that differs, and so are sums of them. It depends
/// on the versions alone, not on how it came to them.
///
/// | versions | sum |
/// | --- | --- |
/// | `3:28.1.0`, `14.0.0` | `PREFIX.3.42.1.0` |
/// | `3:28.1.1`, `14.0.0` | `PREFIX.3.42.1.1` |
/// | `3:29.0.0`, `14.0.0` | `PREFIX.3.43.0.0` |
/// | `28.0.0rc1`, `14.0.0` | `PREFIX.0.42.0.0~7.1.0.2.0` |
/// | `28.0.0.post1`, `14.0.0` | `PREFIX.0.42.0.0+post8.0.2.2.0` |
///
/// Where something is before or behind its release, five sums follow: of 0 for `.dev` alone, 1 for `a`, 2
/// for `b`, 3 for `rc` and 4 for all else; of the numbers of `a`, `b` and `rc`; of the numbers of
/// post-releases, each and 1; of 1 for what has no `.dev`; and of the numbers of `.dev`. `~` is older than
/// nothing, and stands before them while something is older than its release.
///
/// Local versions (`+ubuntu.5`) do not count: words have no sum.
///
/// ```
/// use constraints::parse_version;
/// use pkg_writer::version::{Revision, Scheme, Stage, debian_of, sum};
///
/// let scheme = |epoch| {
///     let revision = Revision { base: 0, stage: Stage::Main, distro: "deb13".to_owned() };
///     Scheme { epoch, components: 3, revision }
/// };
/// let versions = [(parse_version("28.1.0")?, scheme(3)), (parse_version("14")?, scheme(0))];
/// let upstream = sum("2025.2", &versions);
/// assert_eq!(debian_of(&upstream, 0, &scheme(0).revision)?, "2025.2.3.42.1.0-0+deb13");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sum(prefix: &str, versions: &[(Version, Scheme)]) -> String {
    let (mut epochs, mut numbers, mut phases) = (vec![0], Vec::new(), Vec::new());
    for (version, scheme) in versions {
        add(&mut epochs, &[epoch(version, scheme)]);
        add(&mut numbers, version.release());
        add(&mut phases, &phase(version));
    }
    let components = versions.iter().map(|(_, scheme)| scheme.components).max().unwrap_or_default();
    let text = format!("{prefix}.{}.{}", epochs[0], release(&numbers, components));
    let before = versions.iter().any(|(version, _)| phase(version)[0] < RELEASED);
    let behind = versions.iter().any(|(version, _)| version.post().is_some());
    let sign = match (before, behind) {
        (true, _) => "~",
        (false, true) => "+post",
        (false, false) => return text,
    };
    format!("{text}{sign}{}", release(&phases, phases.len()))
}

fn add(sums: &mut Vec<u64>, numbers: &[u64]) {
    sums.resize(sums.len().max(numbers.len()), 0);
    for (sum, number) in sums.iter_mut().zip(numbers) {
        *sum = sum.saturating_add(*number);
    }
}

/// How far a version is from its release: numbers that are ordered as PEP 440 orders versions of one
/// release.
fn phase(version: &Version) -> [u64; 5] {
    let (pre, post, dev) = (version.pre(), version.post(), version.dev());
    let kind = match pre.map(|pre| pre.kind) {
        Some(PrereleaseKind::Alpha) => 1,
        Some(PrereleaseKind::Beta) => 2,
        Some(PrereleaseKind::Rc) => 3,
        None if post.is_none() && dev.is_some() => 0,
        None => RELEASED,
    };
    let number = pre.map_or(0, |pre| pre.number);
    let post = post.map_or(0, |number| number.saturating_add(1));
    [kind, number, post, u64::from(dev.is_none()), dev.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use constraints::parse_version;

    use super::*;
    use crate::version::{Revision, Stage};

    #[test]
    fn places_are_added_up() {
        for (versions, want) in [
            ("", "P.0.0"),
            ("28.1 14", "P.0.42.1.0"),
            ("14 28.1", "P.0.42.1.0"),
            ("2!28.1 1!14.0.0.3.0", "P.3.42.1.0.3"),
            ("1.0+ubuntu5 1.0", "P.0.2.0.0"),
            ("28.0.0.dev5 1", "P.0.29.0.0~4.0.0.1.5"),
            ("28.0.0rc2.dev5 1", "P.0.29.0.0~7.2.0.1.5"),
            ("1.post0.dev3 1.post2", "P.0.2.0.0+post8.0.4.1.3"),
        ] {
            let revision = Revision { base: 0, stage: Stage::Main, distro: String::new() };
            let scheme = Scheme { epoch: 0, components: 3, revision };
            let versions: Vec<_> = versions
                .split_whitespace()
                .map(|text| (parse_version(text).unwrap(), scheme.clone()))
                .collect();
            assert_eq!(sum("P", &versions), want);
        }
    }
}

//! Versions as dpkg and rpm order them.

use std::cmp::Ordering;
use std::fmt::Write as _;

use constraints::{Version, parse_version};
use pkg_writer::version::{Revision, Scheme, Stage, debian, debian_of, rpm, rpm_of, sum};
use testkit::tool;

/// Two versions that should be ordered so, in one format.
struct Pair {
    left: String,
    order: Ordering,
    right: String,
}

/// Numbers that look random and are the same on each run (xorshift64, Marsaglia 2003).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 8) % limit
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    /// Mostly small, so that two are often equal in all but one part.
    fn small(&mut self) -> u64 {
        if self.below(12) == 0 { self.below(1 << 40) } else { self.below(3) + 9 * self.below(2) }
    }

    fn version(&mut self) -> Version {
        let mut text = String::new();
        if self.below(12) == 0 {
            text.push_str("1!");
        }
        write!(text, "{}", self.below(2) + 1).unwrap();
        for _ in 0..self.below(5) {
            write!(text, ".{}", self.below(2) * self.small()).unwrap();
        }
        if self.below(3) == 0 {
            write!(text, "{}{}", self.one(&["a", "b", "rc"]), self.small()).unwrap();
        }
        if self.below(3) == 0 {
            write!(text, ".post{}", self.small()).unwrap();
        }
        if self.below(3) == 0 {
            write!(text, ".dev{}", self.small()).unwrap();
        }
        if self.below(3) == 0 {
            let mut sign = '+';
            for _ in 0..=self.below(3) {
                let words =
                    ["a", "ab", "abd", "b1", "b10", "b2", "1b", "z", "post1", "local", "rc"];
                let number = self.small().to_string();
                let part = if self.below(2) == 0 { self.one(&words) } else { &*number };
                write!(text, "{sign}{part}").unwrap();
                sign = '.';
            }
        }
        parse_version(&text).unwrap()
    }

    /// `version` with one part changed, or another one altogether.
    fn neighbour(&mut self, version: &Version) -> Version {
        let version = version.clone();
        match self.below(6) {
            0 => version.with_pre(None),
            1 => version.with_post(None),
            2 => version.with_dev(None),
            3 => version.without_local(),
            4 => {
                let mut numbers = version.release().to_vec();
                numbers.push(self.below(2));
                version.with_release(numbers)
            }
            _ => self.version(),
        }
    }
}

fn scheme(revision: Revision) -> Scheme {
    Scheme { epoch: 0, components: 3, revision }
}

fn main(base: u64) -> Scheme {
    scheme(Revision { base, stage: Stage::Main, distro: "fc42".to_owned() })
}

/// 10,000 pairs of versions, and those of packages of one version.
fn pairs(format: impl Fn(&Version, &Scheme) -> String) -> Vec<Pair> {
    let mut numbers = Numbers(0x5eed_c001);
    let mut pairs = Vec::new();
    for _ in 0..10_000 {
        let left = numbers.version();
        let right = numbers.neighbour(&left);
        let order = left.cmp(&right);
        // A later revision of an older version is still older.
        let base = if order == Ordering::Equal { 1 } else { numbers.below(3) };
        pairs.push(Pair {
            left: format(&left, &main(1)),
            order,
            right: format(&right, &main(base)),
        });
    }
    assert!(pairs.iter().filter(|pair| pair.order == Ordering::Equal).count() > 500);
    let version = parse_version("28.0.0").unwrap();
    let rising: Vec<String> = [
        (4, Stage::Hotfix(9)),
        (5, Stage::Main),
        (5, Stage::Security(1)),
        (5, Stage::Security(12)),
        (5, Stage::Hotfix(1)),
        (5, Stage::Hotfix(12)),
        (6, Stage::Main),
        (10, Stage::Main),
    ]
    .into_iter()
    .flat_map(|(base, stage)| ["deb12", "deb13"].map(|distro| (base, stage, distro)))
    .map(|(base, stage, distro)| Revision { base, stage, distro: distro.to_owned() })
    .map(|revision| format(&version, &scheme(revision)))
    .collect();
    for (at, left) in rising.iter().enumerate() {
        for right in &rising[at + 1..] {
            let (left, right) = (left.clone(), right.clone());
            pairs.push(Pair { left, order: Ordering::Less, right });
        }
    }
    pairs
}

/// 5,000 pairs of sums: of the same versions but for one, which is newer in the second; one in four has one version
/// more instead.
fn sums(format: impl Fn(&str, &Revision) -> String) -> Vec<Pair> {
    let mut numbers = Numbers(0x5eed_c002);
    let mut pairs = Vec::new();
    while pairs.len() < 5_000 {
        let count = 1 + numbers.below(4);
        let older: Vec<Version> = (0..count).map(|_| numbers.version().without_local()).collect();
        let mut newer = older.clone();
        if numbers.below(4) == 0 {
            newer.push(numbers.version().without_local());
        } else {
            let next = numbers.neighbour(&older[0]).without_local();
            if next < newer[0] {
                continue;
            }
            newer[0] = next;
        }
        // Where versions stay, patches are added.
        let order = if older == newer { Ordering::Equal } else { Ordering::Less };
        let patches = if order == Ordering::Equal { 0 } else { numbers.below(3) };
        let text = |versions: &[Version], base: u64| {
            let scheme = main(base);
            let parts: Vec<_> = versions.iter().map(|v| (v.clone(), scheme.clone())).collect();
            format(&sum("2025.2", &parts), &scheme.revision)
        };
        pairs.push(Pair { left: text(&older, 2), order, right: text(&newer, 2 + patches) });
        if order == Ordering::Equal {
            let (left, right) = (text(&older, 2), text(&newer, 3));
            pairs.push(Pair { left, order: Ordering::Less, right });
        }
    }
    assert!(pairs.iter().filter(|pair| pair.order == Ordering::Equal).count() > 200);
    assert!(pairs.iter().filter(|pair| pair.left.contains('~')).count() > 500);
    assert!(pairs.iter().filter(|pair| pair.right.contains("+post")).count() > 200);
    pairs
}

fn lines(pairs: &[Pair]) -> String {
    let line = |pair: &Pair| {
        let order = match pair.order {
            Ordering::Less => "lt",
            Ordering::Equal => "eq",
            Ordering::Greater => "gt",
        };
        format!("{} {order} {}\n", pair.left, pair.right)
    };
    pairs.iter().map(line).collect()
}

#[test]
#[ignore = "needs dpkg; .ci/run runs it"]
fn dpkg_orders_versions_as_pep_440_does() {
    let mut pairs = pairs(|version, scheme| debian(version, scheme).unwrap());
    pairs.extend(sums(|upstream, revision| debian_of(upstream, 0, revision).unwrap()));
    let script = "while read left order right; do \
                  dpkg --compare-versions $left $order $right || echo $left $order $right; done";
    let wrong = tool("sh").args(["-c", script]).input(lines(&pairs).as_bytes()).text();
    assert_eq!(wrong, "");
    let never = tool("sh").args(["-c", script]).input(b"1 gt 2\n").text();
    assert_eq!(never, "1 gt 2\n");
}

#[test]
#[ignore = "needs rpm; .ci/run runs it"]
fn rpm_orders_versions_as_pep_440_does() {
    let mut pairs = pairs(|version, scheme| rpm(version, scheme).unwrap().to_string());
    pairs.extend(sums(|upstream, revision| rpm_of(upstream, 0, revision).unwrap().to_string()));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pairs");
    let judge = |text: &str| {
        fs_err::write(&file, text).unwrap();
        let script = format!(
            "%{{lua:for line in io.lines('{}') do \
             local left, order, right = line:match('(%S+) (%S+) (%S+)') \
             local made = ({{[-1]='lt', [0]='eq', [1]='gt'}})[rpm.vercmp(left, right)] \
             if made ~= order then print(line .. ' ') end end}}",
            file.display()
        );
        tool("rpm").args(["--eval", &script]).text()
    };
    assert_eq!(judge(&lines(&pairs)).trim(), "");
    assert_eq!(judge("1:1-1 lt 2-1\n").trim(), "1:1-1 lt 2-1");
}

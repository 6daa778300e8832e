//! The order of versions against dpkg's own.

use std::cmp::Ordering;
use std::io::Write as _;
use std::process::{Command, Stdio};

use apt_solver::{Version, compare_versions};
use testkit::Random;

const PAIRS: usize = 100_000;

/// Random versions from a fixed seed, short and of few bytes, so that many are nearly equal.
struct Versions(Random);

impl Versions {
    fn next(&mut self) -> String {
        loop {
            let length = 1 + self.0.below(7);
            let alphabet = b"0011290..++~~-:azAZ";
            let byte = |_| char::from(alphabet[self.0.below(alphabet.len())]);
            let text: String = std::iter::once('1').chain((0..length).map(byte)).collect();
            // dpkg warns where no digit comes first, and its Perl module refuses.
            let upstream = text.split_once(':').map_or(text.as_str(), |(_, rest)| rest);
            let usual = upstream.starts_with(|first: char| first.is_ascii_digit());
            if usual && text.parse::<Version>().is_ok() {
                return text;
            }
        }
    }
}

/// Gives lines to a program and returns its lines.
fn pipe(program: &str, arguments: &[&str], input: String) -> Vec<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
#[ignore = "needs dpkg and its Perl modules; .ci/run runs it"]
fn dpkg_orders_random_versions_alike() {
    let mut versions = Versions(Random::new(20_261_121));
    let mut pair = |number: usize| {
        let left = versions.next();
        // Every tenth pair is equal or nearly so.
        let right =
            if number.is_multiple_of(10) { left.replace('2', "02") } else { versions.next() };
        (left, right)
    };
    let pairs: Vec<(String, String)> = (0..PAIRS).map(&mut pair).collect();
    let lines = |count| {
        let line = |(left, right): &(String, String)| format!("{left} {right}\n");
        pairs[..count].iter().map(line).collect::<String>()
    };
    let order = |(left, right): &(String, String)| match compare_versions(left, right) {
        Ordering::Less => "lt",
        Ordering::Equal => "eq",
        Ordering::Greater => "gt",
    };
    let ours: Vec<&str> = pairs.iter().map(order).collect();
    // All of them with dpkg's Perl module, in one process, and some with dpkg itself.
    let perl = "use Dpkg::Version; while (<>) { my ($l, $r) = split; \
                print((qw(eq gt lt))[version_compare($l, $r)], qq(\\n)) }";
    let theirs = pipe("perl", &["-e", perl], lines(PAIRS));
    assert_eq!(theirs.len(), PAIRS);
    for (position, pair) in pairs.iter().enumerate() {
        assert_eq!(ours[position], theirs[position], "{pair:?}");
    }
    let shell = "while read -r l r; do for o in lt eq gt; do \
                 dpkg --compare-versions \"$l\" $o \"$r\" && echo $o; done; done; true";
    let theirs = pipe("sh", &["-c", shell], lines(500));
    assert_eq!(theirs, ours[..500]);
    for order in ["lt", "eq", "gt"] {
        assert!(ours.iter().filter(|found| **found == order).count() > 100, "{order}");
    }
}

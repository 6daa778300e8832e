//! "Did you mean": the known word that is closest to a misspelt one.

/// Longest word that is compared, in bytes; longer ones are no slips of the finger.
const LONGEST: usize = 64;

/// Returns the word of `known` that `word` is probably a misspelling of: the one that the fewest
/// letters put in, left out, exchanged or swapped with a neighbour turn it into, the first of
/// several, or `None` where all are too far away.
///
/// ```
/// assert_eq!(names::nearest("kesytone", ["glance", "keystone"]), Some("keystone"));
/// assert_eq!(names::nearest("swift", ["glance", "keystone"]), None);
/// ```
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in known {
        let shorter = word.len().min(candidate.len());
        if word.len().max(candidate.len()) > LONGEST || shorter == 0 {
            continue;
        }
        let distance = distance(word.as_bytes(), candidate.as_bytes());
        // A third of the letters: `nova` finds `nvoa` and `nov`, but not `java`.
        let near = distance <= (shorter / 3).max(1) && distance < shorter;
        if near && best.is_none_or(|(smallest, _)| distance < smallest) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The optimal string alignment distance, in bytes.
fn distance(from: &[u8], to: &[u8]) -> usize {
    // Row `i` holds the distances of `from[..i]` to every start of `to`.
    let mut before_last = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, left) in from.iter().enumerate() {
        let mut row = vec![i + 1; to.len() + 1];
        for (j, right) in to.iter().enumerate() {
            let exchanged = last[j] + usize::from(left != right);
            row[j + 1] = exchanged.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && from[i - 1] == *right && to[j - 1] == *left {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_words_are_not() {
        let known = ["keystone", "nova", "neutron", "glance", "cinder", "home", "uid", "gid"];
        for (word, want) in [
            ("keystne", Some("keystone")),
            ("Keystone", Some("keystone")),
            ("nvoa", Some("nova")),
            ("neutrons", Some("neutron")),
            ("ui", Some("uid")),
            ("uid", Some("uid")),
            ("swift", None),
            ("x", None),
            ("", None),
            ("ü", None),
        ] {
            assert_eq!(nearest(word, known), want, "{word}");
        }
    }

    #[test]
    fn distances_count_single_slips() {
        for (from, to, want) in
            [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("abc", "axc", 1), ("ca", "abc", 3)]
        {
            assert_eq!(distance(from.as_bytes(), to.as_bytes()), want, "{from} {to}");
        }
    }
}

//! The lines in which two scripts differ.

/// Lines of `old` alone start with `-`, lines of `new` alone with `+`, common ones with a space; of
/// common lines only those near a difference are shown.
pub(super) fn difference(old: &str, new: &str) -> String {
    const AROUND: usize = 3;
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let lines = merged(&old, &new);
    let changed: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter_map(|(index, (mark, _))| (*mark != ' ').then_some(index))
        .collect();
    let mut text = String::new();
    let mut last = None;
    for (index, (mark, line)) in lines.iter().enumerate() {
        if !changed.iter().any(|change| change.abs_diff(index) <= AROUND) {
            continue;
        }
        if last.is_some_and(|last| last + 1 != index) {
            text.push_str("...\n");
        }
        last = Some(index);
        text.push(*mark);
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// All lines in order, by the longest common subsequence.
fn merged<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    /// Above this a table would take too much memory; scripts have a few hundred lines.
    const LIMIT: usize = 4_000_000;
    if old.len().saturating_mul(new.len()) > LIMIT {
        let removed = old.iter().map(|line| ('-', *line));
        return removed.chain(new.iter().map(|line| ('+', *line))).collect();
    }
    let width = new.len() + 1;
    let mut common = vec![0u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = if old[i] == new[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len()
            || (i < old.len() && common[(i + 1) * width + j] >= common[i * width + j + 1])
        {
            lines.push(('-', old[i]));
            i += 1;
        } else {
            lines.push(('+', new[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_neighbourhood_of_a_change_is_shown() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let new = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n";
        assert_eq!(difference(old, new), " 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n 9\n+10\n");
        assert_eq!(difference(old, old), "");
    }
}

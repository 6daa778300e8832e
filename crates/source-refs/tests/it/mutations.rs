//! Damaged files: nothing panics, and every fault has a hint.

use std::path::Path;

use source_refs::SourceRefs;

const SEED: &str = "---\n# why\nkeystone: \"28.1.0\"\nnova: '32.2.1'\nglance: {ref: 31.1.0, kind: release} # x\n\
                    list: [a, {b: c}]\n";

#[test]
fn nothing_panics() {
    let pieces =
        [":", "- ", "[", "}", "\"", "'", "&a ", "*a", "!!int ", "\t", "\n", "é", "\u{0}", "|"];
    let mut state: u64 = 0x5eed;
    // A small generator of numbers (xorshift), so that every run tries the same.
    let mut below = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % limit.max(1) as u64).unwrap()
    };
    let (mut taken, mut refused) = (0, 0);
    for round in 0..3_000 {
        // Half of the rounds start from a good file, without its last line.
        let seed = if round % 2 == 0 { SEED } else { &SEED[..SEED.len() - 18] };
        let mut letters: Vec<char> = seed.chars().collect();
        for _ in 0..=below(3) {
            let at = below(letters.len());
            match below(3) {
                0 if !letters.is_empty() => drop(letters.remove(at)),
                1 => letters.truncate(at),
                _ => drop(letters.splice(at..at, pieces[below(pieces.len())].chars())),
            }
        }
        let text: String = letters.into_iter().collect();
        match SourceRefs::parse(&text, Path::new("source-refs.yaml")) {
            Ok(refs) => {
                assert!(refs.iter().all(|(_, found)| found.place.line > 0));
                taken += 1;
            }
            Err(faults) => {
                assert!(faults.iter().all(|fault| !fault.hint.is_empty()), "{text:?}");
                refused += 1;
            }
        }
    }
    assert!(taken > 100 && refused > 100, "{taken} taken, {refused} refused");
}

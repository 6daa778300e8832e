//! Damaged files: whatever is read, nothing panics, and what is taken reads as itself.

use std::path::Path;

use constraints::{Constraints, Overrides, Provenance, apply, import};
use testkit::Random;

const SEED: &str = "\
# why
Pint===0.24.4;python_version>='3.10'
  Flask_RESTful === 0.3.10  # why
# built from source
-horizon
# new
+oslo.db==1.0rc1+local;platform_machine=='aarch64' and (os_name!='nt' or extra==\"é\")
";

fn damaged(seed: &str, random: &mut Random) -> String {
    let pieces =
        ["=", "===", ";", "#", " #", "\n", "-", "+", "[", "]", "é", "\u{0}", "'", "(", "\\"];
    let mut letters: Vec<char> = seed.chars().collect();
    for _ in 0..=random.below(6) {
        let at = random.below(letters.len().max(1));
        match random.below(4) {
            0 if !letters.is_empty() => drop(letters.remove(at)),
            1 => letters.truncate(at),
            2 => letters.insert(at, char::from_u32(random.below(0x250) as u32).unwrap()),
            _ => {
                let piece = pieces[random.below(pieces.len())];
                letters.splice(at..at, piece.chars());
            }
        }
    }
    letters.into_iter().collect()
}

#[test]
fn nothing_panics_and_what_is_taken_reads_as_itself() {
    let file = Path::new("pins.txt");
    let mut random = Random::new(0x5eed);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..3_000 {
        let text = damaged(SEED, &mut random);
        let pins: String = text
            .lines()
            .filter(|line| !line.starts_with(['-', '+']))
            .collect::<Vec<_>>()
            .join("\n");
        match Constraints::parse(&pins, file) {
            Ok(constraints) => {
                let normal = constraints.to_string();
                let again = Constraints::parse(&normal, file).unwrap();
                assert_eq!(again.to_string(), normal);
                let overrides = Overrides::parse(&text, file).unwrap_or_default();
                let applied = apply(&constraints, &overrides);
                assert!(applied.effective.iter().count() <= 10);
                taken += 1;
            }
            Err(faults) => {
                assert!(faults.iter().all(|fault| fault.place.line > 0 && !fault.hint.is_empty()));
                refused += 1;
            }
        }
        let imported = import(&text, file, &Provenance::default());
        assert!(imported.is_err() || text.len() < 2 * SEED.len());
    }
    assert!(taken > 100 && refused > 100, "{taken} taken, {refused} refused");
}

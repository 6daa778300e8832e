//! Whether a mirror has gone back in time. A signature alone does not tell: an old index was signed
//! too, and without `Valid-Until` (most stable suites have none) it never expires.

use distro::LockedSuite;

use super::LockError;

/// Refuses suites that are older than those of the lock.
pub(super) fn refuse(locked: &[LockedSuite], found: &[LockedSuite]) -> Result<(), LockError> {
    for suite in found {
        let same =
            |old: &&LockedSuite| (&old.archive, &old.suite) == (&suite.archive, &suite.suite);
        match locked.iter().find(same) {
            Some(old) if suite.date < old.date => {
                return Err(LockError::Older {
                    suite: format!("{}:{}", suite.archive, suite.suite),
                    found: suite.date,
                    locked: old.date,
                });
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use names::{Digest, Epoch};

    use super::*;
    use crate::Blame;

    fn suite(archive: &str, suite: &str, date: u64) -> LockedSuite {
        LockedSuite {
            archive: archive.parse().unwrap(),
            suite: suite.to_owned(),
            date: Epoch(date),
            in_release: Digest::from_bytes([0; 32]),
        }
    }

    #[test]
    fn a_suite_that_is_older_than_the_lock_is_refused() {
        let locked = [suite("debian", "trixie", 200), suite("debian-security", "trixie", 300)];
        refuse(&locked, &[suite("debian", "trixie", 200)]).unwrap();
        refuse(&locked, &[suite("debian", "trixie", 201)]).unwrap();
        refuse(&locked, &[suite("debian", "trixie-updates", 1)]).unwrap();
        refuse(&[], &[suite("debian", "trixie", 1)]).unwrap();
        let found = [suite("debian", "trixie", 200), suite("debian-security", "trixie", 299)];
        let error = refuse(&locked, &found).unwrap_err();
        assert_eq!(error.blame(), Blame::Verification);
        let message = error.to_string();
        assert!(
            message.starts_with("debian-security:trixie is of 1970-01-01T00:04:59Z"),
            "{message}"
        );
        assert!(message.contains("hint: "), "{message}");
    }
}

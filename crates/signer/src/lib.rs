//! Verify OpenPGP signatures of archives against a keyring.
//!
//! The `pgp` crate does the mathematics; the policy, which signatures count, is here: see
//! [`verify_cleartext`]. There is no clock: who wants signatures from the future refused gives the time.
//!
//! ```
//! use signer::{Keyring, VerifyError, verify_cleartext};
//!
//! let keyring = Keyring::parse(include_bytes!("../tests/fixtures/keyring.gpg"))?;
//! let document = include_bytes!("../tests/fixtures/good.asc");
//! let signed = verify_cleartext(document, &keyring, None)?;
//! assert_eq!(signed.text.lines().next(), Some("Origin: Example"));
//! assert_eq!(signed.signers[0].user, "Primary <primary@example.org>");
//!
//! let changed = String::from_utf8_lossy(document).replace("Example", "Examine");
//! let refused = verify_cleartext(changed.as_bytes(), &keyring, None);
//! assert!(matches!(refused, Err(VerifyError::Bad { .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cleartext;
mod keyring;
mod verify;

pub use keyring::{Keyring, KeyringError};
pub use verify::{Signed, Signer, VerifyError, verify_cleartext};

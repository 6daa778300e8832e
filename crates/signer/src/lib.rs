//! Make and verify signatures of archives, packages and images.
//!
//! The `pgp` crate does the mathematics; the policy, which signatures count, is here: see
//! [`verify_cleartext`]. There is no clock: the time of a signature is given, and so is the present
//! where signatures from the future shall be refused.
//!
//! ```
//! use names::Epoch;
//! use signer::{OpenPgpKey as _, OpenPgpKeyFile, VerifyError, sign_cleartext, verify_cleartext};
//!
//! let key = OpenPgpKeyFile::parse(include_bytes!("../tests/fixtures/secret.asc"), None)?;
//! let document = sign_cleartext(&[&key], "Origin: Example\n", Epoch(1_780_000_000))?;
//!
//! let keyring = key.certificate().keyring();
//! let signed = verify_cleartext(document.as_bytes(), &keyring, None)?;
//! assert_eq!(signed.text, "Origin: Example\n");
//! assert_eq!(signed.signers[0].user, "Archive <archive@example.org>");
//!
//! let changed = document.replace("Example", "Examine");
//! let refused = verify_cleartext(changed.as_bytes(), &keyring, None);
//! assert!(matches!(refused, Err(VerifyError::Bad { .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Keys are an [`OpenPgpKeyFile`], an [`AgentKey`] or, for images, an [`ImageKey`]; [`SigningFile`]
//! says which one is for what, and [`open_key`] opens it. Passphrases are a [`Secret`]; neither they
//! nor secret keys ever get into an error or into what `Debug` prints, and their memory is wiped.

mod agent;
mod certificate;
mod cleartext;
mod deb_signature;
mod image_key;
mod key_file;
mod keyring;
mod open;
mod rpm_signature;
mod secret;
mod sign;
mod signing_file;
mod verify;

pub use agent::{AgentError, AgentKey};
pub use certificate::{Certificate, expiry_warning};
pub use deb_signature::deb_signature_member;
pub use image_key::{ImageKey, ImageKeyError, ImageKeyKind};
pub use key_file::{KeyFileError, OpenPgpKeyFile};
pub use keyring::{Keyring, KeyringError};
pub use open::{OpenKeyError, OpenKeyFault, open_image_key, open_key};
pub use rpm_signature::{RpmSignature, rpm_header_signature, rpm_package_signature};
pub use secret::{Secret, forbid_core_dumps};
pub use sign::{OpenPgpKey, SignError, SignatureKind, sign_armored, sign_cleartext, sign_detached};
pub use signing_file::{
    Chosen, KeyEntry, KeySource, KeyUse, NoKeyError, PassphraseSource, SigningFile,
};
pub use verify::{Signed, Signer, VerifyError, verify_cleartext, verify_detached};

//! Verify OpenPGP signatures of archives against a keyring.

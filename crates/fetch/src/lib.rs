//! HTTP with mirrors, retries and an offline mode, into the store.
//!
//! [`Http`] is the real [`store::Fetcher`]: several downloads at once, each streamed into the store
//! and checked by its digest; every address of an archive is tried in turn; what fails for a moment
//! is tried again, and what broke off is continued where the server can. Which addresses serve an
//! archive is told by the caller, so that this crate knows no host.
//!
//! TLS roots are the system's (or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`, read by
//! `rustls-platform-verifier` from the process's own environment); proxies and the netrc file are
//! named by the caller. Nothing is printed.
//!
//! An address may also be a folder (`/srv/mirror/debian` or `file:///srv/mirror/debian`): a copy on
//! disk for rooms without a network.
//!
//! ```
//! use store::{Address, FetchError, Fetcher as _};
//!
//! let settings = fetch::Settings { network: fetch::Network::Off, ..fetch::Settings::new("0.1.0") };
//! let http = fetch::Http::new(settings, |_| Ok(vec!["http://mirror.example.org/debian".into()]));
//! let address = Address::in_archive(&"debian".parse()?, "dists/trixie/InRelease");
//! let error = http.document(&address, "*/*", 1 << 20).unwrap_err();
//! assert!(matches!(error, FetchError::Offline { .. }));
//! # Ok::<(), names::NameError>(())
//! ```

mod certificates;
mod client;
mod credentials;
mod engine;
mod folder;
mod http;
mod sink;
mod transfer;

pub use certificates::{Certificates, certificates};
pub use http::{Http, Network, Patience, Settings};

//! Fuzz targets: every reader of something that comes from outside, as a function of bytes.
//!
//! A target panics when a promise is broken: when the reader panics or overflows, when what it read
//! cannot be written and read again as the same, when a path leads out of a tree. What it refuses is
//! fine. The corpus, `corpus/<target>/`, holds small files to start from, and every input that was
//! once a finding.
//!
//! - `cargo test -p cooperage-fuzz` runs each target over its corpus and over some hundred damaged
//!   forms of it, the same in every run.
//! - `.ci/fuzz SECONDS [TARGET...]` runs targets with libFuzzer, which follows coverage, for so many
//!   seconds of processor time each. It needs a C++ compiler and nothing but stable Rust.
//!
//! ```
//! let target = fuzz::TARGETS.iter().find(|target| target.name == "bindep").unwrap();
//! (target.run)(b"git [platform:dpkg (keystone ldap)] >=2\n");
//! ```
#![expect(
    clippy::unwrap_used,
    reason = "a fuzz target tells by panicking that a promise is broken"
)]

mod debian;
mod formats;
mod images;
mod patches;
mod python;
mod shelf;

/// A reader under test.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and that of its folder of the corpus.
    pub name: &'static str,
    /// Reads the bytes. Panics where a promise is broken.
    pub run: fn(&[u8]),
}

/// All targets, by name.
pub const TARGETS: &[Target] = &[
    Target { name: "bindep", run: formats::bindep },
    Target { name: "constraints", run: formats::constraints },
    Target { name: "control_tar", run: debian::control_tar },
    Target { name: "data_tar", run: debian::data_tar },
    Target { name: "deb", run: debian::deb },
    Target { name: "deb822", run: debian::deb822 },
    Target { name: "elf", run: images::elf },
    Target { name: "in_release", run: debian::in_release },
    Target { name: "keyring", run: debian::keyring },
    Target { name: "metadata", run: python::metadata },
    Target { name: "oci", run: images::oci },
    Target { name: "pack", run: images::pack },
    Target { name: "packages", run: debian::packages },
    Target { name: "page_html", run: python::page_html },
    Target { name: "page_json", run: python::page_json },
    Target { name: "patch", run: patches::patch },
    Target { name: "record", run: python::record },
    Target { name: "requirement", run: formats::requirement },
    Target { name: "sdist", run: python::sdist },
    Target { name: "toml", run: formats::toml },
    Target { name: "wheel", run: python::wheel },
    Target { name: "wheel_texts", run: python::wheel_texts },
    Target { name: "yaml", run: formats::yaml },
];

//! Debian's versions, relations and lists of packages, and the choice that apt makes among them.
//!
//! Pure values: [`Index::add_packages`] reads lists of packages that the caller has verified, and [`solve`]
//! chooses from them as `apt-get install` does. Every new state of a suite is 60 MB of text, so this
//! crate is optimised where others are not.
//!
//! ```
//! use apt_solver::{Index, Request, solve};
//!
//! let packages = "\
//! Package: web
//! Version: 1.0-2
//! Architecture: amd64
//! Depends: libc6 (>= 2.41), mawk | awk
//! Filename: pool/w/web_1.0-2_amd64.deb
//! Size: 1000
//! SHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
//!
//! Package: libc6
//! Version: 2.41-12
//! Architecture: amd64
//! Filename: pool/g/libc6_2.41-12_amd64.deb
//! Size: 2000
//! SHA256: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
//!
//! Package: gawk
//! Version: 1:5.2-1
//! Architecture: amd64
//! Provides: awk
//! Filename: pool/g/gawk_5.2-1_amd64.deb
//! Size: 3000
//! SHA256: 248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1
//! ";
//! let mut index = Index::new(names::Arch::Amd64);
//! index.add_packages(&"debian".parse()?, "the example", packages.as_bytes())?;
//! let request = Request { packages: vec!["web".to_owned()], ..Request::default() };
//! let solution = solve(&index, &request)?;
//! let names: Vec<&str> = solution.debs.iter().map(|deb| deb.name.as_str()).collect();
//! assert_eq!(names, ["gawk", "libc6", "web"]);
//! assert_eq!(solution.needed_by["gawk"], "web");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod index;
mod locked;
mod paragraph;
mod relation;
mod solve;
mod version;

pub use index::{Index, PackagesError};
pub use locked::{LockedDeb, archive_path, is_archive_path, is_package_name};
pub use paragraph::Paragraph;
pub use solve::{Request, Solution, SolveError, solve};
pub use version::{Version, VersionError, compare_versions};

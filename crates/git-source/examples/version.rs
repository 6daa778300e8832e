//! Prints the version that PBR gives a commit: `version <repository> <tag, branch, commit or ref>`.
//!
//! The repository is an address; what is fetched goes into a folder that is removed at the end.
#![expect(clippy::print_stdout, reason = "an example prints its answer")]

use git_source::{GitCache, GitReference, GitUrl, Settings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [repository, reference] = &arguments[..] else {
        return Err("usage: version <repository> <tag, branch, commit or refs/...>".into());
    };
    let url: GitUrl = repository.parse()?;
    let reference: GitReference = reference.parse()?;
    let folder = tempfile::tempdir()?;
    let cache = GitCache::open(folder.path(), Settings::new())?;
    let urls = [url];
    let resolved = cache.resolve(&urls, &reference, None)?;
    println!("{}", cache.version(&urls, resolved.commit, None)?);
    Ok(())
}

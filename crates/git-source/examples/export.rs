//! Fetches one commit into a cache and counts its files: `export <repository> <commit> <cache folder>`.
#![expect(clippy::print_stdout, reason = "an example prints its answer")]

use std::ops::ControlFlow;
use std::path::Path;

use git_source::{GitCache, GitReference, GitUrl, Settings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [repository, reference, folder] = &arguments[..] else {
        return Err("usage: export <repository> <commit or reference> <cache folder>".into());
    };
    let urls: [GitUrl; 1] = [repository.parse()?];
    let reference: GitReference = reference.parse()?;
    let cache = GitCache::open(Path::new(folder), Settings::new())?;
    let commit = cache.resolve(&urls, &reference, None)?.commit;
    cache.fetch(&urls, commit)?;
    let (mut files, mut bytes) = (0_u64, 0_u64);
    let _ = cache.export(commit, |_, content| {
        files += 1;
        bytes += content.len() as u64;
        ControlFlow::<()>::Continue(())
    })?;
    println!("{commit}: {files} files, {bytes} bytes");
    Ok(())
}

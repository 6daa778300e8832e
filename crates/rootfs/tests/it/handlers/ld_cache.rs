//! `ldconfig` is the judge.

use std::path::Path;

use names::Arch;
use rootfs::handlers::ld_cache::{ld_so_cache, version_line};

#[test]
#[ignore = "dev"]
fn dev() {
    for (root, cache) in
        [("/tmp/h/ref", "/tmp/h/ref/etc/ld.so.cache"), ("/tmp/h/lib", "/tmp/h/lib.cache")]
    {
        if !Path::new(cache).exists() {
            continue;
        }
        let tree = super::folder::tree(Path::new(root));
        let start = std::time::Instant::now();
        let made = ld_so_cache(&tree, Arch::Amd64, &version_line("2.41-12+deb13u4")).unwrap();
        println!(
            "{root} {:?} {} bytes, links {:?} stale {:?}",
            start.elapsed(),
            made.bytes.len(),
            made.links,
            made.stale
        );
        std::fs::write("/tmp/h/ours.cache", &made.bytes).unwrap();
        assert!(made.bytes == std::fs::read(cache).unwrap());
    }
}

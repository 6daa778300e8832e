//! A store in which bits have flipped, in files of every kind: the next build makes the right image, or
//! names the file; and `store verify` tells which it is.

use std::path::{Path, PathBuf};

use testkit::Random;

use crate::bench::{bare, image_digest, run, shell};
use crate::hardships::{build_in, cold_store};

/// The files below a folder of the store that a build reads, a few of them: one, and four in `.ci/full`.
fn some(folder: &Path, line: &str) -> Vec<PathBuf> {
    let count = if std::env::var("COOPERAGE_CI").is_ok_and(|tier| tier == "full") { 4 } else { 1 };
    let found = format!("{line} | sort | awk 'NR % 7 == 3' | head -n {count}");
    let found = shell(folder, &found);
    let found: Vec<PathBuf> = found.lines().map(|path| folder.join(path)).collect();
    assert!(!found.is_empty(), "nothing was found by {line}");
    found
}

#[test]
#[ignore = "needs the network for its store; .ci/full runs it"]
fn flipped_bits_are_made_good_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let cold = cold_store(folder.path());
    let out = folder.path().join("out");
    let image = out.join("2025.2/keystone/oci");
    run(&mut build_in(&cold, &out));
    let want = image_digest(&image);
    // What is flipped, and what has to be made again so that it is read.
    let blobs = |magic: &str| {
        format!(
            "find blobs -type f | while read -r file; do \
             if [ \"$(head -c 4 \"$file\" | od -An -tx1)\" = ' {magic}' ]; then echo \"$file\"; fi; done"
        )
    };
    let (deb, wheel) = (blobs("21 3c 61 72"), blobs("50 4b 03 04"));
    let manifest = image.join("index.json");
    let layers = format!(
        "cat {0}/blobs/sha256/* | grep -oaE '\"digest\":\"sha256:[0-9a-f]{{64}}' | grep -oE '[0-9a-f]{{64}}' | \
         while read -r hex; do file=blobs/${{hex:0:2}}/${{hex:2}}; \
         if [ -f \"$file\" ]; then echo \"$file\"; fi; done",
        manifest.parent().unwrap().display()
    );
    let cases: [(&str, &str, &str); 6] = [
        ("deb", &deb, "layer-record-1 deb-2"),
        ("wheel", &wheel, "layer-record-1 wheel-2"),
        ("layer or document", &layers, ""),
        ("unpacked deb", "find derived/deb-2 -type f", "layer-record-1"),
        ("unpacked wheel", "find derived/wheel-2 -type f", "layer-record-1"),
        ("record", "find derived/layer-record-1 -type f", ""),
    ];
    let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
    for (what, line, anew) in cases {
        for path in some(&cold, line) {
            let sound = std::fs::read(&path).unwrap();
            let bit = random.below(sound.len() * 8);
            let mut bytes = sound.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            replace(&path, &bytes);
            let what = format!("bit {bit} of {what} {}", path.display());

            let verify = bare().args(["store", "verify", "--store"]).arg(&cold).output().unwrap();
            assert_eq!(verify.status.code(), Some(5), "{what}: {verify:?}");
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(String::from_utf8_lossy(&verify.stdout).contains(name), "{what}: {verify:?}");

            for kind in anew.split_whitespace() {
                shell(&cold, &format!("rm -rf derived/{kind}"));
            }
            std::fs::remove_dir_all(&out).unwrap();
            let output = build_in(&cold, &out).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            match output.status.code() {
                Some(0) => assert_eq!(image_digest(&image), want, "{what}"),
                Some(5) => assert!(said.contains(name), "{what} is not named: {said}"),
                code => panic!("{what}: {code:?}: {said}"),
            }
            replace(&path, &sound);
            run(&mut build_in(&cold, &out));
            assert_eq!(image_digest(&image), want, "after {what} was mended");
        }
    }
    run(bare().args(["store", "verify", "--store"]).arg(&cold));
}

/// Anew, since the file may have another name in the store that the tests share.
fn replace(path: &Path, bytes: &[u8]) {
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, bytes).unwrap();
}

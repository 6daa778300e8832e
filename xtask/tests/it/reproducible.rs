//! The same lock gives the same bytes, whoever builds, wherever, and in whatever order.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use testkit::Random;

use crate::bench::{
    bare, build, cooperage_with, image_digest, json_blob, manifest_and_config, root, run, shell,
    store,
};

/// Builds keystone 2025.2 as `bash` would after `setup`, and gives the image's digest.
fn digest_after(folder: &Path, setup: &str, arguments: &str) -> String {
    let out = folder.join("out");
    let line = format!(
        "{setup}\nexec {command} --root {root} {arguments} build keystone 2025.2 --locked --out {out}",
        command = env!("CARGO_BIN_EXE_cooperage"),
        root = root().display(),
        out = out.display(),
    );
    run(Command::new("bash").args(["-euc", &line]).current_dir(folder));
    image_digest(&out.join("2025.2/keystone/oci"))
}

#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn folder_user_umask_locale_zone_jobs_and_store_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    shell(folder.path(), "chmod 755 . && mkdir -m 777 a b c d e");
    let at = |name: &str| folder.path().join(name);
    let warm = format!("--store {}", store().display());
    let want = digest_after(&at("a"), "umask 022", &warm);

    let odd = "umask 077; export LC_ALL=tr_TR.UTF-8 TZ=Pacific/Kiritimati TMPDIR=$PWD HOME=$PWD";
    assert_eq!(digest_after(&at("b"), odd, &format!("{warm} --jobs 1")), want, "surroundings");

    let cold = "--store cold --jobs 2";
    assert_eq!(digest_after(&at("c"), "export HOME=/nonexistent", cold), want, "a cold store");
    assert_eq!(digest_after(&at("c"), "", "--store cold --offline"), want, "a warm store, offline");

    // Another user, with a copy of the packages and of nothing else.
    shell(
        folder.path(),
        "mkdir -p d/store && cp -r c/cold/blobs c/cold/format d/store/ && chown -R 4242:4242 d",
    );
    let other = format!(
        "cd {}; exec setpriv --reuid 4242 --regid 4242 --clear-groups bash -euc 'umask 027; \
         HOME=$PWD {} --root {} --store store --offline build keystone 2025.2 --locked --out out'",
        at("d").display(),
        env!("CARGO_BIN_EXE_cooperage"),
        root().display(),
    );
    run(Command::new("bash").args(["-euc", &other]));
    let digest = image_digest(&at("d").join("out/2025.2/keystone/oci"));
    assert_eq!(digest, want, "another user");
}

/// `COOPERAGE_KILLS` says how often: 5 times, and 200 in `.ci/full`.
#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn a_killed_build_goes_on_where_it_was() {
    let kills = std::env::var("COOPERAGE_KILLS").map_or(5, |kills| kills.parse::<u64>().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let want = image_digest(&build("keystone", "2025.2", &folder.path().join("whole")));
    let arguments = "--store cut --quiet";
    let start = Instant::now();
    assert_eq!(digest_after(folder.path(), "", arguments), want);
    let whole = usize::try_from(start.elapsed().as_millis()).unwrap();
    shell(folder.path(), "rm -rf cut out");
    let command = format!(
        "{} --root {} {arguments} build keystone 2025.2 --locked --out out",
        env!("CARGO_BIN_EXE_cooperage"),
        root().display()
    );
    let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
    let (mut died, mut round, mut reach) = (0, 0, whole);
    // At any moment: while fetching, unpacking, writing layers, the layout.
    while died < kills {
        let moment = random.below(reach.max(300));
        let (seconds, thousandths) = (moment / 1000, moment % 1000);
        let line = format!(
            "code=0; timeout -s KILL {seconds}.{thousandths:03} {command} >/dev/null || code=$?; echo $code"
        );
        let killed = shell(folder.path(), &line) == "137\n";
        died += u64::from(killed);
        let index = folder.path().join("out/2025.2/keystone/oci/index.json");
        if index.exists() {
            assert_eq!(image_digest(index.parent().unwrap()), want, "half a layout is visible");
        }
        // The store tells the truth: whatever has a name is whole.
        if round % 20 == 0 && folder.path().join("cut/format").exists() {
            run(bare().args(["store", "verify", "--store"]).arg(at(&folder, "cut")));
            run(bare().args(["store", "info", "--store"]).arg(at(&folder, "cut")));
        }
        if !killed {
            // Other work on the machine made the first build a slow one.
            reach = reach * 4 / 5;
        }
        if !killed || round % 4 == 3 {
            // It was done, or nearly so: some of the work is taken back.
            let some = format!(
                "rm -rf out cut/derived; find cut/blobs -type f -size +300k | sort | \
                 awk 'NR % 25 == {round} % 25' | xargs -r rm"
            );
            shell(folder.path(), &some);
        }
        round += 1;
        assert!(round < 3 * kills + 30, "only {died} of {round} builds were killed");
    }
    assert_eq!(digest_after(folder.path(), "", arguments), want);
    let left = shell(folder.path(), "ls cut/partial out/2025.2 out/2025.2/keystone");
    assert!(!left.contains(".part") && !left.contains(".tmp"), "left behind:\n{left}");
    for command in ["verify", "info"] {
        run(bare().args(["store", command, "--store"]).arg(at(&folder, "cut")));
    }
    let mut gc = cooperage_with(&root(), &at(&folder, "cut"));
    run(gc.args(["store", "gc", "--keep-days", "1"]));
    assert_eq!(digest_after(folder.path(), "", &format!("{arguments} --offline")), want);
}

fn at(folder: &tempfile::TempDir, name: &str) -> std::path::PathBuf {
    folder.path().join(name)
}

#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn two_builds_at_once_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let build = |name: &str| {
        Command::new(env!("CARGO_BIN_EXE_cooperage"))
            .arg("--root")
            .arg(root())
            .args(["--store", "store", "build", "keystone", "2025.2", "--locked", "--out", name])
            .current_dir(folder.path())
            .spawn()
            .unwrap()
    };
    let mut builds = [build("a"), build("b")];
    for build in &mut builds {
        assert!(build.wait().unwrap().success());
    }
    let digest = |name: &str| image_digest(&folder.path().join(name).join("2025.2/keystone/oci"));
    assert_eq!(digest("a"), digest("b"));
}

#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn a_later_epoch_changes_the_configuration_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut layers = BTreeSet::new();
    let mut configs = BTreeSet::new();
    for epoch in ["1800000000", "1900000000"] {
        let setup = format!("export SOURCE_DATE_EPOCH={epoch}");
        digest_after(folder.path(), &setup, &format!("--store {}", store().display()));
        let layout = folder.path().join("out/2025.2/keystone/oci");
        let (manifest, config) = manifest_and_config(&layout);
        layers.insert(manifest["layers"].to_string());
        configs.insert(config["created"].as_str().unwrap().to_owned());
    }
    assert_eq!(layers.len(), 1, "a later epoch changed a layer");
    let want = ["2027-01-15T08:00:00Z", "2030-03-17T17:46:40Z"];
    assert_eq!(configs.iter().map(String::as_str).collect::<Vec<_>>(), want);
}

#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn releases_share_the_base_layer() {
    let folder = tempfile::tempdir().unwrap();
    let base = |release: &str| {
        let layout = build("keystone", release, folder.path());
        let index = image_digest(&layout);
        json_blob(&layout, &index)["layers"][0]["digest"].as_str().unwrap().to_owned()
    };
    assert_eq!(base("2025.1"), base("2025.2"));
}

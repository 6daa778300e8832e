//! RPM packages as rpm sees them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use filetree::{Kind, Node, Tree};
use names::Epoch;
use pkg_writer::rpm::{self, Mark, Package, Script, Signatures};
use pkg_writer::{Compression, Options};
use testkit::tool;

use crate::rpm::{bytes, dependencies, package};
use crate::{ALL, assert_same, many, options, path, sample, unpacked, wanted};

/// The package in `folder`, of `tree`.
fn save(tree: &Tree, package: &Package, options: &Options) -> PathBuf {
    let out = options.scratch.join(package.file_name());
    fs_err::write(&out, bytes(tree, package, options)).unwrap();
    out
}

fn query(file: &Path, arguments: &[&str]) -> String {
    tool("rpm").arg("-qp").args(arguments).arg(file).text()
}

/// A package of `tree` with nothing left out and nothing marked.
fn plain() -> Package {
    let (marks, left_out) = (BTreeMap::new(), [].into());
    let mut package = Package { marks, left_out, ..package() };
    package.relations.requires = Vec::new();
    package
}

#[test]
#[ignore = "needs rpm and root; .ci/run runs it"]
fn rpm_lists_installs_verifies_and_erases() {
    for compression in ALL {
        for tree in [sample(), many()] {
            let folder = tempfile::tempdir().unwrap();
            let mut options = options(folder.path());
            options.compression = compression;
            let package = plain();
            let file = save(&tree, &package, &options);
            assert_eq!(tool("rpm").arg("-K").arg(&file).text().trim_end(), {
                format!("{}: digests OK", file.display())
            });
            let names: Vec<String> = tree.iter().map(|(path, _)| format!("/{path}")).collect();
            assert_eq!(query(&file, &["-l"]).lines().collect::<Vec<_>>(), names);

            let root = folder.path().join("root");
            fs_err::create_dir(&root).unwrap();
            let rpm =
                |arguments: &[&str]| tool("rpm").arg("--root").arg(&root).args(arguments).text();
            rpm(&["-i", "--nodeps", file.to_str().unwrap()]);
            assert_same(&unpacked(&root), &wanted(&tree));
            assert_eq!(rpm(&["-V", "--nodeps", "sample"]), "");
            if tree.at("opt/sample/large").is_some() {
                fs_err::write(root.join("opt/sample/with blank $x"), "damaged").unwrap();
                let found = tool("rpm").arg("--root").arg(&root).args(["-V", "sample"]).fail();
                assert!(found.contains("/opt/sample/with blank $x"), "{found}");
            }
            rpm(&["-e", "--nodeps", "sample"]);
            assert!(unpacked(&root).is_empty(), "{:?}", unpacked(&root));
        }
    }
}

#[test]
#[ignore = "needs rpm; .ci/run runs it"]
fn rpm_dumps_what_the_tree_says() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path());
    options.accounts.users.insert(42_424, "keystone".to_owned());
    options.accounts.groups.insert(42_424, "keystone".to_owned());
    let mut tree = sample();
    let home = Node::directory(0o750, Epoch(1)).owned_by(42_424, 42_424);
    tree.insert(path("opt/sample/home"), home).unwrap();
    let file = save(&tree, &package(), &options);
    let dump = query(&file, &["--dump"]);
    let mut want = String::new();
    for (path, node) in &tree {
        if ["etc", "opt"].contains(&path.as_str()) {
            continue;
        }
        let mark = package().marks.get(path).copied();
        let content = match &node.kind {
            Kind::HardLink(target) => tree.get(target).map(|node| &node.kind).unwrap(),
            kind => kind,
        };
        let zeros = "0".repeat(64);
        let (size, digest, mode, target) = match content {
            Kind::Directory => (0, zeros, 0o040_000 | node.mode, "X"),
            Kind::Symlink(target) => (target.len() as u64, zeros, 0o120_777, target.as_str()),
            Kind::File(content) => {
                let ghost = mark == Some(Mark::Ghost);
                let digest = if ghost { zeros } else { content.sha256.hex() };
                (content.size, digest, 0o100_000 | node.mode, "X")
            }
            Kind::HardLink(_) => panic!("a link to a link"),
        };
        let owner = if node.uid == 0 { "root" } else { "keystone" };
        let config = u8::from(mark == Some(Mark::ConfigNoReplace));
        let doc = u8::from(mark == Some(Mark::Doc));
        let time = node.mtime.min(crate::EPOCH).0;
        want.push_str(&format!(
            "/{path} {size} {time} {digest} 0{mode:o} {owner} {owner} {config} {doc} 0 {target}\n"
        ));
    }
    assert_eq!(dump, want);
    assert_eq!(query(&file, &["-c"]), "/etc/sample/sample.conf\n");
    assert_eq!(
        query(&file, &["--qf", "[%{FILENAMES}\n%{FILEFLAGS:fflags}\n]"])
            .lines()
            .skip_while(|line| *line != "/opt/sample/nothing")
            .nth(1),
        Some("g")
    );
    let content = tool("rpm2cpio").arg(&file).run();
    let listed = tool("cpio").args(["-t", "--quiet"]).input(&content).text();
    assert_eq!(listed.lines().count(), tree.len() - 3, "all but /etc, /opt and the ghost");
}

#[test]
#[ignore = "needs rpm; .ci/run runs it"]
fn rpm_shows_what_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let mut package = package();
    package.scripts.preun = Some(Script::shell("exit 0\n"));
    let file = save(&sample(), &package, &options(folder.path()));
    let shown = |arguments: &[&str], want: &str| assert_eq!(query(&file, arguments), want);
    shown(
        &["--requires"],
        "(postfix or exim)\n/bin/sh\n/bin/sh\nconfig(sample) = 1:2.0~rc1-1.fc42\npython(abi) = 3.13\n\
         rpmlib(BuiltinLuaScripts) <= 4.2.2-1\nrpmlib(CompressedFileNames) <= 3.0.4-1\n\
         rpmlib(FileDigests) <= 4.6.0-1\nrpmlib(PartialHardlinkSets) <= 4.0.4-1\n\
         rpmlib(PayloadFilesHavePrefix) <= 4.0-1\n\
         rpmlib(PayloadIsZstd) <= 5.4.18-1\nrpmlib(RichDependencies) <= 4.12.0-1\n\
         rpmlib(TildeInVersions) <= 4.10.0-1\n",
    );
    shown(
        &["--provides"],
        "config(sample) = 1:2.0~rc1-1.fc42\nsample = 1:2.0~rc1-1.fc42\nsample(x86-64) = \
         1:2.0~rc1-1.fc42\nsample-api = 2\n",
    );
    shown(&["--conflicts"], "other < 1:3\n");
    shown(&["--obsoletes"], "old-sample <= 1.0-1\n");
    shown(&["--recommends"], "sample-doc\n");
    shown(
        &["--scripts"],
        "preinstall scriptlet (using <lua>):\nx = 1\npostinstall scriptlet (using <lua>):\ny = \
         2\npreuninstall scriptlet (using /bin/sh):\nexit 0\n",
    );
    shown(
        &["--changelog"],
        "* Fri Nov 20 2026 Jane Doe <jane@example.org> - 2.0~rc1-1\n- Second.\n- Third.\n\n* Wed Nov \
         15 2023 Jane Doe <jane@example.org> - 1.0-1\n- First.\n\n",
    );
    shown(
        &["--qf", "%{NEVRA}|%{LICENSE}|%{URL}|%{SUMMARY}|%{DESCRIPTION}|%{BUILDTIME}|%{SOURCERPM}"],
        "sample-1:2.0~rc1-1.fc42.x86_64|Apache-2.0|https://example.org/|Tree for tests|First \
         paragraph.\n\nSecond one: zürich.|1795228558|sample-2.0~rc1-1.fc42.src.rpm",
    );
}

#[test]
#[ignore = "needs rpm and root; .ci/run runs it"]
fn an_edited_configuration_file_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let root = folder.path().join("root");
    fs_err::create_dir(&root).unwrap();
    let rpm = |arguments: &[&str], file: &Path| {
        tool("rpm").arg("--root").arg(&root).args(arguments).arg("--nodeps").arg(file).text()
    };
    let mut tree = sample();
    rpm(&["-i"], &save(&tree, &package(), &options));
    let place = root.join("etc/sample/sample.conf");
    fs_err::write(&place, "edited").unwrap();
    let changed = filetree::Content::from_bytes("[DEFAULT]\nnew = 1\n");
    let node = Node::file(0o640, Epoch(1_700_000_100), changed);
    tree.insert(path("etc/sample/sample.conf"), node).unwrap();
    let mut newer = package();
    newer.version = "2.0".to_owned();
    rpm(&["-U"], &save(&tree, &newer, &options));
    assert_eq!(fs_err::read(&place).unwrap(), b"edited");
    let beside = root.join("etc/sample/sample.conf.rpmnew");
    assert_eq!(fs_err::read(beside).unwrap(), b"[DEFAULT]\nnew = 1\n");
    assert!(!root.join("opt/sample/nothing").exists(), "a ghost was unpacked");
}

#[test]
#[ignore = "needs rpm and gpg; .ci/run runs it"]
fn rpm_accepts_signatures_and_refuses_changed_bytes() {
    for algorithm in ["rsa2048", "ed25519"] {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        fs_err::create_dir(&home).unwrap();
        let gpg = |arguments: &[&str]| {
            tool("gpg").args(["--batch", "--quiet", "--passphrase", ""]).args(arguments)
        };
        let gpg = |arguments: &[&str]| gpg(arguments).env("GNUPGHOME", &home);
        gpg(&["--quick-generate-key", "test@example.org", algorithm, "sign", "never"]).run();
        let key = folder.path().join("key.asc");
        fs_err::write(&key, gpg(&["--armor", "--export"]).run()).unwrap();

        let mut prepared = rpm::prepare(&sample(), &package(), &options(folder.path())).unwrap();
        let mut all = Vec::new();
        std::io::copy(&mut prepared.header_and_payload().unwrap(), &mut all).unwrap();
        let sign = |bytes: &[u8]| Some(gpg(&["--detach-sign"]).input(bytes).run());
        let signatures =
            Signatures { header: sign(prepared.header()), header_and_payload: sign(&all) };
        let file = folder.path().join("signed.rpm");
        prepared.save(&file, &signatures).unwrap();
        tool("gpgconf").args(["--kill", "all"]).env("GNUPGHOME", &home).run();

        let database = folder.path().join("database");
        let rpmkeys = |arguments: &[&str], file: &Path| {
            tool("rpmkeys").arg("--dbpath").arg(&database).args(arguments).arg(file)
        };
        rpmkeys(&["--import"], &key).run();
        let said = rpmkeys(&["-Kv"], &file).text();
        assert!(said.contains("    Header V4") && said.contains("    V4 "), "{said}");
        assert!(!said.contains("NOKEY") && !said.contains("BAD"), "{said}");
        let good = fs_err::read(&file).unwrap();
        for at in [good.len() - 5, good.len() / 2, 2000] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs_err::write(&file, bad).unwrap();
            rpmkeys(&["-K"], &file).fail();
        }
    }
}

#[test]
#[ignore = "needs rpmbuild; .ci/run runs it"]
fn the_header_is_that_of_rpmbuild() {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().join("top");
    let tree = sample();
    let mut package = plain();
    package.relations.requires = dependencies(&["python(abi) = 3.13"]);
    let ours = save(&tree, &package, &options(folder.path()));
    let raw = folder.path().join("raw");
    fs_err::create_dir(&raw).unwrap();
    let cpio = tool("rpm2cpio").arg(&ours).run();
    tool("cpio").args(["-idm", "--quiet"]).folder(&raw).input(&cpio).run();
    // The folders of the payload have the times at which they were filled.
    let mut list = String::new();
    for (path, node) in &tree {
        let dir = if node.is_directory() { "%dir " } else { "" };
        list.push_str(&format!("{dir}\"/{path}\"\n"));
    }
    let spec = folder.path().join("sample.spec");
    fs_err::write(
        &spec,
        format!(
            "%global __os_install_post %{{nil}}\n%global _build_id_links none\n\
             %global _binary_payload w3.zstdio\n%global __provides_exclude .*\n\
             %global clamp_mtime_to_source_date_epoch 1\n\
             Name: sample\nEpoch: 1\nVersion: 2.0~rc1\nRelease: 1.fc42\nSummary: Tree for tests\n\
             License: Apache-2.0\nURL: https://example.org/\nAutoReqProv: no\n\
             Requires: python(abi) = 3.13\nProvides: sample-api = 2\nConflicts: other < 1:3\n\
             Obsoletes: old-sample <= 1.0-1\nRecommends: sample-doc\n%description\nFirst \
             paragraph.\n\nSecond one: zürich.\n%install\ncp -a {}/. %{{buildroot}}\n%pre -p \
             <lua>\nx = 1\n%post -p <lua>\ny = 2\n%files\n%defattr(-,root,root)\n{list}",
            raw.display()
        ),
    )
    .unwrap();
    tool("rpmbuild")
        .arg("-bb")
        .arg("--define")
        .arg(format!("_topdir {}", top.display()))
        .args(["--target", "x86_64-linux"])
        .arg(&spec)
        .env("SOURCE_DATE_EPOCH", crate::EPOCH.0.to_string())
        .run();
    let theirs = top.join("RPMS/x86_64/sample-2.0~rc1-1.fc42.x86_64.rpm");
    for format in [
        "%{NEVRA} %{LICENSE} %{URL} %{SUMMARY} %{DESCRIPTION} %{GROUP} %{OS} %{ENCODING} %{SIZE}",
        "[%{REQUIRENAME} %{REQUIREFLAGS} %{REQUIREVERSION}\n]",
        "[%{PROVIDENAME} %{PROVIDEFLAGS} %{PROVIDEVERSION}\n]",
        "[%{CONFLICTNAME} %{CONFLICTFLAGS} %{CONFLICTVERSION}\n]",
        "[%{OBSOLETENAME} %{OBSOLETEFLAGS} %{OBSOLETEVERSION}\n]",
        "[%{RECOMMENDNAME} %{RECOMMENDFLAGS} %{RECOMMENDVERSION}\n]",
        "[%{FILENAMES} %{FILEMODES} %{FILEDIGESTS} %{FILELINKTOS} %{FILEFLAGS}\n]",
        "[%{FILEUSERNAME} %{FILEGROUPNAME} %{FILEVERIFYFLAGS} %{FILENLINKS} %{FILERDEVS}\n]",
        "%{PREIN}|%{PREINPROG}|%{POSTIN}|%{POSTINPROG}|%{FILEDIGESTALGO}|%{PAYLOADDIGESTALGO}",
        "%{PAYLOADFORMAT} %{PAYLOADCOMPRESSOR} %{PAYLOADFLAGS} [%{DIRNAMES}\n]",
    ] {
        assert_eq!(query(&ours, &["--qf", format]), query(&theirs, &["--qf", format]));
    }
    let payload = |file: &Path| {
        let cpio = tool("rpm2cpio").arg(file).run();
        tool("cpio").args(["-t", "--quiet"]).input(&cpio).text()
    };
    assert_eq!(payload(&ours), payload(&theirs));
}

#[test]
#[ignore = "needs rpm, and room for a sparse file of 4 GiB; .ci/full runs it"]
fn a_file_over_four_gibibytes_is_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("large");
    fs_err::File::create(&place).unwrap().set_len((4 << 30) + 5).unwrap();
    let digest = tool("sha256sum").arg(&place).text()[..64].parse().unwrap();
    let content = filetree::Content::from_slice(place.as_path().into(), 0, (4 << 30) + 5, digest);
    let mut tree = sample();
    tree.insert(path("opt/sample/huge"), Node::file(0o644, Epoch(1), content)).unwrap();
    let mut options = options(folder.path());
    options.compression = Compression::Zstd { level: 1 };
    let file = save(&tree, &plain(), &options);
    assert!(query(&file, &["--requires"]).contains("rpmlib(LargeFiles) <= 4.12.0-1\n"));
    let root = folder.path().join("root");
    fs_err::create_dir(&root).unwrap();
    let rpm = |arguments: &[&str]| tool("rpm").arg("--root").arg(&root).args(arguments).text();
    rpm(&["-i", "--nodeps", file.to_str().unwrap()]);
    assert_eq!(rpm(&["-V", "--nodeps", "sample"]), "");
}

//! dnf, rpm and createrepo_c as judges.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pkg_repo::{
    ChannelSettings, Check, Depth, Extras, Format, GateRules, NewPackage, YumSettings,
    compare_rpm_versions,
};
use signer::OpenPgpKey as _;
use testkit::{Tool, tool};

use crate::room::{Room, TIME, name};
use crate::rpms;

fn init(room: &Room, channel: &str, compression: Format) {
    let settings = ChannelSettings::Yum(YumSettings { compression, keep: 2 });
    room.signing(|s| room.repository().init(&name(channel), &settings, s)).unwrap();
}

pub(crate) fn new(path: PathBuf) -> NewPackage {
    NewPackage { path, component: String::new(), provenance: None }
}

/// Packages with all that an index can say of them.
pub(crate) fn rich(folder: &Path) -> Vec<PathBuf> {
    let preamble = "URL: https://example.org/rich\nGroup: Applications/Text\nVendor: Nobody & Co\n\
        Packager: P <p@example.org>\nEpoch: 2\nRequires: bash >= 4\nRequires(post): coreutils\n\
        Requires: /usr/bin/rich\nRequires: bash >= 4\nRequires: rich = 2:1.0~rc1-1\n\
        Requires: libc.so.6(GLIBC_2.4)(64bit)\nRequires: libc.so.6(GLIBC_2.34)(64bit)\n\
        Requires: libc.so.6(GLIBC_2.14)(64bit)\nRecommends: foo\nSuggests: bar > 1\n\
        Supplements: baz\nEnhances: qux\nProvides: hi = 1:2.0-3\nConflicts: nothello < 2\n\
        Obsoletes: oldhello < 1:3";
    let rest = "%package doc\nSummary: Papers\nBuildArch: noarch\nRequires: rich = %{epoch}:%{version}\n\
        %description doc\nPapers.\n%install\nmkdir -p %{buildroot}/usr/bin %{buildroot}/etc/rich \
        %{buildroot}/usr/share/rich/dir %{buildroot}/usr/share/doc/rich %{buildroot}/var/log\n\
        echo hi > %{buildroot}/usr/bin/rich\necho x > %{buildroot}/etc/rich/rich.conf\n\
        ln -s rich %{buildroot}/usr/bin/hi\necho 'a & b' > '%{buildroot}/usr/share/doc/rich/A & <B>'\n\
        %post\ntrue\n%files\n%dir /usr/share/rich/dir\n/usr/bin/rich\n/usr/bin/hi\n\
        %config(noreplace) /etc/rich/rich.conf\n%ghost /var/log/rich\n%files doc\n/usr/share/doc/rich\n\
        %changelog\n* Mon Jun 01 2026 A B <a@b.c> - 1.0-1\n- first & <best>\n- more\n\
        * Fri May 01 2026 A B <a@b.c> - 0.9-1\n- zero";
    rpms::build(folder, "rich", "1.0~rc1", preamble, rest)
}

#[test]
#[ignore = "needs rpm; .ci/run runs it"]
fn versions_are_ordered_as_rpm_orders_them() {
    let parts = [
        "1", "01", "1.0", "1.0~rc1", "1.0~", "1.0^", "1.0^git1", "1.0a", "1.0.1", "1.a", "2", "10",
        "1_0", "1..0", "a", "b1", "1.0~~", "1.0.", ".1", "001.2", "1.0^~", "1.0+x", "1:1", "0:2",
        "1-1", "1-2", "1.0-1~x", "1.0-0",
    ];
    let mut script = String::new();
    for left in parts {
        for right in parts {
            script += &format!("print(rpm.vercmp('{left}','{right}')..' ') ");
        }
    }
    let theirs = tool("rpm").args(["--eval", &format!("%{{lua: {script}}}")]).text();
    let theirs: Vec<i32> = theirs.split_whitespace().map(|word| word.parse().unwrap()).collect();
    assert_eq!(theirs.len(), parts.len() * parts.len());
    let mut theirs = theirs.into_iter();
    for left in parts {
        for right in parts {
            let ours = compare_rpm_versions(left, right) as i32;
            assert_eq!(Some(ours), theirs.next(), "{left} {right}");
        }
    }
}

/// The elements of packages in an index, without what belongs to the place and the moment.
pub(crate) fn elements(xml: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for part in xml.split("<package ").skip(1) {
        let part = part.split("</package>").next().unwrap();
        let keep = |line: &&str| !line.contains("<location ") && !line.contains("<time ");
        // Quotes in texts may be escaped or not.
        let lines: Vec<&str> = part.lines().filter(keep).collect();
        all.insert(lines.join("\n").replace("&quot;", "\""));
    }
    all
}

#[test]
#[ignore = "needs rpmbuild, createrepo_c, zstd and gzip; .ci/run runs it"]
fn createrepo_c_describes_the_same_packages() {
    for (compression, cat) in [(Format::Zstd, "zstd"), (Format::Gzip, "gzip")] {
        let room = Room::new();
        init(&room, "yum:el10", compression);
        let mut paths = rich(room.folder.path());
        paths.push(rpms::small(room.folder.path(), "small", "1.0"));
        let folder = room.at("theirs");
        std::fs::create_dir(&folder).unwrap();
        for path in &paths {
            std::fs::copy(path, folder.join(path.file_name().unwrap())).unwrap();
        }
        let packages: Vec<NewPackage> = paths.into_iter().map(new).collect();
        room.publish("yum:el10", &packages, GateRules::default()).unwrap();
        tool("createrepo_c").args(["--quiet", "--no-database"]).arg(&folder).run();
        for index in ["primary", "filelists", "other"] {
            let read = |folder: &Path, cat: &str| {
                let files = std::fs::read_dir(folder.join("repodata")).unwrap();
                let mut newest: Vec<PathBuf> = files
                    .map(|file| file.unwrap().path())
                    .filter(|path| path.to_str().unwrap().contains(&format!("-{index}.xml")))
                    .collect();
                newest.sort_by_key(|path| std::fs::metadata(path).unwrap().len());
                tool(cat).arg("-dc").arg(newest.pop().unwrap()).text()
            };
            let ours = read(&room.root().join("yum/el10"), cat);
            let theirs = read(&folder, "gzip");
            assert!(ours.contains("packages=\"3\""), "{ours}");
            assert_eq!(elements(&ours), elements(&theirs), "{index}");
        }
        // It reads ours, too.
        let repo = room.root().join("yum/el10");
        let merged = room.at("merged");
        let merge = tool("mergerepo_c").arg("--repo").arg(&repo).arg("--repo").arg(&folder);
        merge.arg("--outputdir").arg(&merged).run();
    }
}

/// dnf with a scratch root, whose only source is the repository at `url`.
pub(crate) fn dnf(room: &Room, url: &str, root: &Path) -> Tool {
    let key = room.repository().export_key(room.key.certificate()).unwrap();
    let ours = format!(
        "[ours]\nname=ours\nbaseurl={url}/yum/el10\nenabled=1\n\
         gpgcheck=1\nrepo_gpgcheck=1\ngpgkey=file://{}/{key}\n",
        room.root().display(),
    );
    testkit::dnf(root, &ours).arg("--setopt=tsflags=nodb")
}

#[test]
#[ignore = "needs root, rpmbuild, rpm and dnf; .ci/run runs it"]
fn dnf_takes_signed_packages_and_refuses_what_was_tampered_with() {
    let room = Room::new();
    init(&room, "yum:el10", Format::Zstd);
    let folder = room.folder.path();
    let (one, two) = (rpms::small(folder, "small", "1.0"), rpms::small(folder, "small", "2.0"));
    let unsigned = rpms::small(folder, "unsigned", "1.0");
    rpms::sign(&one, &room.key);
    rpms::sign(&two, &room.key);
    let here = format!("file://{}", room.root().display());
    // rpm itself is the first judge.
    let base = room.at("rpmdb");
    let rpm = |program: &str| tool(program).arg("--dbpath").arg(&base);
    let key = room.at("key.asc");
    fs_err::write(&key, room.key.certificate().to_armor()).unwrap();
    rpm("rpmkeys").arg("--import").arg(&key).run();
    for path in [&one, &two] {
        let said = rpm("rpmkeys").arg("-Kv").arg(path).text();
        assert!(said.contains("Header V4 EdDSA/SHA512 Signature"), "{said}");
        assert!(!said.contains("BAD") && !said.contains("NOTFOUND"), "{said}");
    }
    let packages = [one, two, unsigned].map(new);
    room.publish("yum:el10", &packages, GateRules::default()).unwrap();
    let comps = b"<?xml version=\"1.0\"?>\n<comps><group><id>core</id><name>Core</name>\
        <packagelist><packagereq type=\"mandatory\">small</packagereq></packagelist></group></comps>";
    let updateinfo = b"<?xml version=\"1.0\"?>\n<updates><update from=\"a@b.c\" status=\"final\" \
        type=\"security\" version=\"1\"><id>EX-1</id><title>t</title><issued date=\"2026-06-01\"/>\
        <description>d</description><pkglist><collection><package name=\"small\" version=\"2.0\" \
        release=\"1\" epoch=\"0\" arch=\"noarch\"><filename>x.rpm</filename></package></collection>\
        </pkglist></update></updates>";
    let extras = Extras { comps: Some(comps.to_vec()), updateinfo: Some(updateinfo.to_vec()) };
    room.signing(|s| room.repository().set_extras(&name("yum:el10"), &extras, s)).unwrap();

    let root = room.at("first");
    let list = dnf(&room, &here, &root).args(["repoquery", "--quiet"]).text();
    let lines: BTreeSet<&str> = list.lines().collect();
    let want = ["small-0:1.0-1.noarch", "small-0:2.0-1.noarch", "unsigned-0:1.0-1.noarch"];
    assert_eq!(lines, want.into());
    let groups = dnf(&room, &here, &root).args(["group", "list", "--hidden"]).text();
    assert!(groups.contains("Core"), "{groups}");
    dnf(&room, &here, &root).args(["install", "small-1.0"]).run();
    let advisories = dnf(&room, &here, &root).args(["updateinfo", "list", "--available"]).text();
    assert!(advisories.contains("EX-1"), "{advisories}");
    dnf(&room, &here, &root).args(["upgrade"]).run();
    let version = fs_err::read_to_string(root.join("root/usr/share/small/version")).unwrap();
    assert_eq!(version, "2.0\n");
    let said = dnf(&room, &here, &root).args(["install", "unsigned"]).fail();
    assert!(said.contains("not signed"), "{said}");

    // A changed package, index and signature.
    let check = |path: PathBuf, want: &str| {
        let old = fs_err::read(&path).unwrap();
        let mut new = old.clone();
        let middle = new.len() / 2;
        new[middle] ^= 1;
        fs_err::write(&path, new).unwrap();
        let root = room.at(&format!("changed-{}", old.len()));
        let said = dnf(&room, &here, &root).args(["install", "small"]).fail();
        assert!(said.contains(want), "{want} is not in {said}");
        let keyring = room.key.certificate().keyring();
        let check = Check { keyring: Some(&keyring), now: TIME, depth: Depth::Bytes };
        let findings = room.repository().verify(&name("yum:el10"), &check).unwrap();
        assert!(!findings.is_empty(), "verify finds it, too");
        fs_err::write(&path, old).unwrap();
        assert_eq!(room.repository().verify(&name("yum:el10"), &check).unwrap(), []);
    };
    let repo = room.root().join("yum/el10");
    let records = room.repository().records(&name("yum:el10")).unwrap();
    let record = records.iter().find(|record| record.version == "2.0-1").unwrap();
    check(room.root().join(&record.path), "checksum");
    let real = |name: &str| std::fs::canonicalize(repo.join("repodata").join(name)).unwrap();
    check(real("repomd.xml"), "signature");
    check(real("repomd.xml.asc"), "");
    let text = room.read("yum/el10/repodata/repomd.xml");
    let primary = text.lines().find(|line| line.contains("-primary.xml")).unwrap();
    check(repo.join(primary.split('"').nth(1).unwrap()), "");
}

#[test]
#[ignore = "needs rpmbuild; .ci/run runs it"]
fn what_is_lost_can_be_removed() {
    let room = Room::new();
    init(&room, "yum:el10", Format::Zstd);
    let path = rpms::small(room.folder.path(), "a", "1.0");
    let published = room.publish("yum:el10", &[new(path)], GateRules::default()).unwrap();
    fs_err::remove_dir_all(room.root().join("pool")).unwrap();
    let digest = published.added[0].sha256;
    room.signing(|s| room.repository().remove(&name("yum:el10"), &[digest], s)).unwrap();
    assert_eq!(room.list("yum:el10"), [""; 0]);
}

#[test]
#[ignore = "needs rpmbuild; .ci/run runs it"]
fn damaged_packages_are_no_panic() {
    let room = Room::new();
    init(&room, "yum:el10", Format::Zstd);
    let path = rich(room.folder.path()).remove(0);
    let good = fs_err::read(&path).unwrap();
    let broken = room.at("broken.rpm");
    let mut refused = 0;
    for at in (0..good.len().min(9000)).step_by(41) {
        let mut bytes = good.clone();
        bytes[at] ^= 0xff;
        fs_err::write(&broken, bytes).unwrap();
        let rules = GateRules::default();
        let result = room.publish("yum:el10", &[new(broken.clone())], rules);
        let Ok(published) = result else {
            refused += 1;
            continue;
        };
        let digests: Vec<_> = published.added.iter().map(|added| added.sha256).collect();
        room.signing(|s| room.repository().remove(&name("yum:el10"), &digests, s)).unwrap();
    }
    assert!(refused > 5, "{refused}");
    for cut in [0, 4, 95, 96, 111, 112, 500, 3000] {
        fs_err::write(&broken, &good[..cut]).unwrap();
        room.publish("yum:el10", &[new(broken.clone())], GateRules::default()).unwrap_err();
    }
}

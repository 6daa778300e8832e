//! The files of an sdist, AUTHORS and ChangeLog, against an sdist that PBR makes.

use std::collections::BTreeMap;

use git_source::{
    FolderState, GitCache, Limits, Settings, local_authors, local_change_log, local_folder,
};
use testkit::tool;

use crate::history::generate;
use crate::servers::url;

const SETUP_CFG: &str =
    "[metadata]\nname = thing\nsummary = A thing\n[files]\npackages =\n    thing\n";

#[test]
#[ignore = "needs git and python3 with pbr 7, setuptools and wheel; .ci/run runs it"]
fn an_sdist_is_that_of_pbr() {
    let folder = tempfile::tempdir().unwrap();
    for seed in [0, 1, 2, 5] {
        let mut made = generate(seed, 30);
        // Python takes no other tags into a ChangeLog, and stops.
        made.tags.retain(|tag| tag.name.split(['.', '-']).all(|part| part.parse::<u8>().is_ok()));
        let last = made.commits.last_mut().unwrap();
        let mut write =
            |path: &str, text: &str| last.files.push((path.to_owned(), text.to_owned()));
        write(
            "setup.py",
            "import setuptools\nsetuptools.setup(setup_requires=['pbr'], pbr=True)\n",
        );
        write("setup.cfg", SETUP_CFG);
        write("thing/__init__.py", "");
        write("thing/migrations/1_x.py", "x = 1\n");
        write("thing/old.pyc", "x");
        write("thing/CVS/x", "x");
        write("doc/données.txt", "x\n");
        write(".gitignore", "*.egg-info\n");
        write("doc/.gitignore", "x\n");
        write(".gitreview", "x\n");
        write("AUTHORS.in", "Before all\n");
        write(".mailmap", "Jane Roe <jane@example.org> <john@example.org>\n");
        let repository = folder.path().join(format!("{seed}.git"));
        let ids = made.write(&repository);
        let head = *ids.last().unwrap();
        let work = folder.path().join(seed.to_string());
        let branch = format!("c{}", ids.len() - 1);
        tool("git").args(["clone", "-q", "-b", &branch]).arg(&repository).arg(&work).run();
        let git = |arguments: &[&str]| {
            let always = ["-c", "user.name=T", "-c", "user.email=t@example.org"];
            tool("git").args(always).args(arguments).folder(&work).text().trim().to_owned()
        };
        // Links, and a file that may be run.
        let link =
            |target: &str, path: &str| fs_err::os::unix::fs::symlink(target, work.join(path));
        link("../setup.cfg", "doc/link.cfg").unwrap();
        link("doc", "manual").unwrap();
        link("nowhere", "broken").unwrap();
        fs_err::write(work.join("run"), "#!/bin/sh\n").unwrap();
        tool("chmod").arg("755").arg(work.join("run")).run();
        git(&["add", "-A"]);
        git(&["commit", "-qm", "Add links.\n\nCo-authored-by: Ann <ann@example.org>\n"]);
        let commit = git(&["rev-parse", "HEAD"]).parse().unwrap();
        assert_ne!(commit, head);

        let build = ["setup.py", "-q", "sdist", "--formats=gztar"];
        tool("python3").args(build).env("PYTHONWARNINGS", "ignore").folder(&work).run();
        let archive = fs_err::read_dir(work.join("dist")).unwrap().next().unwrap().unwrap().path();
        let unpacked = folder.path().join(format!("{seed}.sdist"));
        fs_err::create_dir(&unpacked).unwrap();
        tool("tar")
            .arg("-xf")
            .arg(&archive)
            .args(["--strip-components=1", "-C"])
            .arg(&unpacked)
            .run();
        let list =
            tool("find").args([".", "-type", "f", "-printf", "%P\\0"]).folder(&unpacked).text();
        let generated = |path: &&str| {
            !path.contains(".egg-info/") && !["AUTHORS", "ChangeLog", "PKG-INFO"].contains(path)
        };
        let mut theirs: Vec<&str> = list.split_terminator('\0').filter(generated).collect();
        theirs.sort_unstable();

        let urls = [url(format!("file://{}", work.display()))];
        let cache =
            GitCache::open(&folder.path().join(format!("cache{seed}")), Settings::new()).unwrap();
        cache.fetch(&urls, commit).unwrap();
        let files = cache.sdist_files(commit).unwrap();
        let ours: BTreeMap<&str, _> = files.iter().map(|file| (file.path.as_str(), file)).collect();
        assert_eq!(ours.keys().copied().collect::<Vec<_>>(), theirs);
        assert!(ours["run"].executable && ours["doc/link.cfg"].from == "setup.cfg");
        for file in files.iter().filter(|file| file.path != "setup.cfg") {
            let content = cache.file(commit, &file.from).unwrap().unwrap();
            let expected = fs_err::read(unpacked.join(&file.path)).unwrap();
            // setuptools rewrites setup.cfg before it copies what a link leads to.
            assert!(file.from == "setup.cfg" || content == expected, "{}", file.path);
        }
        let texts = cache.generated(&urls, commit).unwrap();
        let read = |name: &str| fs_err::read_to_string(unpacked.join(name)).unwrap();
        assert_eq!(texts.authors, read("AUTHORS"));
        assert_eq!(texts.change_log, read("ChangeLog"));
        of_a_work_tree(&work);
        let version = cache.version(&urls, commit, None).unwrap();
        assert!(read("PKG-INFO").contains(&format!("\nVersion: {version}\n")), "{version}");
        println!("{}: {} files, AUTHORS, ChangeLog and version as PBR has them", seed, files.len());
    }
}

/// Compares AUTHORS and ChangeLog of a work tree with those that PBR writes into it: clean, changed, and
/// without a history.
fn of_a_work_tree(work: &std::path::Path) {
    tool("git").args(["clean", "-qfdx"]).folder(work).run();
    let ours = || {
        let folder = local_folder(work, &Limits::USUAL).unwrap();
        let authors = local_authors(work, &folder).unwrap();
        (folder.state, authors, local_change_log(work, &folder).unwrap())
    };
    let theirs = || {
        let build = ["setup.py", "-q", "sdist"];
        let env = [("PYTHONWARNINGS", "ignore"), ("PBR_VERSION", "1.0")];
        let build = env
            .iter()
            .fold(tool("python3"), |tool, (name, value)| tool.env(name, value))
            .args(build);
        build.folder(work).run();
        let read = |name: &str| {
            let path = work.join(name);
            let text = fs_err::read_to_string(&path).ok();
            let _ = fs_err::remove_file(path);
            text
        };
        let made = (read("AUTHORS"), read("ChangeLog"));
        for folder in ["thing.egg-info", "dist"] {
            fs_err::remove_dir_all(work.join(folder)).unwrap();
        }
        made
    };
    let compare = |state: FolderState| {
        let (found, authors, change_log) = ours();
        assert_eq!(found, state);
        assert_eq!((authors, change_log), theirs());
    };
    compare(FolderState::Clean);
    let write = |path: &str, text: &str| fs_err::write(work.join(path), text).unwrap();
    write("thing/__init__.py", "changed = 1\n");
    write("thing/new.py", "");
    compare(FolderState::Changed);
    write("AUTHORS.in", "Others before all\n");
    write(".mailmap", "Somebody Else <else@example.org> <john@example.org>\n");
    compare(FolderState::Changed);
    fs_err::remove_dir_all(work.join(".git")).unwrap();
    assert_eq!(theirs(), (None, None));
    let (_, authors, change_log) = ours();
    assert_eq!((authors, change_log), (None, None));
}

//! Submodules, and theirs.

use git_source::{CommitId, GitCache, GitError, Settings};
use testkit::tool;

use crate::servers::url;

#[test]
#[ignore = "needs git; .ci/run runs it"]
fn the_files_of_submodules_are_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let git = |place: &str, arguments: &[&str]| {
        let always =
            ["-c", "protocol.file.allow=always", "-c", "user.name=T", "-c", "user.email=t@x"];
        let text =
            tool("git").args(always).args(arguments).folder(&folder.path().join(place)).text();
        text.trim().to_owned()
    };
    let mut commits = Vec::new();
    for (name, inner) in [("c", None), ("b", Some("../c")), ("a", Some("../b"))] {
        git("", &["init", "-q", name]);
        fs_err::write(folder.path().join(name).join(format!("{name}.txt")), name).unwrap();
        if let Some(inner) = inner {
            let address = format!("{}/{}", folder.path().display(), &inner[3..]);
            git(name, &["submodule", "--quiet", "add", &address, "lib/inner"]);
            git(name, &["config", "-f", ".gitmodules", "submodule.lib/inner.url", inner]);
        }
        git(name, &["add", "-A"]);
        git(name, &["commit", "-qm", name]);
        commits.push(git(name, &["rev-parse", "HEAD"]).parse::<CommitId>().unwrap());
    }
    let address = url(format!("file://{}/a", folder.path().display()));
    let cache = GitCache::open(&folder.path().join("cache"), Settings::new()).unwrap();
    let parts = cache.fetch_with_submodules(std::slice::from_ref(&address), commits[2]).unwrap();
    let found: Vec<_> = parts.iter().map(|part| (part.folder.as_str(), part.commit)).collect();
    let expected =
        [("", commits[2]), ("lib/inner", commits[1]), ("lib/inner/lib/inner", commits[0])];
    assert_eq!(found, expected);
    assert_eq!(cache.file(commits[0], "c.txt").unwrap().as_deref(), Some(&b"c"[..]));

    git("a", &["config", "-f", ".gitmodules", "--remove-section", "submodule.lib/inner"]);
    git("a", &["commit", "-qam", "no address"]);
    let commit = git("a", &["rev-parse", "HEAD"]).parse().unwrap();
    let error = cache.fetch_with_submodules(&[address], commit).unwrap_err();
    assert!(matches!(error, GitError::Object { .. }), "{error}");
}

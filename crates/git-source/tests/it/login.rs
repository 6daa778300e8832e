//! HTTPS with a login: from the netrc file, and from git's credential helpers. The roots and git's
//! configuration come from the process's own environment, so this test starts itself again.

use git_source::{CommitId, GitCache, Helpers, Settings};
use testkit::tool;

use crate::history::generate;
use crate::servers::{http, url};

#[test]
#[ignore = "only for logins_come_from_netrc_and_from_the_helpers_of_git, which starts it"]
#[expect(clippy::disallowed_methods, reason = "the test that starts it asks in this way")]
fn client() {
    let Ok(question) = std::env::var("COOPERAGE_TEST_GIT") else { return };
    let [address, commit] = question.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{question}")
    };
    let (address, commit) = (url(address), commit.parse::<CommitId>().unwrap());
    let login = |word: &str| format!("machine 127.0.0.1 login me password {word}\n");
    let cases = [
        ("nothing", String::new(), Helpers::Ignored),
        ("wrong", login("wrong"), Helpers::Ignored),
        ("netrc", login("secret"), Helpers::Ignored),
        ("helper", String::new(), Helpers::Asked),
    ];
    for (name, netrc, helpers) in cases {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { netrc, helpers, ..Settings::new() };
        let cache = GitCache::open(folder.path(), settings).unwrap();
        match cache.fetch(std::slice::from_ref(&address), commit) {
            Ok(()) => println!("{name}: fetched {} files", cache.files(commit).unwrap().len()),
            Err(error) => println!("{name}: {error}"),
        }
    }
}

#[test]
#[ignore = "needs git with its http-backend, openssl and python3; .ci/run runs it"]
fn logins_come_from_netrc_and_from_the_helpers_of_git() {
    let folder = tempfile::tempdir().unwrap();
    let mut made = generate(1, 3);
    made.commits[2].files.push(("a".to_owned(), "x\n".to_owned()));
    let ids = made.write(&folder.path().join("x.git"));
    let request = "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=x -days 2 \
                   -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE";
    tool("openssl").args(request.split_whitespace()).folder(folder.path()).run();
    let read = |name: &str| fs_err::read_to_string(folder.path().join(name)).unwrap();
    let both = folder.path().join("both.pem");
    fs_err::write(&both, read("key.pem") + &read("cert.pem")).unwrap();
    let server = http(folder.path(), &["2", both.to_str().unwrap(), "me:secret"]);

    let config = folder.path().join("gitconfig");
    let helper = "!f() { echo username=me; echo password=secret; }; f";
    fs_err::write(&config, format!("[credential]\n\thelper = \"{helper}\"\n")).unwrap();
    let this = std::env::current_exe().unwrap();
    let said = tool(this.to_str().unwrap())
        .args(["--exact", "login::client", "--ignored", "--nocapture"])
        .env("COOPERAGE_TEST_GIT", format!("https://127.0.0.1:{}/x.git {}", server.port, ids[2]))
        .env("SSL_CERT_FILE", folder.path().join("cert.pem"))
        .env("SSL_CERT_DIR", "")
        .env("GIT_CONFIG_GLOBAL", &config)
        .text();
    assert!(said.contains("netrc: fetched 1 files\nhelper: fetched 1 files"), "{said}");
    assert!(said.contains("nothing: no address of the repository works"), "{said}");
    assert!(said.contains("the server wants a login"), "{said}");
    assert!(said.contains("wrong: no address") && said.contains("were not accepted"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}

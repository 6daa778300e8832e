//! `cooperage repo`: what it prints, what it refuses, and who must act then.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;

use crate::bench::{bare, root};

/// A folder with packages, a key and `signing.toml`.
fn workplace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    for version in ["1.0-1", "1.1-1"] {
        let deb = testkit::DebBuilder::new("hello", version).build();
        write(&format!("hello_{version}.deb"), &deb);
    }
    let other =
        testkit::DebBuilder::new("hello", "1.1-1").file("usr/share/hello", b"other").build();
    write("other.deb", &other);
    let key = std::fs::read(root().join("crates/signer/tests/fixtures/secret.asc")).unwrap();
    write("secret.asc", &key);
    let key = "[[key]]\nname = \"test\"\nuse = [\"repository\"]\nopenpgp-file = \"secret.asc\"\n";
    write("signing.toml", key.as_bytes());
    write("images.toml", b"unsigned = [\"package\"]\n");
    folder
}

/// What `cooperage repo` prints for a line of arguments; it ends with `code`.
fn repo(folder: &Path, code: i32, line: &str) -> String {
    let mut command = bare();
    command.arg("repo").args(line.split(' ')).current_dir(folder).env_remove("SOURCE_DATE_EPOCH");
    let output = command.output().unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(code), "{line}: {text}");
    text
}

#[test]
fn packages_come_go_and_come_back() {
    let folder = workplace();
    let repo = |code, line: &str| repo(folder.path(), code, line);
    let sign = "--signing signing.toml";
    repo(0, &format!("init r apt:trixie --origin Example {sign}"));
    // It is there already, with the same settings.
    repo(0, &format!("init r apt:trixie --origin Example {sign}"));
    assert_eq!(repo(0, "list r"), "apt:trixie\n");
    let first = repo(0, &format!("publish r apt:trixie hello_1.0-1.deb {sign}"));
    assert!(first.starts_with("+ hello 1.0-1 all\n"), "{first}");
    let snapshot = first.lines().last().unwrap().to_owned();
    let second = repo(0, &format!("publish r apt:trixie hello_1.1-1.deb {sign}"));
    assert!(second.starts_with("+ hello 1.1-1 all\n"), "{second}");
    let again = repo(0, &format!("publish r apt:trixie hello_1.1-1.deb {sign}"));
    assert!(again.starts_with("= hello 1.1-1 all\n"), "{again}");
    assert_eq!(repo(0, "list r apt:trixie").lines().count(), 2);
    repo(0, &format!("rollback r apt:trixie {snapshot} {sign}"));
    assert_eq!(repo(0, "list r apt:trixie").lines().count(), 1);
    assert_eq!(repo(0, "list r apt:trixie --snapshots").lines().count(), 4);

    repo(0, &format!("init r apt:updates --pinning upgrades-only {sign}"));
    let promoted = repo(0, &format!("promote r apt:trixie apt:updates hello {sign}"));
    assert!(promoted.starts_with("+ hello 1.0-1 all\n"), "{promoted}");
    let json = repo(0, &format!("remove r apt:updates hello --json {sign}"));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["removed"][0]["reason"], "asked for");
    assert_eq!(json["removed"][0]["package"]["version"], "1.0-1");
    repo(0, &format!("remove r apt:updates --channel {sign}"));
    assert_eq!(repo(0, "list r"), "apt:trixie\n");

    let key = std::fs::read_dir(folder.path().join("r/keys")).unwrap();
    let key =
        key.map(|entry| entry.unwrap().path()).find(|path| path.extension().unwrap() == "asc");
    let verify = format!("verify r --keyring {}", key.unwrap().display());
    assert_eq!(repo(0, &verify), "");
    repo(0, "gc r --keep-count 1 --keep-days 0");
    assert_eq!(repo(0, &verify), "");
    let index = folder.path().join("r/dists/trixie/Release");
    std::fs::write(&index, "Origin: Somebody\n").unwrap();
    assert!(repo(5, &verify).contains("Release"));
}

#[test]
fn a_folder_is_indexed_and_groups_are_published() {
    let folder = workplace();
    let repo = |code, line: &str| repo(folder.path(), code, line);
    let at = |path: &str| folder.path().join(path);
    std::fs::create_dir(at("rpms")).unwrap();
    std::fs::write(at("comps.xml"), "<comps/>").unwrap();
    assert_eq!(repo(0, "index rpms --comps comps.xml --signing signing.toml"), "0 packages\n");
    let repomd = std::fs::read_to_string(at("rpms/repodata/repomd.xml")).unwrap();
    assert!(repomd.contains("<data type=\"group\">"), "{repomd}");
    assert!(
        at("rpms/repodata/repomd.xml.asc").exists() && at("rpms/repodata/repomd.xml.key").exists()
    );
    assert_eq!(repo(0, "index rpms --unsigned --json"), "{\n  \"packages\": 0\n}\n");
    let said = repo(2, "index rpms --comps none.xml --unsigned");
    assert!(said.contains("none.xml"), "{said}");
    let said = repo(2, "index nowhere --unsigned");
    assert!(said.contains("nowhere"), "{said}");

    repo(0, "init r yum:el10 --unsigned");
    let snapshot = repo(0, "extras r yum:el10 --comps comps.xml --unsigned");
    assert!(snapshot.starts_with("00000001-"), "{snapshot}");
    let repomd = std::fs::read_to_string(at("r/yum/el10/repodata/repomd.xml")).unwrap();
    assert!(repomd.contains("<data type=\"group\">"), "{repomd}");
    repo(0, "init r apt:trixie --unsigned");
    let said = repo(2, "extras r apt:trixie --comps comps.xml --unsigned");
    assert!(said.contains("groups and advisories are for yum repositories"), "{said}");
}

#[test]
#[ignore = "needs unshare; .ci/run runs it"]
fn a_full_disk_leaves_a_repository_as_it_was() {
    let folder = workplace();
    let mut random = testkit::Random::new(1);
    let noise: Vec<u8> = (0..2 << 20).map(|_| random.below(256) as u8).collect();
    let deb = testkit::DebBuilder::new("large", "1.0-1").file("usr/share/large", &noise).build();
    std::fs::write(folder.path().join("large.deb"), deb).unwrap();
    let script = "mkdir r; mount -t tmpfs -o size=1m none r; repo() { \"$cooperage\" repo \"$@\"; }
        repo init r apt:trixie --unsigned
        repo publish r apt:trixie hello_1.0-1.deb --unsigned
        code=0; repo publish r apt:trixie hello_1.1-1.deb large.deb --unsigned || code=$?
        echo code $code, left $(ls r/partial | wc -l)
        repo verify r --unsigned
        repo list r apt:trixie";
    let mut command = std::process::Command::new("unshare");
    command.args(["-rm", "bash", "-euc", script]).current_dir(folder.path());
    command.env("cooperage", bare().get_program());
    let output = command.output().unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    assert!(out.contains("code 2, left 0\n"), "{out}{err}");
    assert_eq!(out.lines().last().map(|line| line.contains("hello 1.0-1")), Some(true), "{out}");
    assert!(err.contains("cannot copy into the pool") && err.contains("large.deb"), "{err}");
    assert!(err.contains("No space left on device"), "{err}");
}

#[test]
fn a_repository_is_served() {
    let folder = workplace();
    let repo = |code, line: &str| repo(folder.path(), code, line);
    repo(0, "init r apt:trixie --unsigned");
    repo(0, "publish r apt:trixie hello_1.0-1.deb --unsigned");
    let mut command = bare();
    command.args(["repo", "serve", "r", "--listen", "127.0.0.1:0"]).current_dir(folder.path());
    let mut server = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let address = url.trim().strip_prefix("http://").unwrap().strip_suffix('/').unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /dists/trixie/Release HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let busy = repo(2, &format!("serve r --listen {address}"));
    assert!(busy.contains("cannot serve at 127.0.0.1:") && busy.contains("--listen"), "{busy}");
    assert!(repo(2, "serve nothing").contains("nothing is no repository"));
    server.kill().unwrap();
    let mut said = String::new();
    server.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    server.wait().unwrap();
    assert!(said.contains("GET /dists/trixie/Release 200 "), "{said}");
}

#[test]
fn refusals_name_the_cause_and_what_to_do() {
    let folder = workplace();
    let repo = |code, line: &str| repo(folder.path(), code, line);
    let wants = |text: String, words: &[&str]| {
        for word in words {
            assert!(text.contains(word), "`{word}` is not in {text}");
        }
    };
    wants(repo(2, "list nothing"), &["nothing is no repository", "repo init"]);
    wants(repo(2, "init r apt:trixie"), &["--signing", "--unsigned"]);
    wants(repo(2, "init r trixie --unsigned"), &["apt:SUITE"]);
    let wrong = repo(2, "init r apt:trixie --signing images.toml");
    wants(wrong, &["no key of signing.toml is for `repository`", "unsigned = [\"repository\"]"]);
    assert!(!folder.path().join("r").exists());

    repo(0, "init r apt:trixie --unsigned");
    wants(repo(2, "init r apt:trixie --origin X --unsigned"), &["apt:trixie is there already"]);
    repo(0, "publish r apt:trixie hello_1.1-1.deb --unsigned");
    let older = repo(2, "publish r apt:trixie hello_1.0-1.deb --unsigned");
    wants(older, &["a newer version is published", "hello"]);
    let other = repo(2, "publish r apt:trixie other.deb --unsigned");
    wants(other, &["the same version with other content", "give the new one another version"]);
    wants(repo(2, "publish r apt:trixie signing.toml --unsigned"), &["signing.toml"]);
    wants(repo(2, "publish r apt:sid hello_1.0-1.deb --unsigned"), &["no channel apt:sid"]);
    let component = repo(2, "publish r apt:trixie hello_1.0-1.deb --component x --unsigned");
    wants(component, &["it has no component `x`, but main"]);
    wants(repo(2, "remove r apt:trixie nope --unsigned"), &["nope", "repo list apt:trixie"]);
    repo(0, "publish r apt:trixie hello_1.0-1.deb --allow-downgrade --unsigned");
    assert!(repo(0, "list r apt:trixie").starts_with("hello 1.0-1"));
}

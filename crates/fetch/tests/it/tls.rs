//! HTTPS with the roots that the environment names. The library that reads them looks into the
//! process's own environment, so this test starts itself again.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use store::Fetcher as _;
use testkit::tool;

use crate::{at, http};

/// Makes a root, and a certificate of it for 127.0.0.1.
fn certificates(folder: &Path) {
    let openssl = |arguments: &str| {
        tool("openssl").args(arguments.split_whitespace()).folder(folder).run();
    };
    openssl(
        "req -x509 -newkey ed25519 -nodes -keyout root.key -out root.pem -subj /CN=root -days 2",
    );
    openssl("req -newkey ed25519 -nodes -keyout host.key -out host.csr -subj /CN=host");
    std::fs::write(folder.join("ext"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    openssl(
        "x509 -req -in host.csr -CA root.pem -CAkey root.key -out host.pem -days 2 -extfile ext",
    );
    std::fs::create_dir(folder.join("roots")).unwrap();
    std::fs::copy(folder.join("root.pem"), folder.join("roots/root.pem")).unwrap();
    openssl("rehash roots");
}

/// Answers every request over TLS with `hello`, and one for `/down` with a redirect to plain HTTP, for
/// as long as the process lives.
fn serve(folder: &Path) -> SocketAddr {
    let chain = vec![CertificateDer::from_pem_file(folder.join("host.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(folder.join("host.key")).unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // A client that does not trust us ends the handshake.
            let _ = answer(&config, stream.unwrap());
        }
    });
    address
}

fn answer(config: &Arc<rustls::ServerConfig>, mut stream: TcpStream) -> std::io::Result<()> {
    use std::io::Write as _;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut session = rustls::ServerConnection::new(Arc::clone(config)).unwrap();
    let mut tls = rustls::Stream::new(&mut session, &mut stream);
    let mut request = [0; 4096];
    let length = tls.read(&mut request)?;
    let head = if request[..length].starts_with(b"GET /down ") {
        "302 Found\r\nLocation: http://127.0.0.1:9/a"
    } else {
        "200 OK"
    };
    write!(tls, "HTTP/1.1 {head}\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")?;
    tls.flush()
}

/// Runs [`client`] in a process with these variables and returns what it says.
fn ask(address: SocketAddr, variables: &[(&str, &Path)]) -> String {
    let this = std::env::current_exe().unwrap();
    let mut test =
        tool(this.to_str().unwrap()).args(["--exact", "tls::client", "--ignored", "--nocapture"]);
    test = test.env("COOPERAGE_TEST_URL", format!("https://{address}"));
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        let value = variables.iter().find(|(variable, _)| *variable == name);
        // An empty value is none, whatever the machine has set.
        test = test.env(name, value.map_or(Path::new(""), |(_, path)| path));
    }
    test.text()
}

#[test]
#[ignore = "only for the_roots_are_those_of_the_environment, which starts it"]
fn client() {
    let Ok(url) = std::env::var("COOPERAGE_TEST_URL") else { return };
    for path in ["a", "down"] {
        match http(&[&url]).document(&at(path), "*/*", 10) {
            Ok(document) => println!("got {}", String::from_utf8_lossy(&document.bytes)),
            Err(error) => println!("error {error}"),
        }
    }
}

#[test]
#[ignore = "needs openssl; .ci/run runs it"]
fn the_roots_are_those_of_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let address = serve(folder.path());
    let (file, roots) = (folder.path().join("root.pem"), folder.path().join("roots"));
    let said = ask(address, &[("SSL_CERT_FILE", &file)]);
    assert!(said.contains("got hello"), "{said}");
    let refused = "https redirects to http://127.0.0.1:9/a, which is refused";
    assert!(said.contains(refused), "{said}");
    let said = ask(address, &[("SSL_CERT_DIR", &roots)]);
    assert!(said.contains("got hello"), "{said}");
    // Neither the system's roots nor an empty folder vouch for this server.
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    for variables in [&[][..], &[("SSL_CERT_DIR", empty.as_path())]] {
        let said = ask(address, variables);
        assert!(said.contains("error cannot fetch debian:a"), "{said}");
        assert!(said.contains("SSL_CERT_FILE"), "{said}");
    }
}

//! The image runs: keystone answers, and the root is a Debian that other tools accept.

use std::path::Path;
use std::process::Command;

use crate::bench::{build, build_on, manifest_and_config, run, shell, stdout, unpack};

/// Runs a line of shell inside the image as its user, in a sandbox of the host's: no capabilities,
/// a scratch /tmp, the loopback of the host.
fn inside(rootfs: &Path, line: &str) -> String {
    stdout(
        Command::new("bwrap")
            .arg("--bind")
            .args([rootfs, Path::new("/")])
            .args(["--proc", "/proc", "--dev", "/dev", "--perms", "1777"])
            .args(["--tmpfs", "/tmp", "--clearenv"])
            .args(["--setenv", "PATH", "/var/lib/openstack/bin:/usr/bin:/bin:/usr/sbin:/sbin"])
            .args(["--setenv", "LANG", "C.UTF-8", "--chdir", "/"])
            .args(["setpriv", "--reuid", "42424", "--regid", "42424", "--clear-groups"])
            .args([
                "--no-new-privs",
                "--bounding-set=-all",
                "bash",
                "-euo",
                "pipefail",
                "-c",
                line,
            ]),
    )
}

/// Runs keystone from a fresh database to a validated token; gives all that was said. The image needs
/// no shell for it.
pub(crate) fn keystone_answers_in(rootfs: &Path) -> String {
    let said = stdout(
        Command::new("bwrap")
            .arg("--bind")
            .args([rootfs, Path::new("/")])
            .args(["--proc", "/proc", "--dev", "/dev", "--perms", "1777"])
            .args(["--tmpfs", "/tmp", "--clearenv"])
            .args(["--setenv", "PATH", "/var/lib/openstack/bin:/usr/bin:/bin:/usr/sbin:/sbin"])
            .args(["--setenv", "LANG", "C.UTF-8", "--chdir", "/"])
            .args(["python", "-Buc", include_str!("keystone.py")]),
    );
    for want in
        ["GET /v3 200 v3", "POST /v3/auth/tokens 201 admin", "GET /v3/auth/tokens 200 admin"]
    {
        assert!(said.contains(want), "{want} is not in:\n{said}");
    }
    said
}

#[test]
#[ignore = "needs the network, umoci and bwrap as root; .ci/run runs it"]
fn keystone_answers() {
    keystone_answers_on("debian-trixie", "(3, 13)", "!");
}

/// Its base has the package passwd, and so passwords in a file of their own.
#[test]
#[ignore = "needs the network, umoci and bwrap as root; .ci/run runs it"]
fn keystone_answers_on_bookworm() {
    keystone_answers_on("debian-bookworm", "(3, 11)", "x");
}

fn keystone_answers_on(distro: &str, python: &str, password: &str) {
    let folder = tempfile::tempdir().unwrap();
    let layout = build_on(distro, "keystone", "2025.2", folder.path());
    let rootfs = unpack(&layout, folder.path());

    assert!(keystone_answers_in(&rootfs).contains("28.1.0"));

    assert_eq!(
        inside(&rootfs, "getent passwd 42424").trim(),
        format!(
            "keystone:{password}:42424:42424:OpenStack Identity:/var/lib/keystone:/usr/sbin/nologin"
        )
    );
    let owned =
        "stat -c '%u:%g %n' /etc/keystone /var/log/keystone /var/lib/keystone /var/cache/keystone";
    for line in inside(&rootfs, owned).lines() {
        assert!(line.starts_with("42424:42424 ") || line == "0:42424 /etc/keystone", "{line}");
    }
    assert!(inside(&rootfs, "update-alternatives --query awk").contains("Value: /usr/bin/mawk"));
    let bundle = "python3 -c 'import ssl; print(ssl.create_default_context().cert_store_stats())'";
    assert!(inside(&rootfs, bundle).contains("'x509_ca': 1"), "the CA bundle is not read");
    let venv = "python -c 'import sys; print(sys.prefix, sys.version_info[:2], sys.executable)'";
    let want = format!("/var/lib/openstack {python} /var/lib/openstack/bin/python");
    assert_eq!(inside(&rootfs, venv).trim(), want);
    let modules = "python -c 'import pymysql, memcache, uwsgidecorators' 2>&1 || true";
    assert!(!inside(&rootfs, modules).contains("No module named 'pymysql'"));
    inside(&rootfs, "test -s /etc/keystone/sso_callback_template.html");
    inside(&rootfs, "test -s /etc/image_info/pip.txt -a -s /etc/image_info/packages.txt");
    for absent in ["gcc", "pip", "uv"] {
        let found = inside(&rootfs, &format!("command -v {absent} || true"));
        assert_eq!(found, "", "{absent} is in the image");
    }
    let caches = "find . -xdev -name '*.pyc' -o -path './var/cache/apt/archives/*.deb' \
                  -o -path './var/lib/apt/lists/*_Packages'";
    assert_eq!(shell(&rootfs, caches), "");
    assert_eq!(inside(&rootfs, "cat /etc/machine-id 2>/dev/null || true"), "");
}

/// Every distribution in the virtual environment is what its RECORD says, and its requirements hold.
#[test]
#[ignore = "needs the network, umoci and bwrap as root; .ci/run runs it"]
fn the_virtual_environment_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    let layout = build("keystone", "2025.2", folder.path());
    let rootfs = unpack(&layout, folder.path());
    let check = r#"python - <<'END'
import base64, hashlib, importlib.metadata as metadata, pathlib
count = files = 0
for one in metadata.distributions(path=["/var/lib/openstack/lib/python3.13/site-packages"]):
    count += 1
    assert one.read_text("INSTALLER").strip() == "cooperage", one.name
    for entry in one.files:
        path = pathlib.Path(one.locate_file(entry))
        data = path.read_bytes()
        files += 1
        if entry.hash:
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            assert entry.hash.mode == "sha256" and entry.hash.value == digest, entry
            assert entry.size == len(data), entry
    for entry in one.entry_points:
        if entry.group == "console_scripts":
            assert pathlib.Path("/var/lib/openstack/bin", entry.name).is_file(), entry
print(count, files)
END"#;
    let said = inside(&rootfs, check);
    let count: usize = said.split_whitespace().next().unwrap().parse().unwrap();
    let (_, config) = manifest_and_config(&layout);
    assert!(count > 90, "{count} distributions in {:?}", config["config"]["Labels"]);
}

#[test]
#[ignore = "needs the network and skopeo; .ci/run runs it"]
fn skopeo_reads_the_layout() {
    let folder = tempfile::tempdir().unwrap();
    let layout = build("keystone", "2025.2", folder.path());
    let (manifest, config) = manifest_and_config(&layout);
    let image = format!("oci:{}", layout.display());
    let seen = stdout(Command::new("skopeo").args(["inspect", &image]));
    let seen: serde_json::Value = serde_json::from_str(&seen).unwrap();
    assert_eq!(seen["Architecture"], "amd64");
    assert_eq!(
        seen["Layers"].as_array().unwrap().len(),
        manifest["layers"].as_array().unwrap().len()
    );
    let copy = format!("dir:{}", folder.path().join("copy").display());
    run(Command::new("skopeo").args(["copy", "--dest-decompress", &image, &copy]));

    let labels = &config["config"]["Labels"];
    for name in ["title", "version", "source", "created", "licenses"] {
        let label = labels[format!("org.opencontainers.image.{name}")].as_str();
        assert!(label.is_some_and(|label| !label.is_empty()), "no label {name} in {labels}");
    }
    assert_eq!(config["config"]["User"], "42424:42424");
    let env = config["config"]["Env"].to_string();
    assert!(env.contains("PATH=/var/lib/openstack/bin:"), "{env}");
    assert!(env.contains("LANG=C.UTF-8"), "{env}");
    assert_eq!(config["created"], labels["org.opencontainers.image.created"]);
}

/// What a child image does: `apt-get install` in a chroot made from the image.
#[test]
#[ignore = "needs the network and umoci as root; .ci/run runs it"]
fn a_child_image_can_install_packages() {
    let folder = tempfile::tempdir().unwrap();
    let layout = build("keystone", "2025.2", folder.path());
    let rootfs = unpack(&layout, folder.path());
    let said = shell(
        &rootfs,
        "cp --remove-destination /etc/resolv.conf etc/resolv.conf
         cp /etc/ssl/certs/ca-certificates.crt usr/local/share/host-ca.pem
         within() { bwrap --bind . / --proc /proc --dev /dev --clearenv \
                --setenv PATH /usr/sbin:/usr/bin:/sbin:/bin --setenv DEBIAN_FRONTEND noninteractive \"$@\"; }
         within dpkg --audit
         within apt-get check
         within apt-get -qq update
         within apt-get install -y nginx-light 2>&1
         within nginx -v 2>&1
         within dpkg -V base-files libc6 python3.13-minimal",
    );
    assert!(said.contains("nginx version: nginx/"), "{said}");
    assert!(said.contains("Setting up nginx"), "{said}");
}

/// TLS inside the image: every certificate is found through its hash link, a server with another
/// certificate is refused, and one that an administrator adds is trusted.
#[test]
#[ignore = "needs the network, umoci, openssl and bwrap as root; .ci/run runs it"]
fn https_is_verified_by_the_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let layout = build("keystone", "2025.2", folder.path());
    let rootfs = unpack(&layout, folder.path());
    shell(
        folder.path(),
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 \
           -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null",
    );
    let mut server = Command::new("openssl")
        .args(["s_server", "-quiet", "-www", "-accept", "127.0.0.1:15443"])
        .args(["-key", "key.pem", "-cert", "cert.pem"])
        .current_dir(folder.path())
        .spawn()
        .unwrap();
    let script = r#"within() { bwrap --bind . / --proc /proc --dev /dev --clearenv \
             --setenv PATH /usr/sbin:/usr/bin:/sbin:/bin "$@"; }
         printf '127.0.0.1 localhost\n' > etc/hosts
         within bash -euc 'for one in /usr/share/ca-certificates/mozilla/*.crt; do
           openssl verify -no_check_time -CApath /etc/ssl/certs "$one"; done' | grep -c ': OK$'
         get='import urllib.request; print(urllib.request.urlopen("https://localhost:15443/").status)'
         for attempt in 1 2 3 4 5 6 7 8 9 10; do
           within openssl s_client -connect 127.0.0.1:15443 </dev/null >/dev/null 2>&1 && break
           sleep 0.5
         done
         { within python3 -c "$get" 2>&1 || true; } | grep -om1 CERTIFICATE_VERIFY_FAILED
         cp ../../cert.pem usr/local/share/ca-certificates/local.crt
         within update-ca-certificates 2>&1 | tail -3
         within python3 -c "$get""#;
    let said = std::panic::catch_unwind(|| shell(&rootfs, script));
    server.kill().unwrap();
    server.wait().unwrap();
    let said = said.unwrap();
    let certificates = "ls usr/share/ca-certificates/mozilla/*.crt | wc -l";
    assert_eq!(said.lines().next(), Some(shell(&rootfs, certificates).trim()), "{said}");
    assert!(said.contains("CERTIFICATE_VERIFY_FAILED"), "{said}");
    assert!(said.contains("1 added, 0 removed"), "{said}");
    assert!(said.trim_end().ends_with("200"), "{said}");
}

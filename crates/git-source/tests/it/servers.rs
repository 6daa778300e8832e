//! Real git servers on this machine.

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use git_source::GitUrl;
use testkit::tool;

/// A program that runs until this is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(program: &str) -> Command {
    #[expect(clippy::disallowed_methods, reason = "the servers that tests talk to are programs")]
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// `git daemon` for the repositories below `folder`.
pub(crate) fn daemon(folder: &Path) -> Server {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let program = tool("git").arg("--exec-path").text().trim().to_owned() + "/git-daemon";
    let child = command(&program)
        .args(["--listen=127.0.0.1", "--export-all", "--reuseaddr"])
        .arg(format!("--port={port}"))
        .arg(format!("--base-path={}", folder.display()))
        .arg(folder)
        .spawn()
        .unwrap();
    let server = Server { child, port };
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return server;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("git daemon does not answer");
}

/// `git http-backend` for the repositories below `folder`; `more` as the script has it.
pub(crate) fn http(folder: &Path, more: &[&str]) -> Server {
    let mut child = command("python3")
        .args(["-c", include_str!("http_backend.py")])
        .arg(folder)
        .args(more)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim().parse();
    let mut server = Server { child, port: 0 };
    server.port = port.unwrap();
    server
}

/// A program that takes the arguments of ssh and runs the command on this machine.
pub(crate) fn ssh(folder: &Path) -> String {
    let script = folder.join("ssh");
    let text = "#!/bin/sh\nwhile :; do case \"$1\" in *host.example.org) break;; esac; shift; done\nshift\n\
                exec sh -c \"$*\"\n";
    fs_err::write(&script, text).unwrap();
    tool("chmod").arg("755").arg(&script).run();
    script.display().to_string()
}

pub(crate) fn url(text: impl AsRef<str>) -> GitUrl {
    text.as_ref().parse().unwrap()
}

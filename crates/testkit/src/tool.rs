//! Other programs, which judge what we make.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A program that is about to run, made by [`tool`].
#[derive(Debug)]
#[must_use = "a tool runs only when run() or fail() is called"]
pub struct Tool {
    name: String,
    command: Command,
    input: Vec<u8>,
}

/// The program `name` of the `PATH`, with `LC_ALL=C.UTF-8` and `TZ=UTC`. The one place where tests
/// start programs.
pub fn tool(name: &str) -> Tool {
    #[expect(clippy::disallowed_methods, reason = "tests start the tools that judge our work here")]
    let mut command = Command::new(name);
    command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
    Tool { name: name.to_owned(), command, input: Vec::new() }
}

impl Tool {
    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    pub fn args<S: AsRef<std::ffi::OsStr>>(
        mut self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it in this folder.
    pub fn folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Gives it these bytes to read.
    pub fn input(mut self, bytes: &[u8]) -> Self {
        self.input = bytes.to_vec();
        self
    }

    /// Runs it and returns what it printed. Panics with its output when it fails or is not there.
    #[track_caller]
    pub fn run(self) -> Vec<u8> {
        let shown = format!("{:?}", self.command);
        let output = self.output();
        assert!(output.status.success(), "{shown} failed: {}\n{}", output.status, spoken(&output));
        output.stdout
    }

    /// Like [`Tool::run`], as text.
    #[track_caller]
    pub fn text(self) -> String {
        String::from_utf8(self.run()).unwrap()
    }

    /// Runs it, expecting it to fail, and returns all that it said.
    #[track_caller]
    pub fn fail(self) -> String {
        let shown = format!("{:?}", self.command);
        let output = self.output();
        assert!(!output.status.success(), "{shown} should fail\n{}", spoken(&output));
        spoken(&output)
    }

    /// Runs it, whether it fails or not, and returns all that it said.
    #[track_caller]
    pub fn said(self) -> String {
        spoken(&self.output())
    }

    #[track_caller]
    fn output(mut self) -> Output {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = match self.command.spawn() {
            Ok(child) => child,
            Err(error) => panic!("cannot start {}: {error}", self.name),
        };
        let mut stdin = child.stdin.take().unwrap();
        let input = std::mem::take(&mut self.input);
        // In a thread, so that a tool that answers while it reads cannot block both sides.
        let feeder = std::thread::spawn(move || {
            // A tool that does not read its input to the end closes the pipe.
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        output
    }
}

fn spoken(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

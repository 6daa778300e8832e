//! Keys that a running gpg-agent holds, through the `gpg` program: the one module of this crate that
//! starts a process.

use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use names::Epoch;

use crate::{Certificate, KeyringError, OpenPgpKey, SignError, SignatureKind};

/// A key in gpg-agent(1): in its own files, on a card, or forwarded from another machine. The agent
/// asks for its passphrase itself.
#[derive(Debug)]
pub struct AgentKey {
    program: PathBuf,
    home: Option<PathBuf>,
    certificate: Certificate,
}

/// Why the agent's key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// The program does not start, or does not know the key.
    #[error("the key of the agent cannot be asked for")]
    Program(#[from] SignError),
    /// What it gave is no public key.
    #[error("gpg does not have exactly one public key `{key}`: give its whole fingerprint")]
    Certificate {
        /// The key as it was named.
        key: String,
        /// Why.
        source: KeyringError,
    },
}

impl AgentKey {
    /// Asks `program` (usually `gpg`) for the public key with this fingerprint. `home` is GnuPG's
    /// folder where that is not the user's own.
    ///
    /// # Errors
    /// When the program cannot be run, or has no such key.
    pub fn find(
        program: PathBuf,
        home: Option<PathBuf>,
        fingerprint: &str,
    ) -> Result<Self, AgentError> {
        // A name that begins with a dash would be taken for an option.
        let name = format!("0x{}", fingerprint.trim_start_matches("0x"));
        let gpg = Gpg { program: &program, home: &home, key: fingerprint };
        let bytes = gpg.run(&["--export", &name], &mut io::empty())?;
        let certificate = Certificate::parse(&bytes)
            .map_err(|source| AgentError::Certificate { key: fingerprint.to_owned(), source })?;
        Ok(Self { program, home, certificate })
    }
}

impl OpenPgpKey for AgentKey {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn sign(
        &self,
        data: &mut dyn Read,
        kind: SignatureKind,
        time: Epoch,
    ) -> Result<Vec<u8>, SignError> {
        let key = self.certificate.to_string();
        let able = self.certificate.able(time);
        let able = able.map_err(|reason| SignError::Unable { key: key.clone(), time, reason })?;
        // The time stands still for gpg, so that the signature is of the time that was given.
        let time = format!("{}!", time.0);
        let user = format!("{}!", able[0]);
        let mut arguments =
            vec!["--faked-system-time", &time, "--digest-algo", "SHA512", "--local-user", &user];
        if kind == SignatureKind::Text {
            arguments.push("--textmode");
        }
        arguments.extend(["--detach-sign", "--output", "-"]);
        Gpg { program: &self.program, home: &self.home, key: &key }.run(&arguments, data)
    }
}

struct Gpg<'a> {
    program: &'a PathBuf,
    home: &'a Option<PathBuf>,
    key: &'a str,
}

impl Gpg<'_> {
    /// Runs it with `input` and returns what it wrote.
    fn run(&self, arguments: &[&str], input: &mut dyn Read) -> Result<Vec<u8>, SignError> {
        let program = self.program.display().to_string();
        #[expect(clippy::disallowed_methods, reason = "the agent is reached through gpg alone")]
        let mut command = Command::new(self.program);
        command.env("LC_ALL", "C.UTF-8").args(["--batch", "--no-tty", "--quiet", "--no-armor"]);
        if let Some(home) = self.home {
            command.arg("--homedir").arg(home);
        }
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let failed = |source| SignError::NoProgram {
            program: program.clone(),
            key: self.key.to_owned(),
            source,
        };
        let mut child = command.spawn().map_err(failed)?;
        let mut pipe = child.stdin.take().expect("its input is piped");
        // gpg writes nothing of any size before it has read everything, so neither side can block.
        let copied = io::copy(input, &mut pipe);
        drop(pipe);
        let output: Output = child.wait_with_output().map_err(failed)?;
        if !output.status.success() || output.stdout.is_empty() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let reason = said.lines().last().unwrap_or("it said nothing").to_owned();
            let reason = reason.chars().filter(|c| !c.is_control()).take(200).collect();
            return Err(SignError::Program { program, key: self.key.to_owned(), reason });
        }
        copied.map_err(|source| SignError::Read { source })?;
        Ok(output.stdout)
    }
}

//! The job as the stages get it, and the report that comes back.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;
use std::time::Duration;

use crate::{Job, Limit, Limits, Status};

/// A job, owned, without the program that is running already.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Spec {
    pub(crate) aim: Aim,
    pub(crate) lower: Vec<PathBuf>,
    pub(crate) upper: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) folder: OsString,
    pub(crate) limits: Limits,
}

/// What a sandbox is made for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Aim {
    /// To run the command.
    Run,
    /// To see whether it can be made, on folders in memory.
    Probe,
}

impl Spec {
    pub(crate) fn of(job: &Job<'_>) -> Self {
        let text = |text: &String| OsString::from(text);
        Self {
            aim: Aim::Run,
            lower: job.lower.iter().map(|path| path.to_path_buf()).collect(),
            upper: job.upper.to_owned(),
            arguments: job.arguments.iter().map(text).collect(),
            environment: job.environment.iter().map(|(n, v)| (text(n), text(v))).collect(),
            folder: job.folder.into(),
            limits: job.limits,
        }
    }

    pub(crate) fn encode(&self) -> Vec<Vec<u8>> {
        let Limits { time, memory, processes, file, scratch, output } = self.limits;
        let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let mut parts = vec![vec![u8::from(self.aim == Aim::Probe)]];
        for number in [time, memory, processes, file, scratch, output as u64] {
            parts.push(number.to_le_bytes().to_vec());
        }
        parts.push(self.upper.as_os_str().as_bytes().to_vec());
        parts.push(self.folder.as_bytes().to_vec());
        for list in [self.lower.len(), self.arguments.len(), self.environment.len()] {
            parts.push((list as u64).to_le_bytes().to_vec());
        }
        parts.extend(self.lower.iter().map(|path| path.as_os_str().as_bytes().to_vec()));
        parts.extend(self.arguments.iter().map(|argument| argument.as_bytes().to_vec()));
        for (name, value) in &self.environment {
            parts.push(name.as_bytes().to_vec());
            parts.push(value.as_bytes().to_vec());
        }
        parts
    }

    pub(crate) fn decode(parts: Vec<Vec<u8>>) -> io::Result<Self> {
        let mut parts = Parts(parts.into_iter());
        let aim = if parts.bytes()? == [1] { Aim::Probe } else { Aim::Run };
        let limits = Limits {
            time: Duration::from_millis(parts.number()?),
            memory: parts.number()?,
            processes: parts.number()?,
            file: parts.number()?,
            scratch: parts.number()?,
            output: usize::try_from(parts.number()?).map_err(io::Error::other)?,
        };
        let upper = PathBuf::from(parts.text()?);
        let folder = parts.text()?;
        let (lower, arguments, environment) = (parts.number()?, parts.number()?, parts.number()?);
        Ok(Self {
            aim,
            lower: (0..lower).map(|_| parts.text().map(PathBuf::from)).collect::<Result<_, _>>()?,
            upper,
            arguments: (0..arguments).map(|_| parts.text()).collect::<Result<_, _>>()?,
            environment: (0..environment)
                .map(|_| Ok((parts.text()?, parts.text()?)))
                .collect::<io::Result<_>>()?,
            folder,
            limits,
        })
    }
}

/// What the stages say at the end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Report {
    /// The command ended.
    Finished { status: Status, processor_time: Duration, peak_memory: u64 },
    /// A step of the set-up failed.
    SetUp { call: String, subject: String, errno: i32 },
    /// The second stage ended without a report.
    Lost { status: String },
    /// The command could not be started.
    Start { action: Start, subject: String, errno: i32 },
}

/// What was tried when a command could not be started.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Start {
    Folder,
    Command,
}

impl Report {
    pub(crate) fn encode(&self) -> Vec<Vec<u8>> {
        let number = |number: u64| number.to_le_bytes().to_vec();
        let error = |errno: i32| u64::from(errno.unsigned_abs());
        match self {
            Report::Finished { status, processor_time, peak_memory } => {
                let (kind, value) = match status {
                    Status::Code(code) => (0, *code),
                    Status::Signal(signal) => (1, *signal),
                    Status::Over(limit) => {
                        (2, LIMITS.iter().position(|l| l == limit).unwrap_or(0) as u8)
                    }
                };
                let time = u64::try_from(processor_time.as_millis()).unwrap_or(u64::MAX);
                vec![vec![b'f', kind, value], number(time), number(*peak_memory)]
            }
            Report::SetUp { call, subject, errno } => {
                vec![
                    b"s".to_vec(),
                    call.clone().into(),
                    subject.clone().into(),
                    number(error(*errno)),
                ]
            }
            Report::Lost { status } => vec![b"l".to_vec(), status.clone().into()],
            Report::Start { action, subject, errno } => {
                let tag = if *action == Start::Folder { b"d" } else { b"c" };
                vec![tag.to_vec(), subject.clone().into(), number(error(*errno))]
            }
        }
    }

    pub(crate) fn decode(parts: Vec<Vec<u8>>) -> io::Result<Self> {
        let mut parts = Parts(parts.into_iter());
        match parts.bytes()?.as_slice() {
            [b'f', kind, value] => Ok(Report::Finished {
                status: match kind {
                    0 => Status::Code(*value),
                    1 => Status::Signal(*value),
                    _ => Status::Over(
                        *LIMITS.get(usize::from(*value)).ok_or(io::ErrorKind::InvalidData)?,
                    ),
                },
                processor_time: Duration::from_millis(parts.number()?),
                peak_memory: parts.number()?,
            }),
            b"s" => Ok(Report::SetUp {
                call: parts.string()?,
                subject: parts.string()?,
                errno: parts.errno()?,
            }),
            b"l" => Ok(Report::Lost { status: parts.string()? }),
            tag @ (b"d" | b"c") => Ok(Report::Start {
                action: if tag == b"d" { Start::Folder } else { Start::Command },
                subject: parts.string()?,
                errno: parts.errno()?,
            }),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

const LIMITS: [Limit; 4] = [Limit::Time, Limit::Memory, Limit::Processes, Limit::File];

struct Parts(std::vec::IntoIter<Vec<u8>>);

impl Parts {
    fn bytes(&mut self) -> io::Result<Vec<u8>> {
        self.0.next().ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn number(&mut self) -> io::Result<u64> {
        let bytes = self.bytes()?;
        let bytes = <[u8; 8]>::try_from(bytes).map_err(|_| io::ErrorKind::InvalidData)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn errno(&mut self) -> io::Result<i32> {
        i32::try_from(self.number()?).map_err(|_| io::ErrorKind::InvalidData.into())
    }

    fn text(&mut self) -> io::Result<OsString> {
        self.bytes().map(OsString::from_vec)
    }

    fn string(&mut self) -> io::Result<String> {
        Ok(String::from_utf8_lossy(&self.bytes()?).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_comes_back() {
        let spec = Spec {
            aim: Aim::Run,
            lower: vec!["/a".into(), "/b c".into()],
            upper: "/u".into(),
            arguments: vec!["sh".into(), "".into()],
            environment: vec![("PATH".into(), "/bin".into())],
            folder: "/".into(),
            limits: Limits::default(),
        };
        assert_eq!(Spec::decode(spec.encode()).unwrap(), spec);
        for left in 0..spec.encode().len() {
            assert!(Spec::decode(spec.encode()[..left].to_vec()).is_err(), "{left}");
        }
    }

    #[test]
    fn reports_come_back() {
        let time = Duration::from_millis(1230);
        let finished =
            |status| Report::Finished { status, processor_time: time, peak_memory: 1 << 33 };
        let mut reports = vec![
            finished(Status::Code(255)),
            finished(Status::Signal(9)),
            Report::SetUp { call: "mount".into(), subject: "/a".into(), errno: 22 },
            Report::Lost { status: "signal: 9 (SIGKILL)".into() },
            Report::Start { action: Start::Folder, subject: "/x".into(), errno: 2 },
            Report::Start { action: Start::Command, subject: "sh".into(), errno: 13 },
        ];
        reports.extend(LIMITS.map(|limit| finished(Status::Over(limit))));
        for report in reports {
            assert_eq!(Report::decode(report.encode()).unwrap(), report);
        }
        assert!(Report::decode(vec![]).is_err());
        assert!(Report::decode(vec![b"f".to_vec()]).is_err());
    }
}

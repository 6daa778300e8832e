//! The public part of a repository over HTTP/1.1 (RFC 9110, RFC 9112), as apt and dnf ask for it.

mod answer;
mod request;

use std::io::{self, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use answer::Answer;
use names::Epoch;
use request::Head;

/// What is for clients; the rest of the folder is for publishers.
const PUBLIC: [&str; 4] = ["dists", "keys", "pool", "yum"];

/// Connections that are served at the same time. Others wait until one ends.
const AT_ONCE: usize = 64;

/// How long a client may be silent, and how long the head of a request may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The longest head of a request.
const LONGEST_HEAD: usize = 16 << 10;

/// What a server is given besides the folder and its address.
pub trait Watch: Sync {
    /// The present time.
    fn now(&self) -> Epoch;

    /// Hears of each answer, on the thread that has sent it.
    fn served(&self, served: Served);
}

/// A request that was answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Served {
    /// Who asked.
    pub client: SocketAddr,
    /// What was asked for: method and target as they came, what a terminal would obey written out; a
    /// line that was none is `-`.
    pub request: String,
    /// The status of the answer.
    pub status: u16,
    /// Bytes of the body that were sent.
    pub bytes: u64,
}

/// Serves the repository in `folder` to clients of `listener`: what is in `dists`, `keys`, `pool` and
/// `yum`, by GET and HEAD, with ranges (RFC 9110, section 14) and `If-Modified-Since`. Nothing outside
/// the folder is served, even where a link leads there, and folders are not listed.
///
/// A file that has just changed has no `Last-Modified`: it may change once more within the same second,
/// and a client that asks by that time would be told that it has not (RFC 9110, section 8.8.2.2).
///
/// It is for trials, for networks of one's own, and to stand behind a server that speaks TLS. The
/// publishers need not wait: a repository can be read while it changes.
///
/// # Errors
/// It ends with an error alone: `folder` is not there, or `listener` has failed.
pub fn serve(
    folder: &Path,
    listener: &TcpListener,
    watch: &dyn Watch,
) -> Result<std::convert::Infallible, io::Error> {
    let folder = &fs_err::canonicalize(folder)?;
    let places = &Places::default();
    thread::scope(|scope| {
        loop {
            places.take();
            match listener.accept() {
                Ok((stream, client)) => {
                    scope.spawn(move || {
                        // It ends with its client, who is told nothing more.
                        let _ = converse(folder, &stream, client, watch);
                        places.give();
                    });
                }
                // That client has gone; there are others.
                Err(error) if is_of_client(&error) => places.give(),
                Err(error) => return Err(error),
            }
        }
    })
}

fn is_of_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Counts connections.
#[derive(Debug, Default)]
struct Places {
    taken: Mutex<usize>,
    freed: Condvar,
}

impl Places {
    fn take(&self) {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |taken: &mut usize| *taken >= AT_ONCE;
        let taken = self.freed.wait_while(taken, full);
        *taken.unwrap_or_else(PoisonError::into_inner) += 1;
    }

    fn give(&self) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.freed.notify_one();
    }
}

/// Answers one request after the other until the client closes, is silent, or is not understood.
fn converse(
    folder: &Path,
    stream: &TcpStream,
    client: SocketAddr,
    watch: &dyn Watch,
) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(LONGEST_HEAD, stream);
    loop {
        let Some(text) = read_head(&mut reader)? else { return Ok(()) };
        let head = Head::parse(&text);
        let answer = match &head {
            Ok(head) => Answer::to(folder, head, watch.now()),
            Err(status) => Answer::of_status(*status),
        };
        let request = head.as_ref().map_or_else(|_| "-".to_owned(), Head::line);
        let (is_head, closes) =
            head.as_ref().map_or((false, true), |head| (head.is_head, head.closes));
        let status = answer.status;
        let sent = send(stream, answer, is_head, closes);
        watch.served(Served { client, request, status, bytes: *sent.as_ref().unwrap_or(&0) });
        sent?;
        if closes {
            return Ok(());
        }
    }
}

/// Reads up to the empty line that ends a head; `None` where the client has closed before.
fn read_head(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let begun = Instant::now();
    let mut text = Vec::new();
    for byte in reader.by_ref().take(LONGEST_HEAD as u64).bytes() {
        text.push(byte?);
        if text.ends_with(b"\r\n\r\n") || text.ends_with(b"\n\n") {
            return Ok(Some(text));
        }
        if begun.elapsed() > PATIENCE {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
    // What is too long is not understood either.
    Ok((!text.is_empty()).then_some(text))
}

/// Sends an answer; gives the number of bytes of the body.
fn send(mut stream: &TcpStream, answer: Answer, is_head: bool, closes: bool) -> io::Result<u64> {
    let mut head = format!("HTTP/1.1 {} {}\r\n", answer.status, answer.reason());
    for (name, value) in &answer.fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(if closes { "Connection: close\r\n\r\n" } else { "\r\n" });
    stream.write_all(head.as_bytes())?;
    let Some((file, length)) = answer.body.filter(|_| !is_head) else { return Ok(0) };
    let copied = io::copy(&mut file.take(length), &mut stream)?;
    if copied < length {
        // Only the end of the connection can say that something is missing.
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(copied)
}

//! An HTTP/1.1 server on the loopback that misbehaves on demand.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What goes wrong with one answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Another status, with these header lines (`Retry-After: 1`).
    Status(u16, Vec<String>),
    /// A redirect (302) to this address.
    Redirect(String),
    /// The right head, but the connection ends after so many bytes of the body.
    Cut(usize),
    /// The connection ends without an answer.
    Reset,
    /// The right head, then the body in pieces of so many bytes with a pause before each.
    Drip(usize, Duration),
    /// Other bytes.
    Bytes(Vec<u8>),
    /// The right bytes without a length, in chunks.
    Chunked,
    /// The right bytes under a `Content-Length` that is so much larger.
    TooLong(usize),
    /// The whole, although a range was asked for.
    NoRange,
    /// Another range than was asked for.
    OtherRange,
    /// The right answer with these header lines added.
    Header(String),
}

/// A request that has come in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// The path, or the whole URL where the server was asked as a proxy.
    pub path: String,
    /// The header lines by name in lower case.
    pub headers: BTreeMap<String, String>,
}

/// A server on an ephemeral port of the loopback; it ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, File>,
    requests: Vec<Request>,
    at_once: usize,
    most_at_once: usize,
    connections: Vec<TcpStream>,
}

#[derive(Debug, Default)]
struct File {
    bytes: Vec<u8>,
    media_type: String,
    next: VecDeque<Fault>,
    always: Option<Fault>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// Starts a server without files.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let inner = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if inner.stop.load(Ordering::SeqCst) {
                    return;
                }
                let stream = stream.unwrap();
                inner.state().connections.push(stream.try_clone().unwrap());
                let inner = Arc::clone(&inner);
                std::thread::spawn(move || {
                    // It ends with its client, or with a fault.
                    let _ = converse(&inner, &stream);
                    let _ = stream.shutdown(Shutdown::Both);
                });
            }
        });
        Self { address, shared, thread: Some(thread) }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves `bytes` at `path` (with a leading slash), with an `ETag` and with ranges.
    pub fn put(&self, path: &str, media_type: &str, bytes: &[u8]) {
        let file =
            File { bytes: bytes.to_vec(), media_type: media_type.to_owned(), ..File::default() };
        self.shared.state().files.insert(path.to_owned(), file);
    }

    /// Serves files by path (without a leading slash).
    pub fn put_all(&self, files: &BTreeMap<String, Vec<u8>>) {
        for (path, bytes) in files {
            self.put(&format!("/{path}"), "", bytes);
        }
    }

    /// Lets the next request for `path` fail; further calls add further failures.
    pub fn fault(&self, path: &str, fault: Fault) {
        self.shared.state().files.entry(path.to_owned()).or_default().next.push_back(fault);
    }

    /// Lets every request for `path` fail.
    pub fn always(&self, path: &str, fault: Fault) {
        self.shared.state().files.entry(path.to_owned()).or_default().always = Some(fault);
    }

    /// The most answers that were dripping ([`Fault::Drip`]) at one time.
    pub fn most_at_once(&self) -> usize {
        self.shared.state().most_at_once
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        for connection in &self.shared.state().connections {
            let _ = connection.shutdown(Shutdown::Both);
        }
        // Wakes the thread from its wait for connections.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers requests until the connection ends.
fn converse(shared: &Shared, stream: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader)? {
        let (file, fault) = {
            let mut state = shared.state();
            state.requests.push(request.clone());
            match state.files.get_mut(&request.path) {
                None => (None, None),
                Some(file) => {
                    let fault = file.next.pop_front().or_else(|| file.always.clone());
                    (Some((file.bytes.clone(), file.media_type.clone())), fault)
                }
            }
        };
        let answered = match file {
            None => head(stream, 404, &["Content-Length: 0".to_owned()]).map(|()| true),
            Some((bytes, media_type)) => {
                answer(shared, stream, &request, bytes, &media_type, fault)
            }
        };
        if !answered? {
            return Ok(());
        }
    }
    Ok(())
}

fn read_request(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.by_ref().take(1 << 16).read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.by_ref().take(1 << 16).read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    Ok(Some(Request { path, headers }))
}

/// Sends one answer; `false` where the connection must end.
fn answer(
    shared: &Shared,
    mut stream: &TcpStream,
    request: &Request,
    mut bytes: Vec<u8>,
    media_type: &str,
    fault: Option<Fault>,
) -> std::io::Result<bool> {
    let mut lines = Vec::new();
    match &fault {
        Some(Fault::Status(code, more)) => {
            lines.extend(more.clone());
            lines.push("Content-Length: 0".to_owned());
            return head(stream, *code, &lines).map(|()| true);
        }
        Some(Fault::Redirect(to)) => {
            lines = vec![format!("Location: {to}"), "Content-Length: 0".to_owned()];
            return head(stream, 302, &lines).map(|()| true);
        }
        Some(Fault::Reset) => return Ok(false),
        Some(Fault::Bytes(other)) => bytes.clone_from(other),
        Some(Fault::Header(line)) => lines.push(line.clone()),
        _ => {}
    }
    let tag = format!("\"{}\"", crate::sha256(&bytes).hex());
    lines.push(format!("ETag: {tag}"));
    if !media_type.is_empty() {
        lines.push(format!("Content-Type: {media_type}"));
    }
    let whole = bytes.len();
    let start = range(request, &tag).filter(|_| !matches!(fault, Some(Fault::NoRange)));
    let status = match start {
        Some(start) if start >= whole => {
            head(stream, 416, &["Content-Length: 0".to_owned()])?;
            return Ok(true);
        }
        Some(start) => {
            bytes.drain(..start);
            let shift = usize::from(matches!(fault, Some(Fault::OtherRange)));
            let first = start + shift;
            lines.push(format!("Content-Range: bytes {first}-{}/{whole}", whole - 1));
            206
        }
        None => 200,
    };
    if let Some(Fault::Chunked) = fault {
        lines.push("Transfer-Encoding: chunked".to_owned());
        head(stream, status, &lines)?;
        for chunk in bytes.chunks(4096) {
            write!(stream, "{:x}\r\n", chunk.len())?;
            stream.write_all(chunk)?;
            write!(stream, "\r\n")?;
        }
        write!(stream, "0\r\n\r\n")?;
        return Ok(true);
    }
    let more = if let Some(Fault::TooLong(more)) = fault { more } else { 0 };
    lines.push(format!("Content-Length: {}", bytes.len() + more));
    head(stream, status, &lines)?;
    match fault {
        Some(Fault::Cut(after)) => {
            stream.write_all(&bytes[..after.min(bytes.len())])?;
            Ok(false)
        }
        Some(Fault::Drip(size, pause)) => {
            let mut counted = Some(Counted::new(shared));
            let pieces: Vec<&[u8]> = bytes.chunks(size.max(1)).collect();
            for (index, piece) in pieces.iter().enumerate() {
                std::thread::sleep(pause);
                // The client may ask anew as soon as it has the last piece.
                if index + 1 == pieces.len() {
                    drop(counted.take());
                }
                stream.write_all(piece)?;
                if shared.stop.load(Ordering::SeqCst) {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => stream.write_all(&bytes).map(|()| more == 0),
    }
}

/// An answer that is being given.
struct Counted<'a>(&'a Shared);

impl<'a> Counted<'a> {
    fn new(shared: &'a Shared) -> Self {
        let mut state = shared.state();
        state.at_once += 1;
        state.most_at_once = state.most_at_once.max(state.at_once);
        Self(shared)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.state().at_once -= 1;
    }
}

/// The first byte of the range that is asked for, unless `If-Range` names another file.
fn range(request: &Request, tag: &str) -> Option<usize> {
    let start = request.headers.get("range")?.strip_prefix("bytes=")?.strip_suffix('-')?;
    let same = request.headers.get("if-range").is_none_or(|wanted| wanted == tag);
    same.then(|| start.parse().ok())?
}

fn head(mut stream: &TcpStream, status: u16, lines: &[String]) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {status} Status\r\n");
    for line in lines {
        head += &format!("{line}\r\n");
    }
    stream.write_all((head + "\r\n").as_bytes())
}

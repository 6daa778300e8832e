//! One attempt to download one URL.

use std::time::Duration;

use reqwest::header::{self, HeaderMap};
use reqwest::{Response, StatusCode, Url};
use store::FetchError;
use tokio::time::Instant;

use crate::client::cause;
use crate::credentials::shown;
use crate::engine::Engine;
use crate::sink::Sink;

/// How an attempt can fail.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The server does not have it: the next mirror may.
    Absent(String),
    /// The server will not give it: asking again is no use, the next mirror may.
    Refused(String),
    /// It may work in a moment, after this time if the server named one.
    Passing { reason: String, wait: Option<Duration>, host_is_down: bool },
    /// What arrived is not what was wanted.
    Damaged(String),
    /// No mirror can help: the store cannot be written.
    Fatal(FetchError),
}

impl Fault {
    pub(crate) fn passing(reason: impl Into<String>) -> Self {
        Self::Passing { reason: reason.into(), wait: None, host_is_down: false }
    }
}

/// What is known about a download that has succeeded.
#[derive(Debug)]
pub(crate) struct Found {
    /// Where it was after all redirects.
    pub(crate) url: Url,
    /// The media type, in lower case, without parameters.
    pub(crate) media_type: String,
}

/// By what a server will know that a file is still the one of which we have the beginning: the
/// value of `If-Range` (RFC 9110, section 13.1.5).
pub(crate) type Validator = Option<String>;

/// Redirects that are followed, as in most browsers and pip.
const MOST_REDIRECTS: usize = 20;

/// Downloads `url` into `sink`. Where `validator` is that of an attempt that broke off, the rest is
/// asked for, and the whole is taken where the server prefers to send that.
pub(crate) async fn attempt(
    engine: &Engine,
    url: &Url,
    accept: &str,
    sink: &mut dyn Sink,
    validator: &mut Validator,
) -> Result<Found, Fault> {
    if url.scheme() == "file" {
        return crate::folder::copy(url, sink).await;
    }
    let resume = validator.clone().filter(|_| sink.size() > 0);
    let resumed = resume.is_some();
    let response = follow(engine, url, accept, resume.as_deref().map(|v| (v, sink.size()))).await?;
    let status = response.status();
    let headers = response.headers();
    match status {
        StatusCode::OK => sink.restart().map_err(Fault::Fatal)?,
        StatusCode::PARTIAL_CONTENT if resumed => {
            if range_start(headers) != Some(sink.size()) {
                *validator = None;
                return Err(Fault::passing("the server sent another range than was asked for"));
            }
        }
        StatusCode::RANGE_NOT_SATISFIABLE if resumed => {
            *validator = None;
            return Err(Fault::passing("the file has changed on the server"));
        }
        _ => return Err(refusal(engine, status, headers)),
    }
    let encoding = headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    if let Some(encoding) = encoding.filter(|name| sink.plain() && *name != "identity") {
        return Err(Fault::Damaged(format!("it came in the encoding {encoding}, unasked")));
    }
    if let Some(length) = response.content_length() {
        let whole = sink.size().saturating_add(length);
        if let Some(expected) = sink.expected().filter(|expected| *expected != whole) {
            return Err(Fault::Damaged(format!("it has {whole} bytes, not {expected}")));
        }
        if whole > sink.limit() {
            return Err(Fault::Damaged(format!("it has more than {} bytes", sink.limit())));
        }
    }
    let found = Found { url: response.url().clone(), media_type: media_type(headers) };
    *validator = strong_validator(headers);
    receive(engine, response, sink).await?;
    if let Some(expected) = sink.expected().filter(|expected| *expected > sink.size()) {
        let size = sink.size();
        return Err(Fault::passing(format!("it broke off after {size} of {expected} bytes")));
    }
    match sink.fault() {
        None => Ok(found),
        // Two halves that do not fit may each be right: the whole is fetched once more.
        Some(reason) if resumed => {
            *validator = None;
            Err(Fault::passing(format!("put together from two answers, {reason}")))
        }
        Some(reason) => Err(Fault::Damaged(reason)),
    }
}

/// Sends the request and follows redirects, by hand so that each hop gets the login of its own host
/// and nothing leads from HTTPS to HTTP.
async fn follow(
    engine: &Engine,
    url: &Url,
    accept: &str,
    resume: Option<(&str, u64)>,
) -> Result<Response, Fault> {
    let mut url = url.clone();
    for _ in 0..=MOST_REDIRECTS {
        let mut request = engine
            .client
            .get(url.clone())
            .header(header::ACCEPT, accept)
            // The digest is that of the file as it is stored: no encoding on the way.
            .header(header::ACCEPT_ENCODING, "identity");
        if let Some(login) = engine.login(&url) {
            request = request.basic_auth(login.user, Some(login.password));
        }
        if let Some((validator, start)) = resume {
            request = request.header(header::IF_RANGE, validator);
            request = request.header(header::RANGE, format!("bytes={start}-"));
        }
        let limit = engine.patience.connect + engine.patience.window;
        let response = match tokio::time::timeout(limit, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(send_fault(&error)),
            Err(_) => {
                let reason = format!("no answer in {} s", limit.as_secs_f32());
                return Err(Fault::Passing { reason, wait: None, host_is_down: true });
            }
        };
        let Some(next) = redirect(&url, &response)? else { return Ok(response) };
        url = next;
    }
    Err(Fault::Refused(format!("more than {MOST_REDIRECTS} redirects")))
}

fn redirect(url: &Url, response: &Response) -> Result<Option<Url>, Fault> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = response.headers().get(header::LOCATION).map(header::HeaderValue::as_bytes);
    let next = location
        .and_then(|location| std::str::from_utf8(location).ok())
        .and_then(|location| url.join(location).ok())
        .ok_or_else(|| Fault::Refused("a redirect to nowhere".to_owned()))?;
    match (url.scheme(), next.scheme()) {
        (_, "https") | ("http", "http") => Ok(Some(next)),
        (from, _) => {
            Err(Fault::Refused(format!("{from} redirects to {}, which is refused", shown(&next))))
        }
    }
}

fn send_fault(error: &reqwest::Error) -> Fault {
    let mut reason = cause(error);
    if reason.contains("certificate") {
        reason += " (install ca-certificates, or name your own roots with SSL_CERT_FILE)";
        return Fault::Refused(reason);
    }
    Fault::Passing { reason, wait: None, host_is_down: error.is_connect() || error.is_timeout() }
}

/// What an answer that brings no file means.
fn refusal(engine: &Engine, status: StatusCode, headers: &HeaderMap) -> Fault {
    let reason = status.to_string();
    match status.as_u16() {
        404 | 410 => Fault::Absent(reason),
        401 | 403 => Fault::Refused(format!("{reason} (a login is taken from the netrc file)")),
        407 => Fault::Refused(format!("{reason} (a login may be part of the proxy's URL)")),
        408 | 425 | 429 | 500..=599 => {
            let seconds = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            let wait = seconds.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
            if let Some(wait) = wait.filter(|wait| *wait > engine.patience.retry_after) {
                let seconds = wait.as_secs();
                return Fault::Refused(format!("{reason}, asks for a pause of {seconds} s"));
            }
            Fault::Passing { reason, wait, host_is_down: false }
        }
        _ => Fault::Refused(reason),
    }
}

/// Takes the body. In each window of time a few bytes at least must come: that ends both a stall
/// and a drip.
async fn receive(
    engine: &Engine,
    mut response: Response,
    sink: &mut dyn Sink,
) -> Result<(), Fault> {
    let patience = &engine.patience;
    let mut end_of_window = Instant::now() + patience.window;
    let mut in_window = 0;
    loop {
        let chunk = tokio::time::timeout_at(end_of_window, response.chunk()).await;
        match chunk {
            Ok(Ok(None)) => return Ok(()),
            Ok(Ok(Some(bytes))) => {
                if sink.size() + bytes.len() as u64 > sink.limit() {
                    let limit = sink.limit();
                    return Err(Fault::Damaged(format!("it has more than {limit} bytes")));
                }
                sink.take(&bytes).map_err(Fault::Fatal)?;
                in_window += bytes.len() as u64;
            }
            Ok(Err(error)) => {
                let reason = format!("it broke off after {} bytes: {}", sink.size(), cause(&error));
                return Err(Fault::passing(reason));
            }
            Err(_) => {}
        }
        if Instant::now() >= end_of_window {
            if in_window < patience.window_bytes {
                let seconds = patience.window.as_secs_f32();
                return Err(Fault::passing(format!("only {in_window} bytes came in {seconds} s")));
            }
            end_of_window = Instant::now() + patience.window;
            in_window = 0;
        }
    }
}

/// The first byte of `Content-Range: bytes 5-9/10`.
fn range_start(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}

fn strong_validator(headers: &HeaderMap) -> Validator {
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let tag = text(header::ETAG).filter(|tag| !tag.starts_with("W/"));
    // A date is weaker than a tag; a wrong half is found by its digest and fetched whole.
    tag.or_else(|| text(header::LAST_MODIFIED)).map(str::to_owned)
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = value.unwrap_or_default().split(';').next().unwrap_or_default();
    media_type.trim().to_lowercase()
}

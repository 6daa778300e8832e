//! Mirrors in turn, attempts with pauses.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use reqwest::{Client, Url};
use store::FetchError;
use tokio::sync::Semaphore;

use crate::credentials::{Credentials, Login, shown};
use crate::sink::Sink;
use crate::transfer::{Fault, Found, attempt};
use crate::{Patience, Settings};

/// All that downloads share.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) client: Client,
    pub(crate) patience: Patience,
    /// As many downloads may run at once.
    pub(crate) slots: Semaphore,
    credentials: Mutex<Credentials>,
    /// Whether a mirror is a folder: only then may a page name files of this machine.
    folders: AtomicBool,
    /// Origins that could not be reached: asked last, and only once, from then on.
    down: Mutex<BTreeSet<String>>,
}

impl Engine {
    /// Reads the netrc file and builds the client.
    pub(crate) fn new(settings: &Settings) -> Result<Self, FetchError> {
        let failed = |reason| FetchError::Setup { reason };
        let credentials = match &settings.netrc {
            None => Credentials::default(),
            Some(path) => match fs_err::read_to_string(path) {
                Ok(text) => Credentials::from_netrc(&text),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    Credentials::default()
                }
                Err(error) => return Err(failed(error.to_string())),
            },
        };
        Ok(Self {
            client: crate::client::build(settings).map_err(failed)?,
            patience: settings.patience.clone(),
            slots: Semaphore::new(settings.parallel.max(1)),
            credentials: Mutex::new(credentials),
            folders: AtomicBool::new(false),
            down: Mutex::default(),
        })
    }

    pub(crate) fn login(&self, url: &Url) -> Option<Login> {
        self.credentials.lock().unwrap_or_else(PoisonError::into_inner).of(url)
    }

    /// Reads the base address of an archive.
    pub(crate) fn read_base(&self, text: &str) -> Result<Url, String> {
        if text.starts_with('/') || text.starts_with("file:") {
            self.folders.store(true, Ordering::SeqCst);
        }
        let mut url = self.read_url(text)?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(url)
    }

    /// Reads an address; a login in it is put aside for its origin.
    pub(crate) fn read_url(&self, text: &str) -> Result<Url, String> {
        let parsed = if text.starts_with('/') {
            Url::from_file_path(text).map_err(|()| "not a path".to_owned())
        } else {
            Url::parse(text).map_err(|error| error.to_string())
        };
        // Without the text: it may hold a password.
        let mut url = parsed.map_err(|error| format!("an address is not a URL: {error}"))?;
        if url.scheme() == "file" && !self.folders.load(Ordering::SeqCst) {
            return Err(format!("{url}: no mirror is a folder, so files are not read"));
        }
        if !matches!(url.scheme(), "http" | "https" | "file") {
            return Err(format!("{}: only http, https and file are known", shown(&url)));
        }
        self.credentials.lock().unwrap_or_else(PoisonError::into_inner).learn(&mut url);
        Ok(url)
    }

    /// Downloads from the first of `urls` that has it.
    pub(crate) async fn download(
        &self,
        name: &str,
        mut urls: Vec<Url>,
        accept: &str,
        sink: &mut dyn Sink,
    ) -> Result<Found, FetchError> {
        let mut tried = Vec::new();
        let mut absent = true;
        let mut damaged = None;
        let mut unconnected = false;
        urls.sort_by_key(|url| self.is_down(url));
        for url in &urls {
            let (fault, attempts) = match self.persist(url, accept, sink).await {
                Ok(found) => return Ok(found),
                Err(failure) => failure,
            };
            let shown = shown(url);
            absent &= matches!(fault, Fault::Absent(_));
            unconnected |= matches!(fault, Fault::Passing { host_is_down: true, .. });
            tried.push(match fault {
                Fault::Fatal(error) => return Err(error),
                Fault::Damaged(reason) => {
                    damaged.get_or_insert_with(|| format!("from {shown}: {reason}"));
                    format!("{shown}: {reason}")
                }
                Fault::Passing { reason, .. } if attempts > 1 => {
                    format!("{shown}: {reason} ({attempts} attempts)")
                }
                Fault::Absent(reason) | Fault::Refused(reason) | Fault::Passing { reason, .. } => {
                    format!("{shown}: {reason}")
                }
            });
        }
        let address = name.to_owned();
        let mut tried = tried.join("; ");
        if unconnected {
            tried += "; check the network, HTTPS_PROXY and HTTP_PROXY, or name another mirror";
        }
        Err(match damaged {
            Some(reason) if urls.len() == 1 => FetchError::Damaged { address, reason },
            Some(_) => FetchError::Damaged { address, reason: tried },
            None if absent => FetchError::NotFound { address, tried },
            None => FetchError::Unreachable { address, tried },
        })
    }

    /// Tries one address until it answers for good, or patience ends. Gives the number of attempts
    /// with the failure.
    async fn persist(
        &self,
        url: &Url,
        accept: &str,
        sink: &mut dyn Sink,
    ) -> Result<Found, (Fault, u32)> {
        sink.restart().map_err(|error| (Fault::Fatal(error), 0))?;
        let most = if self.is_down(url) { 1 } else { self.patience.attempts.max(1) };
        let mut validator = None;
        let mut attempts = 0;
        let mut fruitless = 0;
        loop {
            let before = sink.size();
            let fault = match attempt(self, url, accept, sink, &mut validator).await {
                Ok(found) => return Ok(found),
                Err(fault) => fault,
            };
            attempts += 1;
            let Fault::Passing { wait, host_is_down, .. } = &fault else {
                return Err((fault, attempts));
            };
            // A server that cuts long downloads serves them in the end.
            let progress = sink.size().saturating_sub(before) > self.patience.window_bytes;
            fruitless = if progress && validator.is_some() { 1 } else { fruitless + 1 };
            if fruitless >= most {
                if *host_is_down {
                    self.set_down(url);
                }
                return Err((fault, attempts));
            }
            let pause = self.patience.pause * 2_u32.saturating_pow(fruitless - 1).min(64);
            tokio::time::sleep(wait.unwrap_or(pause)).await;
        }
    }

    fn is_down(&self, url: &Url) -> bool {
        let down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        down.contains(&url.origin().ascii_serialization())
    }

    fn set_down(&self, url: &Url) {
        let mut down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        down.insert(url.origin().ascii_serialization());
    }
}

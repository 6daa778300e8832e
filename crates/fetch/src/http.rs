//! The fetcher and its settings.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::StreamExt as _;
use names::{ArchiveName, Digest};
use reqwest::Url;
use store::{Address, Blob, Document, FetchError, Fetcher, Store, Want};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::credentials::shown;
use crate::engine::Engine;
use crate::sink::{Arrival, Page};

/// Whether the network may be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Network {
    /// It may.
    On,
    /// It may not (`--offline`): what is not in the store is an error that names it.
    Off,
}

/// How [`Http`] works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The version for `User-Agent: cooperage/VERSION`.
    pub version: String,
    /// Whether the network may be used.
    pub network: Network,
    /// The most downloads at once.
    pub parallel: usize,
    /// The environment, of which the proxies are read: `http_proxy`, `https_proxy`, `all_proxy`,
    /// `no_proxy`, in lower or upper case.
    pub environment: BTreeMap<String, String>,
    /// The netrc file; it need not exist.
    pub netrc: Option<PathBuf>,
    /// Time limits.
    pub patience: Patience,
}

impl Settings {
    /// The usual: network on, eight downloads, no proxies, no netrc file.
    pub fn new(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            network: Network::On,
            parallel: 8,
            environment: BTreeMap::new(),
            netrc: None,
            patience: Patience::USUAL,
        }
    }
}

/// When to wait, and when to give up.
#[derive(Clone, Debug)]
pub struct Patience {
    /// The longest time until a connection stands.
    pub connect: Duration,
    /// In each such span of time `window_bytes` must arrive, and the head of the answer within one.
    pub window: Duration,
    /// Number of bytes.
    pub window_bytes: u64,
    /// Attempts for each address. An attempt that brought the download forward does not count.
    pub attempts: u32,
    /// The pause before the second attempt, twice as long before each further one.
    pub pause: Duration,
    /// The longest pause that a server may ask for with `Retry-After`.
    pub retry_after: Duration,
}

impl Patience {
    /// Four attempts over about four seconds of pauses; at least 1 KiB/s.
    pub const USUAL: Self = Self {
        connect: Duration::from_secs(15),
        window: Duration::from_secs(30),
        window_bytes: 30 << 10,
        attempts: 4,
        pause: Duration::from_millis(500),
        retry_after: Duration::from_secs(60),
    };
}

type Resolver = dyn Fn(&ArchiveName) -> Result<Vec<String>, FetchError> + Send + Sync;

/// Fetches over HTTP and HTTPS, and from folders. May be used from several threads at once; they
/// share the connections and the number of downloads.
///
/// Certificates, proxies and logins are read at the first download: a run that fetches nothing costs
/// nothing.
pub struct Http {
    settings: Settings,
    resolver: Box<Resolver>,
    running: Mutex<Option<Running>>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("network", &self.settings.network).finish_non_exhaustive()
    }
}

/// The thread on which all downloads run.
struct Running {
    engine: Arc<Engine>,
    handle: Handle,
    /// Dropped to end the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Http {
    /// A fetcher that asks `resolver` for the base addresses of an archive, in the order in which
    /// they are to be tried. An address may be an `http`, `https` or `file` URL or the absolute path
    /// of a folder, and may carry a login, which goes to that origin alone and into no message.
    pub fn new(
        settings: Settings,
        resolver: impl Fn(&ArchiveName) -> Result<Vec<String>, FetchError> + Send + Sync + 'static,
    ) -> Self {
        Self { settings, resolver: Box::new(resolver), running: Mutex::new(None) }
    }

    /// The engine and the thread that drives it, started at first use.
    fn running(&self) -> Result<(Arc<Engine>, Handle), FetchError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_none() {
            *running = Some(Running::start(&self.settings)?);
        }
        let running = running.as_ref().expect("it was started above");
        Ok((Arc::clone(&running.engine), running.handle.clone()))
    }

    /// The URLs of all `addresses` in order. An archive without a mirror is an error only where no
    /// other address is left.
    fn urls(
        &self,
        engine: &Engine,
        addresses: &[Address],
        bases: &mut BTreeMap<ArchiveName, Vec<Url>>,
    ) -> Result<Vec<Url>, FetchError> {
        let mut urls = Vec::new();
        let mut failure = None;
        for address in addresses {
            match self.urls_of(engine, address, bases) {
                Ok(found) => urls.extend(found),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match failure {
            Some(error) if urls.is_empty() => Err(error),
            _ => Ok(urls),
        }
    }

    fn urls_of(
        &self,
        engine: &Engine,
        address: &Address,
        bases: &mut BTreeMap<ArchiveName, Vec<Url>>,
    ) -> Result<Vec<Url>, FetchError> {
        let unusable = |tried| FetchError::Unreachable { address: safe(address), tried };
        let (archive, path) = match address {
            Address::Url(url) => return Ok(vec![engine.read_url(url).map_err(unusable)?]),
            Address::InArchive { archive, path } => (archive, path),
        };
        if path.starts_with('/') || path.split('/').any(is_parent) {
            return Err(unusable("the path leads out of the archive".to_owned()));
        }
        if !bases.contains_key(archive) {
            let mut read = Vec::new();
            for base in (self.resolver)(archive)? {
                read.push(engine.read_base(&base).map_err(unusable)?);
            }
            if read.is_empty() {
                let hint = format!("name one with --mirror {archive}=URL");
                return Err(FetchError::NoMirror { archive: archive.clone(), hint });
            }
            bases.insert(archive.clone(), read);
        }
        bases[archive]
            .iter()
            // `./` keeps a colon in the first part from being read as a scheme.
            .map(|base| base.join(&format!("./{path}")).map_err(|e| unusable(e.to_string())))
            .collect()
    }
}

impl Fetcher for Http {
    fn document(
        &self,
        address: &Address,
        accept: &str,
        limit: u64,
    ) -> Result<Document, FetchError> {
        let name = safe(address);
        if self.settings.network == Network::Off {
            return Err(FetchError::Offline { address: name });
        }
        let (engine, handle) = self.running()?;
        let addresses = std::slice::from_ref(address);
        let urls = self.urls(&engine, addresses, &mut BTreeMap::new())?;
        let accept = accept.to_owned();
        let (sender, receiver) = mpsc::channel();
        handle.spawn(async move {
            let _slot = engine.slots.acquire().await;
            let mut page = Page { bytes: Vec::new(), limit };
            let result = engine.download(&name, urls, &accept, &mut page).await;
            // The receiver is gone only when its thread has panicked.
            let _ = sender.send(result.map(|found| Document {
                bytes: page.bytes,
                media_type: found.media_type,
                url: found.url.into(),
            }));
        });
        receiver.recv().expect("a download answers before it ends")
    }

    fn blobs(
        &self,
        store: &Store,
        wants: &[Want],
        arrived: &mut dyn FnMut(usize, &Blob, bool),
    ) -> Result<Vec<Blob>, FetchError> {
        let mut blobs: Vec<Option<Blob>> = vec![None; wants.len()];
        // One download for each digest, however often it is wanted.
        let mut missing: BTreeMap<Digest, Vec<usize>> = BTreeMap::new();
        let mut order = Vec::new();
        for (index, want) in wants.iter().enumerate() {
            match want.find(store) {
                Some(blob) => {
                    arrived(index, &blob, false);
                    blobs[index] = Some(blob);
                }
                None => {
                    let same = missing.entry(want.sha256).or_default();
                    if same.is_empty() {
                        order.push(index);
                    }
                    same.push(index);
                }
            }
        }
        if !order.is_empty() {
            if self.settings.network == Network::Off {
                let names: Vec<String> = order.iter().map(|&index| name(&wants[index])).collect();
                return Err(FetchError::Offline { address: names.join("\n") });
            }
            self.fetch(store, wants, &order, &mut |index, blob| {
                for &same in &missing[&blob.digest] {
                    blobs[same] = Some(blob.clone());
                    arrived(same, &blob, same == index);
                }
            })?;
        }
        Ok(blobs.into_iter().map(|blob| blob.expect("each has arrived or failed")).collect())
    }
}

impl Http {
    /// Downloads the wants with the indices `order`; tells `arrived` of each.
    fn fetch(
        &self,
        store: &Store,
        wants: &[Want],
        order: &[usize],
        arrived: &mut dyn FnMut(usize, Blob),
    ) -> Result<(), FetchError> {
        let (engine, handle) = self.running()?;
        let mut bases = BTreeMap::new();
        let mut jobs = Vec::new();
        for &index in order {
            let want = wants[index].clone();
            jobs.push((index, self.urls(&engine, &want.addresses, &mut bases)?, want));
        }
        let (sender, receiver) = mpsc::channel();
        // Finished files wait for this thread to move them; the number that wait is bounded too.
        let parallel = self.settings.parallel.max(1);
        let unmoved = Arc::new(Semaphore::new(4 * parallel));
        let store = store.clone();
        let task = handle.spawn(async move {
            let downloads = jobs.into_iter().map(|(index, urls, want)| {
                let (engine, store) = (Arc::clone(&engine), store.clone());
                let unmoved = Arc::clone(&unmoved);
                async move {
                    let permit = unmoved.acquire_owned().await;
                    let _slot = engine.slots.acquire().await;
                    let result = one(&engine, &store, &want, urls).await;
                    (index, result, permit)
                }
            });
            let mut downloads = futures_util::stream::iter(downloads).buffer_unordered(parallel);
            while let Some(message) = downloads.next().await {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let _abort = AbortOnDrop(task);
        for _ in order {
            let (index, result, permit): Finished =
                receiver.recv().expect("a download answers before it ends");
            arrived(index, result?.finish()?);
            drop(permit);
        }
        Ok(())
    }
}

type Finished =
    (usize, Result<Arrival, FetchError>, Result<OwnedSemaphorePermit, tokio::sync::AcquireError>);

/// Ends the downloads that are under way when their caller returns early.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn one(
    engine: &Engine,
    store: &Store,
    want: &Want,
    urls: Vec<Url>,
) -> Result<Arrival, FetchError> {
    let mut arrival = Arrival::new(name(want), store, want)?;
    engine.download(&name(want), urls, "*/*", &mut arrival).await?;
    Ok(arrival)
}

/// How messages call a want: by its first address.
fn name(want: &Want) -> String {
    want.addresses.first().map_or_else(|| want.sha256.to_string(), safe)
}

/// Whether a URL library would take this part of a path for the folder above.
fn is_parent(part: &str) -> bool {
    part.to_lowercase().replace("%2e", ".") == ".."
}

/// An address without a login.
fn safe(address: &Address) -> String {
    match address {
        Address::Url(text) => {
            Url::parse(text).map_or_else(|_| "an address".to_owned(), |u| shown(&u))
        }
        address => address.to_string(),
    }
}

impl Running {
    fn start(settings: &Settings) -> Result<Self, FetchError> {
        let failed = |error: std::io::Error| FetchError::Setup { reason: error.to_string() };
        let engine = Arc::new(Engine::new(settings)?);
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("fetch".to_owned())
            .spawn(move || {
                // Ends when the sender is dropped, which is an error here and no matter.
                let _ = runtime.block_on(stopped);
            })
            .map_err(failed)?;
        Ok(Self { engine, handle, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been seen by the caller whose download it ended.
            let _ = thread.join();
        }
    }
}

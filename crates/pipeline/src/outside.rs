//! The way to the outside: this machine's mirrors behind one fetcher.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fetch::{Http, Network};
use mirrors::{Mirrors, Programs};
use names::ArchiveName;
use store::{Address, Blob, Document, FetchError, Fetcher, Store, Want};

/// What the way to the outside depends on. Read by the command, given on as values.
#[derive(Clone, Debug)]
pub struct OutsideSettings {
    /// The environment.
    pub variables: BTreeMap<String, String>,
    /// `--mirror`: addresses by archive.
    pub mirrors: BTreeMap<ArchiveName, Vec<String>>,
    /// Whether the network may be used.
    pub offline: bool,
    /// The version for the user agent.
    pub version: String,
}

/// The way to the outside: resolves archives to this machine's mirrors when something is first asked
/// of them, and fetches.
#[derive(Debug)]
pub struct Outside {
    mirrors: Arc<Mirrors>,
    http: Http,
    /// For questions that may stay without an answer; knows no archives.
    prober: Arc<Http>,
    offline: bool,
    /// How repositories are reached.
    git: git_source::Settings,
}

impl Outside {
    /// Reads and connects to nothing yet.
    pub fn new(settings: OutsideSettings) -> Self {
        let home = settings.variables.get("HOME").filter(|home| home.starts_with('/'));
        let home = home.map(PathBuf::from);
        let config = settings.variables.get("XDG_CONFIG_HOME").map(PathBuf::from);
        let config = config.or_else(|| home.as_ref().map(|home| home.join(".config")));
        let user = config.map(|config| config.join("cooperage/mirrors.toml"));
        let files =
            user.into_iter().chain([PathBuf::from("/etc/cooperage/mirrors.toml")]).collect();
        let netrc = settings.variables.get("NETRC").map(PathBuf::from);
        let netrc = netrc.or_else(|| home.as_ref().map(|home| home.join(".netrc")));
        let git = of_git(&settings, netrc.as_deref());
        let mirrors = Arc::new(Mirrors::new(mirrors::Settings {
            explicit: settings.mirrors,
            environment: settings.variables.clone(),
            files,
            root: PathBuf::from("/"),
            home,
            programs: Programs::Ask,
        }));
        let mut fetching = fetch::Settings::new(&settings.version);
        fetching.network = if settings.offline { Network::Off } else { Network::On };
        fetching.environment = settings.variables;
        fetching.netrc = netrc;
        // The InRelease of an apt source is asked for to learn which archive it is. That fetcher
        // knows no archives itself.
        let no_mirror = |archive: &ArchiveName| {
            Err(FetchError::NoMirror { archive: archive.clone(), hint: String::new() })
        };
        let mut probing = fetching.clone();
        // A machine may have dead apt sources; they must not hold up those that answer.
        probing.patience.connect = Duration::from_secs(5);
        probing.patience.attempts = 1;
        let prober = Arc::new(Http::new(probing, no_mirror));
        let (known, asking) = (Arc::clone(&mirrors), Arc::clone(&prober));
        let resolve = move |archive: &ArchiveName| {
            let resolved = addresses(&known, &asking, archive)
                .map_err(|hint| FetchError::NoMirror { archive: archive.clone(), hint })?;
            Ok(resolved.into_iter().map(|source| source.url).collect())
        };
        let (http, offline) = (Http::new(fetching, resolve), settings.offline);
        Self { mirrors, http, prober, offline, git }
    }

    /// How repositories are reached.
    pub(crate) fn git(&self) -> &git_source::Settings {
        &self.git
    }

    /// The addresses of an archive and who named them; or why none is known.
    pub(crate) fn addresses(&self, archive: &ArchiveName) -> Result<Vec<mirrors::Source>, String> {
        addresses(&self.mirrors, &self.prober, archive)
    }

    /// Whether the network may not be used.
    pub(crate) fn is_offline(&self) -> bool {
        self.offline
    }

    /// Asks for a document once, with little patience.
    pub(crate) fn probe(
        &self,
        address: &Address,
        accept: &str,
        limit: u64,
    ) -> Result<Document, FetchError> {
        self.prober.document(address, accept, limit)
    }

    /// Whether an address of the archive is known. Asks the machine, not the network.
    pub fn knows(&self, archive: &ArchiveName) -> bool {
        self.mirrors.resolve(archive, &|_| None).is_ok()
    }

    /// Learns where a distribution's other archives are, from the example sources that its `apt`
    /// package ships; `from` says which package that was.
    pub fn learn(&self, example_sources: &str, from: &str) {
        self.mirrors.add_example_sources(example_sources, from);
    }
}

/// How repositories are reached. A netrc file that cannot be read says nothing.
fn of_git(settings: &OutsideSettings, netrc: Option<&Path>) -> git_source::Settings {
    let network = if settings.offline { git_source::Network::Off } else { git_source::Network::On };
    git_source::Settings {
        network,
        environment: settings.variables.clone(),
        netrc: netrc.and_then(|path| fs_err::read_to_string(path).ok()).unwrap_or_default(),
        ssh_command: settings.variables.get("GIT_SSH_COMMAND").cloned(),
        ..git_source::Settings::new()
    }
}

/// Asks the machine, and for an apt source whose lists it does not have the network.
fn addresses(
    mirrors: &Mirrors,
    prober: &Http,
    archive: &ArchiveName,
) -> Result<Vec<mirrors::Source>, String> {
    let probe = |url: &str| {
        let address = Address::Url(url.to_owned());
        let document = prober.document(&address, "*/*", 4 << 20).ok()?;
        String::from_utf8(document.bytes).ok()
    };
    mirrors.resolve(archive, &probe).map(|resolved| resolved.urls).map_err(|error| reasons(&error))
}

fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl Fetcher for Outside {
    fn document(
        &self,
        address: &Address,
        accept: &str,
        limit: u64,
    ) -> Result<Document, FetchError> {
        self.http.document(address, accept, limit)
    }

    fn blobs(
        &self,
        store: &Store,
        wants: &[Want],
        arrived: &mut dyn FnMut(usize, &Blob, bool),
    ) -> Result<Vec<Blob>, FetchError> {
        self.http.blobs(store, wants, arrived)
    }
}

//! The connection to a git server: https, http, ssh, git and file.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use gix::ObjectId;
use gix::progress::Discard;
use gix::protocol::fetch::{Arguments, Negotiate, Response, Shallow, Tags, negotiate};
use gix::protocol::handshake::Ref;
use gix::protocol::transport::client::blocking_io::{Transport, connect, http, ssh};
use gix::protocol::transport::{Protocol, Service};
use gix::protocol::{Handshake, LsRefsCommand, SendFlushOnDrop};
use reqwest::{NoProxy, Proxy};
use source_refs::GitUrl;

use crate::Settings;
use crate::credentials;
use crate::error::told;

/// A server that has said what it can do.
pub(crate) struct Connection {
    transport: SendFlushOnDrop<Box<dyn Transport + Send>>,
    handshake: Handshake,
}

/// A reference of a server, with the commit that it leads to.
#[derive(Clone, Debug)]
pub(crate) struct RemoteReference {
    pub(crate) name: String,
    /// What it points to: a commit, or the object of an annotated tag.
    pub(crate) object: ObjectId,
    /// What it leads to in the end.
    pub(crate) peeled: ObjectId,
}

/// What is wanted of a server.
pub(crate) struct Want<'a> {
    pub(crate) objects: &'a [ObjectId],
    /// Commits whose files are at hand; nothing is said of their parents.
    pub(crate) have: &'a [ObjectId],
    /// Generations of commits, the wanted ones being the first; `None` for all.
    pub(crate) depth: Option<NonZeroU32>,
    pub(crate) content: Content,
}

/// Which objects come with a commit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Content {
    /// All.
    Files,
    /// Commits alone, where the server can leave the rest out.
    Commits,
}

impl Connection {
    pub(crate) fn open(url: &GitUrl, settings: &Settings) -> Result<Self, String> {
        let parsed = gix::url::parse(url.as_str()).map_err(|error| told(&error))?;
        let is_http = matches!(parsed.scheme, gix::url::Scheme::Http | gix::url::Scheme::Https);
        let options = connect::Options {
            version: Protocol::V2,
            ssh: ssh::connect::Options {
                command: settings.ssh_command.clone().map(Into::into),
                disallow_shell: false,
                kind: None,
            },
            trace: false,
        };
        let mut transport = connect::connect(parsed, options).map_err(|error| told(&error))?;
        if is_http {
            let options = http_options(settings)?;
            transport.configure(&options).map_err(|error| error.to_string())?;
        }
        let mut transport = SendFlushOnDrop::new(transport, false);
        let handshake = gix::protocol::handshake(
            &mut transport.inner,
            Service::UploadPack,
            |action| credentials::answer(action, settings),
            Vec::new(),
            &mut Discard,
        )
        .map_err(|error| told(&error))?;
        Ok(Self { transport, handshake })
    }

    /// The references whose names begin with one of `prefixes`.
    pub(crate) fn references(&mut self, prefixes: &[&str]) -> Result<Vec<RemoteReference>, String> {
        let found = match self.handshake.refs.clone() {
            Some(refs) => refs,
            None => {
                let mut wanted = gix::protocol::ls_refs::RefPrefixes::new();
                wanted.extend(prefixes.iter().map(|prefix| (*prefix).into()));
                LsRefsCommand::new(Some(wanted), &self.handshake.capabilities, agent())
                    .invoke_blocking(&mut self.transport.inner, &mut Discard, false)
                    .map_err(|error| told(&error))?
            }
        };
        let found = found.into_iter().filter_map(|reference| {
            let (name, object, peeled) = match reference {
                Ref::Peeled { full_ref_name, tag, object } => (full_ref_name, tag, object),
                Ref::Direct { full_ref_name, object } => (full_ref_name, object, object),
                Ref::Symbolic { full_ref_name, tag, object, .. } => {
                    (full_ref_name, tag.unwrap_or(object), object)
                }
                Ref::Unborn { .. } => return None,
            };
            Some(RemoteReference { name: String::from_utf8(name.into()).ok()?, object, peeled })
        });
        Ok(found
            .filter(|found| prefixes.iter().any(|prefix| found.name.starts_with(prefix)))
            .collect())
    }

    /// Fetches objects into the repository. `shallow_file` is a path for a file that is of use during
    /// the fetch alone.
    pub(crate) fn fetch(
        &mut self,
        want: &Want<'_>,
        repository: &gix::Repository,
        shallow_file: &Path,
        settings: &Settings,
    ) -> Result<(), String> {
        let mut wants = Wants { want, filtered: false };
        let shallow = match want.depth {
            Some(depth) => Shallow::DepthAtRemote(depth),
            None => Shallow::NoChange,
        };
        let packs = repository.objects.store_ref().path().join("pack");
        let base = (!want.have.is_empty()).then(|| repository.objects.clone());
        let limit = settings.limits.pack_bytes;
        let consume = |pack: &mut dyn std::io::BufRead,
                       progress: &mut dyn gix::DynNestedProgress,
                       interrupt: &AtomicBool| {
            let mut pack = Limited { inner: pack, left: limit };
            let options = gix::odb::pack::bundle::write::Options {
                alloc_limit_bytes: usize::try_from(settings.limits.file_bytes).ok(),
                ..Default::default()
            };
            let kind = gix::hash::Kind::Sha1;
            let written = gix::odb::pack::Bundle::write_to_directory(
                &mut pack,
                Some(&packs),
                progress,
                interrupt,
                base,
                kind,
                options,
            )?;
            if let Some(keep) = written.keep_path {
                // It protects the pack from a garbage collection that nobody runs here.
                let _ = fs_err::remove_file(keep);
            }
            Ok(true)
        };
        gix::protocol::fetch(
            &mut wants,
            consume,
            Discard,
            &AtomicBool::new(false),
            gix::protocol::fetch::Context {
                handshake: &mut self.handshake,
                transport: &mut self.transport.inner,
                user_agent: agent(),
                trace_packetlines: false,
            },
            gix::protocol::fetch::Options {
                shallow_file: shallow_file.to_owned(),
                shallow: &shallow,
                tags: Tags::None,
                reject_shallow_remote: false,
            },
        )
        .map(drop)
        .map_err(|error| told(&error))
    }
}

fn agent() -> gix::protocol::command::Feature {
    ("agent", Some("git/cooperage".into()))
}

/// One question, and no negotiation: what is at hand is said at once.
struct Wants<'a> {
    want: &'a Want<'a>,
    filtered: bool,
}

impl Negotiate for Wants<'_> {
    fn mark_complete_and_common_ref(&mut self) -> gix::Result<negotiate::Action> {
        Ok(negotiate::Action::MustNegotiate { remote_ref_target_known: Vec::new() })
    }

    fn add_wants(&mut self, arguments: &mut Arguments, _known: &[bool]) -> bool {
        if self.want.content == Content::Commits && arguments.can_use_filter() && !self.filtered {
            arguments.filter("tree:0");
            self.filtered = true;
        }
        for object in self.want.objects {
            arguments.want(object);
        }
        true
    }

    fn one_round(
        &mut self,
        _state: &mut negotiate::one_round::State,
        arguments: &mut Arguments,
        _previous: Option<&Response>,
    ) -> gix::Result<(negotiate::Round, bool)> {
        for object in self.want.have {
            arguments.have(object);
        }
        let sent = self.want.have.len();
        let round = negotiate::Round {
            haves_sent: sent,
            in_vain: 0,
            haves_to_send: sent,
            previous_response_had_at_least_one_in_common: false,
        };
        Ok((round, true))
    }
}

/// A reader that ends with an error after so many bytes.
struct Limited<'a> {
    inner: &'a mut dyn std::io::BufRead,
    left: u64,
}

impl std::io::Read for Limited<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(too_much)?;
        Ok(read)
    }
}

impl std::io::BufRead for Limited<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.left == 0 {
            return Err(too_much());
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount as u64);
        self.inner.consume(amount);
    }
}

fn too_much() -> std::io::Error {
    std::io::Error::other("the server sends more than the limit for a pack")
}

/// The roots of TLS are the system's; proxies are those of the environment that was given.
fn http_options(settings: &Settings) -> Result<http::Options, String> {
    // Another part of the process may have installed it already; it is the same one then.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let proxies = proxies(settings)?;
    let patience = settings.patience;
    let configure = move |mut builder: reqwest::blocking::ClientBuilder| {
        builder = builder.user_agent("git/cooperage").timeout(patience).no_proxy();
        for proxy in &proxies {
            builder = builder.proxy(proxy.clone());
        }
        Ok(builder)
    };
    let backend = http::reqwest::Options {
        configure_client: Some(Box::new(configure)),
        configure_request: None,
    };
    Ok(http::Options { backend: Some(Arc::new(Mutex::new(backend))), ..http::Options::default() })
}

/// The proxies that the environment names, in lower or upper case as curl reads them.
fn proxies(settings: &Settings) -> Result<Vec<Proxy>, String> {
    let get = |name: &str| {
        let environment = &settings.environment;
        let value = environment.get(name).or_else(|| environment.get(&name.to_uppercase()));
        value.map(|value| value.trim()).filter(|value| !value.is_empty())
    };
    let exceptions = get("no_proxy").and_then(NoProxy::from_string);
    let mut proxies = Vec::new();
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        let Some(url) = get(name) else { continue };
        let proxy = match name {
            "http_proxy" => Proxy::http(url),
            "https_proxy" => Proxy::https(url),
            _ => Proxy::all(url),
        };
        // The value may hold a password, so it is not shown.
        let proxy = proxy.map_err(|_| format!("{name} is not the URL of a proxy"))?;
        proxies.push(proxy.no_proxy(exceptions.clone()));
    }
    Ok(proxies)
}

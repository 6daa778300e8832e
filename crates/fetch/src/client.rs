//! The HTTP client: TLS, proxies, time limits.

use std::collections::BTreeMap;

use reqwest::{Client, NoProxy, Proxy};

use crate::Settings;

/// Builds the client, or says why it cannot be built.
pub(crate) fn build(settings: &Settings) -> Result<Client, String> {
    // Another part of the process may have installed it already; it is the same one then.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let proxies = proxies(&settings.environment)?;
    let builder = || {
        let mut builder = Client::builder()
            .user_agent(format!("cooperage/{}", settings.version))
            // Redirects are followed by hand: each hop gets the login of its own host.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(settings.patience.connect)
            .pool_max_idle_per_host(settings.parallel)
            .no_proxy();
        for proxy in &proxies {
            builder = builder.proxy(proxy.clone());
        }
        builder
    };
    // A machine without any certificate can still use mirrors over plain HTTP, as Debian's are:
    // what comes from them is checked by signature and digest.
    builder().build().or_else(|_| builder().tls_certs_only([]).build()).map_err(|e| cause(&e))
}

/// The proxies that the environment names, in lower or upper case as curl reads them:
/// `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`.
fn proxies(environment: &BTreeMap<String, String>) -> Result<Vec<Proxy>, String> {
    let get = |name: &str| {
        let value = environment.get(name).or_else(|| environment.get(&name.to_uppercase()));
        value.map(|value| value.trim()).filter(|value| !value.is_empty())
    };
    let exceptions = get("no_proxy").and_then(NoProxy::from_string);
    let mut proxies = Vec::new();
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        let Some(url) = get(name) else { continue };
        if url.starts_with("socks") {
            return Err(format!("{name}: SOCKS proxies are not supported, name an HTTP proxy"));
        }
        // The value may hold a password, so it is not shown.
        let proxy = match name {
            "http_proxy" => Proxy::http(url),
            "https_proxy" => Proxy::https(url),
            _ => Proxy::all(url),
        };
        let proxy = proxy.map_err(|_| format!("{name} is not the URL of a proxy"))?;
        proxies.push(proxy.no_proxy(exceptions.clone()));
    }
    Ok(proxies)
}

/// The causes of an error in one line, without its URL, the same words only once.
pub(crate) fn cause(error: &reqwest::Error) -> String {
    let mut reasons: Vec<String> = Vec::new();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        let reason = error.to_string();
        if reasons.last().is_none_or(|last| !last.ends_with(&reason)) {
            reasons.push(reason);
        }
        source = error.source();
    }
    if reasons.is_empty() {
        return error.to_string();
    }
    reasons.join(": ")
}

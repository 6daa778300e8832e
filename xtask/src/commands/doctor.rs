//! `cooperage doctor`.

use pipeline::{Answer, MirrorReport};
use serde_json::{Value, json};

use super::Workplace;
use crate::args::{Doctor, Global};
use crate::failure::Failure;
use crate::speech;
use crate::surroundings::Surroundings;

/// The variables that decide about proxies, in the order in which they are read.
const PROXIES: [&str; 4] = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"];

/// Tells what this machine has for a build, and where that was learnt.
pub(crate) fn run(
    doctor: &Doctor,
    global: &Global,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let workplace = Workplace::open(global, surroundings)?;
    let reports = pipeline::mirrors(&workplace.root, &doctor.distro, &workplace.outside)?;
    let certificates = fetch::certificates(&surroundings.variables);
    let proxies = proxies(surroundings);
    let store = &workplace.store;
    let tallies = ::store::Inventory::read(store)?;
    let bytes = tallies.files.values().map(|file| file.size).sum::<u64>();
    let free = store.free_bytes().ok();
    let setting = workplace.setting();
    // A build without patches needs none, so its absence is told and is no failure.
    let sandbox = match sandbox::probe(setting.program) {
        Ok(level) => Ok(level.to_string()),
        Err(error) => Err(error.to_string()),
    };

    if global.json {
        let value = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "tree": workplace.root.display().to_string(),
            "mirrors": reports.iter().map(mirror_value).collect::<Vec<_>>(),
            "certificates": {
                "places": certificates.places, "roots": certificates.roots,
                "faults": certificates.faults,
            },
            "proxies": proxies.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "sandbox": { "level": sandbox.as_ref().ok(), "denied": sandbox.as_ref().err() },
            "store": {
                "path": store.root().display().to_string(), "format": store.format(),
                "bytes": bytes, "free": free,
            },
        });
        speech::json(&value)?;
    } else {
        let mut lines = vec![
            item("version", &format!("cooperage {}", env!("CARGO_PKG_VERSION"))),
            item("tree", &workplace.root.display().to_string()),
        ];
        lines.extend(reports.iter().flat_map(mirror_lines));
        let places: Vec<String> =
            certificates.places.iter().map(|place| place.display().to_string()).collect();
        let places = if places.is_empty() { "none found".to_owned() } else { places.join(", ") };
        lines.push(item("certificates", &format!("{}: {places}", certificates.roots)));
        lines.extend(certificates.faults.iter().map(|fault| item("certificates", fault)));
        lines.extend(proxies.iter().map(|(name, value)| item("proxy", &format!("{name}={value}"))));
        if proxies.is_empty() {
            lines.push(item("proxy", "none"));
        }
        let text = match &sandbox {
            Ok(level) => level.clone(),
            Err(reason) => format!("none: {reason}"),
        };
        lines.push(item("sandbox", &text));
        let free = free.map(|free| format!(", {} free", speech::bytes(free)));
        let text = format!(
            "{}: format {}, {}{}",
            store.root().display(),
            store.format(),
            speech::bytes(bytes),
            free.unwrap_or_default()
        );
        lines.push(item("store", &text));
        speech::lines(lines)?;
    }
    let silent: Vec<String> = reports
        .iter()
        .filter(|report| !report.serves())
        .map(|report| report.archive.to_string())
        .collect();
    if silent.is_empty() { Ok(()) } else { Err(Failure::Mirrors(silent)) }
}

fn item(name: &str, text: &str) -> String {
    format!("{name:<13} {text}")
}

fn mirror_lines(report: &MirrorReport) -> Vec<String> {
    match &report.mirrors {
        Err(reason) => vec![item("mirror", &format!("{}: {reason}", report.archive))],
        Ok(mirrors) => mirrors
            .iter()
            .map(|(url, from, answer)| {
                let answer = match answer {
                    Answer::Good => "answers".to_owned(),
                    Answer::Bad(reason) => format!("does not answer: {reason}"),
                    Answer::NotAsked => "not asked (--offline)".to_owned(),
                };
                item("mirror", &format!("{} {url} (from {from}): {answer}", report.archive))
            })
            .collect(),
    }
}

fn mirror_value(report: &MirrorReport) -> Value {
    let value = |(url, from, answer): &(String, String, Answer)| {
        let (answers, reason) = match answer {
            Answer::Good => (Some(true), None),
            Answer::Bad(reason) => (Some(false), Some(reason)),
            Answer::NotAsked => (None, None),
        };
        json!({ "url": url, "from": from, "answers": answers, "reason": reason })
    };
    let mirrors = report.mirrors.as_ref().map(|mirrors| mirrors.iter().map(value).collect());
    json!({
        "archive": report.archive.as_str(),
        "serves": report.serves(),
        "mirrors": mirrors.unwrap_or_else(|_| Vec::new()),
        "unknown": report.mirrors.as_ref().err(),
    })
}

/// The variables that are set, without logins.
fn proxies(surroundings: &Surroundings) -> Vec<(String, String)> {
    let set = |name: &str| {
        let upper = name.to_uppercase();
        [name.to_owned(), upper].into_iter().find_map(|name| {
            let value = surroundings.variable(&name)?;
            Some((name, without_login(value)))
        })
    };
    PROXIES.iter().filter_map(|name| set(name)).collect()
}

/// An address without what stands before the `@` of its host.
fn without_login(address: &str) -> String {
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), address),
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let host = rest[..end].rfind('@').map_or(rest, |at| &rest[at + 1..]);
    format!("{scheme}{host}")
}

#[cfg(test)]
mod tests {
    use super::without_login;

    #[test]
    fn no_login_is_shown() {
        for (given, shown) in [
            ("http://proxy:3128", "http://proxy:3128"),
            ("http://user:pass@proxy:3128/", "http://proxy:3128/"),
            ("user:p@ss@proxy:3128", "proxy:3128"),
            ("http://user@proxy/a@b", "http://proxy/a@b"),
            ("localhost,.example.org", "localhost,.example.org"),
        ] {
            assert_eq!(without_login(given), shown);
        }
    }
}

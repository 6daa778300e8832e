//! The machine's apt sources, and which archives they serve.

use std::path::{Path, PathBuf};

use names::ArchiveName;

use crate::Source;
use crate::address::clean;

/// One source: addresses, and suites that each of them has.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct AptSource {
    pub(crate) uris: Vec<String>,
    pub(crate) suites: Vec<String>,
}

/// The sources of `etc/apt` that serve `archive`. What a source serves is read from its `InRelease`:
/// from the lists that apt has already, else through `probe`, which fetches a URL or gives `None`.
/// Once one source is known, the hosts of the others are not asked what they are.
pub(crate) fn sources(
    root: &Path,
    archive: &ArchiveName,
    probe: &dyn Fn(&str) -> Option<String>,
) -> Vec<Source> {
    let mut found: Vec<Source> = Vec::new();
    for (path, source) in read_all(&root.join("etc/apt")) {
        for uri in &source.uris {
            // `ubuntu` could be the copy of a part: only what it says itself counts.
            let Some(url) = clean(uri) else { continue };
            if found.iter().any(|known| known.url == url) {
                continue;
            }
            let probe = |address: &str| if found.is_empty() { probe(address) } else { None };
            let mut releases =
                source.suites.iter().filter_map(|suite| release(root, &url, suite, &probe));
            if releases.find_map(|text| archive_of(&text, &url)).as_deref()
                == Some(archive.as_str())
            {
                found.push(Source { url, from: format!("the apt source {}", path.display()) });
            }
        }
    }
    found
}

/// All sources, in apt's order: `sources.list`, then `sources.list.d` by name. Files that cannot be
/// read and lines that make no sense are apt's matter and left out.
fn read_all(apt: &Path) -> Vec<(PathBuf, AptSource)> {
    let mut paths = vec![apt.join("sources.list")];
    let parts = fs_err::read_dir(apt.join("sources.list.d"));
    let parts = parts.into_iter().flatten().filter_map(Result::ok);
    // Other names are ignored by apt, as are other extensions.
    let plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    let parts = parts.filter(|entry| entry.file_name().to_str().is_some_and(plain));
    let mut parts: Vec<PathBuf> = parts.map(|entry| entry.path()).collect();
    parts.sort();
    paths.extend(parts);
    let mut sources = Vec::new();
    for path in paths {
        let kind = path.extension().and_then(|extension| extension.to_str());
        let parse: fn(&str) -> Vec<AptSource> = match kind {
            Some("list") => lines,
            Some("sources") => stanzas,
            _ => continue,
        };
        let text = fs_err::read_to_string(&path).unwrap_or_default();
        sources.extend(parse(&text).into_iter().map(|source| (path.clone(), source)));
    }
    sources
}

/// One-line form, `sources.list(5)`: `deb [ options ] uri suite components`.
pub(crate) fn lines(text: &str) -> Vec<AptSource> {
    let parse = |line: &str| {
        let line = line.split('#').next().unwrap_or_default().trim();
        let rest = line.strip_prefix("deb")?;
        let rest = rest.starts_with(char::is_whitespace).then(|| rest.trim_start())?;
        let rest = match rest.strip_prefix('[') {
            Some(options) => options.split_once(']')?.1,
            None => rest,
        };
        let mut words = rest.split_whitespace();
        Some(AptSource {
            uris: vec![words.next()?.to_owned()],
            suites: vec![words.next()?.to_owned()],
        })
    };
    text.lines().filter_map(parse).collect()
}

/// The deb822 form, `sources.list(5)`: stanzas with `Types`, `URIs`, `Suites`, `Enabled`.
pub(crate) fn stanzas(text: &str) -> Vec<AptSource> {
    let mut sources = Vec::new();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines().chain([""]) {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            sources.extend(stanza(&std::mem::take(&mut fields)));
        } else if line.starts_with(char::is_whitespace) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_lowercase(), value.trim().to_owned()));
        }
    }
    sources
}

fn stanza(fields: &[(String, String)]) -> Option<AptSource> {
    let words = |name: &str| -> Vec<String> {
        let value = fields.iter().find(|(field, _)| field == name).map(|(_, value)| value);
        value.map_or("", |value| value).split_whitespace().map(str::to_owned).collect()
    };
    // The words that apt takes for "no" (`StringToBool` in apt-pkg).
    let off = |word: &String| {
        ["no", "false", "without", "off", "disable", "0"].contains(&word.to_lowercase().as_str())
    };
    if !words("types").iter().any(|kind| kind == "deb") || words("enabled").iter().any(off) {
        return None;
    }
    Some(AptSource { uris: words("uris"), suites: words("suites") })
}

/// The `InRelease` (or `Release`) of a suite.
fn release(
    root: &Path,
    url: &str,
    suite: &str,
    probe: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    // A suite that ends in a slash is a plain folder, which no archive here is.
    if suite.ends_with('/') {
        return None;
    }
    let lists = root.join("var/lib/apt/lists");
    let local = ["InRelease", "Release"].into_iter().find_map(|name| {
        let file = lists.join(list_name(&format!("{url}/dists/{suite}/{name}")));
        fs_err::read_to_string(file).ok()
    });
    local.or_else(|| probe(&format!("{url}/dists/{suite}/InRelease")))
}

/// The name under which apt keeps what it fetched from `url` (`URItoFileName` in apt-pkg): without
/// scheme and login, with `_` for `/`, and some letters as `%xx`.
fn list_name(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let mut name = String::new();
    for letter in format!("{host}/{path}").trim_start_matches('/').chars() {
        match letter {
            '/' => name.push('_'),
            '\\' | '|' | '{' | '}' | '[' | ']' | '<' | '>' | '"' | '^' | '~' | '_' | '=' | '!'
            | '@' | '#' | '$' | '%' | '&' | '*' => {
                name.push_str(&format!("%{:02x}", u32::from(letter)))
            }
            letter => name.push(letter),
        }
    }
    // `file:///srv` has no host, and apt keeps the slash of the path.
    if host.is_empty() { format!("_{name}") } else { name }
}

/// The archive whose `InRelease` this is, by `Origin` and `Label`. The two archives of Ubuntu say
/// the same of themselves and differ by address alone.
fn archive_of(release: &str, url: &str) -> Option<String> {
    let field = |name: &str| {
        let line = release.lines().take(60).find_map(|line| line.strip_prefix(name));
        line.map_or("", str::trim)
    };
    let last = url.rsplit('/').next().unwrap_or_default();
    // Every suite of an archive has a codename; what lacks one is something else.
    if field("Codename:").is_empty() {
        return None;
    }
    let name = match (field("Origin:"), field("Label:")) {
        ("Debian", "Debian") | ("Debian Backports", "Debian Backports") => "debian",
        ("Debian", "Debian-Security") => "debian-security",
        ("Ubuntu", "Ubuntu") if last.contains("ports") => "ubuntu-ports",
        ("Ubuntu", "Ubuntu") => "ubuntu",
        _ => return None,
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn source(uri: &str, suites: &[&str]) -> AptSource {
        AptSource {
            uris: vec![uri.to_owned()],
            suites: suites.iter().map(|suite| (*suite).to_owned()).collect(),
        }
    }

    #[test]
    fn both_forms_of_sources_are_read() {
        let text = "# deb http://no.example.org/ trixie main\n\
                    deb http://a.example.org/debian trixie main # a remark\n\
                    deb-src http://s.example.org/debian trixie main\n\
                    deb\t[ arch=amd64 signed-by=/k.gpg ] https://b.example.org/u noble main\n\
                    deb\nnonsense\ndeb [unclosed http://x y\n";
        let want = [
            source("http://a.example.org/debian", &["trixie"]),
            source("https://b.example.org/u", &["noble"]),
        ];
        assert_eq!(lines(text), want);
        let text = "Types: deb deb-src\nURIs: http://a.example.org/debian\n#remark\n\
                    Suites: trixie\n trixie-updates\n\n\n\
                    Enabled: No\nTypes: deb\nURIs: http://off.example.org/\nSuites: x\n\n\
                    Types: deb-src\nURIs: http://src.example.org/\nSuites: x\n\n\
                    types: deb\nuris: http://b.example.org/u\nsuites: noble";
        let want = [
            source("http://a.example.org/debian", &["trixie", "trixie-updates"]),
            source("http://b.example.org/u", &["noble"]),
        ];
        assert_eq!(stanzas(text), want);
    }

    #[test]
    fn list_names_are_those_of_apt() {
        for (url, want) in [
            (
                "http://m.example.org/debian/dists/trixie/InRelease",
                "m.example.org_debian_dists_trixie_InRelease",
            ),
            ("https://me:pw@m.example.org:8080/a_b~c", "m.example.org:8080_a%5fb%7ec"),
            ("file:///srv/debian/dists/x/Release", "_srv_debian_dists_x_Release"),
        ] {
            assert_eq!(list_name(url), want);
        }
    }

    /// What apt itself makes of sources written in all the ways that its manual page allows.
    #[test]
    #[ignore = "needs apt-get; .ci/run runs it"]
    fn sources_are_read_as_apt_reads_them() {
        let root = tempfile::tempdir().unwrap();
        let apt = root.path().join("etc/apt");
        fs_err::create_dir_all(apt.join("sources.list.d")).unwrap();
        let files = [
            (
                "sources.list",
                "deb http://a.example.org/one x main\n\
              deb [ arch=amd64 trusted=yes ] http://a.example.org/two y main contrib # why\n\
              #deb http://a.example.org/off x main\n\
              \tdeb\thttp://a.example.org/tab\tx\tmain\n\
              deb-src http://a.example.org/source x main\n",
            ),
            ("sources.list.d/b.list", "deb http://b.example.org:8080/we~ird_l=st stable main\n"),
            ("sources.list.d/b.list.bak", "deb http://b.example.org/bak stable main\n"),
            (
                "sources.list.d/c.sources",
                "# A remark\nTypes: deb\nURIs: http://c.example.org/one\n\
              \x20http://c.example.org/two/\nSuites: x x-updates\n# within\nComponents: main\n\n\
              Enabled: no\nTypes: deb\nURIs: http://c.example.org/off\nSuites: x\n\
              Components: main\n\n\n\
              types: deb-src\nuris: http://c.example.org/source\nsuites: x\ncomponents: main\n\n\
              types: deb-src deb\nuris: http://c.example.org/small\nsuites: x\n\
              components: main\nenabled: yes\n",
            ),
            ("sources.list.d/d,odd.list", "deb http://d.example.org/odd x main\n"),
        ];
        for (name, text) in files {
            fs_err::write(apt.join(name), text).unwrap();
        }
        let dir = format!("Dir={}", root.path().display());
        let said = testkit::tool("apt-get")
            .args([
                "-o",
                &dir,
                "-o",
                "Dir::State::status=/dev/null",
                "-o",
                "APT::Architecture=amd64",
            ])
            .args(["update", "--print-uris"])
            .text();
        // 'http://a.example.org/one/dists/x/InRelease' a.example.org_one_dists_x_InRelease 0
        let lines = said.lines().filter(|line| line.contains("/InRelease' "));
        let lines = lines.filter(|line| !line.contains("/source/"));
        let pairs = lines.map(|line| {
            let (url, name) = line.trim_start_matches('\'').split_once("' ").unwrap();
            assert_eq!(list_name(url), name.split(' ').next().unwrap());
            url.strip_suffix("/InRelease").unwrap().replace("/dists/", " ")
        });
        let want: BTreeSet<String> = pairs.collect();
        assert_eq!(want.len(), 9, "{said}");
        let found = read_all(&apt).into_iter().flat_map(|(_, source)| {
            let pairs = source.uris.into_iter().map(move |uri| (uri, source.suites.clone()));
            pairs.flat_map(|(uri, suites)| {
                suites
                    .into_iter()
                    .map(move |suite| format!("{} {suite}", uri.trim_end_matches('/')))
            })
        });
        assert_eq!(found.collect::<BTreeSet<_>>(), want);
    }

    #[test]
    fn origin_and_label_name_the_archive() {
        for (origin, label, url, want) in [
            ("Debian", "Debian", "http://m/x", Some("debian")),
            ("Debian", "Debian-Security", "http://m/x", Some("debian-security")),
            ("Debian Backports", "Debian Backports", "http://m/x", Some("debian")),
            ("Ubuntu", "Ubuntu", "http://m/ubuntu", Some("ubuntu")),
            ("Ubuntu", "Ubuntu", "http://m/ubuntu-ports", Some("ubuntu-ports")),
            ("Node Source", "Node Source", "http://m/debian", None),
            ("", "", "http://m/debian", None),
        ] {
            let text = format!("Hash: SHA256\n\nOrigin: {origin}\nLabel: {label}\nCodename: x\n");
            assert_eq!(archive_of(&text, url).as_deref(), want, "{origin} {label}");
        }
        assert_eq!(archive_of("Origin: Debian\nLabel: Debian\n", "http://m/debian"), None);
    }
}

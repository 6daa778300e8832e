//! The Python index that the machine's pip and uv use.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde::Deserialize;

use crate::address::clean;
use crate::{Programs, Settings, Source};

/// The index, if pip or uv know one: the environment first, then uv's files, then pip's, and last
/// the default that pip was built with.
pub(crate) fn index(settings: &Settings) -> Option<Source> {
    variables(&settings.environment)
        .or_else(|| {
            uv_files(settings).iter().find_map(|path| read(path, from_uv, "the uv settings"))
        })
        .or_else(|| {
            let files = pip_files(settings);
            // As in pip, a command's own section in any file goes before the global one in all.
            ["install", "global"].iter().find_map(|section| {
                let parse = |text: &str| from_pip(text, section);
                files.iter().find_map(|path| read(path, parse, "the pip settings"))
            })
        })
        .or_else(|| match settings.programs {
            Programs::Ask => ask_pip(settings),
            Programs::Leave => None,
        })
}

fn variables(environment: &BTreeMap<String, String>) -> Option<Source> {
    ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"].iter().find_map(|name| {
        let value = environment.get(*name)?;
        // uv's form `name=url`.
        let named = value.split_once('=').filter(|(name, _)| !name.contains(['/', ':']));
        let url = clean(named.map_or(value, |(_, url)| url))?;
        Some(Source { url, from: format!("the environment variable {name}") })
    })
}

fn read(path: &Path, parse: impl Fn(&str) -> Option<String>, what: &str) -> Option<Source> {
    let url = parse(&fs_err::read_to_string(path).ok()?)?;
    Some(Source { url: clean(&url)?, from: format!("{what} {}", path.display()) })
}

/// The user's folder for settings.
fn config_home(settings: &Settings) -> Option<PathBuf> {
    let named = settings.environment.get("XDG_CONFIG_HOME").map(PathBuf::from);
    let named = named.filter(|path| path.is_absolute());
    named.or_else(|| Some(settings.home.as_ref()?.join(".config")))
}

/// `uv.toml`, the user's and the system's, as uv's documentation lists them.
fn uv_files(settings: &Settings) -> Vec<PathBuf> {
    let named = settings.environment.get("UV_CONFIG_FILE").map(PathBuf::from);
    let user = config_home(settings).map(|home| home.join("uv/uv.toml"));
    let system = ["etc/xdg/uv/uv.toml", "etc/uv/uv.toml"].map(|path| settings.root.join(path));
    named.into_iter().chain(user).chain(system).collect()
}

/// `pip.conf`, the most specific first, as pip's documentation lists them: the named one, the
/// virtual environment's, the user's (new place, old place), the machine's.
fn pip_files(settings: &Settings) -> Vec<PathBuf> {
    let variable = |name: &str| settings.environment.get(name).map(PathBuf::from);
    let site = variable("VIRTUAL_ENV").map(|venv| venv.join("pip.conf"));
    let user = config_home(settings).map(|home| home.join("pip/pip.conf"));
    let old = settings.home.as_ref().map(|home| home.join(".pip/pip.conf"));
    let global = ["etc/pip.conf", "etc/xdg/pip/pip.conf"].map(|path| settings.root.join(path));
    let named = variable("PIP_CONFIG_FILE");
    // In pip this means: no file at all.
    if named.as_deref() == Some(Path::new("/dev/null")) {
        return Vec::new();
    }
    named.into_iter().chain(site).chain(user).chain(old).chain(global).collect()
}

/// The keys of `uv.toml` that matter; it has many others.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct UvToml {
    index_url: Option<String>,
    #[serde(default)]
    index: Vec<UvIndex>,
    pip: Option<UvPip>,
}

#[derive(Deserialize)]
struct UvIndex {
    url: String,
    #[serde(default)]
    default: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct UvPip {
    index_url: Option<String>,
}

fn from_uv(text: &str) -> Option<String> {
    let settings: UvToml = toml::from_str(text).ok()?;
    let default = settings.index.into_iter().find(|index| index.default).map(|index| index.url);
    default.or(settings.index_url).or_else(|| settings.pip?.index_url)
}

/// `index-url` of one section, in the form of Python's `configparser` with pip's names (`_` for `-`).
fn from_pip(text: &str, wanted: &str) -> Option<String> {
    let mut section = "";
    let mut found = None;
    for line in text.lines() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
        } else if let Some((key, value)) = line.split_once(['=', ':']) {
            let key = key.trim().to_lowercase().replace('_', "-");
            if section == wanted && key.trim_start_matches("--") == "index-url" {
                found = Some(value.trim().to_owned());
            }
        }
    }
    found
}

/// Asks the pip that is installed for the index that it uses by default.
fn ask_pip(settings: &Settings) -> Option<Source> {
    let programs: [&[&str]; 3] = [&["pip"], &["pip3"], &["python3", "-m", "pip"]];
    programs.iter().find_map(|words| {
        let url = default_in_help(&run(settings, words)?)?;
        Some(Source { url: clean(&url)?, from: format!("the default of `{}`", words.join(" ")) })
    })
}

/// The text after `default` in the help on `--index-url`.
fn default_in_help(help: &str) -> Option<String> {
    let words = help.split("--index-url").nth(1)?.split_whitespace();
    let mut after = words.skip_while(|word| *word != "(default").skip(1);
    Some(after.next()?.trim_end_matches([')', '.']).to_owned())
}

/// The longest time that pip may take for its help.
const LIMIT: Duration = Duration::from_secs(20);

/// Runs `words install --help` and returns what it prints.
fn run(settings: &Settings, words: &[&str]) -> Option<String> {
    let path = settings.environment.get("PATH")?;
    let folders = path.split(':').filter(|folder| folder.starts_with('/'));
    let program = folders.map(|folder| Path::new(folder).join(words[0])).find(|p| p.is_file())?;
    #[expect(
        clippy::disallowed_methods,
        reason = "pip alone knows the index that it was built with"
    )]
    let mut command = Command::new(program);
    command.args(&words[1..]).args(["install", "--help"]).env_clear().envs(&settings.environment);
    // Wide lines: pip would break a long address in two.
    command.env("COLUMNS", "2000").env("PIP_NO_COLOR", "1");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let output = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    // Ends by itself when the output is closed, which killing the child does.
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = output.take(1 << 20).read_to_string(&mut text);
        let _ = sender.send(read.ok().map(|_| text));
    });
    let text = receiver.recv_timeout(LIMIT).ok().flatten();
    if text.is_none() {
        // It may have ended in the meantime.
        let _ = child.kill();
    }
    let status = child.wait().ok()?;
    text.filter(|_| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_of_pip_names_its_default() {
        for text in [
            "  -i, --index-url <url>       Base URL of the Python Package Index (default\n\
             \x20                             https://i.example.org/simple). This should\n",
            "  -i, --index-url <url>  Base URL (default https://i.example.org/simple). This\n",
        ] {
            assert_eq!(default_in_help(text).as_deref(), Some("https://i.example.org/simple"));
        }
        assert_eq!(default_in_help("usage: pip"), None);
    }

    #[test]
    fn pip_conf_is_read_by_section() {
        for (text, want) in [
            (
                "[global]\nindex-url = https://a.example.org/simple\n",
                [None, Some("https://a.example.org/simple")],
            ),
            (
                "[global]\nindex_url: https://a/s\n[install]\nindex-url=https://b/s\n",
                [Some("https://b/s"), Some("https://a/s")],
            ),
            ("[list]\nindex-url = https://a/s\n", [None, None]),
            ("# index-url = https://a/s\n[global]\ncert = /x\n", [None, None]),
            ("", [None, None]),
        ] {
            let found = ["install", "global"].map(|section| from_pip(text, section));
            assert_eq!(found.each_ref().map(Option::as_deref), want, "{text}");
        }
    }

    #[test]
    fn uv_toml_is_read_as_uv_reads_it() {
        for (text, want) in [
            ("index-url = \"https://a/s\"\ncache-dir = \"x\"\n", Some("https://a/s")),
            (
                "[[index]]\nname = \"n\"\nurl = \"https://x/s\"\n[[index]]\nurl = \"https://b/s\"\ndefault = true\n",
                Some("https://b/s"),
            ),
            ("[pip]\nindex-url = \"https://c/s\"\n", Some("https://c/s")),
            ("[[index]]\nurl = \"https://x/s\"\n", None),
            ("not toml", None),
        ] {
            assert_eq!(from_uv(text).as_deref(), want, "{text}");
        }
    }
}

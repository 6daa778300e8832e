//! User names and passwords: from the netrc file by host, from addresses by origin.

use std::collections::BTreeMap;
use std::fmt;

use reqwest::Url;

/// A user name and a password. Never shown.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(..)")
    }
}

/// What is known about the hosts. A login goes to its own host (netrc) or origin (address), never
/// to another one after a redirect.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    by_host: BTreeMap<String, Login>,
    by_origin: BTreeMap<String, Login>,
}

impl Credentials {
    /// Reads the text of a netrc file: `machine`, `login`, `password`, `account` and `macdef` as in
    /// `ftp(1)`, quoted values as in curl. The `default` entry is left out on purpose: it would send
    /// a password to every host. The first entry of a host counts.
    pub(crate) fn from_netrc(text: &str) -> Self {
        let mut by_host = BTreeMap::new();
        let mut words = Words { rest: text };
        let mut host: Option<String> = None;
        let mut login = Login { user: String::new(), password: String::new() };
        let mut keep = |host: Option<String>, login: &mut Login| {
            let login =
                std::mem::replace(login, Login { user: String::new(), password: String::new() });
            if let Some(host) = host {
                by_host.entry(host).or_insert(login);
            }
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "machine" => {
                    keep(host.take(), &mut login);
                    host = words.next().map(|host| host.to_lowercase());
                }
                "default" => keep(host.take(), &mut login),
                "login" => login.user = words.next().unwrap_or_default(),
                "password" => login.password = words.next().unwrap_or_default(),
                "account" => drop(words.next()),
                "macdef" => words.skip_macro(),
                _ => {}
            }
        }
        keep(host, &mut login);
        Self { by_host, by_origin: BTreeMap::new() }
    }

    /// Takes the login out of `url` and keeps it for the URL's origin.
    pub(crate) fn learn(&mut self, url: &mut Url) {
        if url.username().is_empty() && url.password().is_none() {
            return;
        }
        let login = Login {
            user: unescape(url.username()),
            password: unescape(url.password().unwrap_or_default()),
        };
        // Both can only fail for URLs without a host, which carry no login.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        self.by_origin.insert(url.origin().ascii_serialization(), login);
    }

    /// The login for a request to `url`.
    pub(crate) fn of(&self, url: &Url) -> Option<Login> {
        let by_host = || self.by_host.get(&url.host_str()?.to_lowercase());
        self.by_origin.get(&url.origin().ascii_serialization()).or_else(by_host).cloned()
    }
}

/// `url` as messages show it: without a login, and without a query, which may carry a token.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// The words of a netrc file; a word in double quotes may hold blanks, and `\` escapes in it.
struct Words<'a> {
    rest: &'a str,
}

impl Words<'_> {
    /// A macro ends at the first empty line.
    fn skip_macro(&mut self) {
        self.rest = self.rest.split_once("\n\n").map_or("", |(_, rest)| rest);
    }
}

impl Iterator for Words<'_> {
    type Item = String;
    fn next(&mut self) -> Option<String> {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.starts_with('#') {
                break;
            }
            self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
        }
        if let Some(quoted) = self.rest.strip_prefix('"') {
            let mut word = String::new();
            let mut letters = quoted.char_indices();
            while let Some((at, letter)) = letters.next() {
                match letter {
                    '"' => {
                        self.rest = &quoted[at + 1..];
                        return Some(word);
                    }
                    '\\' => word.extend(letters.next().map(|(_, letter)| letter)),
                    letter => word.push(letter),
                }
            }
            self.rest = "";
            return Some(word);
        }
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then(|| word.to_owned())
    }
}

/// Resolves the `%XX` of a URL's login.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = (*first == b'%').then(|| tail.get(..2)).flatten();
        let code = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(netrc: &str, url: &str, want: Option<(&str, &str)>) {
        let url: Url = url.parse().unwrap();
        let login = Credentials::from_netrc(netrc).of(&url).map(|l| (l.user, l.password));
        assert_eq!(login, want.map(|(user, password)| (user.to_owned(), password.to_owned())));
    }

    #[test]
    fn a_netrc_gives_each_host_its_login() {
        let netrc = "# mine\nmachine one.example.org login me password secret\n\
                     machine two.example.org\n  login you\n  password \"with \\\" blank\"\n\
                     macdef init\nmachine evil.example.org login x password y\n\n\
                     machine three.example.org account a login z password #p\n\
                     machine one.example.org login later password no\n\
                     default login anyone password everywhere\n";
        check(netrc, "https://one.example.org/simple/", Some(("me", "secret")));
        check(netrc, "http://ONE.example.org:8080/", Some(("me", "secret")));
        check(netrc, "https://two.example.org/", Some(("you", "with \" blank")));
        check(netrc, "https://evil.example.org/", None);
        check(netrc, "https://other.example.org/", None);
        check("machine", "https://other.example.org/", None);
        check("machine a login \"", "https://a/", Some(("", "")));
    }

    #[test]
    fn a_login_in_an_address_is_kept_for_its_origin_alone() {
        let mut credentials = Credentials::default();
        let mut url: Url = "https://me%40corp:p%25w@one.example.org/simple".parse().unwrap();
        credentials.learn(&mut url);
        assert_eq!(url.as_str(), "https://one.example.org/simple");
        let login = credentials.of(&url).unwrap();
        assert_eq!((login.user.as_str(), login.password.as_str()), ("me@corp", "p%w"));
        for other in ["http://one.example.org/", "https://one.example.org:444/", "https://two.org/"]
        {
            assert_eq!(credentials.of(&other.parse().unwrap()), None, "{other}");
        }
    }

    #[test]
    fn messages_show_neither_login_nor_token() {
        let url: Url = "https://me:secret@one.example.org/a?token=x#sha256=1".parse().unwrap();
        assert_eq!(shown(&url), "https://one.example.org/a");
    }
}

//! User names and passwords: from the netrc file, else from git's credential helpers.

use std::io::Write as _;
use std::process::{Command, Stdio};

use gix::credentials::helper::{Action, NextAction};
use gix::credentials::protocol::{Context, Outcome};
use gix::error::message;

use crate::{Helpers, Settings};

/// Answers a server that asks who we are.
pub(crate) fn answer(action: Action, settings: &Settings) -> gix::Result<Option<Outcome>> {
    match action {
        Action::Get(context) => {
            let url = context.url.as_ref().map(ToString::to_string).unwrap_or_default();
            let found = match netrc(&settings.netrc, host(&url), user(&url)) {
                Some(login) => Some(login),
                None if settings.helpers == Helpers::Asked => fill(&url),
                None => None,
            };
            let Some((username, password)) = found else {
                let error = message(
                    "the server wants a login: add one to the netrc file or to git's credentials",
                );
                return Err(error.unauthenticated_error());
            };
            let next: NextAction = Context {
                url: context.url,
                username: Some(username.clone()),
                password: Some(password.clone()),
                ..Context::default()
            }
            .into();
            let identity =
                gix::sec::identity::Account { username, password, oauth_refresh_token: None };
            Ok(Some(Outcome { identity, next }))
        }
        // What the user keeps is the user's: nothing is stored and nothing removed.
        Action::Store(_) | Action::Erase(_) => Ok(None),
    }
}

/// The host of an address, without user and port.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    host.split_once(':').map_or(host, |(host, _)| host)
}

fn user(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let (login, _) = rest.split('/').next()?.rsplit_once('@')?;
    Some(login.split(':').next().unwrap_or(login))
}

/// The login for `host` in the text of a netrc file: the first entry of the host, for `user` where one
/// is named. As curl does for git, but without `default`, which would send a password anywhere.
fn netrc(text: &str, host: &str, user: Option<&str>) -> Option<(String, String)> {
    let mut words =
        text.lines().map(|line| if line.trim_start().starts_with('#') { "" } else { line });
    let mut words = words.by_ref().flat_map(str::split_whitespace);
    let (mut here, mut login, mut password) = (false, None::<String>, None::<String>);
    let complete = |here: bool, login: &Option<String>, password: &Option<String>| {
        let (login, password) = (login.clone()?, password.clone()?);
        (here && user.is_none_or(|user| user == login)).then_some((login, password))
    };
    while let Some(word) = words.next() {
        match word {
            "machine" | "default" => {
                if let Some(found) = complete(here, &login, &password) {
                    return Some(found);
                }
                (login, password) = (None, None);
                here = word == "machine"
                    && words.next().is_some_and(|name| name.eq_ignore_ascii_case(host));
            }
            "login" => login = words.next().map(str::to_owned),
            "password" => password = words.next().map(str::to_owned),
            "account" | "macdef" => drop(words.next()),
            _ => {}
        }
    }
    complete(here, &login, &password)
}

/// Asks `git credential fill`, which asks the helpers that git is configured with (gitcredentials(7)).
/// It may not ask a person.
fn fill(url: &str) -> Option<(String, String)> {
    if url.contains(|letter: char| letter.is_control()) {
        return None;
    }
    #[expect(clippy::disallowed_methods, reason = "git's credential helpers are programs")]
    let mut command = Command::new("git");
    command.args(["credential", "fill"]).env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "");
    command
        .env("SSH_ASKPASS", "")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut stdin = child.stdin.take()?;
    // A git that reads nothing fails below.
    let _ = stdin.write_all(format!("url={url}\n\n").as_bytes());
    drop(stdin);
    let output = child.wait_with_output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned);
    let login = value("username=").zip(value("password="));
    login.filter(|_| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_netrc_file_is_asked_by_host_and_user() {
        let text = "# machine x login no password no\nmachine a.example.org login me password one\n\
                    machine b.example.org\n  login you\n  password two\ndefault login d password d\n\
                    machine a.example.org login other password three\n";
        let found = |host, user| netrc(text, host, user).map(|(login, word)| login + " " + &word);
        assert_eq!(found("a.example.org", None).as_deref(), Some("me one"));
        assert_eq!(found("a.example.org", Some("other")).as_deref(), Some("other three"));
        assert_eq!(found("B.example.org", None).as_deref(), Some("you two"));
        assert_eq!(found("x", None), None);
        assert_eq!(host("https://me@a.example.org:8443/x/y"), "a.example.org");
        assert_eq!(user("https://me:secret@a.example.org/x"), Some("me"));
        assert_eq!(user("https://a.example.org/x@y"), None);
    }
}

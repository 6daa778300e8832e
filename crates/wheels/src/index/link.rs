//! Links in a project page.

/// The whole URL that `link` means on the page `base` (RFC 3986, section 5.2), and its fragment.
/// `None` for what leads elsewhere than to a file of the web or of the page's own kind.
pub(super) fn resolve<'a>(link: &'a str, base: &str) -> Option<(String, &'a str)> {
    let link = link.trim();
    let (link, fragment) = link.split_once('#').unwrap_or((link, ""));
    if link.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        return None;
    }
    let (base_scheme, base_rest) = scheme(base).unwrap_or(("", base));
    if let Some((own, rest)) = scheme(link) {
        let allowed = matches!(own, "http" | "https") || own == base_scheme;
        return (allowed && rest.starts_with("//")).then(|| (link.to_owned(), fragment));
    }
    let (authority, base_path) = match base_rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", base_rest),
    };
    let start = |authority: &str| match base_scheme {
        "" => String::new(),
        scheme => format!("{scheme}://{authority}"),
    };
    if let Some(rest) = link.strip_prefix("//") {
        return (!base_scheme.is_empty() && !rest.is_empty()).then(|| (start(rest), fragment));
    }
    let base_path = &base_path[..base_path.find(['?', '#']).unwrap_or(base_path.len())];
    let (path, query) = match link.find('?') {
        Some(at) => link.split_at(at),
        None => (link, ""),
    };
    let folder = match path.starts_with('/') {
        true => "",
        false => &base_path[..base_path.rfind('/').map_or(0, |slash| slash + 1)],
    };
    let path = without_dots(&format!("{folder}{path}"));
    Some((format!("{}{path}{query}", start(authority)), fragment))
}

/// The name of the file that a URL leads to: its last part, decoded; `None` where that is no plain
/// file name.
pub(super) fn file_name(url: &str) -> Option<String> {
    let path = &url[..url.find('?').unwrap_or(url.len())];
    let last = path.rsplit('/').next()?;
    let mut bytes = Vec::with_capacity(last.len());
    let mut rest = last.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let escape = if *first == b'%' { tail.get(..2) } else { None };
        let escape = escape.and_then(|digits| std::str::from_utf8(digits).ok());
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).ok().filter(|name| is_file(name))
}

/// Whether `name` is a plain file name that can stand in a lock, a path and a message.
pub(crate) fn is_file(name: &str) -> bool {
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && c != '/' && c != '\\';
    !name.is_empty() && name.len() <= 255 && name != "." && name != ".." && name.chars().all(plain)
}

fn scheme(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    let right = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    right.then_some((scheme, rest))
}

/// RFC 3986, section 5.2.4.
fn without_dots(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let all: Vec<&str> = path.split('/').collect();
    let last = all.len() - 1;
    for (index, part) in all.into_iter().enumerate() {
        match part {
            "." | ".." => {
                if part == ".." && parts.len() > 1 {
                    parts.pop();
                }
                if index == last {
                    parts.push("");
                }
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(link: &str, base: &str, expect: Option<&str>) {
        let found = resolve(link, base).map(|(url, _)| url);
        assert_eq!(found.as_deref(), expect, "{link} on {base}");
    }

    #[test]
    fn links_are_resolved() {
        let base = "https://h:1/simple/a/";
        check("b.whl#sha256=1", base, Some("https://h:1/simple/a/b.whl"));
        check("../../packages/b.whl", base, Some("https://h:1/packages/b.whl"));
        check("../../../../b.whl", base, Some("https://h:1/b.whl"));
        check("/b.whl?x=../y", base, Some("https://h:1/b.whl?x=../y"));
        check("//g/b.whl", base, Some("https://g/b.whl"));
        check("http://g/b.whl", base, Some("http://g/b.whl"));
        check("./b.whl", "https://h/simple/a", Some("https://h/simple/b.whl"));
        check("b.whl", "https://h/s/a/?q=/x/", Some("https://h/s/a/b.whl"));
        check("b.whl", "file:///srv/a/index.html", Some("file:///srv/a/b.whl"));
        check("../b.whl", "/srv/simple/a/index.html", Some("/srv/simple/b.whl"));
    }

    #[test]
    fn links_to_elsewhere_are_not_followed() {
        let base = "https://h/simple/a/";
        for link in ["file:///etc/passwd", "javascript:x", "mailto:a", "a b", "https:x", "a\nb"] {
            check(link, base, None);
        }
    }

    #[test]
    fn file_names_are_plain() {
        assert_eq!(file_name("https://h/a%2Bb.whl?x").as_deref(), Some("a+b.whl"));
        assert_eq!(file_name("https://h/a%zz").as_deref(), Some("a%zz"));
        for url in ["https://h/", "https://h/..", "https://h/%2e%2e", "https://h/a%2fb", "h/%ff"] {
            assert_eq!(file_name(url), None, "{url}");
        }
    }
}

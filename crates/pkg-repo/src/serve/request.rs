//! What a client asks for.

/// The most fields that a request may have.
const MOST_FIELDS: usize = 64;

/// The head of a request that is understood.
#[derive(Debug)]
pub(super) struct Head {
    /// The target as it came.
    target: String,
    /// Whether the head of the answer is enough.
    pub(super) is_head: bool,
    /// Whether the connection ends with the answer.
    pub(super) closes: bool,
    /// The value of `Range`.
    pub(super) range: Option<String>,
    /// The value of `If-Range`.
    pub(super) if_range: Option<String>,
    /// The value of `If-Modified-Since`.
    pub(super) if_modified_since: Option<String>,
}

impl Head {
    /// Reads a head, or gives the status for what is none that can be answered.
    pub(super) fn parse(text: &[u8]) -> Result<Self, u16> {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut request = httparse::Request::new(&mut fields);
        match request.parse(text) {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
                return Err(431);
            }
            Err(_) => return Err(400),
        }
        let (Some(method), Some(target), Some(version)) =
            (request.method, request.path, request.version)
        else {
            return Err(400);
        };
        let is_head = match method {
            "GET" => false,
            "HEAD" => true,
            _ => return Err(405),
        };
        let field = |name: &str| {
            let mut found =
                request.headers.iter().filter(|one| one.name.eq_ignore_ascii_case(name));
            found.next().and_then(|one| std::str::from_utf8(one.value).ok())
        };
        // RFC 9112, section 3.2: a request without it is refused.
        if version == 1 && field("host").is_none() {
            return Err(400);
        }
        // A body would be taken for the next request.
        if field("transfer-encoding").is_some()
            || field("content-length").is_some_and(|size| size != "0")
        {
            return Err(400);
        }
        let options = field("connection").unwrap_or_default();
        let says = |word: &str| options.split(',').any(|one| one.trim().eq_ignore_ascii_case(word));
        Ok(Self {
            target: target.to_owned(),
            is_head,
            closes: says("close") || version == 0 && !says("keep-alive"),
            range: field("range").map(str::to_owned),
            if_range: field("if-range").map(str::to_owned),
            if_modified_since: field("if-modified-since").map(str::to_owned),
        })
    }

    /// Method and target, for people.
    pub(super) fn line(&self) -> String {
        let method = if self.is_head { "HEAD" } else { "GET" };
        format!("{method} {}", self.target.escape_debug())
    }

    /// The names on the way to the file (RFC 3986, section 3.3), without percent signs; `None` for what
    /// is no file's path here.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        // A client may send the whole address (RFC 9112, section 3.2.2).
        let whole = self.target.strip_prefix("http://");
        let path = whole.map_or(self.target.as_str(), |rest| {
            rest.find('/').map_or("/", |start| &rest[start..])
        });
        let path = path.split('?').next()?.strip_prefix('/')?;
        path.split('/').filter(|name| !name.is_empty() && *name != ".").map(decoded).collect()
    }
}

/// A name with its percent signs decoded; `None` where it leads elsewhere.
fn decoded(name: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        bytes.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
    }
    let name = String::from_utf8(bytes).ok()?;
    (name != ".." && !name.contains(['/', '\0'])).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<Head, u16> {
        Head::parse(format!("{text}\r\n\r\n").as_bytes())
    }

    #[test]
    fn what_cannot_be_answered_has_its_status() {
        for (status, text) in [
            (400, "nonsense"),
            (400, "GET / HTTP/1.1"),
            (400, "GET / HTTP/2.0\r\nHost: a"),
            (400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3"),
            (400, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"),
            (405, "POST / HTTP/1.1\r\nHost: a"),
        ] {
            assert_eq!(head(text).map(|head| head.line()).unwrap_err(), status, "{text}");
        }
        let many = "A: b\r\n".repeat(MOST_FIELDS + 1);
        assert_eq!(head(&format!("GET / HTTP/1.0\r\n{}", many.trim_end())).unwrap_err(), 431);
    }

    #[test]
    fn paths_lead_to_files_here_or_nowhere() {
        let names = |target: &str| head(&format!("GET {target} HTTP/1.0")).unwrap().names();
        let right = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(names("/pool/a%2bb_1%3a2~rc1.deb?x=1"), right(&["pool", "a+b_1:2~rc1.deb"]));
        assert_eq!(names("http://a.example/yum//x/./y"), right(&["yum", "x", "y"]));
        assert_eq!(names("http://a.example"), right(&[]));
        for target in ["*", "/a/../b", "/%2e%2e/b", "/a%2fb", "/a%00b", "/%4", "/%zz", "/%ff"] {
            assert_eq!(names(target), None, "{target}");
        }
    }

    #[test]
    fn connections_end_as_asked_for() {
        let closes = |text: &str| head(text).unwrap().closes;
        assert!(!closes("GET / HTTP/1.1\r\nHost: a"));
        assert!(closes("GET / HTTP/1.1\r\nHost: a\r\nConnection: TE, Close"));
        assert!(closes("GET / HTTP/1.0"));
        assert!(!closes("GET / HTTP/1.0\r\nConnection: keep-alive"));
    }
}

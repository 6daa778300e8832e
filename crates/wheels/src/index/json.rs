//! Project pages in JSON (PEP 691, with the additions of PEP 700 and 714).

use std::collections::BTreeMap;

use names::{Digest, Epoch};
use serde::Deserialize;
use serde_json::Value;

use super::link::{file_name, is_file, resolve};
use super::{File, PageError, ProjectPage, check_version};

#[derive(Deserialize)]
struct Page {
    meta: Meta,
    files: Vec<Entry>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "api-version")]
    api_version: String,
}

/// Later minor versions may add keys: unknown ones are passed over.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Entry {
    filename: String,
    url: String,
    hashes: BTreeMap<String, String>,
    requires_python: Option<String>,
    #[serde(default)]
    yanked: Value,
    size: Option<u64>,
    upload_time: Option<String>,
    #[serde(default)]
    core_metadata: Value,
    #[serde(default)]
    dist_info_metadata: Value,
}

pub(super) fn parse(text: &str, url: &str) -> Result<ProjectPage, PageError> {
    // The version first: a later one may have other keys.
    let wrong = |source| PageError::Json { url: url.to_owned(), source };
    let head: Head = serde_json::from_str(text).map_err(wrong)?;
    check_version(&head.meta.api_version, url)?;
    let page: Page = serde_json::from_str(text).map_err(wrong)?;
    check_version(&page.meta.api_version, url)?;
    Ok(ProjectPage { files: page.files.into_iter().filter_map(|entry| file(entry, url)).collect() })
}

#[derive(Deserialize)]
struct Head {
    meta: Meta,
}

fn file(entry: Entry, base: &str) -> Option<File> {
    let (url, _) = resolve(&entry.url, base)?;
    // The name must be the one that the link leads to, or the file could not be found by it.
    if !is_file(&entry.filename) || file_name(&url)? != entry.filename {
        return None;
    }
    let metadata = match entry.core_metadata {
        Value::Null => entry.dist_info_metadata,
        value => value,
    };
    let metadata_sha256 =
        metadata.get("sha256").and_then(Value::as_str).and_then(|hex| hex.parse::<Digest>().ok());
    Some(File {
        name: entry.filename,
        url,
        sha256: entry.hashes.get("sha256").and_then(|hex| hex.parse().ok()),
        size: entry.size,
        requires_python: entry.requires_python,
        yanked: match entry.yanked {
            Value::Bool(true) => Some(String::new()),
            Value::String(reason) => Some(reason),
            _ => None,
        },
        upload_time: entry.upload_time.and_then(|time| Epoch::from_rfc3339(&time)),
        metadata_sha256,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_all_minor_versions_are_read() {
        let digits = "ab".repeat(32);
        let text = format!(
            r#"{{"meta":{{"api-version":"1.4","_x":1}},"name":"a","versions":["1"],"files":[
            {{"filename":"a-1-py3-none-any.whl","url":"../../p/a-1-py3-none-any.whl",
              "hashes":{{"md5":"x","sha256":"{digits}"}},"requires-python":">=3","size":12,
              "yanked":"bad","upload-time":"2026-09-03T12:11:10.5Z","core-metadata":{{"sha256":"{digits}"}}}},
            {{"filename":"a-2.tar.gz","url":"https://f/a-2.tar.gz","hashes":{{}},"yanked":false,
              "core-metadata":true}},
            {{"filename":"a-3.tar.gz","url":"https://f/other.tar.gz","hashes":{{}}}}]}}"#
        );
        let files = parse(&text, "https://h/simple/a/").unwrap().files;
        assert_eq!(files.len(), 2, "{files:?}");
        assert_eq!(files[0].url, "https://h/p/a-1-py3-none-any.whl");
        assert_eq!(files[0].size, Some(12));
        assert_eq!(files[0].yanked.as_deref(), Some("bad"));
        assert_eq!(files[0].metadata_sha256.map(|digest| digest.hex()), Some(digits));
        assert!(files[0].upload_time.is_some());
        assert_eq!(
            (&files[1].yanked, files[1].sha256, files[1].metadata_sha256),
            (&None, None, None)
        );
    }

    #[test]
    fn other_json_and_later_versions_are_refused() {
        for text in ["", "{}", "[]", r#"{"meta":{"api-version":"2.0"}}"#] {
            assert!(parse(text, "u").is_err(), "{text}");
        }
    }
}

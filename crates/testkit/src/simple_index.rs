//! Pages of a Python package index: the simple repository API of the Python packaging
//! specifications, in HTML and JSON.

use names::Digest;

/// One file on a page.
#[derive(Clone, Debug)]
pub struct IndexFile {
    /// The file name.
    pub name: String,
    /// The link, absolute or relative to the page.
    pub url: String,
    /// Its digest.
    pub sha256: Digest,
    /// Its size; the HTML form has no place for it.
    pub size: Option<u64>,
    /// `data-requires-python`.
    pub requires_python: Option<String>,
    /// Why it was yanked.
    pub yanked: Option<String>,
    /// When it was uploaded, in RFC 3339 form; the HTML form has no place for it.
    pub upload_time: Option<String>,
}

impl IndexFile {
    /// A file of which only the least is known.
    pub fn new(name: &str, url: &str, bytes: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            url: url.to_owned(),
            sha256: crate::sha256(bytes),
            size: None,
            requires_python: None,
            yanked: None,
            upload_time: None,
        }
    }
}

/// The page of one project.
#[derive(Clone, Debug)]
pub struct SimpleIndex {
    /// The project's name.
    pub project: String,
    /// Its files.
    pub files: Vec<IndexFile>,
}

impl SimpleIndex {
    /// The page as `text/html`.
    pub fn html(&self) -> String {
        let mut page = format!(
            "<!DOCTYPE html>\n<html>\n  <head>\n    <meta name=\"pypi:repository-version\" \
             content=\"1.0\">\n    <title>Links for {0}</title>\n  </head>\n  <body>\n    \
             <h1>Links for {0}</h1>\n",
            escape(&self.project)
        );
        for file in &self.files {
            page += &format!("<a href=\"{}#sha256={}\"", escape(&file.url), file.sha256.hex());
            let attributes =
                [("data-requires-python", &file.requires_python), ("data-yanked", &file.yanked)];
            for (name, value) in attributes {
                if let Some(value) = value {
                    page += &format!(" {name}=\"{}\"", escape(value));
                }
            }
            page += &format!(">{}</a><br />\n", escape(&file.name));
        }
        page + "</body>\n</html>\n"
    }

    /// The page as `application/vnd.pypi.simple.v1+json`.
    pub fn json(&self) -> String {
        let files = self.files.iter().map(|file| {
            let hash = file.sha256.hex();
            let mut fields = vec![
                format!("\"filename\":{}", quote(&file.name)),
                format!("\"url\":{}", quote(&file.url)),
                format!("\"hashes\":{{\"sha256\":\"{hash}\"}}"),
            ];
            fields.extend(file.size.map(|size| format!("\"size\":{size}")));
            let texts = [
                ("requires-python", &file.requires_python),
                ("yanked", &file.yanked),
                ("upload-time", &file.upload_time),
            ];
            for (name, value) in texts {
                fields.extend(value.iter().map(|value| format!("\"{name}\":{}", quote(value))));
            }
            format!("{{{}}}", fields.join(","))
        });
        let files: Vec<String> = files.collect();
        format!(
            "{{\"meta\":{{\"api-version\":\"1.1\"}},\"name\":{},\"files\":[{}]}}",
            quote(&self.project),
            files.join(",")
        )
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

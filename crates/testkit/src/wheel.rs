//! Wheels, after the binary distribution format of the Python packaging specifications.

use std::io::{Cursor, Write as _};

use crate::sha256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A small wheel, made in memory, with a right `RECORD`. Equal input gives equal bytes.
#[derive(Clone, Debug)]
pub struct WheelBuilder {
    name: String,
    version: String,
    tag: String,
    metadata: String,
    entry_points: String,
    files: Vec<(String, u32, Vec<u8>)>,
}

impl WheelBuilder {
    /// A wheel `py3-none-any` without files.
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            tag: "py3-none-any".to_owned(),
            metadata: format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"),
            entry_points: String::new(),
            files: Vec::new(),
        }
    }

    /// Sets its tag, such as `cp313-cp313-manylinux_2_17_x86_64`.
    pub fn tag(mut self, tag: &str) -> Self {
        tag.clone_into(&mut self.tag);
        self
    }

    /// Adds a line to its `METADATA`: `("Requires-Dist", "oslo.config>=9")`.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.metadata += &format!("{name}: {value}\n");
        self
    }

    /// Sets the text of its `entry_points.txt`.
    pub fn entry_points(mut self, text: &str) -> Self {
        text.clone_into(&mut self.entry_points);
        self
    }

    /// Adds a file with mode 0644.
    pub fn file(mut self, path: &str, bytes: &[u8]) -> Self {
        self.files.push((path.to_owned(), 0o644, bytes.to_vec()));
        self
    }

    /// Adds a file with mode 0755, such as one below `NAME-VERSION.data/scripts`.
    pub fn program(mut self, path: &str, bytes: &[u8]) -> Self {
        self.files.push((path.to_owned(), 0o755, bytes.to_vec()));
        self
    }

    /// `NAME-VERSION`, the beginning of the `.dist-info` and `.data` folders.
    pub fn stem(&self) -> String {
        let name: String = self
            .name
            .to_lowercase()
            .chars()
            .map(|letter| if matches!(letter, '-' | '.') { '_' } else { letter })
            .collect();
        format!("{name}-{}", self.version)
    }

    /// `NAME-VERSION-TAG.whl`.
    pub fn file_name(&self) -> String {
        format!("{}-{}.whl", self.stem(), self.tag)
    }

    /// The bytes of the wheel.
    pub fn build(&self) -> Vec<u8> {
        let info = format!("{}.dist-info", self.stem());
        let pure = self.tag.ends_with("none-any");
        let wheel = format!(
            "Wheel-Version: 1.0\nGenerator: testkit\nRoot-Is-Purelib: {pure}\nTag: {}\n",
            self.tag
        );
        let mut files = self.files.clone();
        let mut add = |name: &str, text: &str| {
            files.push((format!("{info}/{name}"), 0o644, text.as_bytes().to_vec()));
        };
        add("METADATA", &format!("{}\n", self.metadata));
        add("WHEEL", &wheel);
        if !self.entry_points.is_empty() {
            add("entry_points.txt", &self.entry_points);
        }
        let mut record: String = files
            .iter()
            .map(|(path, _, bytes)| {
                format!(
                    "{path},sha256={},{}\n",
                    URL_SAFE_NO_PAD.encode(sha256(bytes).as_bytes()),
                    bytes.len()
                )
            })
            .collect();
        record += &format!("{info}/RECORD,,\n");
        files.push((format!("{info}/RECORD"), 0o644, record.into_bytes()));
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (path, mode, bytes) in &files {
            let options = zip::write::SimpleFileOptions::default()
                .compression_method(zip::CompressionMethod::Deflated)
                .last_modified_time(zip::DateTime::default())
                .unix_permissions(*mode);
            zip.start_file(path.as_str(), options).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }
}

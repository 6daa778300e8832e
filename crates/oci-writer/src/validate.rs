//! Checks a whole image layout.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use filetree::TreePath;
use names::{Digest, Hashing};
use serde::de::DeserializeOwned;

use crate::read::decoder;
use crate::{ConfigFile, Descriptor, Index, LayoutFile, Manifest, media_type};

/// No document of an image is longer, in bytes.
const DOCUMENT_LIMIT: u64 = 16 << 20;
/// No index lies deeper.
const DEEPEST: u32 = 4;

/// What an image layout holds.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// The images, in the order of the index.
    pub images: Vec<ImageSummary>,
}

/// One image of a layout.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ImageSummary {
    /// SHA-256 of the manifest.
    pub digest: Digest,
    /// Architecture as the configuration names it.
    pub architecture: String,
    /// Number of entries in each layer, the lowest first.
    pub entries: Vec<usize>,
    /// Number of bytes of each layer's tar archive, the lowest first.
    pub uncompressed_sizes: Vec<u64>,
}

/// One fault of an image layout.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}: {fault}", .place.display())]
pub struct Problem {
    /// The file.
    pub place: PathBuf,
    /// What is wrong with it.
    pub fault: String,
}

/// Reads the image layout at `path` to its last byte: digests, sizes, media types, the JSON
/// documents, whether configuration and layers fit each other, and each layer's tar archive (no path
/// twice, parents before children, hard links after their targets).
///
/// # Errors
/// Every fault that was found.
pub fn validate(path: &Path) -> Result<Summary, Vec<Problem>> {
    let mut check = Check { root: path, problems: Vec::new(), images: Vec::new() };
    if let Some(layout) = check.document::<LayoutFile>(&path.join("oci-layout"))
        && layout.image_layout_version != "1.0.0"
    {
        let fault = format!("version `{}`, want 1.0.0", layout.image_layout_version);
        check.problem(&path.join("oci-layout"), fault);
    }
    let index = path.join("index.json");
    if let Some(document) = check.document(&index) {
        check.index(&index, &document, DEEPEST);
    }
    check.names();
    if check.problems.is_empty() {
        Ok(Summary { images: check.images })
    } else {
        Err(check.problems)
    }
}

struct Check<'a> {
    root: &'a Path,
    problems: Vec<Problem>,
    images: Vec<ImageSummary>,
}

impl Check<'_> {
    fn problem(&mut self, place: &Path, fault: impl Into<String>) {
        self.problems.push(Problem { place: place.to_owned(), fault: fault.into() });
    }

    fn blob(&self, digest: &Digest) -> PathBuf {
        self.root.join("blobs").join("sha256").join(digest.hex())
    }

    fn document<T: DeserializeOwned>(&mut self, place: &Path) -> Option<T> {
        let read = || -> io::Result<Vec<u8>> {
            let mut bytes = Vec::new();
            fs_err::File::open(place)?.take(DOCUMENT_LIMIT).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let parsed = read().map_err(|error| error.to_string()).and_then(|bytes| {
            serde_json::from_slice(&bytes).map_err(|error| format!("not as it should be: {error}"))
        });
        match parsed {
            Ok(value) => Some(value),
            Err(fault) => {
                self.problem(place, fault);
                None
            }
        }
    }

    fn index(&mut self, place: &Path, index: &Index, depth: u32) {
        self.head(place, index.schema_version, &index.media_type, media_type::INDEX);
        if index.manifests.is_empty() {
            self.problem(place, "no manifest in it");
        }
        for entry in &index.manifests {
            let blob = self.blob(&entry.digest);
            if !self.bytes(&blob, entry) {
                continue;
            }
            match entry.media_type.as_str() {
                media_type::MANIFEST => self.manifest(&blob, entry),
                media_type::INDEX if depth > 0 => {
                    if let Some(inner) = self.document(&blob) {
                        self.index(&blob, &inner, depth - 1);
                    }
                }
                other => self.problem(place, format!("an entry of media type `{other}`")),
            }
        }
    }

    fn head(&mut self, place: &Path, version: u32, found: &str, want: &str) {
        if version != 2 {
            self.problem(place, format!("schemaVersion {version}, want 2"));
        }
        // It should be there, and need not be.
        if !found.is_empty() && found != want {
            self.problem(place, format!("mediaType `{found}`, want `{want}`"));
        }
    }

    /// Compares size and digest of a blob with its descriptor.
    fn bytes(&mut self, blob: &Path, entry: &Descriptor) -> bool {
        let hashed = fs_err::File::open(blob).map(Hashing::new);
        match hashed.and_then(Hashing::finish_reading) {
            Err(error) => self.problem(blob, error.to_string()),
            Ok((_, size)) if size != entry.size => {
                self.problem(blob, format!("{size} bytes, want {}", entry.size));
            }
            Ok((digest, _)) if digest != entry.digest => {
                self.problem(blob, format!("hashes to {digest}"));
            }
            Ok(_) => return true,
        }
        false
    }

    fn manifest(&mut self, place: &Path, entry: &Descriptor) {
        let Some(manifest) = self.document::<Manifest>(place) else { return };
        self.head(place, manifest.schema_version, &manifest.media_type, media_type::MANIFEST);
        if manifest.config.media_type != media_type::CONFIG {
            let fault = format!("a configuration of type `{}`", manifest.config.media_type);
            self.problem(place, fault);
        }
        let config_place = self.blob(&manifest.config.digest);
        let config = self
            .bytes(&config_place, &manifest.config)
            .then(|| self.document::<ConfigFile>(&config_place))
            .flatten();
        let mut image = ImageSummary {
            digest: entry.digest,
            architecture: String::new(),
            entries: Vec::new(),
            uncompressed_sizes: Vec::new(),
        };
        if manifest.layers.is_empty() {
            self.problem(place, "no layer in it");
        }
        let mut diff_ids = Vec::new();
        for layer in &manifest.layers {
            let blob = self.blob(&layer.digest);
            if !self.bytes(&blob, layer) {
                continue;
            }
            match self.layer(&blob, &layer.media_type) {
                Ok((diff_id, entries, size)) => {
                    diff_ids.push(diff_id);
                    image.entries.push(entries);
                    image.uncompressed_sizes.push(size);
                }
                Err(error) => self.problem(&blob, error.to_string()),
            }
        }
        let Some(config) = config else { return };
        self.config(&config_place, &config, entry);
        if diff_ids.len() == manifest.layers.len() && config.rootfs.diff_ids != diff_ids {
            let fault =
                format!("diff_ids {:?}, the layers are {diff_ids:?}", config.rootfs.diff_ids);
            self.problem(&config_place, fault);
        }
        image.architecture = config.architecture;
        self.images.push(image);
    }

    fn config(&mut self, place: &Path, config: &ConfigFile, entry: &Descriptor) {
        if config.rootfs.kind != "layers" {
            self.problem(place, format!("rootfs of type `{}`, want layers", config.rootfs.kind));
        }
        let described = config.history.iter().filter(|line| !line.empty_layer).count();
        if !config.history.is_empty() && described != config.rootfs.diff_ids.len() {
            let layers = config.rootfs.diff_ids.len();
            self.problem(place, format!("a history of {described} layers, there are {layers}"));
        }
        if let Some(platform) = &entry.platform {
            let found = (&config.os, &config.architecture, &config.variant);
            if found != (&platform.os, &platform.architecture, &platform.variant) {
                self.problem(place, format!("is for {found:?}, the index says {platform:?}"));
            }
        }
        for line in &config.config.env {
            if line.find('=').is_none_or(|at| at == 0) {
                self.problem(place, format!("`{line}` in Env is not NAME=VALUE"));
            }
        }
    }

    /// Reads a layer; returns its diff id, the number of its entries and of its bytes.
    fn layer(&mut self, place: &Path, kind: &str) -> io::Result<(Digest, usize, u64)> {
        let reader = decoder(place, kind)?;
        let mut archive = tar::Archive::new(Hashing::new(reader));
        let mut seen: BTreeMap<TreePath, bool> = BTreeMap::new();
        for entry in archive.entries()? {
            let entry = entry?;
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let path = match TreePath::from_member(&name) {
                Ok(path) => path,
                Err(error) => {
                    self.problem(place, error.to_string());
                    continue;
                }
            };
            let kind = entry.header().entry_type();
            if kind.is_hard_link() {
                let target = entry.link_name_bytes().unwrap_or_default();
                let target = String::from_utf8_lossy(&target).into_owned();
                let known = TreePath::from_member(&target)
                    .is_ok_and(|target| seen.get(&target) == Some(&false));
                if !known {
                    self.problem(
                        place,
                        format!("{path}: a hard link to {target}, not seen before"),
                    );
                }
            }
            // A parent may lie in a lower layer, so only one that comes too late is wrong.
            if let Some(parent) = path.parent().filter(|parent| seen.get(parent) == Some(&false)) {
                self.problem(place, format!("{path}: {parent} is not a directory"));
            }
            let below = seen.range(path.clone()..).find(|(other, _)| **other != path);
            if below.is_some_and(|(other, _)| other.strip_prefix(&path).is_some()) {
                self.problem(place, format!("{path} comes after what lies in it"));
            }
            if seen.insert(path.clone(), kind.is_dir()).is_some() {
                self.problem(place, format!("{path} is there twice"));
            }
        }
        let (digest, size) = archive.into_inner().finish_reading()?;
        Ok((digest, seen.len(), size))
    }

    /// Blobs are named by what they hold; one that nothing refers to does no harm.
    fn names(&mut self) {
        let blobs = self.root.join("blobs");
        let is_digest = |name: &str| name.len() == 64 && name.parse::<Digest>().is_ok();
        self.folder(&blobs, |name| name == "sha256");
        self.folder(&blobs.join("sha256"), is_digest);
    }

    fn folder(&mut self, folder: &Path, known: impl Fn(&str) -> bool) {
        let entries = fs_err::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        match entries {
            Err(error) => self.problem(folder, error.to_string()),
            Ok(entries) => {
                for entry in entries {
                    if !entry.file_name().to_str().is_some_and(&known) {
                        self.problem(&entry.path(), "not part of a layout");
                    }
                }
            }
        }
    }
}

//! What the indexes of yum say of an rpm.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};

use names::{Digest, Hashing};
use pkg_writer::rpm::{self, Header, Headers};

use crate::channel::is_word;
use crate::package::{Description, Unfit};
use crate::record::{PackageKind, Record, pool_path};
use crate::rpm_xml;
use crate::yum_index::package_href;

const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const ARCH: u32 = 1022;
const FILE_MODES: u32 = 1030;
const FILE_FLAGS: u32 = 1037;
const SOURCE_RPM: u32 = 1044;
const DIR_INDEXES: u32 = 1116;
const BASE_NAMES: u32 = 1117;
const DIR_NAMES: u32 = 1118;

/// `RPMFILE_GHOST`
const GHOST: u64 = 1 << 6;
/// The most files of a package.
const MOST_FILES: usize = 2_000_000;

/// An rpm package as the indexes see it.
pub(crate) struct RpmPackage {
    /// The digest of its file.
    pub(crate) sha256: Digest,
    /// The size of its file in bytes.
    pub(crate) size: u64,
    pub(crate) headers: Headers,
    pub(crate) name: String,
    pub(crate) epoch: u64,
    pub(crate) version: String,
    pub(crate) release: String,
    pub(crate) architecture: String,
    pub(crate) files: Vec<RpmFile>,
}

/// A file of an rpm package.
pub(crate) struct RpmFile {
    pub(crate) path: String,
    pub(crate) kind: RpmFileKind,
}

/// What the indexes tell apart.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum RpmFileKind {
    File,
    Folder,
    Ghost,
}

/// Reads an rpm, whose bytes are `package`, to its end. `place` is where the pool has it already.
pub(crate) fn read(package: impl Read, place: Option<&str>) -> Result<Description, Unfit> {
    describe(&RpmPackage::read(package)?, place).map_err(Unfit::Content)
}

fn describe(rpm: &RpmPackage, place: Option<&str>) -> Result<Description, String> {
    let evr = match rpm.epoch {
        0 => format!("{}-{}", rpm.version, rpm.release),
        epoch => format!("{epoch}:{}-{}", rpm.version, rpm.release),
    };
    let RpmPackage { name, architecture, .. } = rpm;
    let (source, source_version) = match rpm.headers.main.text(SOURCE_RPM) {
        Some(file) => source(&file)
            .ok_or_else(|| format!("`{}` is no source package", file.escape_debug()))?,
        None => (name.clone(), evr.clone()),
    };
    let stem = format!("{name}-{}-{}.{architecture}", rpm.version, rpm.release);
    let record = Record {
        name: name.clone(),
        version: evr,
        architecture: architecture.clone(),
        kind: PackageKind::Rpm,
        source,
        source_version,
        component: "-".to_owned(),
        sha256: rpm.sha256,
        size: rpm.size,
        path: place.map_or_else(|| pool_path(name, &stem, "rpm", &rpm.sha256), str::to_owned),
    };
    let entries = BTreeMap::from([
        ("primary".to_owned(), rpm_xml::primary(rpm, &package_href(&record))),
        ("filelists".to_owned(), rpm_xml::filelists(rpm)),
        ("other".to_owned(), rpm_xml::other(rpm)),
    ]);
    Ok(Description { record, entries, location: String::new(), files: Vec::new() })
}

impl RpmPackage {
    /// Reads an rpm, whose bytes are `package`, to its end.
    pub(crate) fn read(package: impl Read) -> Result<Self, Unfit> {
        let mut input = BufReader::with_capacity(1 << 16, Hashing::new(package));
        let headers = rpm::read_headers(&mut input).map_err(Unfit::Read)?;
        let (sha256, size) = input.into_inner().finish_reading().map_err(Unfit::Read)?;
        Self::new(headers, sha256, size).map_err(Unfit::Content)
    }

    fn new(headers: Headers, sha256: Digest, size: u64) -> Result<Self, String> {
        let main = &headers.main;
        let word = |tag: u32, what: &str| {
            let text = main.text(tag).ok_or_else(|| format!("its header has no {what}"))?;
            let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._+~^".contains(&byte);
            let fits = match tag {
                NAME => is_word(&text),
                _ => !text.is_empty() && text.bytes().all(good),
            };
            match fits && text.len() <= 200 {
                true => Ok(text),
                false => Err(format!("`{}` is no {what}", text.escape_debug())),
            }
        };
        let architecture = match main.text(SOURCE_RPM) {
            Some(_) => word(ARCH, "architecture")?,
            None => "src".to_owned(),
        };
        Ok(Self {
            sha256,
            size,
            name: word(NAME, "name")?,
            epoch: main.number(EPOCH).unwrap_or(0),
            version: word(VERSION, "version")?,
            release: word(RELEASE, "release")?,
            architecture,
            files: files(main)?,
            headers,
        })
    }
}

/// The files of a package: folder and name by index, with mode and flags.
fn files(header: &Header) -> Result<Vec<RpmFile>, String> {
    let (names, folders) = (header.texts(BASE_NAMES), header.texts(DIR_NAMES));
    let indexes = header.numbers(DIR_INDEXES);
    let (modes, flags) = (header.numbers(FILE_MODES), header.numbers(FILE_FLAGS));
    let count = names.len();
    let same = [indexes.len(), modes.len(), flags.len()].iter().all(|length| *length == count);
    if !same || count > MOST_FILES {
        return Err("its list of files is damaged".to_owned());
    }
    let file = |(index, name): (usize, &String)| {
        let folder = usize::try_from(indexes[index]).ok().and_then(|index| folders.get(index));
        let folder = folder.ok_or("its list of files is damaged")?;
        let kind = match modes[index] & 0o170_000 {
            0o040_000 => RpmFileKind::Folder,
            _ if flags[index] & GHOST != 0 => RpmFileKind::Ghost,
            _ => RpmFileKind::File,
        };
        Ok(RpmFile { path: format!("{folder}{name}"), kind })
    };
    names.iter().enumerate().map(file).collect()
}

/// `NAME-VERSION-RELEASE.src.rpm` in name and version.
fn source(file: &str) -> Option<(String, String)> {
    let stem = file.strip_suffix(".src.rpm").or_else(|| file.strip_suffix(".nosrc.rpm"))?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    let clean = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    (is_word(name) && clean(version) && clean(release))
        .then(|| (name.to_owned(), format!("{version}-{release}")))
}

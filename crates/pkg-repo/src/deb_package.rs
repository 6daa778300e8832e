//! What the indexes of apt say of a .deb.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};
use std::path::Path;

use distro::{Stanza, Version, inspect_deb};
use names::Hashing;

use crate::channel::is_word;
use crate::package::{Description, Unfit};
use crate::record::{PackageKind, Record, pool_path};

/// Fields that the index itself gives.
const OWN: [&str; 6] = ["Filename", "Size", "MD5sum", "SHA1", "SHA256", "SHA512"];

/// Reads a .deb or .udeb, whose bytes are `package`, to its end. `path` is where it lies, for errors, and `place` where
/// the pool has it already.
pub(crate) fn read(
    path: &Path,
    component: &str,
    package: impl Read,
    place: Option<&str>,
) -> Result<Description, Unfit> {
    let mut input = BufReader::with_capacity(1 << 16, Hashing::new(package));
    let deb = inspect_deb(&mut input, path).map_err(Unfit::Deb)?;
    let (sha256, size) = input.into_inner().finish_reading().map_err(Unfit::Read)?;
    let refused = Unfit::Content;
    let stanza = &deb.stanza;
    let field = |name: &str| {
        let value = stanza.get(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| refused(format!("its control file has no field {name}")))
    };
    let (name, version) = (field("Package")?, field("Version")?);
    let architecture = field("Architecture")?;
    let (source, source_version) = source(stanza, name, version);
    version.parse::<Version>().map_err(|error| refused(error.to_string()))?;
    source_version.parse::<Version>().map_err(|error| refused(error.to_string()))?;
    for word in [name, architecture, source] {
        if !is_word(word) || word.len() > 128 {
            return Err(refused(format!("`{}` is no name", word.escape_debug())));
        }
    }
    let is_udeb = stanza.get("Package-Type") == Some("udeb")
        || path.extension().is_some_and(|suffix| suffix == "udeb");
    let kind = if is_udeb { PackageKind::Udeb } else { PackageKind::Deb };
    let suffix = if is_udeb { "udeb" } else { "deb" };
    let plain = version.split_once(':').map_or(version, |(_, version)| version);
    let stem = format!("{name}_{plain}_{architecture}");
    let record = Record {
        name: name.to_owned(),
        version: version.to_owned(),
        architecture: architecture.to_owned(),
        kind,
        source: source.to_owned(),
        source_version: source_version.to_owned(),
        component: component.to_owned(),
        sha256,
        size,
        path: place.map_or_else(|| pool_path(name, &stem, suffix, &sha256), str::to_owned),
    };
    let section = stanza.get("Section").filter(|section| {
        !section.contains(|c: char| c.is_whitespace() || c.is_control() || c == ',')
    });
    let entry = entry(stanza, &record);
    Ok(Description {
        location: section.map_or_else(|| name.to_owned(), |section| format!("{section}/{name}")),
        entries: BTreeMap::from([("Packages".to_owned(), entry)]),
        files: deb.files,
        record,
    })
}

/// The source package: `Source: NAME (VERSION)`, each part that is missing being that of the package
/// (Debian Policy 5.6.1).
fn source<'a>(stanza: &'a Stanza, name: &'a str, version: &'a str) -> (&'a str, &'a str) {
    let Some(source) = stanza.get("Source").filter(|source| !source.is_empty()) else {
        return (name, version);
    };
    match source.split_once('(') {
        Some((source, rest)) => (source.trim(), rest.trim_end().trim_end_matches(')').trim()),
        None => (source.trim(), version),
    }
}

/// The stanza of the package in a Packages file.
fn entry(stanza: &Stanza, record: &Record) -> String {
    let mut text = String::new();
    let mut add = |name: &str, value: &str| {
        text.push_str(name);
        text.push_str(if value.starts_with('\n') { ":" } else { ": " });
        text.push_str(value);
        text.push('\n');
    };
    // `Package` is the first field of a stanza (deb822(5)).
    add("Package", &record.name);
    for (name, value) in &stanza.fields {
        let own = OWN.iter().any(|own| own.eq_ignore_ascii_case(name));
        if !own && !name.eq_ignore_ascii_case("Package") {
            add(name, value);
        }
    }
    add("Filename", &record.path);
    add("Size", &record.size.to_string());
    add("SHA256", &record.sha256.hex());
    text.push('\n');
    text
}

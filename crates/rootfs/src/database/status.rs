//! `/var/lib/dpkg/status`: a stanza for each package.

use std::fmt::Write as _;

use distro::UnpackedDeb;

use crate::contents::content;
use crate::md5::md5_hex;
use crate::{AssembleError, relations};

/// How a field is written.
#[derive(Clone, Copy)]
enum Form {
    /// As it stands.
    Plain,
    /// Only where it says `yes`.
    Yes,
    /// Relations, in dpkg's spelling.
    Relations,
}

/// The fields that dpkg knows, in the order in which it writes them (`lib/dpkg/parse.c`). All others
/// follow in the order of the package.
const FIELDS: [(&str, Form); 24] = [
    ("Package", Form::Plain),
    ("Essential", Form::Yes),
    ("Protected", Form::Yes),
    ("Status", Form::Plain),
    ("Priority", Form::Plain),
    ("Section", Form::Plain),
    ("Installed-Size", Form::Plain),
    ("Origin", Form::Plain),
    ("Maintainer", Form::Plain),
    ("Bugs", Form::Plain),
    ("Architecture", Form::Plain),
    ("Multi-Arch", Form::Plain),
    ("Source", Form::Plain),
    ("Version", Form::Plain),
    ("Replaces", Form::Relations),
    ("Provides", Form::Relations),
    ("Depends", Form::Relations),
    ("Pre-Depends", Form::Relations),
    ("Recommends", Form::Relations),
    ("Suggests", Form::Relations),
    ("Breaks", Form::Relations),
    ("Conflicts", Form::Relations),
    ("Enhances", Form::Relations),
    ("Conffiles", Form::Plain),
];

/// The text of the file. `debs` are sorted by name.
pub(super) fn status(debs: &[&UnpackedDeb]) -> Result<String, AssembleError> {
    let mut text = String::new();
    for deb in debs {
        stanza(deb, &mut text)?;
        text.push('\n');
    }
    Ok(text)
}

fn stanza(deb: &UnpackedDeb, text: &mut String) -> Result<(), AssembleError> {
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() {
            let space = if value.starts_with('\n') { "" } else { " " };
            writeln!(text, "{name}:{space}{value}").expect("a String takes every write");
        }
    };
    for (name, form) in FIELDS {
        let value = deb.stanza.get(name).unwrap_or_default();
        match (name, form) {
            ("Status", _) => put(name, "install ok installed"),
            ("Conffiles", _) => put(name, &conffiles(deb)?),
            (_, Form::Plain) => put(name, value),
            (_, Form::Yes) => put(name, if value == "yes" { value } else { "" }),
            (_, Form::Relations) => put(name, &relations::format(value)),
        }
    }
    put("Description", deb.stanza.get("Description").unwrap_or_default());
    for (name, value) in &deb.stanza.fields {
        let known = FIELDS.iter().any(|(field, _)| field.eq_ignore_ascii_case(name));
        if !known && !name.eq_ignore_ascii_case("Description") {
            put(name, value);
        }
    }
    Ok(())
}

/// A line for each configuration file: its path and the MD5 of what the package ships.
fn conffiles(deb: &UnpackedDeb) -> Result<String, AssembleError> {
    let mut text = String::new();
    for conffile in &deb.conffiles {
        if conffile.remove_on_upgrade {
            // dpkg keeps the mark in the place of a digest.
            write!(text, "\n /{} newconffile remove-on-upgrade", conffile.path)
                .expect("a String takes every write");
            continue;
        }
        let entry = deb.pack.entries.iter().find(|(path, _)| *path == conffile.path);
        let Some((_, node)) = entry else {
            return Err(AssembleError::MissingConffile {
                path: conffile.path.clone(),
                package: deb.package.clone(),
            });
        };
        let Some(content) = content(&deb.pack, node) else { continue };
        let digest = content.reader().and_then(md5_hex).map_err(|source| AssembleError::Read {
            path: conffile.path.to_string(),
            package: deb.package.clone(),
            source,
        })?;
        write!(text, "\n /{} {digest}", conffile.path).expect("a String takes every write");
    }
    Ok(text)
}

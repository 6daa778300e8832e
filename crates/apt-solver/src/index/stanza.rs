//! One paragraph of a Packages file: the fields that matter, as they stand.

use names::Digest;

use super::{Kind, PackagesError};
use crate::Version;
use crate::locked::{is_archive_path, is_package_name};
use crate::paragraph::Paragraph;

/// There is more than the numbers of an index can count.
pub(super) const TOO_LARGE: Fault = Fault { field: "", value: String::new() };

/// What is wrong in a paragraph.
pub(super) struct Fault {
    pub(super) field: &'static str,
    pub(super) value: String,
}

impl Fault {
    pub(super) fn of(self, from: &str, paragraph: &[u8], number: usize) -> PackagesError {
        let from = from.to_owned();
        if self.field.is_empty() {
            return PackagesError::TooLarge { from };
        }
        let text = String::from_utf8_lossy(paragraph);
        let name = text.lines().find_map(|line| line.strip_prefix("Package:"));
        let package = name.map_or_else(|| format!("paragraph {number}"), |n| n.trim().to_owned());
        let value = self.value.chars().filter(|c| !c.is_control()).take(200).collect();
        PackagesError::Field { from, package, field: self.field, value }
    }
}

/// The fields of a paragraph that matter, as they stand.
pub(super) struct Fields<'a> {
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) arch: &'a str,
    path: &'a str,
    size: &'a str,
    sha256: &'a str,
    pub(super) priority: u8,
    pub(super) allowed: bool,
    pub(super) essential: bool,
    /// With their kind; those without one count only for the order of names.
    pub(super) relations: [(&'static str, &'a str, Option<Kind>); 8],
    pub(super) provides: &'a str,
}

impl<'a> Fields<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, Fault> {
        let mut fields = Self {
            name: "",
            version: "",
            arch: "",
            path: "",
            size: "",
            sha256: "",
            // As for apt, which has a package without a priority before all others.
            priority: 0,
            allowed: false,
            essential: false,
            relations: [
                ("Pre-Depends", "", Some(Kind::Depends)),
                ("Depends", "", Some(Kind::Depends)),
                ("Conflicts", "", Some(Kind::Conflicts)),
                ("Breaks", "", Some(Kind::Conflicts)),
                ("Recommends", "", Some(Kind::Recommends)),
                ("Suggests", "", None),
                ("Replaces", "", None),
                ("Enhances", "", None),
            ],
            provides: "",
        };
        for field in Paragraph::new(text).fields() {
            let (name, value) =
                field.map_err(|line| Fault { field: "Name: value", value: line.to_owned() })?;
            match name {
                "Package" => fields.name = value,
                "Version" => fields.version = value,
                "Architecture" => fields.arch = value,
                "Filename" => fields.path = value,
                "Size" => fields.size = value,
                "SHA256" => fields.sha256 = value,
                "Multi-Arch" => fields.allowed = value == "allowed",
                "Essential" => fields.essential = value == "yes",
                "Provides" => fields.provides = value,
                "Priority" => {
                    fields.priority = match value {
                        "required" => 1,
                        "important" => 2,
                        "standard" => 3,
                        "optional" => 4,
                        _ => 5,
                    }
                }
                _ => {
                    let relation = fields.relations.iter_mut().find(|(field, ..)| *field == name);
                    if let Some((_, relation, _)) = relation {
                        *relation = value;
                    }
                }
            }
        }
        let bad = |field, value: &str| Err(Fault { field, value: value.to_owned() });
        if !is_package_name(fields.name) {
            return bad("Package", fields.name);
        }
        if fields.version.parse::<Version>().is_err() {
            return bad("Version", fields.version);
        }
        if fields.arch.is_empty() {
            return bad("Architecture", fields.arch);
        }
        Ok(fields)
    }

    /// Where the file is, its size and its digest.
    pub(super) fn file(&self) -> Result<(&'a str, u64, Digest), Fault> {
        let bad = |field, value: &str| Fault { field, value: value.to_owned() };
        // Some archives write `./` before their paths.
        let path = self.path.strip_prefix("./").unwrap_or(self.path);
        if !is_archive_path(path) {
            return Err(bad("Filename", path));
        }
        let digits = self.size.bytes().all(|byte| byte.is_ascii_digit());
        let size = digits.then(|| self.size.parse().ok()).flatten();
        let size = size.ok_or_else(|| bad("Size", self.size))?;
        let sha256 = (self.sha256.len() == 64).then(|| self.sha256.parse().ok()).flatten();
        Ok((path, size, sha256.ok_or_else(|| bad("SHA256", self.sha256))?))
    }
}

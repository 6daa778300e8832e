//! METADATA of a wheel (core metadata specification, versions 1.0 to 2.5).

use std::collections::BTreeSet;

use constraints::{Requirement, RequirementError, Version, VersionError, parse_version};
use names::{NameError, PackageName};

use crate::headers::fields;

/// What a project says about itself, as far as it matters here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Metadata {
    /// The project.
    pub name: PackageName,
    /// The project's name as it writes it.
    pub display_name: String,
    /// Its version.
    pub version: Version,
    /// What it needs, in the order of the file.
    pub requires_dist: Vec<Requirement>,
    /// The versions of Python that it runs on, as written; see [`crate::python_allowed`].
    pub requires_python: Option<String>,
    /// The extras that it offers.
    pub provides_extra: BTreeSet<PackageName>,
    /// `License-Expression`: an SPDX expression.
    pub license_expression: Option<String>,
    /// `License`: free text, of the whole license at times.
    pub license: Option<String>,
    /// Trove classifiers.
    pub classifiers: Vec<String>,
    /// One line on what it is.
    pub summary: Option<String>,
    /// `Home-page`.
    pub home_page: Option<String>,
    /// `Project-URL`: label and URL.
    pub project_urls: Vec<(String, String)>,
}

/// Why METADATA cannot be read. Lines count from 1.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// A line is no field.
    #[error("line {line} of METADATA is not a field: want `Name: value`")]
    Line {
        /// The line.
        line: usize,
    },
    /// A field is not there.
    #[error("METADATA has no field {field}")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// The name, or that of an extra, is wrong.
    #[error("line {line} of METADATA has a wrong name")]
    Name {
        /// The line.
        line: usize,
        /// What is wrong.
        source: NameError,
    },
    /// The version is wrong.
    #[error("line {line} of METADATA has a wrong version")]
    Version {
        /// The line.
        line: usize,
        /// What is wrong.
        source: VersionError,
    },
    /// A requirement is wrong.
    #[error("line {line} of METADATA requires `{text}`, which is no requirement")]
    Requirement {
        /// The line.
        line: usize,
        /// The requirement.
        text: String,
        /// What is wrong.
        source: RequirementError,
    },
}

impl Metadata {
    /// Reads METADATA. Unknown fields and the description are passed over.
    ///
    /// # Errors
    /// When a line is no field, the name or the version is missing or wrong, or a requirement is
    /// none by PEP 508.
    ///
    /// ```
    /// let text = "Metadata-Version: 2.1\nName: oslo.db\nVersion: 17.4.0\nRequires-Dist: pbr>=2\n";
    /// let metadata = wheels::Metadata::parse(text)?;
    /// assert_eq!(metadata.name.as_str(), "oslo-db");
    /// assert_eq!(metadata.requires_dist[0].text, "pbr>=2");
    /// # Ok::<(), wheels::MetadataError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, MetadataError> {
        let mut display_name = None;
        let mut name = None;
        let mut version = None;
        let mut requires_dist = Vec::new();
        let mut provides_extra = BTreeSet::new();
        let mut classifiers = Vec::new();
        let mut project_urls = Vec::new();
        let [mut requires_python, mut license_expression, mut license, mut summary, mut home_page] =
            [const { None }; 5];
        for field in fields(text).map_err(|line| MetadataError::Line { line })? {
            let line = field.line;
            let wrong_name = |source| MetadataError::Name { line, source };
            let value = field.value.as_str();
            let once = |slot: &mut Option<String>| {
                if slot.is_none() && !value.is_empty() && value != "UNKNOWN" {
                    *slot = Some(value.to_owned());
                }
            };
            if field.is("Name") && name.is_none() {
                name = Some(PackageName::new(value).map_err(wrong_name)?);
                display_name = Some(value.to_owned());
            } else if field.is("Version") && version.is_none() {
                let wrong = |source| MetadataError::Version { line, source };
                version = Some(parse_version(value).map_err(wrong)?);
            } else if field.is("Requires-Dist") {
                requires_dist.push(requirement(line, value)?);
            } else if field.is("Provides-Extra") {
                provides_extra.insert(PackageName::new(value).map_err(wrong_name)?);
            } else if field.is("Requires-Python") {
                once(&mut requires_python);
            } else if field.is("License-Expression") {
                once(&mut license_expression);
            } else if field.is("License") {
                once(&mut license);
            } else if field.is("Classifier") {
                classifiers.push(value.to_owned());
            } else if field.is("Summary") {
                once(&mut summary);
            } else if field.is("Home-page") {
                once(&mut home_page);
            } else if field.is("Project-URL")
                && let Some((label, url)) = value.split_once(',')
            {
                project_urls.push((label.trim().to_owned(), url.trim().to_owned()));
            }
        }
        Ok(Self {
            name: name.ok_or(MetadataError::Missing { field: "Name" })?,
            display_name: display_name.ok_or(MetadataError::Missing { field: "Name" })?,
            version: version.ok_or(MetadataError::Missing { field: "Version" })?,
            requires_dist,
            requires_python,
            provides_extra,
            license_expression,
            license,
            classifiers,
            summary,
            home_page,
            project_urls,
        })
    }
}

fn requirement(line: usize, value: &str) -> Result<Requirement, MetadataError> {
    // A long requirement may be folded.
    let text = value.replace('\n', " ");
    Requirement::parse(&text).map_err(|source| {
        let text = text.chars().take(200).collect();
        MetadataError::Requirement { line, text, source }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_whatever_their_case_and_the_body_is_not() {
        let text = "metadata-version: 1.1\nNAME: A.b\nVersion: 1.0-1\nLicense: UNKNOWN\n\
                    Summary: one\n  |two\nProject-URL: Source, https://example.org/a\n\
                    Requires-Dist: c (>=1,\n   <2)\n\nRequires-Dist: not this\n";
        let metadata = Metadata::parse(text).unwrap();
        assert_eq!(metadata.name.as_str(), "a-b");
        assert_eq!(metadata.display_name, "A.b");
        assert_eq!(metadata.version.to_string(), "1.0.post1");
        assert_eq!(metadata.summary.as_deref(), Some("one\ntwo"));
        assert_eq!(metadata.license, None);
        assert_eq!(metadata.requires_dist[0].text, "c (>=1, <2)");
        assert_eq!(metadata.requires_dist.len(), 1);
        assert_eq!(metadata.project_urls[0].1, "https://example.org/a");
    }

    #[test]
    fn faults_name_their_line() {
        let head = "Name: a\nVersion: 1\n";
        for (text, message) in [
            ("Version: 1\n", "METADATA has no field Name"),
            ("Name: a\n", "METADATA has no field Version"),
            ("Name: a b\n", "line 1 of METADATA has a wrong name"),
            ("Name: a\nVersion: x\n", "line 2 of METADATA has a wrong version"),
            (" Name: a\n", "line 1 of METADATA is not a field: want `Name: value`"),
            (
                &format!("{head}Requires-Dist: b>1 c\n"),
                "line 3 of METADATA requires `b>1 c`, which is no requirement",
            ),
        ] {
            assert_eq!(Metadata::parse(text).unwrap_err().to_string(), message);
        }
    }
}

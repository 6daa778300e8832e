//! `releases/<id>/release.toml`.

use std::path::Path;

use constraints::{Requirement, Specifiers};
use names::{Epoch, Fault};
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use crate::fields::Checker;
use crate::meta_package::{self, MetaPackage};
use crate::toml_file;

/// What a release is, checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReleaseFile {
    /// The name of the series, such as `flamingo`.
    pub series: String,
    /// The day of the first release: its first second.
    pub released: Option<Epoch>,
    /// The day from which upstream maintains it no more: its first second.
    pub end_of_life: Option<Epoch>,
    /// The Pythons that the release supports, such as `>=3.10`.
    pub python: Specifiers,
    /// Constraints on the tools that build sdists, such as `setuptools<82`.
    pub build_constraints: Vec<Requirement>,
    /// The last second of uploads that may be chosen where the constraints leave a version open.
    pub cutoff: Option<Epoch>,
    /// The package that brings in those of its services, where there is one.
    pub meta_package: Option<MetaPackage>,
}

/// As written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    series: Option<Spanned<String>>,
    released: Option<Spanned<Datetime>>,
    end_of_life: Option<Spanned<Datetime>>,
    python: Option<Spanned<String>>,
    #[serde(default)]
    build_constraints: Vec<Spanned<String>>,
    cutoff: Option<Spanned<Datetime>>,
    meta_package: Option<Spanned<meta_package::Written>>,
}

impl ReleaseFile {
    /// Reads `text`, the content of `file`, which is not opened.
    ///
    /// # Errors
    /// All faults: unknown and missing keys, values of a wrong type or form, an end of life that is
    /// not after the release.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Vec<Fault>> {
        let written: Written = toml_file::read(text, file, "docs/formats/release.md")?;
        let mut checker = Checker::new(text, file);
        let series = checker.required(written.series, "series", "series = \"flamingo\"");
        let series = series.and_then(|series| checker.line(&series, "series"));
        let python = checker.required(written.python, "python", "python = \">=3.10\"");
        let python = python.and_then(|python| specifiers(&mut checker, &python));
        let released = written.released.as_ref().and_then(|day| checker.day(day, "released"));
        let end = written.end_of_life.as_ref();
        let end_of_life = end.and_then(|day| checker.day(day, "end-of-life"));
        if let (Some(released), Some(ended), Some(end)) = (released, end_of_life, end)
            && ended <= released
        {
            let message = "`end-of-life` is not after `released`".to_owned();
            checker.fault(&end.span(), message, "correct one of the two dates");
        }
        let cutoff = written.cutoff.as_ref().and_then(|moment| checker.moment(moment, "cutoff"));
        let build_constraints = checker.requirements(&written.build_constraints);
        let meta_package = meta_package::check(&mut checker, written.meta_package);
        match (series, python) {
            (Some(series), Some(python)) if checker.faults.is_empty() => Ok(Self {
                series,
                released,
                end_of_life,
                python,
                build_constraints,
                cutoff,
                meta_package,
            }),
            _ => Err(checker.faults),
        }
    }
}

fn specifiers(checker: &mut Checker<'_>, value: &Spanned<String>) -> Option<Specifiers> {
    match value.get_ref().parse::<Specifiers>() {
        Ok(specifiers) if !specifiers.is_empty() => Some(specifiers),
        _ => {
            let message = "`python` is not a range of versions".to_owned();
            checker.fault(&value.span(), message, "write it as \">=3.10\" or \">=3.10,<3.14\"");
            None
        }
    }
}

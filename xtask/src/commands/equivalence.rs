//! `cooperage verify-equivalence`.

use pipeline::Equivalence;
use serde_json::json;

use super::root;
use crate::args::{Global, VerifyEquivalence};
use crate::failure::Failure;
use crate::speech;
use crate::surroundings::Surroundings;

/// Proves that an image and its packages hold the same.
pub(crate) fn run(
    verify: &VerifyEquivalence,
    global: &Global,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let out = match &verify.out {
        Some(out) => surroundings.absolute(out),
        None => root(global, surroundings)?.join("out"),
    };
    let folder = out.join(verify.release.to_string()).join(verify.service.as_str());
    let results = pipeline::verify_equivalence(&folder)?;
    if global.json {
        let value = |one: &Equivalence| {
            json!({
                "package": one.package, "others": one.others, "with": one.with, "prefix": one.prefix, "paths": one.paths,
                "carriers": one.carriers, "stripped": one.stripped, "compiled": one.compiled, "records": one.records,
                "differences": one.differences,
            })
        };
        speech::json(&json!({ "packages": results.iter().map(value).collect::<Vec<_>>() }))?;
    } else {
        speech::lines(results.iter().flat_map(lines))?;
    }
    match results.iter().map(|one| one.differences.len()).sum() {
        0 => Ok(()),
        differences => Err(Failure::NotEquivalent(differences)),
    }
}

fn lines(one: &Equivalence) -> Vec<String> {
    let name = one.package.file_name().unwrap_or_default().to_string_lossy();
    let Equivalence { paths, prefix, with, others, .. } = one;
    let more = match others.len() {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    let compiled = match one.compiled {
        0 => String::new(),
        count => format!(", and {count} of bytecode"),
    };
    let mut lines =
        vec![format!("{name}{more}: {paths} paths below {prefix}{compiled}, against {with}")];
    lines.extend(one.carriers.iter().map(|path| format!("carries  {path}")));
    lines.extend(one.stripped.iter().map(|path| format!("stripped {path}")));
    lines.extend(one.records.iter().map(|path| format!("record   {path}")));
    lines.extend(one.differences.iter().map(|text| format!("differs  {text}")));
    lines
}

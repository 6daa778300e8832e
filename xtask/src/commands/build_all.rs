//! What came of several builds.

use pipeline::{Blame, BuildError, BuildRequest, Summary};
use serde_json::{Value, json};

use crate::args::Global;
use crate::failure::Failure;
use crate::speech::{self, Manner};

/// Tells what came of each build: the errors, then a table, or JSON.
pub(crate) fn report(
    global: &Global,
    manner: Manner,
    requests: &[BuildRequest],
    results: Vec<Result<Summary, BuildError>>,
) -> Result<(), Failure> {
    let mut rows = Vec::new();
    let mut values = Vec::new();
    let mut worst: Option<Blame> = None;
    let total = results.len();
    let mut failed = 0;
    for (request, result) in requests.iter().zip(results) {
        let name = format!("{} {}", request.service, request.release);
        match result {
            Ok(summary) => {
                rows.push(row(&name, &summary));
                values.push(json!({ "summary": summary }));
            }
            Err(error) => {
                failed += 1;
                let blame = error.blame();
                worst = worst.max(Some(blame));
                let text = speech::chain(&error, manner.color);
                speech::say(&format!("{name}: {text}"));
                rows.push(format!("{name:<22}  not built: exit code {}", blame as u8));
                values.push(failure(request, &text, blame));
            }
        }
    }
    let text =
        if global.json { format!("{:#}", json!({ "builds": values })) } else { rows.join("\n") };
    speech::print(&text).map_err(Failure::Print)?;
    match worst {
        None => Ok(()),
        Some(blame) => Err(Failure::NotAll { failed, total, blame }),
    }
}

fn row(name: &str, summary: &Summary) -> String {
    let layers = summary.images.iter().flat_map(|image| &image.layers).map(|layer| layer.size);
    let packages = summary.packages.iter().map(|package| package.size);
    let size = speech::bytes(layers.chain(packages).sum());
    let digests = summary.packages.iter().map(|package| package.digest);
    let digests: Vec<String> =
        summary.digest.into_iter().chain(digests).map(|digest| digest.to_string()).collect();
    format!("{name:<22}  {:<16} {size:>10}  {}", summary.version, digests.join(" "))
}

fn failure(request: &BuildRequest, text: &str, blame: Blame) -> Value {
    json!({
        "service": request.service.as_str(),
        "release": request.release.to_string(),
        "error": text,
        "exit-code": blame as u8,
    })
}

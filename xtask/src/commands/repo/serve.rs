//! `cooperage repo serve`.

use std::net::TcpListener;

use pkg_repo::Served;
use serde_json::json;

use crate::args::{Global, ServeRepo};
use crate::failure::Failure;
use crate::speech;
use crate::surroundings::Surroundings;

/// Serves a repository until the process is stopped.
pub(super) fn run(
    serve: &ServeRepo,
    global: &Global,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let folder = surroundings.absolute(&serve.folder);
    if !folder.join("pointers").is_dir() {
        return Err(Failure::NoRepository(folder));
    }
    let failed = |error| Failure::Listen(serve.listen, error);
    let listener = TcpListener::bind(serve.listen).map_err(failed)?;
    let url = format!("http://{}/", listener.local_addr().map_err(failed)?);
    match global.json {
        true => speech::json(&json!({ "url": url }))?,
        false => speech::lines([url])?,
    }
    let tell = |Served { client, request, status, bytes }| {
        if !global.quiet {
            speech::say(&format!("{client} {request} {status} {bytes}"));
        }
    };
    match pkg_repo::serve(&folder, &listener, &tell) {
        Ok(never) => match never {},
        Err(error) => Err(failed(error)),
    }
}

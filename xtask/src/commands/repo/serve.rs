//! `cooperage repo serve`.

use std::net::TcpListener;

use names::Epoch;
use pkg_repo::{Served, Watch};
use serde_json::json;

use crate::args::{Global, ServeRepo};
use crate::failure::Failure;
use crate::speech;
use crate::surroundings::{self, Surroundings};

/// Says what is served.
struct Told {
    quiet: bool,
}

impl Watch for Told {
    fn now(&self) -> Epoch {
        surroundings::now()
    }

    fn served(&self, Served { client, request, status, bytes }: Served) {
        if !self.quiet {
            speech::say(&format!("{client} {request} {status} {bytes}"));
        }
    }
}

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
    match pkg_repo::serve(&folder, &listener, &Told { quiet: global.quiet }) {
        Ok(never) => match never {},
        Err(error) => Err(failed(error)),
    }
}

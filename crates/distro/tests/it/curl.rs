//! A fetcher that needs nothing but curl and the mirrors named in the environment.

use std::io::Write as _;
use std::process::Command;

use store::{Address, Blob, Document, FetchError, Fetcher, Store, Want};

pub(crate) struct Curl;

/// The address of an archive's mirror.
pub(crate) fn mirror(archive: &str) -> String {
    let variable = format!("COOPERAGE_MIRROR_{}", archive.to_uppercase().replace('-', "_"));
    let base = std::env::var(&variable);
    base.unwrap_or_else(|_| panic!("set {variable} to a mirror")).trim_end_matches('/').to_owned()
}

fn get(address: &Address) -> Result<Vec<u8>, FetchError> {
    let url = match address {
        Address::InArchive { archive, path } => format!("{}/{path}", mirror(archive.as_str())),
        Address::Url(url) => url.clone(),
    };
    let output = Command::new("curl").args(["-sSfL", "--", &url]).output().unwrap();
    if output.status.success() {
        return Ok(output.stdout);
    }
    let tried = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(FetchError::NotFound { address: address.to_string(), tried })
}

impl Fetcher for Curl {
    fn document(&self, address: &Address, _: &str, _: u64) -> Result<Document, FetchError> {
        let bytes = get(address)?;
        Ok(Document { bytes, media_type: String::new(), url: address.to_string() })
    }

    fn blobs(
        &self,
        store: &Store,
        wants: &[Want],
        arrived: &mut dyn FnMut(usize, &Blob, bool),
    ) -> Result<Vec<Blob>, FetchError> {
        let mut blobs = Vec::new();
        for (position, want) in wants.iter().enumerate() {
            let mut writer = store.blob_writer().unwrap();
            writer.write_all(&get(&want.addresses[0])?).unwrap();
            let blob = writer.finish(Some(&want.sha256)).unwrap();
            arrived(position, &blob, true);
            blobs.push(blob);
        }
        Ok(blobs)
    }
}

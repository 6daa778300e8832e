//! A fetcher in memory.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use store::{Address, Blob, BlobError, Document, FetchError, Fetcher, Store, Want};

/// Files by address, handed out as a network would.
#[derive(Debug, Default)]
pub struct Shelf {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<Address, (String, Vec<u8>)>,
    asked: Vec<String>,
}

impl Shelf {
    /// An empty shelf.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a file there, in place of one that may be there already.
    pub fn put(&self, address: &Address, media_type: &str, bytes: &[u8]) {
        self.state().files.insert(address.clone(), (media_type.to_owned(), bytes.to_vec()));
    }

    /// Puts files into an archive, by path.
    pub fn put_all(&self, archive: &names::ArchiveName, files: &BTreeMap<String, Vec<u8>>) {
        for (path, bytes) in files {
            self.put(&Address::in_archive(archive, path), "", bytes);
        }
    }

    /// Takes a file away.
    pub fn remove(&self, address: &Address) {
        self.state().files.remove(address);
    }

    /// All addresses that were asked for, in order; blobs that were in the store already are not
    /// among them.
    pub fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, address: &Address) -> Option<(String, Vec<u8>)> {
        let mut state = self.state();
        state.asked.push(address.to_string());
        state.files.get(address).cloned()
    }

    fn fetch(&self, store: &Store, want: &Want) -> Result<Blob, FetchError> {
        let mut failure = None;
        for address in &want.addresses {
            let name = address.to_string();
            let Some((_, bytes)) = self.get(address) else { continue };
            let failed = |source| FetchError::Store { address: name.clone(), source };
            if let Some(size) = want.size.filter(|size| *size != bytes.len() as u64) {
                let reason = format!("it has {} bytes, not {size}", bytes.len());
                failure = Some(FetchError::Damaged { address: name, reason });
                continue;
            }
            let mut writer = store.blob_writer().map_err(failed)?;
            writer.write_all(&bytes).unwrap();
            match writer.finish(Some(&want.sha256)) {
                Ok(blob) => return Ok(blob),
                Err(error @ BlobError::WrongDigest { .. }) => {
                    let reason = error.to_string();
                    failure = Some(FetchError::Damaged { address: name, reason });
                }
                Err(error) => return Err(failed(error)),
            }
        }
        Err(failure.unwrap_or_else(|| {
            let names: Vec<String> = want.addresses.iter().map(Address::to_string).collect();
            FetchError::NotFound { address: names.join(", "), tried: "the shelf".to_owned() }
        }))
    }
}

impl Fetcher for Shelf {
    fn document(
        &self,
        address: &Address,
        _accept: &str,
        limit: u64,
    ) -> Result<Document, FetchError> {
        let name = address.to_string();
        let Some((media_type, bytes)) = self.get(address) else {
            return Err(FetchError::NotFound { address: name, tried: "the shelf".to_owned() });
        };
        if bytes.len() as u64 > limit {
            let reason = format!("it has more than {limit} bytes");
            return Err(FetchError::Damaged { address: name, reason });
        }
        let url = match address {
            Address::Url(url) => url.clone(),
            Address::InArchive { archive, path } => format!("http://{archive}.example.org/{path}"),
        };
        Ok(Document { bytes, media_type, url })
    }

    fn blobs(
        &self,
        store: &Store,
        wants: &[Want],
        arrived: &mut dyn FnMut(usize, &Blob, bool),
    ) -> Result<Vec<Blob>, FetchError> {
        let mut blobs = Vec::new();
        for (index, want) in wants.iter().enumerate() {
            let here = want.find(store);
            let fetched = here.is_none();
            let blob = here.map_or_else(|| self.fetch(store, want), Ok)?;
            arrived(index, &blob, fetched);
            blobs.push(blob);
        }
        Ok(blobs)
    }
}

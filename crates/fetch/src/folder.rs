//! Mirrors on disk: `file:///srv/mirror/debian`.

use std::io::Read as _;
use std::path::PathBuf;

use reqwest::Url;

use crate::sink::Sink;
use crate::transfer::{Fault, Found};

/// Reads `url`, which is a `file` URL, into `sink`. A folder stands for the `index.html` in it.
pub(crate) async fn copy(url: &Url, sink: &mut dyn Sink) -> Result<Found, Fault> {
    let not_local = || Fault::Refused("not a path on this machine".to_owned());
    let mut path: PathBuf = url.to_file_path().map_err(|()| not_local())?;
    if path.is_dir() {
        path.push("index.html");
    }
    // Opening a pipe or a device could wait for ever.
    if path.exists() && !path.is_file() {
        return Err(Fault::Refused("not a plain file".to_owned()));
    }
    let read_error = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            Fault::Absent("no such file".to_owned())
        }
        _ => Fault::Refused(error.to_string()),
    };
    sink.restart().map_err(Fault::Fatal)?;
    let mut file = fs_err::File::open(&path).map_err(read_error)?;
    let mut buffer = vec![0; 256 << 10];
    loop {
        let read = file.read(&mut buffer).map_err(read_error)?;
        if read == 0 {
            break;
        }
        if sink.size() + read as u64 > sink.limit() {
            return Err(Fault::Damaged(format!("it has more than {} bytes", sink.limit())));
        }
        sink.take(&buffer[..read]).map_err(Fault::Fatal)?;
        // Other downloads share this thread.
        tokio::task::yield_now().await;
    }
    if let Some(reason) = sink.fault() {
        return Err(Fault::Damaged(reason));
    }
    let media_type = match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html",
        Some("json") => "application/json",
        _ => "",
    };
    Ok(Found { url: url.clone(), media_type: media_type.to_owned() })
}

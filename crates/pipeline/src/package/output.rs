//! Where packages are written to, and what is done with each of them.

use std::io::{self, Read};
use std::path::Path;

use names::Epoch;
use pkg_writer::{Accounts, Compression, Options};
use signer::{OpenPgpKey, SignatureKind};
use store::Blob;

use super::error::PackageError;
use super::provenance;
use crate::Event;
use crate::setting::{Listener, Setting};
use crate::summary::PackageSummary;

/// Where packages are written to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output<'a> {
    /// The folder of the build's results.
    pub(crate) folder: &'a Path,
    /// The time of the packages; the newest time in each where none is given.
    pub(crate) epoch: Option<Epoch>,
}

/// A package that has been written.
pub(super) struct Written<'a> {
    /// Its format, which is the name of its folder as well.
    pub(super) format: &'a str,
    pub(super) arch: &'a str,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) file_name: &'a str,
}

impl Output<'_> {
    /// How a package whose newest time is `newest` is written, into the folder of its format, which is made.
    pub(super) fn options(
        &self,
        setting: &Setting<'_>,
        format: &str,
        newest: Epoch,
    ) -> Result<Options, PackageError> {
        let folder = self.folder.join(format);
        fs_err::create_dir_all(&folder)
            .map_err(|source| PackageError::Out { path: folder.clone(), source })?;
        Ok(Options {
            compression: Compression::zstd(),
            jobs: setting.jobs,
            epoch: self.epoch.unwrap_or(newest),
            scratch: folder,
            check_contents: true,
            accounts: Accounts::default(),
        })
    }

    /// Signs what `bytes` gives; nothing where packages go out unsigned.
    pub(super) fn signature(
        &self,
        setting: &Setting<'_>,
        bytes: &mut dyn Read,
    ) -> Result<Option<Vec<u8>>, PackageError> {
        let time = self.epoch.unwrap_or(setting.now);
        let sign = |key: &dyn OpenPgpKey| key.sign(bytes, SignatureKind::Binary, time);
        Ok(setting.package_key.map(sign).transpose()?)
    }

    /// Measures a package that has been written, and keeps its bytes in the store.
    pub(super) fn finished(
        &self,
        setting: &Setting<'_>,
        written: &Written<'_>,
        tell: Listener<'_>,
    ) -> Result<PackageSummary, PackageError> {
        let Written { format, arch, name, version, file_name } = *written;
        let path = self.folder.join(format).join(file_name);
        let mut writer = setting.store.blob_writer()?;
        let copied =
            fs_err::File::open(&path).and_then(|mut file| io::copy(&mut file, &mut writer));
        copied.map_err(|source| PackageError::Out { path: path.clone(), source })?;
        let Blob { digest, size, .. } = writer.finish(None)?;
        let summary = PackageSummary {
            format: format.to_owned(),
            arch: arch.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
            digest,
            size,
            provenance: provenance::place(&format!("{format}/{file_name}")),
            file: format!("{format}/{file_name}"),
            path,
        };
        tell(Event::PackageFinished { file: summary.file.clone(), digest, size });
        Ok(summary)
    }
}

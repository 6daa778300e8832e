//! Publishes packages in one channel, and makes it if need be:
//! `publish FOLDER CHANNEL KEY-FILE SECONDS PACKAGE...`. Prints the snapshot that is then current.
#![expect(clippy::print_stdout, reason = "the example shows what it did")]

use std::path::Path;

use names::Epoch;
use pkg_repo::{
    AptSettings, ChannelName, ChannelSettings, Folder, Format, GateRules, NewPackage, Pinning,
    Repository, Signing, YumSettings,
};
use signer::OpenPgpKeyFile;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, channel, key, now, packages @ ..] = arguments.as_slice() else {
        return Err("usage: publish FOLDER CHANNEL KEY-FILE SECONDS PACKAGE...".into());
    };
    let channel: ChannelName = channel.parse()?;
    let key = OpenPgpKeyFile::parse(&fs_err::read(key)?, None)?;
    let storage = Folder::open(Path::new(folder))?;
    let repository = Repository { storage: &storage, workers: 2 };
    let signing = Signing { keys: &[&key], now: Epoch(now.parse()?) };
    let settings = match &channel {
        ChannelName::Apt(suite) => ChannelSettings::Apt(AptSettings {
            origin: "Example".to_owned(),
            label: "Example".to_owned(),
            codename: suite.clone(),
            description: String::new(),
            components: vec!["main".to_owned()],
            architectures: vec!["amd64".to_owned()],
            valid_for: None,
            keep: 1,
            pinning: Pinning::Normal,
        }),
        ChannelName::Yum(_) => {
            ChannelSettings::Yum(YumSettings { compression: Format::Zstd, keep: 1 })
        }
    };
    repository.init(&channel, &settings, &signing)?;
    let package = |path: &String| NewPackage {
        path: path.into(),
        component: "main".to_owned(),
        provenance: None,
    };
    let packages: Vec<NewPackage> = packages.iter().map(package).collect();
    let published = repository.publish(&channel, &packages, GateRules::default(), &signing)?;
    println!("{}", published.snapshot);
    Ok(())
}

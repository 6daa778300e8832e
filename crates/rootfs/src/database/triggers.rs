//! `/var/lib/dpkg/triggers`: who is interested in what (deb-triggers(5)).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use distro::{Interest, UnpackedDeb};

use super::info::file_stem;

/// The files of the folder and their texts. `debs` are sorted by name.
pub(super) fn triggers(debs: &[&UnpackedDeb]) -> BTreeMap<String, String> {
    // dpkg leaves an empty list of the triggers that wait to be told.
    let mut files = BTreeMap::from([("Unincorp".to_owned(), String::new())]);
    for deb in debs {
        for (trigger, interest) in &deb.triggers.interests {
            let package = file_stem(deb);
            let options = match interest {
                Interest::Await => "",
                Interest::NoAwait => "/noawait",
            };
            let written = if trigger.starts_with('/') {
                let file = files.entry("File".to_owned()).or_default();
                writeln!(file, "{trigger} {package}{options}")
            } else {
                writeln!(files.entry(trigger.clone()).or_default(), "{package}{options}")
            };
            written.expect("a String takes every write");
        }
    }
    files
}

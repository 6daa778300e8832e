//! The files that recipes select packages from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bindep::BindepFile;
use names::{Fault, ServiceName};

use super::collect;
use crate::Service;
use crate::folder::{Folder, fault};
use crate::service_file::selection::check_pydep;

/// Reads the files that the recipes name into them. A file `services/*.txt` that none names is a fault.
pub(super) fn read(
    folder: &Folder,
    services: &mut BTreeMap<ServiceName, Service>,
    faults: &mut Vec<Fault>,
) {
    let mut contents: BTreeMap<(PathBuf, bool), BindepFile> = BTreeMap::new();
    let mut named = BTreeSet::new();
    for service in services.values_mut() {
        let bindep = service.bindep.files.iter_mut().map(|file| (file, false));
        let pydep = service.pydep.files.iter_mut().map(|file| (file, true));
        for (file, of_python) in bindep.chain(pydep) {
            named.insert(file.path.clone());
            if !folder.has(&file.path) {
                faults.push(Fault {
                    place: file.place.clone(),
                    message: format!("there is no {}", file.path.display()),
                    hint: "add the file, or take it out of the recipe".to_owned(),
                });
                continue;
            }
            let content = contents.entry((file.path.clone(), of_python));
            file.content = content
                .or_insert_with(|| content_of(folder, &file.path, of_python, faults))
                .clone();
        }
    }
    // Where a recipe cannot be read, nobody knows what it names.
    if !faults.is_empty() {
        return;
    }
    for entry in folder.list(Path::new("services"), faults) {
        let path = Path::new("services").join(&entry.name);
        if entry.name.ends_with(".txt") && !entry.is_folder && !named.contains(&path) {
            let hint = "name it under [bindep] or [pydep] of a recipe, or remove it";
            faults.push(fault(&path, "no recipe names it", hint));
        }
    }
}

fn content_of(
    folder: &Folder,
    path: &Path,
    of_python: bool,
    faults: &mut Vec<Fault>,
) -> BindepFile {
    let text = collect(folder.text(path).map_err(|fault| vec![fault]), faults);
    let content = text.and_then(|text| collect(BindepFile::parse(&text, path), faults));
    let content = content.unwrap_or_default();
    if of_python {
        faults.extend(check_pydep(&content));
    }
    content
}

//! Locked wheels are found without pages where that is possible.

use store::Address;
use wheels::{Locator, LockedWheel};

use crate::world::{World, index};

fn locked(world: &World) -> Vec<LockedWheel> {
    world.solve().unwrap().wheels.into_values().map(|entry| entry.wheel).collect()
}

/// A new store and the shelf of `world`: what is asked for from here on.
fn fetch(world: &World, wheels: &[LockedWheel]) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().unwrap();
    let store = store::Store::open(folder.path()).unwrap();
    let before = world.shelf.asked().len();
    let mut arrived = Vec::new();
    Locator::new(&world.shelf, index())
        .fetch(&store, wheels, &mut |index, _, fetched| arrived.push((index, fetched)))
        .map_err(|error| error.to_string())?;
    check_all_arrived(arrived, wheels.len());
    Ok(world.shelf.asked().split_off(before))
}

#[track_caller]
fn check_all_arrived(mut arrived: Vec<(usize, bool)>, count: usize) {
    arrived.sort_unstable();
    let all: Vec<(usize, bool)> = (0..count).map(|index| (index, true)).collect();
    assert_eq!(arrived, all);
}

fn small() -> World {
    let mut world = World::new(&["a", "b", "c"]);
    for name in ["a", "b", "c"] {
        world.wheel(name, "1", &[]);
    }
    world
}

#[test]
fn hints_need_one_page() {
    let world = small();
    let wheels = locked(&world);
    let asked = fetch(&world, &wheels).unwrap();
    let pages: Vec<&String> = asked.iter().filter(|address| address.ends_with('/')).collect();
    assert_eq!(pages, ["pypi:a/"]);
}

#[test]
fn without_hints_or_where_they_are_wrong_pages_are_asked() {
    let world = small();
    let mut wheels = locked(&world);
    for wheel in &mut wheels {
        wheel.hint = None;
    }
    assert_eq!(fetch(&world, &wheels).unwrap().len(), 6);
    let elsewhere = format!("packages/00/00/{}/x.whl", "0".repeat(60));
    for wheel in &mut wheels {
        wheel.hint = Some(elsewhere.clone());
    }
    fetch(&world, &wheels).unwrap();
}

#[test]
fn a_file_that_was_replaced_is_not_taken() {
    let mut world = small();
    let wheels = locked(&world);
    let hint = wheels[1].hint.clone().unwrap();
    world.shelf.remove(&Address::Url(format!("https://files.example.org/pool/{hint}")));
    // A page without the file that is locked.
    world = {
        let mut other = World::new(&[]);
        for name in ["a", "b", "c"] {
            let requires: &[&str] = if name == "b" { &["a"] } else { &[] };
            other.wheel(name, "1", requires);
        }
        other.publish();
        other
    };
    let error = fetch(&world, &wheels).unwrap_err();
    assert!(error.starts_with("the hash of b-1-py3-none-any.whl is sha256:"), "{error}");
}

#[test]
fn what_is_in_the_store_needs_no_index() {
    let world = small();
    let wheels = locked(&world);
    let before = world.shelf.asked().len();
    let blobs = Locator::new(&world.shelf, index())
        .fetch(&world.store, &wheels, &mut |_, _, fetched| assert!(!fetched))
        .unwrap();
    assert_eq!(blobs.len(), 3);
    assert_eq!(world.shelf.asked().len(), before);
}

#[test]
fn a_wheel_that_was_cut_on_disk_is_fetched_again() {
    let world = small();
    let wheels = locked(&world);
    let path = world.store.blob(&wheels[0].sha256).unwrap().path;
    let whole = fs_err::read(&path).unwrap();
    fs_err::write(&path, b"cut").unwrap();
    let mut told = Vec::new();
    Locator::new(&world.shelf, index())
        .fetch(&world.store, &wheels, &mut |index, blob, fetched| {
            told.push((index, fetched, Some(blob.size) == wheels[index].size));
        })
        .unwrap();
    told.sort_unstable();
    assert_eq!(told, [(0, true, true), (1, false, true), (2, false, true)]);
    assert!(fs_err::read(&path).unwrap() == whole);
}

#[test]
fn a_lock_cannot_lead_elsewhere() {
    let world = small();
    let text = |hint: &str| {
        let mut value = serde_json::to_value(&locked(&world)[0]).unwrap();
        value["hint"] = hint.into();
        serde_json::from_value::<LockedWheel>(value).is_ok()
    };
    assert!(text(&format!("packages/00/00/{}/x.whl", "0".repeat(60))));
    for hint in ["", "/etc/passwd", "../x", "https://h/packages/x", "@evil.example.org/x"] {
        assert!(!text(hint), "{hint}");
    }
}

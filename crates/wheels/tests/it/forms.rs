//! What an index offers besides files: METADATA by itself, and pages in HTML.

use store::{Address, FetchError};
use testkit::WheelBuilder;

use crate::world::{World, index};

/// A page in JSON whose wheel offers METADATA with this text.
fn page(url: &str, wheel: &[u8], metadata: &str) -> String {
    format!(
        r#"{{"meta":{{"api-version":"1.1"}},"files":[{{"filename":"a-1-py3-none-any.whl",
        "url":"{url}","hashes":{{"sha256":"{}"}},"core-metadata":{{"sha256":"{}"}}}}]}}"#,
        testkit::sha256(wheel).hex(),
        testkit::sha256(metadata.as_bytes()).hex()
    )
}

fn world(metadata: &str) -> World {
    let world = World::new(&["a"]);
    let wheel = WheelBuilder::new("a", "1").build();
    let url = "https://files.example.org/a-1-py3-none-any.whl";
    let address = Address::in_archive(&index(), "a/");
    let media_type = "application/vnd.pypi.simple.v1+json";
    world.shelf.put(&address, media_type, page(url, &wheel, metadata).as_bytes());
    world.shelf.put(&Address::Url(url.to_owned()), "", &wheel);
    world
}

#[test]
fn metadata_that_is_offered_is_enough() {
    let metadata = "Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Python: >=3.9\n";
    let world = world(metadata);
    let url = "https://files.example.org/a-1-py3-none-any.whl.metadata";
    world.shelf.put(&Address::Url(url.to_owned()), "", metadata.as_bytes());
    let closure = world.solve().unwrap();
    let wheel = &closure.wheels.values().next().unwrap().wheel;
    assert_eq!(wheel.requires_python.as_deref(), Some(">=3.9"));
    assert_eq!((wheel.size, &wheel.hint), (None, &None));
    assert_eq!(world.shelf.asked(), ["pypi:a/", url]);
    assert_eq!(world.solve().unwrap(), closure);
    assert_eq!(world.shelf.asked(), ["pypi:a/", url, "pypi:a/"]);
}

#[test]
fn metadata_that_is_not_what_was_offered_comes_out_of_the_wheel() {
    let metadata = "Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Dist: evil\n";
    for served in [None, Some("other")] {
        let world = world(metadata);
        if let Some(text) = served {
            let url = "https://files.example.org/a-1-py3-none-any.whl.metadata";
            world.shelf.put(&Address::Url(url.to_owned()), "", text.as_bytes());
        }
        assert_eq!(world.solved(), "a==1?");
    }
}

#[test]
fn pages_in_html_will_do() {
    let mut world = World::new(&["app==1"]);
    world.html = true;
    world.wheel("app", "1", &["b"]);
    world.wheel("b", "2", &[]).requires_python = Some(">=3.14".to_owned());
    world.wheel("b", "1.9", &[]).yanked = Some("a \"reason\" & more".to_owned());
    world.wheel("b", "1", &[]);
    assert_eq!(world.solved(), "app==1 b==1?");
    let closure = world.solve().unwrap();
    let sizes: Vec<bool> =
        closure.wheels.values().map(|entry| entry.wheel.size.is_some()).collect();
    assert_eq!(sizes, [true, true]);
}

/// A fetcher whose network is down.
struct Down;

impl store::Fetcher for Down {
    fn document(&self, address: &Address, _: &str, _: u64) -> Result<store::Document, FetchError> {
        Err(FetchError::Unreachable { address: address.to_string(), tried: "down".to_owned() })
    }

    fn blobs(
        &self,
        _: &store::Store,
        _: &[store::Want],
        _: &mut dyn FnMut(usize, &store::Blob, bool),
    ) -> Result<Vec<store::Blob>, FetchError> {
        unreachable!("no page has named a file")
    }
}

#[test]
fn a_network_that_is_down_is_told_once() {
    let world = World::new(&["a", "b", "c"]);
    let errors = world.solve_with(&Down).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "cannot find the files of a\n  service.toml:1 asks for a\n  because cannot get the page of a\
         \n  because cannot fetch pypi:a/: down"
    );
}

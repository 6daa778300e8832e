//! `packaging`, the library that pip is built on, as the judge of tags and file names.

use names::Arch;
use testkit::tool;
use wheels::{Target, WheelName};

use crate::world::target;

/// Prints the tags of CPython with glibc, as `packaging.tags.sys_tags` gives them on such a machine.
const TAGS: &str = "
import sys
from packaging import _manylinux, tags
python = tuple(int(part) for part in sys.argv[1].split('.')[:2])
machine, glibc = sys.argv[2], tuple(int(part) for part in sys.argv[3].split('.'))
_manylinux._get_glibc_version = lambda: glibc
_manylinux._have_compatible_abi = lambda *_: True
_manylinux._is_compatible = lambda *_: True
platforms = [*_manylinux.platform_tags([machine]), f'linux_{machine}']
own = f'cp{python[0]}{python[1]}'
for tag in tags.cpython_tags(python, [own], platforms):
    print(tag)
for tag in tags.compatible_tags(python, own, platforms):
    print(tag)
";

#[test]
#[ignore = "needs python3 with packaging; .ci/run runs it"]
fn tags_are_those_of_packaging_in_its_order() {
    for python in ["3.9.2", "3.11.2", "3.12.3", "3.13.5", "3.14.0rc1"] {
        for arch in Arch::ALL {
            for glibc in [(2, 4), (2, 5), (2, 17), (2, 36), (2, 41)] {
                let target = Target { glibc, ..target(python, arch) };
                let version = format!("{}.{}", glibc.0, glibc.1);
                let said =
                    tool("python3").args(["-c", TAGS, python, arch.machine(), &version]).text();
                let expect: Vec<&str> = said.lines().collect();
                assert_eq!(target.tags(), expect, "{python} {arch} {version}");
                assert!(expect.len() > 25);
            }
        }
    }
}

const NAMES: &str = "
import sys
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
for line in sys.stdin.read().removesuffix('\\n').split('\\n'):
    try:
        name, version, build, tags = parse_wheel_filename(line)
    except InvalidWheelFilename:
        print('error')
        continue
    print(name, version, *build, *sorted({str(tag) for tag in tags}))
";

fn shown(name: &str) -> String {
    let Ok(wheel) = WheelName::parse(name) else { return "error".to_owned() };
    let mut words = vec![wheel.project.to_string(), wheel.version.to_string()];
    if let Some((number, text)) = &wheel.build {
        words.extend([number.to_string(), text.clone()]);
    }
    let tags: std::collections::BTreeSet<String> = wheel.tags().collect();
    words.extend(tags);
    words.join(" ")
}

#[test]
#[ignore = "needs python3 with packaging; .ci/run runs it"]
fn file_names_are_read_as_packaging_does() {
    let heads = [
        "a-1",
        "A.b_C-1.0rc1",
        "a_b-1!2.0+local.1",
        "a-1.0_1",
        "a__b-1",
        "a--1",
        "-1",
        "a-",
        "a-v1",
        "1-1",
    ];
    let builds = ["", "-1", "-12abc", "-1_2.3", "-x", "-", "-1-1"];
    let tails = [
        "-py3-none-any",
        "-py2.py3-none-any",
        "-PY3-none-Any",
        "-cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64",
        "-cp39.cp310-abi3.none-linux_x86_64",
        "-py3-none",
        "-py3..py2-none-any",
        "-py3-none-",
        "",
    ];
    let mut names = Vec::new();
    for head in heads {
        for build in builds {
            for tail in tails {
                names.push(format!("{head}{build}{tail}.whl"));
            }
        }
    }
    names.extend(
        ["a-1-py3-none-any.WHL", "a-1-py3-none-any", "a-1-py3-none-any.zip"].map(str::to_owned),
    );
    let said = tool("python3").args(["-c", NAMES]).input(names.join("\n").as_bytes()).text();
    let differ: Vec<String> = names
        .iter()
        .zip(said.lines())
        .filter(|(name, expect)| !shown(name).split_whitespace().eq(expect.split_whitespace()))
        .map(|(name, expect)| format!("{name}: packaging {expect}, we {}", shown(name)))
        .collect();
    assert_eq!(said.lines().count(), names.len());
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

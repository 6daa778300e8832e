//! uv as the judge of closures, over the real index.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use constraints::{Constraints, Effective, Overrides, apply};
use fetch::{Http, Settings};
use names::{Arch, PackageName, Place};
use store::Store;
use testkit::tool;
use wheels::{
    Closure, ClosureError, ClosureErrors, Locator, LockedWheel, Request, Root, Target, closure,
};

use crate::world::{index, target};

/// Each service with its newest version in 2025.1, 2025.2, 2026.1 and 2026.2.
const SERVICES: [(&str, [&str; 4]); 7] = [
    ("keystone", ["27.1.0", "28.1.0", "29.1.0", "30.0.0"]),
    ("nova", ["31.3.1", "32.2.1", "33.0.2", "34.0.0"]),
    ("neutron", ["26.0.6", "27.0.4", "28.0.2", "29.0.0"]),
    ("glance", ["30.2.0", "31.1.0", "32.0.0", "33.0.0"]),
    ("cinder", ["26.3.0", "27.0.0", "28.0.0", "29.0.0"]),
    ("openstack-placement", ["13.0.1", "14.0.0", "15.0.0", "16.0.0"]),
    ("horizon", ["25.3.2", "25.5.2", "25.7.3", "27.0.0"]),
];

const RELEASES: [&str; 4] = ["2025.1", "2025.2", "2026.1", "2026.2"];

/// What stands in for pins without a wheel, where there is a version that has it.
const REPLACEMENTS: [&str; 15] = [
    "testresources===2.0.1",
    "yappi===1.7.3",
    "pyperclip===1.11.0",
    "ncclient===0.7.1",
    "django-compressor===4.6.0",
    "rcssmin===1.2.2",
    "rjsmin===1.2.5",
    "xstatic-angular-schema-form===0.8.13.1",
    "xstatic-objectpath===1.2.1.1",
    "xstatic-term-js===0.0.7.1",
    "xstatic-tv4===1.2.7.1",
    "rtslib-fb===2.2.4",
    "zstd===1.5.7.3",
    "ovs===2.17.1.post1",
    "pecan===1.7.0",
];

/// What nova of 2026.2 needs besides: its pins are older than it.
const LATER: [&str; 2] = ["oslo-versionedobjects===3.12.0", "keystoneauth1===5.16.0"];

struct Real {
    http: Http,
    store: Store,
    mirror: String,
    _folder: tempfile::TempDir,
}

impl Real {
    #[expect(clippy::disallowed_methods, reason = "a slow test finds the mirror that it may use")]
    fn new() -> Self {
        let mirror = std::env::var("COOPERAGE_MIRROR_PYPI")
            .expect("COOPERAGE_MIRROR_PYPI must hold the address of a simple index");
        let folder = tempfile::tempdir().unwrap();
        let bases = vec![mirror.clone()];
        Self {
            http: Http::new(Settings::new("0.0.0"), move |_| Ok(bases.clone())),
            store: Store::open(folder.path()).unwrap(),
            mirror,
            _folder: folder,
        }
    }

    /// What uv makes of the same: `name==version` on each line.
    fn uv(&self, roots: &[String], pins: &str, target: &Target) -> BTreeSet<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("constraints.txt");
        fs_err::write(&file, pins).unwrap();
        let environment = &target.environment;
        let platform = format!(
            "{}-manylinux_{}_{}",
            environment.arch().machine(),
            target.glibc.0,
            target.glibc.1
        );
        let text = tool("uv")
            .args(["pip", "compile", "-", "--quiet", "--no-header", "--no-annotate"])
            .args(["--no-config", "--only-binary", ":all:", "--default-index", &self.mirror])
            .args([
                "--python-version",
                environment.python_version(),
                "--python-platform",
                &platform,
            ])
            .arg("-c")
            .arg(&file)
            .env("UV_CACHE_DIR", self.store.root().join("uv"))
            .input(roots.join("\n").as_bytes())
            .text();
        text.lines().filter(|line| line.contains("==")).map(str::to_owned).collect()
    }

    fn ours(
        &self,
        locator: &Locator<'_>,
        roots: &[String],
        own: &PackageName,
        constraints: &Effective,
        target: &Target,
    ) -> Result<Closure, ClosureErrors> {
        let root = |text: &String| Root {
            requirement: text.parse().unwrap(),
            place: Place { file: "service.toml".into(), ..Place::default() },
        };
        let roots: Vec<Root> = roots.iter().map(root).collect();
        let own = BTreeSet::from([own.clone()]);
        let request = Request {
            roots: &roots,
            own: &own,
            constraints,
            target,
            cutoff: None,
            given: &BTreeMap::new(),
            prefer: &[],
        };
        closure(&request, &self.store, locator)
    }
}

fn effective(release: &str, replacements: &str) -> Effective {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("../../releases/{release}/upper-constraints.txt"));
    let constraints = Constraints::parse(&fs_err::read_to_string(&path).unwrap(), &path).unwrap();
    let overrides = Overrides::parse(replacements, Path::new("replacements.txt")).unwrap();
    apply(&constraints, &overrides).effective
}

fn pins(effective: &Effective, own: &PackageName) -> String {
    let others = effective.iter().filter(|entry| entry.pin.name != *own);
    others.map(|entry| format!("{}\n", entry.pin)).collect()
}

fn roots(service: &str, version: &str) -> Vec<String> {
    let added: &[&str] = match service {
        "keystone" => &["PyMySQL", "python-memcached", "pyuwsgi"],
        _ => &[],
    };
    let own = format!("{service}=={version}");
    std::iter::once(own).chain(added.iter().map(|name| (*name).to_owned())).collect()
}

/// The projects without a wheel, where that is all that is wrong.
fn without_wheel(errors: &ClosureErrors) -> Option<BTreeSet<String>> {
    let one = |error: &ClosureError| match error {
        ClosureError::NoWheel { project, .. } => Some(project.to_string()),
        // neutron asks for a later one than the last that has a wheel.
        ClosureError::Conflict { project, .. } if project.as_str() == "ovs" => {
            Some(project.to_string())
        }
        _ => None,
    };
    errors.0.iter().map(one).collect()
}

/// A sample; where COOPERAGE_CI says `full`, of every service in each release for each target.
#[test]
#[ignore = "needs uv and an index (COOPERAGE_MIRROR_PYPI); .ci/full runs it"]
#[expect(clippy::disallowed_methods, reason = "the tier of the tests is in the environment")]
fn closures_are_those_of_uv() {
    let real = Real::new();
    let locator = Locator::new(&real.http, index());
    // Their projects have no wheel for the target in any version that is required.
    let source_only = ["simplegeneric", "libsass", "ovs"];
    let full = std::env::var("COOPERAGE_CI").is_ok_and(|tier| tier == "full");
    let (mut same, mut without, mut different) = (0, 0, Vec::new());
    for (at, release) in RELEASES.into_iter().enumerate() {
        let later: &[&str] = if release == "2026.2" { &LATER } else { &[] };
        let replacements: String = REPLACEMENTS
            .iter()
            .chain(later)
            .map(|pin| format!("# For this comparison.\n{pin}\n"))
            .collect();
        let effective = effective(release, &replacements);
        for (service, versions) in SERVICES {
            // In the sample two releases and one target are enough for the others: what differs,
            // keystone has.
            if !full && service != "keystone" && !matches!(release, "2025.1" | "2026.2") {
                continue;
            }
            let own = PackageName::new(service).unwrap();
            let roots = roots(service, versions[at]);
            let pins = pins(&effective, &own);
            let targets = [
                ("3.13.5", Arch::Amd64),
                ("3.13.5", Arch::Arm64),
                ("3.12.3", Arch::Amd64),
                ("3.11.2", Arch::Amd64),
                ("3.12.3", Arch::Arm64),
                ("3.11.2", Arch::Arm64),
            ];
            let count = match service {
                _ if full => targets.len(),
                "keystone" => 4,
                _ => 1,
            };
            for (python, arch) in targets.into_iter().take(count) {
                let target = Target { glibc: (2, 40), ..target(python, arch) };
                let case = format!("{} on {release} with {python} on {arch}", roots[0]);
                match real.ours(&locator, &roots, &own, &effective, &target) {
                    Ok(closure) => {
                        let ours: BTreeSet<String> = closure
                            .wheels
                            .values()
                            .map(|entry| {
                                format!("{}=={}", entry.wheel.project, entry.wheel.version)
                            })
                            .collect();
                        let theirs = real.uv(&roots, &pins, &target);
                        assert!(ours.len() > 50, "{case}: {ours:?}");
                        if ours == theirs {
                            same += 1;
                            println!("{case}: {} equal", ours.len());
                        } else {
                            let more: Vec<_> = ours.difference(&theirs).collect();
                            let less: Vec<_> = theirs.difference(&ours).collect();
                            different.push(format!("{case}: we have {more:?}, uv has {less:?}"));
                        }
                    }
                    Err(errors) => match without_wheel(&errors) {
                        Some(names) if names.iter().all(|name| source_only.contains(&&**name)) => {
                            without += 1;
                            println!("{case}: source only: {names:?}");
                        }
                        _ => different.push(format!("{case}: {errors}")),
                    },
                }
            }
        }
    }
    println!("{same} closures are equal, {without} are not to be had from wheels");
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
    let least = if full { SERVICES.len() * RELEASES.len() * 3 } else { 24 };
    assert!(same >= least, "only {same} closures were compared");
}

#[test]
#[ignore = "needs an index (COOPERAGE_MIRROR_PYPI); .ci/run runs it"]
fn locked_wheels_are_found_on_the_real_index() {
    let real = Real::new();
    let effective = effective("2025.2", "# For this test.\ntestresources===2.0.1\n");
    let own = PackageName::new("keystone").unwrap();
    let target = target("3.13.5", Arch::Amd64);
    let roots = roots("keystone", "28.1.0");
    let locator = Locator::new(&real.http, index());
    let closure = real.ours(&locator, &roots, &own, &effective, &target).unwrap();
    let wheels: Vec<LockedWheel> =
        closure.wheels.values().map(|entry| entry.wheel.clone()).collect();
    let open: Vec<&str> =
        wheels.iter().filter(|wheel| wheel.open).map(|wheel| wheel.project.as_str()).collect();
    assert_eq!(open, ["certifi", "legacy-cgi", "pyuwsgi", "setuptools"]);
    // A lock is what another machine starts from.
    let text = serde_json::to_string(&wheels).unwrap();
    let host = real.mirror.split('/').nth(2).unwrap();
    assert!(!text.contains(host) && !text.contains("://"), "a lock names no host");
    let locked: Vec<LockedWheel> = serde_json::from_str(&text).unwrap();
    assert_eq!(locked, wheels);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let locator = Locator::new(&real.http, index());
    let mut arrived = 0;
    let blobs = locator.fetch(&store, &locked, &mut |_, _, _| arrived += 1).unwrap();
    assert_eq!((blobs.len(), arrived), (locked.len(), locked.len()));
    for (blob, wheel) in blobs.iter().zip(&locked) {
        assert_eq!((blob.digest, Some(blob.size)), (wheel.sha256, wheel.size));
    }
    // Resolving again, with all of it preferred, moves nothing.
    let again = Request {
        roots: &[Root { requirement: roots[0].parse().unwrap(), place: Place::default() }],
        own: &BTreeSet::from([own]),
        constraints: &effective,
        target: &target,
        cutoff: None,
        given: &BTreeMap::new(),
        prefer: &locked,
    };
    let again = wheels::closure(&again, &store, &locator).unwrap();
    assert!(again.wheels.values().all(|entry| wheels.contains(&entry.wheel)));
}

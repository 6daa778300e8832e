//! Container engines read the image, and its documents are those of the OCI image specification.

use std::path::Path;
use std::process::Command;

use crate::bench::{build, cooperage, run, stdout};

/// The schemas of the specification, as Debian packages them.
const SCHEMAS: &str = "/usr/share/gocode/src/github.com/opencontainers/image-spec/schema";

/// Reads a layout from the top and validates each document by the schema of its kind.
const VALIDATE: &str = r#"
import json, os, sys, warnings
warnings.simplefilter("ignore")
import jsonschema
schemas, layout = sys.argv[1:]
count = 0
def anonymous(schema):
    # Their names are addresses that references would be looked up at.
    if isinstance(schema, list):
        return [anonymous(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    named = lambda key, value: key == "id" and isinstance(value, str)
    return {k: anonymous(v) for k, v in schema.items() if not named(k, v)}
store = {}
for file in os.listdir(schemas):
    if file.endswith(".json"):
        name = os.path.join(schemas, file)
        store["file://" + name] = anonymous(json.load(open(name)))
def check(kind, path):
    global count
    name = "file://" + os.path.join(schemas, kind + ".json")
    with open(path) as file: document = json.load(file)
    resolver = jsonschema.RefResolver(name, store[name], store=store)
    jsonschema.Draft4Validator(store[name], resolver=resolver).validate(document)
    count += 1
    return document
def blob(descriptor):
    return os.path.join(layout, "blobs", *descriptor["digest"].split(":"))
def walk(index):
    for entry in index["manifests"]:
        if entry["mediaType"].endswith("index.v1+json"):
            walk(check("image-index-schema", blob(entry)))
        else:
            manifest = check("image-manifest-schema", blob(entry))
            check("config-schema", blob(manifest["config"]))
check("image-layout-schema", os.path.join(layout, "oci-layout"))
walk(check("image-index-schema", os.path.join(layout, "index.json")))
print(count)
# The judge must be able to refuse.
broken = json.load(open(os.path.join(layout, "index.json")))
broken["manifests"][0]["digest"] = "sha256"
with open("broken.json", "w") as file: json.dump(broken, file)
try:
    check("image-index-schema", "broken.json")
except jsonschema.ValidationError:
    print("refused")
"#;

fn validate(layout: &Path, folder: &Path) -> String {
    let mut python = Command::new("python");
    python.current_dir(folder).args(["-c", VALIDATE, SCHEMAS]).arg(layout);
    stdout(&mut python)
}

#[test]
#[ignore = "needs the network, the schemas of image-spec and jsonschema; .ci/run runs it"]
fn documents_are_those_of_the_specification() {
    let folder = tempfile::tempdir().unwrap();
    let one = build("keystone", "2025.2", folder.path());
    assert_eq!(validate(&one, folder.path()), "4\nrefused\n");
    for compression in ["gzip", "zstd"] {
        let out = folder.path().join(compression);
        let both = ["build", "keystone", "2025.2", "--locked", "--arch", "amd64,arm64"];
        run(cooperage().args(both).args(["--compression", compression, "--out"]).arg(&out));
        let layout = out.join("2025.2/keystone/oci");
        assert_eq!(validate(&layout, folder.path()), "7\nrefused\n", "{compression}");
    }
}

/// An engine of the family of podman, with a place of its own for images.
fn engine(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder.parent().unwrap())
        .arg("--root")
        .arg(folder.join("images"))
        .arg("--runroot")
        .arg(folder.join("run"));
    command.args(["--storage-driver", "overlay"]);
    command
}

#[test]
#[ignore = "needs the network, and podman, buildah and runc as root; .ci/run runs it"]
fn podman_runs_the_image_and_buildah_builds_on_it() {
    let folder = tempfile::tempdir().unwrap();
    for compression in ["gzip", "zstd"] {
        let out = folder.path().join(compression);
        let arguments = ["build", "keystone", "2025.2", "--locked", "--compression", compression];
        run(cooperage().args(arguments).arg("--out").arg(&out));
        // Engines make a name of the path, where no letter may be large.
        let image = format!("oci:{compression}/2025.2/keystone/oci");
        let place = folder.path().join(format!("{compression}-images"));

        let podman = || {
            let mut podman = engine("podman", &place);
            podman.args(["--runtime", "runc", "--cgroup-manager", "cgroupfs"]);
            podman
        };
        let pulled = stdout(podman().args(["pull", "--quiet", &image]));
        let limits = ["--ulimit", "nofile=20000:20000", "--ulimit", "nproc=1000:1000"];
        let mut started = podman();
        started.args(["run", "--rm", "--network", "none"]).args(limits).arg(pulled.trim());
        assert_eq!(stdout(started.args(["keystone-manage", "--version"])), "28.1.0\n");
        let user =
            podman().args(["image", "inspect", "--format", "{{.User}}", pulled.trim()]).output();
        assert_eq!(String::from_utf8(user.unwrap().stdout).unwrap().trim(), "42424:42424");

        let container = stdout(engine("buildah", &place).args(["from", &image]));
        let root = stdout(engine("buildah", &place).args(["mount", container.trim()]));
        assert!(Path::new(root.trim()).join("var/lib/openstack/bin/keystone-manage").exists());
        run(engine("buildah", &place).args(["rm", container.trim()]));
        run(podman().args(["system", "reset", "--force"]));
    }
}

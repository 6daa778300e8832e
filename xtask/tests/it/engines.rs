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

/// Engines of the family of podman, with a place of their own for images and for what they note of containers.
struct Engines<'a> {
    folder: &'a Path,
}

impl Engines<'_> {
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.parent().unwrap());
        for (option, name) in [("--root", "images"), ("--runroot", "run")] {
            command.arg(option).arg(self.folder.join(name));
        }
        command.args(["--storage-driver", "overlay"]);
        command
    }

    fn podman(&self, arguments: &[&str]) -> Result<String, String> {
        let mut podman = self.command("podman");
        podman.arg("--tmpdir").arg(self.folder.join("state"));
        podman.args(["--runtime", "runc", "--cgroup-manager", "cgroupfs"]);
        said(podman.args(arguments))
    }

    fn buildah(&self, arguments: &[&str]) -> Result<String, String> {
        said(self.command("buildah").args(arguments))
    }

    /// What they say of an image: the version that its program prints, its user, and whether a container on it has the
    /// program. An error is one of the engines.
    fn answers(&self, image: &str) -> Result<(String, String, bool), String> {
        let pulled = self.podman(&["pull", "--quiet", image])?;
        let mut start = vec!["run", "--rm", "--network", "none"];
        start.extend(["--ulimit", "nofile=20000:20000", "--ulimit", "nproc=1000:1000"]);
        start.extend([&*pulled, "keystone-manage", "--version"]);
        let version = self.podman(&start)?;
        let user = self.podman(&["image", "inspect", "--format", "{{.User}}", &pulled])?;

        let container = self.buildah(&["from", image])?;
        let root = self.buildah(&["mount", &container])?;
        let has_it = Path::new(&root).join("var/lib/openstack/bin/keystone-manage").exists();
        self.buildah(&["rm", &container])?;
        Ok((version, user, has_it))
    }
}

/// What a program prints, without the last line's end; or else what it says as it fails.
fn said(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?} ended with {}\n{why}", output.status))
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
        // On a busy machine podman gives up on containers that it waits for: it is asked again, in a new place. What it
        // says of an image it says once.
        let mut failures = Vec::new();
        let answers = (1..=3).find_map(|attempt| {
            let place = folder.path().join(format!("{compression}-{attempt}"));
            let engines = Engines { folder: &place };
            let answers = engines.answers(&image);
            let cleared = engines.podman(&["system", "reset", "--force"]);
            failures.extend(answers.as_ref().err().cloned().into_iter().chain(cleared.err()));
            answers.ok()
        });
        eprint!("{}", failures.concat());
        let expected = ("28.1.0".to_owned(), "42424:42424".to_owned(), true);
        assert_eq!(answers, Some(expected), "{compression}");
    }
}

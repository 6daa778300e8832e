//! Whole trees: faults of several files at once, and what files say about each other.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use release::Tree;
use tempfile::TempDir;

use crate::shared::{RELEASE, SERVICE, faults, put, small_tree};

#[test]
fn a_small_tree_has_no_fault() {
    let tree = small_tree();
    assert_eq!(faults(tree.path()), "");
    let read = Tree::read(tree.path()).unwrap();
    let release = read.release("2025.2".parse().unwrap()).unwrap();
    assert_eq!(release.constraints.iter().count(), 1);
    let source = &release.provenance.as_ref().unwrap().source;
    assert_eq!(source, "openstack/requirements stable/2025.2");
}

#[test]
fn names_that_are_not_there_are_told_with_those_that_are() {
    let tree = Tree::read(small_tree().path()).unwrap();
    let service = |name: &str| tree.service(&name.parse().unwrap()).unwrap_err().to_string();
    assert_snapshot!(service("keystne"), @"there is no service keystne: did you mean keystone?");
    assert_snapshot!(service("swift"), @"there is no service swift: the tree has keystone");
    assert_snapshot!(tree.release("2024.2".parse().unwrap()).unwrap_err(), @"there is no release 2024.2: the tree has 2025.2");
    assert_snapshot!(tree.release("2029.1".parse().unwrap()).unwrap_err(), @"there is no release 2029.1: the tree has 2025.2");
    assert_snapshot!(Tree::default().service(&"nova".parse().unwrap()).unwrap_err(), @"there is no service nova: the tree has none");
}

#[test]
fn faults_of_all_files_are_told_at_once() {
    let tree = small_tree();
    put(&tree, "releases/2025.2/release.toml", "series = 5\nphyton = \"3\"\n");
    put(&tree, "releases/2025.2/source-refs.yaml", "keystone:\t1\n");
    put(&tree, "releases/2025.2/upper-constraints.txt", "yappi\namqp>=1\n");
    put(&tree, "overrides/2025.2/constraints.txt", "yappi===1\n");
    put(&tree, "services/keystone.toml", "description = 1\n");
    assert_snapshot!(faults(tree.path()), @"
    overrides/2025.2/constraints.txt:1:1: `yappi===1` has no reason
      hint: say why in a comment, directly above it or behind it
    releases/2025.2/release.toml:1:10: `series`: invalid type: integer `5`, expected a string
      hint: docs/formats/release.md has the type of every key
    releases/2025.2/release.toml:2:1: unknown key `phyton`
      hint: did you mean `python`?
    releases/2025.2/source-refs.yaml:1:10: a tab, which YAML does not take as space
      hint: write spaces
    releases/2025.2/upper-constraints.txt:1:1: yappi has no version
      hint: pin one version: yappi===1.2.3
    releases/2025.2/upper-constraints.txt:2:5: `>=` leaves the version of amqp open
      hint: pin one version: amqp===1.2.3
    services/keystone.toml:1:15: `description`: invalid type: integer `1`, expected a string
      hint: docs/formats/service.md has the type of every key
    ");
}

#[test]
fn meta_packages_bring_in_what_has_packages() {
    let tree = small_tree();
    let meta = "[meta-package]\nmaintainer = \"Jane Doe <jane@example.org>\"\n\
                services = [\"keystne\", \"keystone\"]\n";
    put(&tree, "releases/2025.2/release.toml", &format!("{RELEASE}{meta}"));
    assert_snapshot!(faults(tree.path()), @"
    releases/2025.2/release.toml:5:13: there is no service keystne
      hint: did you mean keystone?
    releases/2025.2/release.toml:5:24: keystone has no packages that could be brought in
      hint: add [package] to services/keystone.toml, or take keystone out
    ");
}

#[test]
fn packages_of_a_tree_have_names_of_their_own() {
    let tree = small_tree();
    let package = "\n[package]\nname = \"openstack\"\nmaintainer = \"Jane Doe <jane@example.org>\"\n\
                   license = \"Apache-2.0\"\ncopyright = \"nobody\"\n";
    let keystone = format!("{SERVICE}{package}");
    put(&tree, "services/keystone.toml", &keystone);
    let nova = keystone.replace("keystone", "nova").replace("42424", "42436");
    put(&tree, "services/nova.toml", &nova.replace("\"openstack\"", "\"openstack-{{ service }}\""));
    assert_snapshot!(faults(tree.path()), @"");
    put(&tree, "services/nova.toml", &nova);
    let meta =
        "[meta-package]\nname = \"openstack\"\nmaintainer = \"Jane Doe <jane@example.org>\"\n";
    put(&tree, "releases/2025.2/release.toml", &format!("{RELEASE}{meta}"));
    assert_snapshot!(faults(tree.path()), @"
    releases/2025.2/release.toml: the meta package is called openstack, as a package of keystone is
      hint: write another `name` into [meta-package]
    services/nova.toml:5:7: a package of keystone is called openstack already
      hint: see services/keystone.toml:5:7; call this one otherwise
    ");
}

#[test]
fn a_recipe_is_not_called_what_stands_for_others() {
    let tree = small_tree();
    for name in [release::ALL, release::META] {
        put(&tree, &format!("services/{name}.toml"), SERVICE);
    }
    let faults = faults(tree.path());
    assert!(faults.contains("services/all.toml: `all` stands for every service"), "{faults}");
    assert!(faults.contains("services/meta.toml: `meta` stands for the meta package"), "{faults}");
}

#[test]
fn a_release_needs_its_three_files() {
    let tree = small_tree();
    for name in ["release.toml", "source-refs.yaml", "upper-constraints.txt"] {
        fs::remove_file(tree.path().join("releases/2025.2").join(name)).unwrap();
    }
    assert_snapshot!(faults(tree.path()), @"
    releases/2025.2/release.toml: the file is missing
      hint: a release has a release.toml, a source-refs.yaml and an upper-constraints.txt: docs/formats explains each
    releases/2025.2/source-refs.yaml: the file is missing
      hint: a release has a release.toml, a source-refs.yaml and an upper-constraints.txt: docs/formats explains each
    releases/2025.2/upper-constraints.txt: the file is missing
      hint: a release has a release.toml, a source-refs.yaml and an upper-constraints.txt: docs/formats explains each
    ");
}

#[test]
fn overrides_are_held_against_the_pins() {
    let tree = small_tree();
    let text = "# why\n-yapi\n# why\nyapppi===1\n# why\nyappi===1.6.10\n";
    put(&tree, "overrides/2025.2/constraints.txt", text);
    assert_snapshot!(faults(tree.path()), @"
    overrides/2025.2/constraints.txt:2:1: no constraint pins yapi
      hint: did you mean `-yappi`?
    overrides/2025.2/constraints.txt:4:1: no constraint pins yapppi, but one pins yappi
      hint: write yappi, or +yapppi if a new name is meant
    ");
}

#[test]
fn an_override_that_changes_nothing_is_a_remark_alone() {
    let tree = small_tree();
    put(&tree, "overrides/2025.2/constraints.txt", "# why\nyappi===1.6.10\n");
    assert_snapshot!(faults(tree.path()), @"
    overrides/2025.2/constraints.txt:2:1: the override of yappi changes nothing
      hint: delete the line: the constraints say the same
    ");
    assert_eq!(Tree::read(tree.path()).unwrap().remarks.len(), 1);
}

#[test]
fn services_do_not_share_accounts() {
    let tree = small_tree();
    put(&tree, "services/nova.toml", SERVICE);
    put(&tree, "services/glance.toml", &SERVICE.replace("\"keystone\"", "\"glance\""));
    assert_snapshot!(faults(tree.path()), @"
    services/keystone.toml:5:7: the gid 42424 belongs to glance already
      hint: see services/glance.toml:5:7; give each service its own
    services/keystone.toml:5:7: the uid 42424 belongs to glance already
      hint: see services/glance.toml:5:7; give each service its own
    services/nova.toml:5:7: the gid 42424 belongs to glance already
      hint: see services/glance.toml:5:7; give each service its own
    services/nova.toml:5:7: the group keystone belongs to keystone already
      hint: see services/keystone.toml:5:7; give each service its own
    services/nova.toml:5:7: the uid 42424 belongs to glance already
      hint: see services/glance.toml:5:7; give each service its own
    services/nova.toml:5:7: the user keystone belongs to keystone already
      hint: see services/keystone.toml:5:7; give each service its own
    ");
}

#[test]
fn a_folder_that_is_no_tree_is_told() {
    let empty = TempDir::new().unwrap();
    assert_snapshot!(faults(empty.path()), @"
    ROOT: there is no release in it
      hint: name a folder that has releases/2025.2/release.toml, or the like
    ");
    assert_snapshot!(names::render_faults(&release::check(Path::new("/nowhere"))), @"
    /nowhere: it cannot be read: entity not found
      hint: name the folder of a release tree
    ");
}

#[test]
fn several_files_of_overrides_count_in_their_order() {
    let tree = small_tree();
    put(&tree, "overrides/2025.2/constraints-b.txt", "yappi>=2,<3  # third\n");
    put(&tree, "overrides/2025.2/constraints-a.txt", "# second\nyappi===1.8\n");
    put(&tree, "overrides/2025.2/constraints.txt", "# first\nyappi===1.7\n");
    put(&tree, "overrides/2025.2/build-constraints.txt", "setuptools<81 # pkg_resources\n");
    put(
        &tree,
        "releases/2025.2/release.toml",
        "series = \"flamingo\"\npython = \">=3.10\"\nbuild-constraints = [\"setuptools<82\", \"pbr>6\"]\n",
    );
    assert_eq!(faults(tree.path()), "");
    let read = Tree::read(tree.path()).unwrap();
    let release = read.release("2025.2".parse().unwrap()).unwrap();
    let name = names::PackageName::new("yappi").unwrap();
    assert_eq!(release.constraints.all(&name), []);
    assert_eq!(release.constraints.bounds(&name)[0].requirement.text, "yappi>=2,<3");
    let replaced = release.constraints.replaced(&name).iter().map(|entry| entry.pin.to_string());
    assert_eq!(replaced.collect::<Vec<_>>(), ["yappi===1.6.10", "yappi===1.7", "yappi===1.8"]);
    let build: Vec<&str> =
        release.file.build_constraints.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(build, ["pbr>6", "setuptools<81"]);
}

#[test]
fn files_of_packages_select_for_a_target() {
    let tree = small_tree();
    let tables = "\n[python]\npackages = [\"pymysql\"]\n\n[system-packages]\ndebian = [\"xmlsec1\"]\n\n[bindep]\n\
                  files = [\"services/keystone.bindep.txt\", \"services/site.txt\"]\n\
                  profiles = [\"ldap\"]\nbuild-profiles = [\"compile\"]\n\n[pydep]\n\
                  files = [\"services/pydep.txt\"]\n";
    let recipe = SERVICE.replace("\n[user]", &format!("{tables}\n[user]"));
    put(&tree, "services/keystone.toml", &recipe);
    put(
        &tree,
        "services/keystone.bindep.txt",
        "gcc [compile]\nlibldap2 [platform:dpkg (keystone ldap)]\nopenldap [platform:rpm ldap]\n\
         libx [2025.2 !arm64]\n",
    );
    put(&tree, "services/site.txt", "curl\nxmlsec1\nlibpq-dev [compile platform:debian-trixie]\n");
    put(&tree, "services/pydep.txt", "uwsgi >=2.0\npymysql\nzake [test]\npython-ldap [default]\n");
    assert_eq!(faults(tree.path()), "");
    let read = Tree::read(tree.path()).unwrap();
    let service = read.service(&"keystone".parse().unwrap()).unwrap();
    let (debian, rocky) = ("debian-trixie".parse().unwrap(), "rocky-9".parse().unwrap());
    let release = "2025.2".parse().unwrap();
    let target = |distro, arch| release::Target { distro, release, arch };
    let amd64 = target(&debian, names::Arch::Amd64);
    let joined =
        |names: std::collections::BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(joined(service.packages(amd64, None).unwrap()), "curl libldap2 libx xmlsec1");
    let arm64 = target(&debian, names::Arch::Arm64);
    assert_eq!(joined(service.packages(arm64, None).unwrap()), "curl libldap2 xmlsec1");
    let other = target(&rocky, names::Arch::Amd64);
    assert_eq!(joined(service.packages(other, None).unwrap()), "curl libx openldap xmlsec1");
    assert_eq!(joined(service.build_packages(amd64).unwrap()), "curl gcc libpq-dev libx xmlsec1");
    let requirements = service.requirements(amd64).unwrap();
    let texts: Vec<&str> = requirements.iter().map(|(one, _)| one.text.as_str()).collect();
    assert_eq!(texts, ["pymysql", "uwsgi>=2.0", "python-ldap"]);
    assert_eq!(requirements[1].1.to_string(), "services/pydep.txt:1:1");
}

#[test]
fn faults_of_files_of_packages_are_told() {
    let tree = small_tree();
    let tables = "\n[bindep]\nfiles = [\"services/none.txt\", \"../x\", \"services/a.txt\"]\nprofiles = [\"A\"]\n\
                  [pydep]\nfiles = [\"services/py.txt\"]\n";
    put(&tree, "services/keystone.toml", &format!("{SERVICE}{tables}"));
    assert_snapshot!(faults(tree.path()), @r#"
    services/keystone.toml:10:31: `../x` is not a file of packages
      hint: name a text file beside the recipe: "services/keystone.bindep.txt"
    services/keystone.toml:11:13: `A` is not a profile
      hint: a profile has lower-case letters, digits, `-` and `.`; that of the platform follows from the distribution
    "#);
    let tables = tables.replace(", \"../x\"", "").replace("\"A\"", "\"a\"");
    put(&tree, "services/keystone.toml", &format!("{SERVICE}{tables}"));
    put(&tree, "services/a.txt", "git [Test]\n");
    put(&tree, "services/py.txt", "g++\nuwsgi >=2.0-1\n");
    assert_snapshot!(faults(tree.path()), @"
    services/a.txt:1:6: expected a profile or `]`, found `T`
      hint: a profile has lower-case letters, digits, `:`, `-` and `.`, with spaces between two
    services/keystone.toml:10:10: there is no services/none.txt
      hint: add the file, or take it out of the recipe
    services/py.txt:1:1: `g++` is not the name of a Python project
      hint: a pydep file lists Python projects
    ");
    put(&tree, "services/keystone.toml", SERVICE);
    assert_snapshot!(faults(tree.path()), @"
    services/a.txt: no recipe names it
      hint: name it under [bindep] or [pydep] of a recipe, or remove it
    services/py.txt: no recipe names it
      hint: name it under [bindep] or [pydep] of a recipe, or remove it
    ");
}

//! Recipes: what is read, and what is refused.

use std::path::Path;

use insta::{assert_debug_snapshot, assert_snapshot};
use names::{Fault, render_faults};
use release::{Bytecode, DebugSymbols, Service, Sources};

use crate::shared::SERVICE;

fn parse(text: &str) -> Result<Service, Vec<Fault>> {
    Service::parse(&"keystone".parse().unwrap(), text, Path::new("services/keystone.toml"))
}

/// The faults of a recipe that is good but for what `text` adds.
fn faults(text: &str) -> String {
    faults_of(&format!("{SERVICE}\n{text}"))
}

fn faults_of(text: &str) -> String {
    match parse(text) {
        Ok(service) => panic!("no fault in {service:?}"),
        Err(faults) => render_faults(&faults),
    }
}

#[test]
fn a_short_recipe_takes_the_defaults() {
    let service = parse(SERVICE).unwrap();
    assert_eq!(service.project.as_str(), "keystone");
    assert_eq!(service.user.group, "keystone");
    assert_eq!(service.user.shell, "/usr/sbin/nologin");
    assert_eq!(service.place.to_string(), "services/keystone.toml:5:7");
    assert_debug_snapshot!((service.python, service.wsgi, service.image, service.files), @"
    (
        Python {
            extras: {},
            packages: [],
        },
        {},
        Image {
            command: [],
            environment: {},
            ports: {},
            labels: {},
        },
        [],
    )
    ");
}

#[test]
fn packages_of_a_distro_are_those_of_its_family_and_its_own() {
    let text = format!(
        "{SERVICE}\n[system-packages]\ndebian = [\"b\", \"xmlsec1\"]\ndebian-trixie = [\"aa\"]\n\
         debian-tri = [\"never\"]\nubuntu = [\"other\"]\n"
    )
    .replace("\"b\", ", "");
    let packages = parse(&text).unwrap().system_packages;
    let of = |distro: &str| packages.of(&distro.parse().unwrap()).into_iter().collect::<Vec<_>>();
    assert_eq!(of("debian-trixie"), ["aa", "xmlsec1"]);
    assert_eq!(of("debian"), ["xmlsec1"]);
    assert_eq!(of("debian-bookworm"), ["xmlsec1"]);
    assert_eq!(of("ubuntu-noble"), ["other"]);
    assert!(of("centos-10").is_empty());
}

#[test]
fn required_keys_must_be_there() {
    assert_snapshot!(faults_of(""), @r#"
    services/keystone.toml: the key `description` is missing
      hint: add description = "OpenStack Identity"
    services/keystone.toml: the key `user` is missing
      hint: add a table [user] with name, uid, gid and home
    "#);
    assert_snapshot!(faults_of("description = \"x\"\n[user]\nname = \"a\"\n"), @r#"
    services/keystone.toml:2:1: the key `gid` is missing
      hint: add gid = 42424, or another free number
    services/keystone.toml:2:1: the key `home` is missing
      hint: add home = "/var/lib/keystone"
    services/keystone.toml:2:1: the key `uid` is missing
      hint: add uid = 42424, or another free number
    "#);
}

#[test]
fn unknown_keys_are_told_with_the_nearest_one_in_every_table() {
    let text = "descripton = \"x\"\n\n[user]\nname = \"keystone\"\nuid = 42424\ngid = 42424\n\
                hom = \"/x\"\nhome = \"/var/lib/keystone\"\n\n[imge]\n\n[[directory]]\n\
                path = \"/etc/keystone\"\nmod = \"0750\"\nowner = \"root:root\"\n\n[image]\nport = [5000]\n\
                [python]\npackges = []\n";
    assert_snapshot!(faults_of(text), @"
    services/keystone.toml:1:1: unknown key `descripton`
      hint: did you mean `description`?
    services/keystone.toml:7:1: unknown key `hom`
      hint: did you mean `home`?
    services/keystone.toml:10:2: unknown key `imge`
      hint: did you mean `image`?
    services/keystone.toml:14:1: unknown key `mod`
      hint: did you mean `mode`?
    services/keystone.toml:18:1: unknown key `port`
      hint: did you mean `ports`?
    services/keystone.toml:20:1: unknown key `packges`
      hint: did you mean `packages`?
    ");
}

#[test]
fn values_of_other_types_are_told_all_at_once() {
    let text = "description = 1\nproject = \"-\"\n\n[user]\nname = \"keystone\"\nuid = \"x\"\n\
                gid = -1\nhome = \"/x\"\n\n[image]\nports = [5000, 70000]\n[system-packages]\n\
                Debian = [\"x\"]\n";
    assert_snapshot!(faults_of(text), @r#"
    services/keystone.toml:1:15: `description`: invalid type: integer `1`, expected a string
      hint: docs/formats/service.md has the type of every key
    services/keystone.toml:2:11: `project`: `-` is not a Python project name: letters, digits, `-`, `_` and `.`, with a letter or digit at both ends, such as oslo.db
      hint: docs/formats/service.md has the type of every key
    services/keystone.toml:6:7: `uid`: invalid type: string "x", expected a whole number
      hint: docs/formats/service.md has the type of every key
    services/keystone.toml:7:7: `gid`: invalid value: integer `-1`, expected a whole number
      hint: docs/formats/service.md has the type of every key
    services/keystone.toml:11:16: `ports`: invalid value: integer `70000`, expected a whole number up to 65535
      hint: docs/formats/service.md has the type of every key
    services/keystone.toml:13:1: `Debian`: `Debian` is not a distro: lower-case letters, digits and single `-`, a letter first, such as debian-trixie
      hint: docs/formats/service.md has the type of every key
    "#);
}

#[test]
fn accounts_are_checked() {
    let text = "description = \"x\"\n[user]\nname = \"Key stone\"\ngroup = \"root\"\nuid = 0\n\
                gid = 65534\nhome = \"var/lib\"\nshell = \"/bin/../sh\"\ngecos = \"a:b\"\n";
    assert_snapshot!(faults_of(text), @"
    services/keystone.toml:3:8: `Key stone` is not the name of a service account
      hint: use lower-case letters, digits, `_` and `-`, a letter first, at most 31
    services/keystone.toml:4:9: `root` is not the name of a service account
      hint: use lower-case letters, digits, `_` and `-`, a letter first, at most 31
    services/keystone.toml:5:7: the uid 0 belongs to the system
      hint: take one from 1000 to 59999, such as 42424
    services/keystone.toml:6:7: the gid 65534 belongs to the system
      hint: take one from 1000 to 59999, such as 42424
    services/keystone.toml:7:8: `var/lib` is not an absolute path
      hint: start with `/`, without `.`, `..`, double slashes and a slash at the end
    services/keystone.toml:8:9: `/bin/../sh` is not an absolute path
      hint: start with `/`, without `.`, `..`, double slashes and a slash at the end
    services/keystone.toml:9:9: `gecos` has a colon or a control character
      hint: /etc/passwd separates its fields by colons
    ");
}

#[test]
fn paths_modes_and_owners_are_checked() {
    let text = "\
[[directory]]
path = \"/etc/keystone/\"
mode = \"0855\"
owner = \"keystone\"

[[directory]]
path = \"/etc/keystone\"
mode = \"750\"
owner = \"keystone:nova\"

[[file]]
path = \"/etc/../passwd\"
mode = \"rw-r--r--\"
owner = \"root:root\"
content = \"\"

[[file]]
path = \"/etc/x\"
mode = \"0644\"
owner = \"root:keystone\"
content = \"\"

[[file]]
path = \"/etc/x\"
mode = \"0644\"
owner = \"root:keystone\"
content = \"\"
";
    assert_snapshot!(faults(text), @r#"
    services/keystone.toml:10:8: `/etc/keystone/` is not an absolute path
      hint: start with `/`, without `.`, `..`, double slashes and a slash at the end
    services/keystone.toml:11:8: `0855` is not a mode
      hint: write four octal digits, such as "0640"
    services/keystone.toml:12:9: `keystone` is not an owner
      hint: write user:group, each of them root or the service's: keystone:keystone
    services/keystone.toml:17:9: `keystone:nova` is not an owner
      hint: write user:group, each of them root or the service's: keystone:keystone
    services/keystone.toml:20:8: `/etc/../passwd` is not an absolute path
      hint: start with `/`, without `.`, `..`, double slashes and a slash at the end
    services/keystone.toml:21:8: `rw-r--r--` is not a mode
      hint: write four octal digits, such as "0640"
    services/keystone.toml:32:8: /etc/x is there twice
      hint: remove one of the two
    "#);
}

#[test]
fn packages_and_applications_are_checked() {
    let text = "\
[python]
packages = [\"pymysql\", \"py mysql\", \"x @ file:///x\"]

[system-packages]
debian = [\"xmlsec1\", \"libldap2 (>= 2)\", \"xmlsec1\"]

[wsgi]
api = \"keystone.wsgi.api\"
\"a b\" = \"a:b\"
";
    assert_snapshot!(faults(text), @"
    services/keystone.toml:10:24: `py mysql` is not a requirement: expected a comma, a semicolon or the end, found `mysql`, at byte 3
      hint: requirements look like pymysql, oslo.db[mysql] or setuptools<82
    services/keystone.toml:10:36: x is taken from an address
      hint: name a version of the Python index
    services/keystone.toml:13:22: `libldap2 (>= 2)` is not the name of a package
      hint: name a package of the distribution, without a version: libldap2
    services/keystone.toml:13:41: xmlsec1 is there twice
      hint: remove one of the two
    services/keystone.toml:16:7: `keystone.wsgi.api` is not a WSGI application
      hint: write module:callable, such as keystone.wsgi.api:application
    services/keystone.toml:17:9: a WSGI application has an empty name, or one with spaces
      hint: name it after what it serves, such as api
    ");
}

#[test]
fn the_image_is_checked() {
    let text = "\
[image]
command = [\"\"]
ports = [5000, 5000, 0]

[image.environment]
\"1X\" = \"y\"
X = \"a\\u0000b\"

[image.labels]
\"org.opencontainers.image.version\" = \"1\"
\"a b\" = \"c\"
";
    assert_snapshot!(faults(text), @r#"
    services/keystone.toml:10:12: the command is empty
      hint: name a program first
    services/keystone.toml:11:16: the port 5000 is 0 or there twice
      hint: list each TCP port once
    services/keystone.toml:11:22: the port 0 is 0 or there twice
      hint: list each TCP port once
    services/keystone.toml:14:8: `1X` is not an environment variable
      hint: use ASCII letters, digits and `_`
    services/keystone.toml:15:5: X holds a NUL character
      hint: remove it
    services/keystone.toml:18:38: the label org.opencontainers.image.version is computed
      hint: leave it out
    services/keystone.toml:19:9: a label has an empty name, or one with spaces
      hint: write it like "org.opencontainers.image.licenses", in quotes
    "#);
}

#[test]
fn packages_have_names_and_places_by_template() {
    let text = format!(
        "{SERVICE}\n[package]\nmaintainer = \"Jane Doe <jane@example.org>\"\nlicense = \"MIT\"\n\
         copyright = \"2012 A\"\nprefix = \"/srv/{{{{service}}}}/{{{{ version }}}}-{{{{ release }}}}\"\n"
    );
    let package = parse(&text).unwrap().package.unwrap();
    let names = release::Names { service: "nova", version: "32.0.0", release: "2025.2" };
    assert_eq!(package.name.render(names), "openstack-nova");
    assert_eq!(package.prefix.render(names), "/srv/nova/32.0.0-2025.2");
    assert_eq!(package.current.render(names), "/opt/openstack/current/nova");
    assert_eq!((package.section.as_str(), package.units.len()), ("net", 0));
}

#[test]
fn faults_of_packages_are_told() {
    let good = "maintainer = \"J <j@example.org>\"\nlicense = \"MIT\"\ncopyright = \"A\"\n";
    assert_snapshot!(faults(&format!(
        "[package]\n{good}name = \"{{{{ servise }}}}\"\nprefix = \"opt/x\"\ncurrent = \"/a{{{{ version\"\n\
         commands = [\"../x\"]\n[[package.unit]]\nname = \"a b\"\ncommand = []\n\
         [package.unit.settings]\n\"Private Tmp\" = \"no\"\n"
    )), @r#"
    services/keystone.toml:13:8: `servise` stands for nothing
      hint: did you mean {{ service }}?
    services/keystone.toml:14:10: `opt/x` is not right
      hint: a path is absolute and has no blanks, quotes, colons, `%`, `$` and backslashes
    services/keystone.toml:15:11: `{{` is not closed by `}}`
      hint: write it as {{ release }}
    services/keystone.toml:16:13: `../x` is no name for a program or a unit
      hint: use letters, digits, `-`, `_` and `.`
    services/keystone.toml:17:1: the key `command` is missing
      hint: add command = ["uwsgi", "--ini", "/etc/..."]
    services/keystone.toml:17:1: the key `description` is missing
      hint: add description = "OpenStack Identity API"
    services/keystone.toml:18:8: `a b` is no name for a program or a unit
      hint: use letters, digits, `-`, `_` and `.`
    services/keystone.toml:21:17: `Private Tmp` is no setting of [Service]
      hint: systemd.exec(5) has their names
    "#);
    assert_snapshot!(faults("[package]\nmaintainer = \"Jane\"\nname = \"X\"\n"), @r#"
    services/keystone.toml:9:1: the key `copyright` is missing
      hint: add copyright = "2012 OpenStack Foundation"
    services/keystone.toml:9:1: the key `license` is missing
      hint: add license = "Apache-2.0"
    services/keystone.toml:10:14: `Jane` is no maintainer
      hint: write a name and an address: Jane Doe <jane@example.org>
    services/keystone.toml:11:8: `X` is not right
      hint: a package is called like openstack-{{ service }}: lower-case letters, digits and +-., without -dbgsym or -debuginfo at the end
    "#);
}

#[test]
fn sources_go_where_there_is_bytecode() {
    let package =
        "[package]\nmaintainer = \"J <j@example.org>\"\nlicense = \"MIT\"\ncopyright = \"A\"\n";
    let of = |more: &str| parse(&format!("{SERVICE}\n{package}{more}")).unwrap().package.unwrap();
    assert_eq!((of("").bytecode, of("").sources), (Bytecode::None, Sources::Kept));
    assert_eq!(of("bytecode = \"none\"\nsources = \"kept\"").bytecode, Bytecode::None);
    assert_eq!(of("bytecode = \"compiled\"").bytecode, Bytecode::Compiled);
    let removed = of("bytecode = \"compiled\"\nsources = \"removed\"\nkept-sources = [\"**/a\"]");
    assert_eq!((removed.sources, removed.kept_sources.len()), (Sources::Removed, 1));
    assert_snapshot!(faults(&format!("{package}sources = \"removed\"\nkept-sources = [\"../a\"]\n")), @r#"
    services/keystone.toml:9:1: without sources and without bytecode nothing is left to execute
      hint: add bytecode = "compiled"
    services/keystone.toml:14:17: `../a` is not right
      hint: a pattern is a path, absolute or of the virtual environment, in which `*`, `?` and `**` stand for others: /etc/keystone, lib/python*/site-packages/keystone, **/tests
    "#);
    assert_snapshot!(faults(&format!("{package}bytecode = \"compiled\"\nkept-sources = [\"a\"]\n")), @r#"
    services/keystone.toml:14:17: all sources are kept
      hint: add sources = "removed", or leave it out
    "#);
}

#[test]
fn debug_symbols_are_kept_or_apart() {
    let package =
        "[package]\nmaintainer = \"J <j@example.org>\"\nlicense = \"MIT\"\ncopyright = \"A\"\n";
    let of = |more: &str| parse(&format!("{SERVICE}\n{package}{more}")).unwrap().package.unwrap();
    assert_eq!(of("").debug_symbols, DebugSymbols::Kept);
    assert_eq!(of("debug-symbols = \"apart\"").debug_symbols, DebugSymbols::Apart);
    assert_snapshot!(faults(&format!("{package}debug-symbols = \"gone\"\n")), @"
    services/keystone.toml:13:17: `debug-symbols`: unknown variant `gone`, expected `kept` or `apart`
      hint: docs/formats/service.md has the type of every key
    ");
    // The names are for the packages with the symbols of others.
    assert_snapshot!(faults(&format!("{package}name = \"x-dbgsym\"\n")), @"
    services/keystone.toml:13:8: `x-dbgsym` is not right
      hint: a package is called like openstack-{{ service }}: lower-case letters, digits and +-., without -dbgsym or -debuginfo at the end
    ");
}

#[test]
fn parts_of_a_package_are_checked() {
    let good = "maintainer = \"J <j@example.org>\"\nlicense = \"MIT\"\ncopyright = \"A\"\n";
    let text = format!(
        "{SERVICE}\n[package]\n{good}\n[[package.part]]\nname = \"x-{{{{ service }}}}-api\"\n\
         description = \"A\"\nfiles = [\"/usr/lib/systemd\"]\nneeds = [\"openstack-{{{{ service }}}}\", \"x-env\"]\n\
         [[package.part]]\nname = \"x-env\"\ndescription = \"B\"\nfiles = [\"lib/**/*.so\", \"bin\"]\n"
    );
    let package = parse(&text).unwrap().package.unwrap();
    let names = release::Names { service: "nova", version: "32.0.0", release: "2025.2" };
    assert_eq!(package.parts[0].name.render(names), "x-nova-api");
    let both = [release::Need::Main, release::Need::Part(1)];
    assert_eq!(package.needs(0), both.into());
    let matches = |part: usize, index: usize, path: &str| {
        package.parts[part].files[index].render(names, "/srv/x").matches(path)
    };
    assert!(matches(0, 0, "usr/lib/systemd/system/a.service"));
    assert!(matches(1, 0, "srv/x/lib/a/b.so") && !matches(1, 0, "usr/lib/a.so"));
    assert!(matches(1, 1, "srv/x/bin/a") && !matches(1, 1, "usr/bin/a"));

    let part = |name: &str, more: &str| {
        format!("[[package.part]]\nname = \"{name}\"\ndescription = \"A\"\n{more}\n")
    };
    assert_snapshot!(faults(&format!(
        "[package]\n{good}{}{}{}[[package.part]]\n",
        part("openstack-{{ service }}", "files = [\"/etc/../x\", \"lib//x\"]"),
        part("X", "files = [\"/etc\"]\nneed = []"),
        part("yy", "files = []\nneeds = [\"yyy\"]"),
    )), @r#"
    services/keystone.toml:21:1: unknown key `need`
      hint: did you mean `needs`?
    "#);
    assert_snapshot!(faults(&format!(
        "[package]\n{good}{}{}{}[[package.part]]\n",
        part("openstack-{{ service }}", "files = [\"/etc/../x\", \"lib//x\"]"),
        part("X", "files = [\"/etc\"]"),
        part("yy", "files = []\nneeds = [\"yyy\"]"),
    )), @r#"
    services/keystone.toml:13:1: two packages are called openstack-{{ service }}
      hint: rename one
    services/keystone.toml:16:10: `/etc/../x` is not right
      hint: a pattern is a path, absolute or of the virtual environment, in which `*`, `?` and `**` stand for others: /etc/keystone, lib/python*/site-packages/keystone, **/tests
    services/keystone.toml:16:23: `lib//x` is not right
      hint: a pattern is a path, absolute or of the virtual environment, in which `*`, `?` and `**` stand for others: /etc/keystone, lib/python*/site-packages/keystone, **/tests
    services/keystone.toml:18:8: `X` is not right
      hint: a package is called like openstack-{{ service }}: lower-case letters, digits and +-., without -dbgsym or -debuginfo at the end
    services/keystone.toml:21:1: `files` has 0 patterns, not 1 to 100
      hint: add files = ["/etc/keystone"]
    services/keystone.toml:25:10: no package of this recipe is called `yyy`
      hint: did you mean `yy`?
    services/keystone.toml:26:1: `files` has 0 patterns, not 1 to 100
      hint: add files = ["/etc/keystone"]
    services/keystone.toml:26:1: the key `description` is missing
      hint: add description = "Configuration of the OpenStack Identity service"
    services/keystone.toml:26:1: the key `name` is missing
      hint: add name = "openstack-{{ service }}-common"
    "#);
    assert_snapshot!(faults(&format!(
        "[package]\n{good}{}{}",
        part("aa", "files = [\"/etc\"]\nneeds = [\"bb\"]"),
        part("bb", "files = [\"/etc\"]\nneeds = [\"aa\"]"),
    )), @r#"
    services/keystone.toml:13:1: aa needs itself by way of others
      hint: packages need each other in one direction alone
    "#);
}

//! The header of a package: all but its files.

use super::dependency::{CONFIG, Dependency, EQUAL, INTERPRETER, LESS, RPMLIB};
use super::files::{self, File};
use super::header::{Header, Value};
use super::{Mark, Package, RpmError, Script, tag};
use crate::entries::Form;
use crate::{Compression, Options};

/// What is known of the payload when it has been written.
pub(super) struct Payload {
    /// SHA-256 of the compressed bytes, in hexadecimal digits.
    pub(super) sha256: String,
}

/// The header of `package`.
pub(super) fn header(
    package: &Package,
    files: &[File<'_>],
    payload: &Payload,
    options: &Options,
) -> Result<Header, RpmError> {
    let mut header = Header::default();
    header.set(tag::I18N_TABLE, Value::Texts(vec!["C".to_owned()]));
    identity(package, &mut header)?;
    let time = u32::try_from(options.epoch.0).unwrap_or(u32::MAX);
    header.set_number(tag::BUILD_TIME, time);
    files::describe(files, &mut header);
    scripts(package, &mut header);
    changelog(package, &mut header)?;
    relations(package, files, options.compression, &mut header)?;
    header.set_text(tag::PAYLOAD_FORMAT, "cpio");
    let (compressor, level) = match options.compression {
        Compression::Zstd { level } => ("zstd", level.clamp(1, 19)),
        Compression::Xz { level } => ("xz", level.clamp(1, 9)),
        Compression::Gzip { level } => ("gzip", level.clamp(1, 9)),
    };
    header.set_text(tag::PAYLOAD_COMPRESSOR, compressor);
    header.set_text(tag::PAYLOAD_FLAGS, &level.to_string());
    header.set(tag::PAYLOAD_DIGEST, Value::Texts(vec![payload.sha256.clone()]));
    header.set_number(tag::PAYLOAD_DIGEST_ALGORITHM, tag::SHA256);
    Ok(header)
}

/// Refuses metadata that rpm would not take, before anything is written.
pub(super) fn check(package: &Package) -> Result<(), RpmError> {
    let check = |field, value: &str, right: bool, want| {
        let value = value.chars().take(80).collect();
        if right { Ok(()) } else { Err(RpmError::Field { field, value, want }) }
    };
    let word = |text: &str, more: &str| {
        let letter = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
        !text.is_empty() && text.len() <= 200 && text.chars().all(letter)
    };
    let name = &package.name;
    let right = word(name, "-_.+") && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    check("Name", name, right, "letters, digits, `-`, `_`, `.` and `+`, a letter or digit first")?;
    let want = "letters, digits, `.`, `_`, `+`, `~` and `^`";
    check("Version", &package.version, word(&package.version, "._+~^"), want)?;
    check("Release", &package.release, word(&package.release, "._+~^"), want)?;
    let architecture = &package.architecture;
    check(
        "Architecture",
        architecture,
        word(architecture, "_"),
        "a name such as x86_64 or noarch",
    )?;
    let line = |text: &str| !text.trim().is_empty() && !text.contains(char::is_control);
    let want = "one line with something on it";
    check("Summary", &package.summary, line(&package.summary), want)?;
    check("License", &package.license, line(&package.license), want)?;
    for (field, text) in [
        ("URL", &package.url),
        ("Vendor", &package.vendor),
        ("Packager", &package.packager),
        ("Group", &package.group),
        ("Build host", &package.build_host),
        ("Source", &package.source),
    ] {
        let Some(text) = text else { continue };
        check(field, text, line(text), want)?;
    }
    let scripts = &package.scripts;
    for script in [
        &scripts.pre,
        &scripts.post,
        &scripts.preun,
        &scripts.postun,
        &scripts.pretrans,
        &scripts.posttrans,
    ] {
        let Some(Script { interpreter, body }) = script else { continue };
        let program = interpreter == "<lua>"
            || interpreter.starts_with('/') && !interpreter.contains(char::is_whitespace);
        check("Interpreter", interpreter, program, "an absolute path, or <lua>")?;
        check("Scriptlet", body, !body.contains('\0'), "a text without zeros")?;
    }
    check("Description", &package.description, !package.description.contains('\0'), "a text")
}

fn identity(package: &Package, header: &mut Header) -> Result<(), RpmError> {
    check(package)?;
    let source = || {
        let Package { name, version, release, .. } = package;
        format!("{name}-{version}-{release}.src.rpm")
    };
    let or = |text: &Option<String>, other: &str| text.clone().unwrap_or_else(|| other.to_owned());
    for (tag, text) in [
        (tag::NAME, &package.name),
        (tag::VERSION, &package.version),
        (tag::RELEASE, &package.release),
        (tag::LICENSE, &package.license),
        (tag::ARCH, &package.architecture),
        (tag::BUILD_HOST, &or(&package.build_host, "localhost")),
        (tag::SOURCE_RPM, &package.source.clone().unwrap_or_else(source)),
    ] {
        header.set_text(tag, text);
    }
    header.set_text(tag::OS, "linux");
    header.set_text(tag::ENCODING, "utf-8");
    header.set_text(tag::RPM_VERSION, "cooperage");
    let group = or(&package.group, "Unspecified");
    for (tag, text) in [
        (tag::SUMMARY, package.summary.as_str()),
        (tag::DESCRIPTION, package.description.trim_end()),
        (tag::GROUP, &group),
    ] {
        header.set(tag, Value::Translated(text.to_owned()));
    }
    for (tag, text) in [
        (tag::URL, &package.url),
        (tag::VENDOR, &package.vendor),
        (tag::PACKAGER, &package.packager),
    ] {
        if let Some(text) = text {
            header.set_text(tag, text);
        }
    }
    if let Some(epoch) = package.epoch {
        header.set_number(tag::EPOCH, epoch);
    }
    Ok(())
}

/// The scriptlets that there are, with their tags.
fn present(package: &Package) -> impl Iterator<Item = (tag::Script, &Script)> {
    let scripts = &package.scripts;
    [
        (tag::PRE, &scripts.pre),
        (tag::POST, &scripts.post),
        (tag::PREUN, &scripts.preun),
        (tag::POSTUN, &scripts.postun),
        (tag::PRETRANS, &scripts.pretrans),
        (tag::POSTTRANS, &scripts.posttrans),
    ]
    .into_iter()
    .filter_map(|(tags, script)| script.as_ref().map(|script| (tags, script)))
}

fn scripts(package: &Package, header: &mut Header) {
    for (tags, script) in present(package) {
        header.set_text(tags.body, script.body.trim_end());
        header.set_text(tags.interpreter, &script.interpreter);
    }
}

fn changelog(package: &Package, header: &mut Header) -> Result<(), RpmError> {
    let entries = &package.changelog;
    if !entries.is_sorted_by(|newer, older| newer.time >= older.time) {
        return Err(RpmError::ChangelogOrder);
    }
    if entries.is_empty() {
        return Ok(());
    }
    let time = |time: u64| u32::try_from(time).unwrap_or(u32::MAX);
    let times = entries.iter().map(|entry| time(entry.time.0)).collect();
    header.set(tag::CHANGELOG_TIME, Value::Int32(times));
    let clean = |text: &str| text.trim_end().replace('\0', "");
    let names = entries.iter().map(|entry| clean(&entry.author)).collect();
    header.set(tag::CHANGELOG_NAME, Value::Texts(names));
    let texts = entries.iter().map(|entry| clean(&entry.text)).collect();
    header.set(tag::CHANGELOG_TEXT, Value::Texts(texts));
    Ok(())
}

/// A dependency as the header has it; sorts as rpmbuild sorts: by name, then by flags and version.
type Line = (String, u32, String);

fn relations(
    package: &Package,
    files: &[File<'_>],
    compression: Compression,
    header: &mut Header,
) -> Result<(), RpmError> {
    let given = &package.relations;
    let mut all = Vec::new();
    for (tags, dependencies) in [
        (tag::PROVIDES, &given.provides),
        (tag::REQUIRES, &given.requires),
        (tag::CONFLICTS, &given.conflicts),
        (tag::OBSOLETES, &given.obsoletes),
        (tag::RECOMMENDS, &given.recommends),
        (tag::SUGGESTS, &given.suggests),
        (tag::SUPPLEMENTS, &given.supplements),
        (tag::ENHANCES, &given.enhances),
    ] {
        let mut lines: Vec<Line> = Vec::new();
        for dependency in dependencies {
            dependency.check()?;
            let (flags, version) = dependency.encoded();
            lines.push((dependency.name.clone(), flags, version.to_owned()));
        }
        all.push((tags, lines));
    }
    all[0].1.extend(own_provides(package, files));
    all[1].1.extend(own_requires(package, files));
    let features = features(package, &all, files, compression);
    all[1].1.extend(features);
    for (tags, mut lines) in all {
        if lines.is_empty() {
            continue;
        }
        lines.sort();
        lines.dedup();
        let texts = |of: &dyn Fn(&Line) -> String| Value::Texts(lines.iter().map(of).collect());
        header.set(tags.names, texts(&|line| line.0.clone()));
        header.set(tags.flags, Value::Int32(lines.iter().map(|line| line.1).collect()));
        header.set(tags.versions, texts(&|line| line.2.clone()));
    }
    Ok(())
}

fn has_config(files: &[File<'_>]) -> bool {
    files.iter().any(|file| matches!(file.mark, Some(Mark::Config | Mark::ConfigNoReplace)))
}

fn own_provides(package: &Package, files: &[File<'_>]) -> Vec<Line> {
    let (name, evr) = (&package.name, package.evr());
    let mut lines = vec![(name.clone(), EQUAL, evr.clone())];
    let machine = match &*package.architecture {
        "x86_64" => Some("x86-64"),
        "aarch64" => Some("aarch-64"),
        _ => None,
    };
    if let Some(machine) = machine {
        lines.push((format!("{name}({machine})"), EQUAL, evr.clone()));
    }
    if has_config(files) {
        lines.push((format!("config({name})"), EQUAL | CONFIG, evr));
    }
    lines
}

fn own_requires(package: &Package, files: &[File<'_>]) -> Vec<Line> {
    let mut lines: Vec<Line> = present(package)
        .filter(|(_, script)| script.interpreter != "<lua>")
        .map(|(tags, script)| (script.interpreter.clone(), INTERPRETER | tags.flag, String::new()))
        .collect();
    if has_config(files) {
        lines.push((format!("config({})", package.name), EQUAL | CONFIG, package.evr()));
    }
    lines
}

/// The features of rpm that the package uses, with the version that has them (`rpm --showrc`).
fn features(
    package: &Package,
    relations: &[(tag::Relation, Vec<Line>)],
    files: &[File<'_>],
    compression: Compression,
) -> Vec<Line> {
    let linked = |file: &File<'_>| matches!(file.entry.form, Form::File { names: 2.., .. });
    let versions = || {
        let own = [package.version.as_str(), package.release.as_str()];
        let others = relations.iter().flat_map(|(_, lines)| lines).map(|line| line.2.as_str());
        own.into_iter().chain(others)
    };
    let given = &package.relations;
    let rich = [
        &given.requires,
        &given.conflicts,
        &given.recommends,
        &given.suggests,
        &given.supplements,
        &given.enhances,
    ];
    let used = [
        ("CompressedFileNames", "3.0.4-1", true),
        ("FileDigests", "4.6.0-1", true),
        ("PayloadFilesHavePrefix", "4.0-1", true),
        ("PayloadIsXz", "5.2-1", matches!(compression, Compression::Xz { .. })),
        ("PayloadIsZstd", "5.4.18-1", matches!(compression, Compression::Zstd { .. })),
        ("LargeFiles", "4.12.0-1", files::has_large(files)),
        ("PartialHardlinkSets", "4.0.4-1", files.iter().any(linked)),
        ("TildeInVersions", "4.10.0-1", versions().any(|version| version.contains('~'))),
        ("CaretInVersions", "4.15.0-1", versions().any(|version| version.contains('^'))),
        ("RichDependencies", "4.12.0-1", rich.into_iter().flatten().any(Dependency::is_rich)),
        (
            "BuiltinLuaScripts",
            "4.2.2-1",
            present(package).any(|(_, script)| script.interpreter == "<lua>"),
        ),
    ];
    let line = |name: &str, version: &str| {
        (format!("rpmlib({name})"), LESS | EQUAL | RPMLIB, version.to_owned())
    };
    used.into_iter()
        .filter(|(_, _, is_used)| *is_used)
        .map(|(name, version, _)| line(name, version))
        .collect()
}

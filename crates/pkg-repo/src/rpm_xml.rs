//! A package in primary, filelists and other, as createrepo_c(8) writes it.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use pkg_writer::rpm::Header;

use crate::rpm_package::{RpmFile, RpmFileKind, RpmPackage};
use crate::rpm_version::compare_rpm_versions;

/// Relations: element, and the tags of names, flags and versions.
const RELATIONS: [(&str, u32, u32, u32); 8] = [
    ("provides", 1047, 1112, 1113),
    ("requires", 1049, 1048, 1050),
    ("conflicts", 1054, 1053, 1055),
    ("obsoletes", 1090, 1114, 1115),
    ("suggests", 5049, 5051, 5050),
    ("enhances", 5055, 5057, 5056),
    ("recommends", 5046, 5048, 5047),
    ("supplements", 5052, 5054, 5053),
];

/// `RPMSENSE_PREREQ`, `RPMSENSE_SCRIPT_PRE` and `RPMSENSE_SCRIPT_POST`: needed while installing.
const NEEDED_FIRST: u64 = 1 << 6 | 1 << 9 | 1 << 10;
/// The changes that are listed, as createrepo_c does.
const MOST_CHANGES: usize = 10;
const BECAUSE: &str = "a String takes every write";

/// The element of a package in primary.xml, with where its file is served: a path from the root of the repository.
pub(crate) fn primary(rpm: &RpmPackage, href: &str) -> String {
    let main = &rpm.headers.main;
    let text = |tag: u32| escape(&main.text(tag).unwrap_or_default());
    let build = main.number(1006).unwrap_or(0);
    let installed = main.number(5009).or_else(|| main.number(1009)).unwrap_or(0);
    let signature = &rpm.headers.signature;
    let archive = signature.number(271).or_else(|| signature.number(1007));
    let archive = archive.or_else(|| main.number(1046)).unwrap_or(0);
    let mut xml = format!(
        "<package type=\"rpm\">\n  <name>{}</name>\n  <arch>{}</arch>\n  {}\n  \
         <checksum type=\"sha256\" pkgid=\"YES\">{}</checksum>\n  <summary>{}</summary>\n  \
         <description>{}</description>\n  <packager>{}</packager>\n  <url>{}</url>\n  \
         <time file=\"{build}\" build=\"{build}\"/>\n  \
         <size package=\"{}\" installed=\"{installed}\" archive=\"{archive}\"/>\n  \
         <location href=\"{}\"/>\n  <format>\n    <rpm:license>{}</rpm:license>\n    \
         <rpm:vendor>{}</rpm:vendor>\n    <rpm:group>{}</rpm:group>\n    \
         <rpm:buildhost>{}</rpm:buildhost>\n",
        escape(&rpm.name),
        escape(&rpm.architecture),
        version(rpm),
        rpm.sha256.hex(),
        text(1004),
        text(1005),
        text(1015),
        text(1020),
        rpm.size,
        escape(href),
        text(1014),
        text(1011),
        text(1016),
        text(1007),
    );
    write!(
        xml,
        "    <rpm:sourcerpm>{}</rpm:sourcerpm>\n    <rpm:header-range start=\"{}\" end=\"{}\"/>\n",
        text(1044),
        rpm.headers.start,
        rpm.headers.end
    )
    .expect(BECAUSE);
    for relation in RELATIONS {
        let entries = relations(rpm, relation);
        if !entries.is_empty() {
            let element = relation.0;
            let list = entries.concat();
            write!(xml, "    <rpm:{element}>\n{list}    </rpm:{element}>\n").expect(BECAUSE);
        }
    }
    for file in rpm.files.iter().filter(|file| is_primary(&file.path)) {
        writeln!(xml, "    {}", file_element(file)).expect(BECAUSE);
    }
    xml.push_str("  </format>\n</package>\n");
    xml
}

/// The element of a package in filelists.xml.
pub(crate) fn filelists(rpm: &RpmPackage) -> String {
    let mut xml = head(rpm);
    for file in &rpm.files {
        writeln!(xml, "  {}", file_element(file)).expect(BECAUSE);
    }
    xml.push_str("</package>\n");
    xml
}

/// The element of a package in other.xml: its last changes, the oldest first.
pub(crate) fn other(rpm: &RpmPackage) -> String {
    let main = &rpm.headers.main;
    let (times, names, texts) = (main.numbers(1080), main.texts(1081), main.texts(1082));
    let changes: Vec<_> = times.iter().zip(&names).zip(&texts).take(MOST_CHANGES).collect();
    let mut xml = head(rpm);
    for ((time, name), text) in changes.into_iter().rev() {
        let (name, text) = (escape(name), escape(text));
        writeln!(xml, "  <changelog author=\"{name}\" date=\"{time}\">{text}</changelog>")
            .expect(BECAUSE);
    }
    xml.push_str("</package>\n");
    xml
}

fn head(rpm: &RpmPackage) -> String {
    format!(
        "<package pkgid=\"{}\" name=\"{}\" arch=\"{}\">\n  {}\n",
        rpm.sha256.hex(),
        escape(&rpm.name),
        escape(&rpm.architecture),
        version(rpm)
    )
}

fn version(rpm: &RpmPackage) -> String {
    format!(
        "<version epoch=\"{}\" ver=\"{}\" rel=\"{}\"/>",
        rpm.epoch,
        escape(&rpm.version),
        escape(&rpm.release)
    )
}

/// Whether a file is so often required by its path that primary lists it.
fn is_primary(path: &str) -> bool {
    path.starts_with("/etc/") || path == "/usr/lib/sendmail" || path.contains("bin/")
}

fn file_element(file: &RpmFile) -> String {
    let path = escape(&file.path);
    match file.kind {
        RpmFileKind::File => format!("<file>{path}</file>"),
        RpmFileKind::Folder => format!("<file type=\"dir\">{path}</file>"),
        RpmFileKind::Ghost => format!("<file type=\"ghost\">{path}</file>"),
    }
}

/// The entries of a relation. Left out are, as createrepo_c does: what comes twice; requirements of
/// rpm itself, those that the package meets itself, and all versions of libc but the newest, which
/// stands for the others.
fn relations(rpm: &RpmPackage, relation: (&str, u32, u32, u32)) -> Vec<String> {
    let is_requires = relation.0 == "requires";
    let (mut provided, mut files) = (BTreeSet::new(), BTreeSet::new());
    if is_requires {
        provided.extend(triples(&rpm.headers.main, RELATIONS[0]).into_iter().map(plain));
        files.extend(rpm.files.iter().map(|file| file.path.as_str()));
    }
    let mut seen = BTreeSet::new();
    let mut entries = Vec::new();
    let mut libc: Option<(String, usize)> = None;
    for (name, flags, version) in triples(&rpm.headers.main, relation) {
        let first = is_requires && flags & NEEDED_FIRST != 0;
        let own = is_requires
            && (name.starts_with("rpmlib(")
                || provided.contains(&plain((name.clone(), flags, version.clone())))
                || (is_primary(&name) && files.contains(name.as_str())));
        if own || !seen.insert((name.clone(), flags & 14, version.clone(), first)) {
            continue;
        }
        let entry = entry(&name, flags, &version, first);
        if is_requires && name.starts_with("libc.so.6") {
            match &mut libc {
                Some((newest, at)) => {
                    if compare_rpm_versions(&name, newest) == Ordering::Greater {
                        *newest = name;
                        entries[*at] = entry;
                    }
                    continue;
                }
                None => libc = Some((name, entries.len())),
            }
        }
        entries.push(entry);
    }
    entries
}

type Triple = (String, u64, String);

/// Without the flags that do not compare.
fn plain((name, flags, version): Triple) -> Triple {
    (name, flags & 14, version)
}

fn triples(header: &Header, (_, name, flags, version): (&str, u32, u32, u32)) -> Vec<Triple> {
    let (flags, versions) = (header.numbers(flags), header.texts(version));
    let pair = |(index, name): (usize, String)| {
        let version = versions.get(index).cloned().unwrap_or_default();
        (name, flags.get(index).copied().unwrap_or(0), version)
    };
    header.texts(name).into_iter().enumerate().map(pair).collect()
}

fn entry(name: &str, flags: u64, version: &str, first: bool) -> String {
    let mut xml = format!("      <rpm:entry name=\"{}\"", escape(name));
    let compares = match flags & 14 {
        2 => "LT",
        4 => "GT",
        8 => "EQ",
        10 => "LE",
        12 => "GE",
        _ => "",
    };
    if !compares.is_empty() && !version.is_empty() {
        let (epoch, rest) = match version.split_once(':') {
            Some((epoch, rest)) => (epoch, rest),
            None => ("0", version),
        };
        let (version, release) = match rest.rsplit_once('-') {
            Some((version, release)) => (version, Some(release)),
            None => (rest, None),
        };
        write!(
            xml,
            " flags=\"{compares}\" epoch=\"{}\" ver=\"{}\"",
            escape(epoch),
            escape(version)
        )
        .expect(BECAUSE);
        if let Some(release) = release {
            write!(xml, " rel=\"{}\"", escape(release)).expect(BECAUSE);
        }
    }
    if first {
        xml.push_str(" pre=\"1\"");
    }
    xml.push_str("/>\n");
    xml
}

/// Text that is safe in an element and in an attribute. Control characters, which XML does not know,
/// are dropped.
fn escape(text: &str) -> String {
    let plain = |byte: u8| matches!(byte, b' '..=b'~') && !b"&<>\"".contains(&byte);
    if text.bytes().all(plain) {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(letter),
            '\u{fffe}' | '\u{ffff}' => {}
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

//! What stands around the packages of a yum repository: its three indexes, and repomd.xml, which names them
//! (createrepo_c's and libsolv's reading of them is the only specification there is).

use std::fmt::Write as _;

use names::{Digest, Epoch};

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// An index: its name, the element around the packages, and its namespaces.
pub(crate) struct IndexKind {
    pub(crate) name: &'static str,
    element: &'static str,
    namespaces: &'static str,
}

/// The indexes.
pub(crate) const INDEXES: [IndexKind; 3] = [
    IndexKind {
        name: "primary",
        element: "metadata",
        namespaces: "xmlns=\"http://linux.duke.edu/metadata/common\" \
             xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\"",
    },
    IndexKind {
        name: "filelists",
        element: "filelists",
        namespaces: "xmlns=\"http://linux.duke.edu/metadata/filelists\"",
    },
    IndexKind {
        name: "other",
        element: "otherdata",
        namespaces: "xmlns=\"http://linux.duke.edu/metadata/other\"",
    },
];

impl IndexKind {
    /// What comes before so many packages.
    pub(crate) fn head(&self, packages: u64) -> String {
        let Self { element, namespaces, .. } = self;
        format!("{XML}<{element} {namespaces} packages=\"{packages}\">\n")
    }

    /// What comes after them.
    pub(crate) fn foot(&self) -> String {
        format!("</{}>\n", self.element)
    }
}

/// A file that repomd.xml names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamedFile<'a> {
    /// `primary`, `filelists`, `other`, `group`, `updateinfo`.
    pub(crate) kind: &'a str,
    /// Where it is, from the root of the repository.
    pub(crate) path: &'a str,
    pub(crate) sha256: Digest,
    pub(crate) size: u64,
    /// Digest and size before it was compressed, if it was.
    pub(crate) open: Option<(Digest, u64)>,
}

/// The text of repomd.xml.
pub(crate) fn repomd<'a>(date: Epoch, files: impl IntoIterator<Item = NamedFile<'a>>) -> String {
    let because = "a String takes every write";
    let mut text = format!(
        "{XML}<repomd xmlns=\"http://linux.duke.edu/metadata/repo\" \
         xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\">\n  <revision>{}</revision>\n",
        date.0
    );
    for NamedFile { kind, path, sha256, size, open } in files {
        let checksum = |digest: Digest| format!("type=\"sha256\">{}", digest.hex());
        write!(text, "  <data type=\"{kind}\">\n    <checksum {}</checksum>\n", checksum(sha256))
            .expect(because);
        if let Some((digest, _)) = open {
            let checksum = checksum(digest);
            writeln!(text, "    <open-checksum {checksum}</open-checksum>").expect(because);
        }
        write!(
            text,
            "    <location href=\"{path}\"/>\n    <timestamp>{}</timestamp>\n    <size>{size}</size>\n",
            date.0
        )
        .expect(because);
        if let Some((_, size)) = open {
            writeln!(text, "    <open-size>{size}</open-size>").expect(because);
        }
        text.push_str("  </data>\n");
    }
    text.push_str("</repomd>\n");
    text
}

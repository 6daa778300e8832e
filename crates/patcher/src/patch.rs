//! What a patch file says, as data.

/// What a file of a tree is. Git knows these three (and folders and submodules, which no patch
/// holds).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum FileKind {
    /// A file, mode 100644.
    Plain,
    /// A file that is executable, mode 100755.
    Executable,
    /// A symbolic link, mode 120000; its content is where it points.
    Link,
}

impl FileKind {
    /// The mode as Git writes it.
    pub fn mode(self) -> &'static str {
        match self {
            Self::Plain => "100644",
            Self::Executable => "100755",
            Self::Link => "120000",
        }
    }
}

/// A patch file: what [`parse`](crate::parse) makes of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Patch {
    /// The name, for messages.
    pub name: String,
    /// What it does to each file, in the order of the patch.
    pub sections: Vec<Section>,
}

/// What a patch does to one file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Section {
    /// The line of the patch where the section begins, from 1.
    pub line: usize,
    /// The mail of the patch file that it belongs to, from 0. A file may hold several mails, each of
    /// which is applied to the result of the one before.
    pub mail: usize,
    /// The name before.
    pub old: Name,
    /// The name after.
    pub new: Name,
    /// What happens to the file.
    pub action: Action,
    /// What the file has to be before, where the patch says so.
    pub old_kind: Option<FileKind>,
    /// What the file becomes, where the patch says so.
    pub new_kind: Option<FileKind>,
    /// Whether the patch itself has CRLF line ends, headers included: it went through a system that
    /// changed them, and says nothing of the line ends of the file.
    pub carriage_returns: bool,
    /// What happens to the content.
    pub body: Body,
}

/// What happens to a file as a whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// It is there before and after.
    Modify,
    /// It must not be there before.
    Create,
    /// It is not there afterwards.
    Delete,
    /// It gets another name.
    Rename,
    /// It stays, and a copy of it gets another name.
    Copy,
}

/// A name in the head of a section.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Name {
    /// There is no file: `/dev/null`.
    None,
    /// A path in the tree: nothing has to be taken off.
    Path(String),
    /// A name as it is written, of which the first component may have to be taken off (`-p1`).
    Written(String),
}

/// What happens to the content of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Body {
    /// Nothing.
    Same,
    /// Lines change. At least one hunk.
    Text(Vec<Hunk>),
    /// The content is replaced, or rebuilt from the one before.
    Binary(Binary),
}

/// One hunk of a unified diff.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hunk {
    /// The line of the patch that holds its header, from 1.
    pub line: usize,
    /// The header: `@@ -1,3 +1,4 @@ def main():`, shortened.
    pub header: String,
    /// The first line in the file before, from 1; the line above where there are none.
    pub old_start: usize,
    /// How many lines it has before.
    pub old_count: usize,
    /// The first line in the file after, from 1; the line above where there are none.
    pub new_start: usize,
    /// How many lines it has after.
    pub new_count: usize,
    /// Its lines.
    pub lines: Vec<HunkLine>,
}

/// One line of a hunk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HunkLine {
    /// Whether it is in the file before, after or both.
    pub side: Side,
    /// The line with its line end; without one only at the end of a file.
    pub bytes: Vec<u8>,
}

/// Where the line of a hunk belongs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// In the file before and after.
    Both,
    /// In the file before: removed.
    Old,
    /// In the file after: added.
    New,
}

/// A `GIT binary patch`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Binary {
    /// The object id of the content before, in full (40 hexadecimal digits); all zeros for none.
    pub old_id: String,
    /// The object id of the content after.
    pub new_id: String,
    /// How the content after is made.
    pub forward: BinaryData,
    /// How the content before is made from the one after, if the patch says it.
    pub backward: Option<BinaryData>,
    /// The line of the patch where the data begin, from 1.
    pub line: usize,
}

/// How the new content of a binary file is given.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum BinaryData {
    /// The content itself.
    Literal(Vec<u8>),
    /// Git's delta of a pack, to be applied to the content before.
    Delta(Vec<u8>),
}

//! Why a patch does not apply, for the person who has to act.

use std::fmt;

use names::{Fault, Place};

use crate::image::{Image, Pattern};
use crate::reverse::reversed_hunk;
use crate::text::shown;
use crate::{FileKind, Hunk, Side};

/// Why a series could not be applied. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// A patch does not fit the files.
    #[error("{}", conflict(.patch, *.already_applied, .failures))]
    Conflict {
        /// The name of the patch. Those before it in the series do apply.
        patch: String,
        /// Whether the files have all that the patch brings: taking it back would succeed.
        already_applied: bool,
        /// All that is wrong, in the order of the patch; at least one.
        failures: Vec<Failure>,
    },
    /// A file could not be read.
    #[error("{patch}: cannot read {file}")]
    Read {
        /// The name of the patch that wants it.
        patch: String,
        /// The path in the tree.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The series is too long.
    #[error("{count} patches are more than the {most} of one series: put some of them together")]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
}

fn conflict(patch: &str, already_applied: bool, failures: &[Failure]) -> String {
    if already_applied {
        return format!(
            "{patch}: already applied: the files have all that it brings\n  \
             hint: remove the patch, the source contains it"
        );
    }
    failures.iter().map(Failure::to_string).collect::<Vec<_>>().join("\n")
}

/// One reason why a patch does not apply.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// The place in the patch.
    pub place: Place,
    /// The file of the tree.
    pub file: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a file.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// It is not there.
    Missing {
        /// Other names by which it was looked for.
        also: Vec<String>,
    },
    /// It is there, and the patch creates it.
    Exists {
        /// Whether it has the content that the patch gives it.
        same: bool,
    },
    /// A folder is in its place.
    IsFolder,
    /// What should be a folder above it is a symbolic link, and nothing is changed through links.
    ThroughLink {
        /// The path of the link.
        link: String,
    },
    /// What should be a folder above it is a file.
    InFile {
        /// The path of the file.
        file: String,
    },
    /// The patch was made for another kind of file.
    WrongKind {
        /// What is there.
        found: FileKind,
    },
    /// The path leads out of the tree.
    Outside {
        /// What is wrong with the path.
        reason: &'static str,
    },
    /// A hunk does not fit.
    Mismatch(Box<Mismatch>),
    /// The patch deletes the file, but it has more lines than the patch knows.
    LeftOver {
        /// How many.
        lines: usize,
    },
    /// The content of a binary file is another one than that which the patch was made for.
    Content {
        /// Whether it is that which the patch makes.
        applied: bool,
    },
    /// Binary data do not give the content that they announce.
    Damaged,
    /// It would be, or is, larger than what is patched.
    TooLarge,
}

/// A hunk that does not fit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mismatch {
    /// Which hunk of the file, from 1.
    pub hunk: usize,
    /// How many hunks the file has in the patch.
    pub hunks: usize,
    /// The header of the hunk.
    pub header: String,
    /// The line of the file where it should be, from 1.
    pub expected: usize,
    /// The line of the file, from 1, where the lines are that the hunk would make.
    pub applied: Option<usize>,
    /// Where the file comes closest.
    pub nearest: Option<Nearest>,
    /// What else there is to know.
    pub remark: Remark,
}

/// What else there is to know about a hunk that does not fit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Remark {
    /// Nothing.
    None,
    /// The lines of the file end with CRLF, those of the patch with LF, or the other way round.
    LineEnds,
    /// The hunk has no context, by which its place could be found.
    NoContext,
    /// Its lines are in the file, but not at its start or end, where the hunk must be.
    Elsewhere,
}

/// The place of a file that comes closest to a hunk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Nearest {
    /// The line of the file where it begins, from 1.
    pub line: usize,
    /// How many lines are the same there.
    pub equal: usize,
    /// How many lines the hunk wants.
    pub wanted: usize,
    /// The line of the patch that is the first to differ, from 1.
    pub patch_line: usize,
    /// What the patch wants from there on, up to three lines.
    pub patch_text: Vec<String>,
    /// The line of the file that is the first to differ, from 1.
    pub file_line: usize,
    /// What the file has from there on, up to three lines; none at its end.
    pub file_text: Vec<String>,
}

/// How many lines of an excerpt are shown.
const EXCERPT: usize = 3;

impl Mismatch {
    /// Looks at why `hunk`, the one at `index` of `hunks`, does not fit.
    pub(crate) fn new(image: &Image<'_>, hunks: &[Hunk], index: usize) -> Self {
        let hunk = &hunks[index];
        let pattern = Pattern::new(hunk);
        let expected = hunk.new_start.saturating_sub(1);
        let reversed = reversed_hunk(hunk);
        let applied = (!Pattern::new(&reversed).before.is_empty())
            .then(|| image.exact(&Pattern::new(&reversed).before, expected))
            .flatten();
        let nearest = image
            .nearest(&pattern.before, expected)
            .map(|(at, equal)| nearest(image, hunk, &pattern, at, equal));
        let returns = |lines: &mut dyn Iterator<Item = &[u8]>| {
            let (mut all, mut crlf) = (0, 0);
            for line in lines {
                all += 1;
                crlf += usize::from(line.ends_with(b"\r\n"));
            }
            2 * crlf > all
        };
        let in_patch = returns(&mut pattern.before.iter().copied());
        let in_file = returns(&mut (0..image.len()).filter_map(|at| image.line(at)));
        let remark = if in_patch != in_file && !pattern.before.is_empty() && image.len() > 0 {
            Remark::LineEnds
        } else if image.exact(&pattern.before, expected).is_some() {
            Remark::Elsewhere
        } else if !pattern.has_context() && hunks.len() + image.len() > 1 {
            Remark::NoContext
        } else {
            Remark::None
        };
        Self {
            hunk: index + 1,
            hunks: hunks.len(),
            header: hunk.header.clone(),
            expected: expected + 1,
            applied: applied.map(|at| at + 1),
            nearest,
            remark,
        }
    }
}

fn nearest(
    image: &Image<'_>,
    hunk: &Hunk,
    pattern: &Pattern<'_>,
    at: usize,
    equal: usize,
) -> Nearest {
    let wanted = pattern.before.len();
    let differs = |index: &usize| image.line(at + index) != Some(pattern.before[*index]);
    let first = (0..wanted).find(differs).unwrap_or(0);
    let old = hunk.lines.iter().enumerate().filter(|(_, line)| line.side != Side::New);
    // Below the header; a line that says that there is no newline is not counted.
    let index = old.map(|(index, _)| index).nth(first).unwrap_or(0);
    let text = |line: &[u8]| {
        let end = if line.ends_with(b"\n") { "" } else { " (no newline at the end)" };
        shown(line) + end
    };
    Nearest {
        line: at + 1,
        equal,
        wanted,
        patch_line: hunk.line + 1 + index,
        patch_text: pattern.before[first..].iter().take(EXCERPT).map(|line| text(line)).collect(),
        file_line: at + first + 1,
        file_text: (at + first..).map_while(|at| image.line(at)).take(EXCERPT).map(text).collect(),
    }
}

impl Failure {
    /// What is wrong as one fault: a message and what to do about it.
    pub fn fault(&self) -> Fault {
        let file = shown(self.file.as_bytes());
        let (message, hint) = self.reason.spoken(&file);
        Fault { place: self.place.clone(), message, hint }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault().fmt(f)
    }
}

impl Reason {
    fn spoken(&self, file: &str) -> (String, String) {
        let (message, hint) = match self {
            Self::Missing { also } if also.is_empty() => (
                format!("{file} is not there"),
                "the file may have another name in this version of the source".to_owned(),
            ),
            Self::Missing { also } => (
                format!("{file} is not there, and neither is {}", also.join(" nor ")),
                "the patch is not for this source, or starts at another folder".to_owned(),
            ),
            Self::Exists { same: true } => (
                format!("{file} is there already, as the patch would make it"),
                "this part is applied already: take it out of the patch".to_owned(),
            ),
            Self::Exists { same: false } => (
                format!("{file} is there already, and the patch creates it"),
                "make the patch again, against this version of the source".to_owned(),
            ),
            Self::IsFolder => (
                format!("{file} is a folder, and the patch makes it a file"),
                "make the patch again, against this version of the source".to_owned(),
            ),
            Self::ThroughLink { link } => (
                format!("{file} lies behind the symbolic link {link}"),
                "nothing is changed through links: name the file by its own path".to_owned(),
            ),
            Self::InFile { file: above } => (
                format!("{file} cannot be there, since {above} is a file"),
                "make the patch again, against this version of the source".to_owned(),
            ),
            Self::WrongKind { found } => (
                format!("{file} is {}, and the patch is for another kind", kind(*found)),
                "make the patch again, against this version of the source".to_owned(),
            ),
            Self::Outside { reason } => (
                format!("{file} is no path inside the tree: {reason}"),
                "a patch may change files of the tree alone".to_owned(),
            ),
            Self::Mismatch(mismatch) => mismatch.spoken(file),
            Self::LeftOver { lines } => (
                format!("{file} is to be deleted, but has {lines} lines more than the patch knows"),
                "make the patch again, against this version of the source".to_owned(),
            ),
            Self::Content { applied: true } => (
                format!("{file} has the content already that the patch gives it"),
                "this part is applied already: take it out of the patch".to_owned(),
            ),
            Self::Content { applied: false } => (
                format!("{file} is a binary file with another content than the patch was made for"),
                "make the patch again, against this version of the source".to_owned(),
            ),
            Self::Damaged => (
                format!("the binary data for {file} do not give what they announce"),
                "make the patch again; its binary data are damaged".to_owned(),
            ),
            Self::TooLarge => (
                format!("{file} is larger than what is patched"),
                "leave it out of the patch".to_owned(),
            ),
        };
        (message, hint)
    }
}

fn kind(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Plain | FileKind::Executable => "a file",
        FileKind::Link => "a symbolic link",
    }
}

impl Mismatch {
    fn spoken(&self, file: &str) -> (String, String) {
        let mut message = format!("{file}: hunk {} of {} does not apply", self.hunk, self.hunks);
        message += &format!(" at line {}: `{}`", self.expected, self.header);
        match (&self.nearest, self.applied) {
            (_, Some(line)) => {
                message += &format!("\n  line {line} has already what it would make");
            }
            (Some(nearest), None) if self.remark != Remark::Elsewhere => {
                message += &nearest.to_string();
            }
            (None, None) => message += "\n  none of its lines are in the file",
            _ => {}
        }
        let hint = match self.remark {
            _ if self.applied.is_some() => "this part is applied already: take it out of the patch",
            Remark::LineEnds => {
                "the lines of the file and of the patch end in different ways (CRLF and LF): \
                 convert the patch"
            }
            Remark::NoContext => {
                "without context its place cannot be found: make the patch with three lines of it"
            }
            Remark::Elsewhere => {
                "its lines are in the file, but the hunk must be at the start or the end of it: \
                 make the patch again, against this version of the source"
            }
            Remark::None => "make the patch again, against this version of the source",
        };
        (message, hint.to_owned())
    }
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, equal, wanted, .. } = self;
        write!(f, "\n  line {line} comes closest, where {equal} of {wanted} lines are the same:")?;
        for (index, text) in self.patch_text.iter().enumerate() {
            write!(f, "\n    patch wants | {text}")?;
            if index == 0 {
                write!(f, "    (line {} of the patch)", self.patch_line)?;
            }
        }
        if self.file_text.is_empty() {
            write!(f, "\n    file ends here")?;
        }
        for (index, text) in self.file_text.iter().enumerate() {
            write!(f, "\n    file has    | {text}")?;
            if index == 0 {
                write!(f, "    (line {} of the file)", self.file_line)?;
            }
        }
        Ok(())
    }
}

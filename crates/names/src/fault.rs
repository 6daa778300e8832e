//! What is wrong in a file that a user wrote, and where.

use std::fmt;
use std::path::PathBuf;

/// A place in a text file. Lines and columns count from 1, columns in characters; 0 where it is
/// not known.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// The file, relative to the tree where that is possible.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

impl Place {
    /// The place of the byte at `offset` in `text`, which is what `file` holds.
    pub fn of_offset(file: impl Into<PathBuf>, text: &str, offset: usize) -> Self {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self { file: file.into(), line, column: before[start..].chars().count() + 1 }
    }
}

/// `file:line:column`, the form that editors and CI systems turn into a link.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        Ok(())
    }
}

/// One fault in a file that a user wrote. Sorts by place, so that a list of faults reads like the
/// files do.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Fault {
    /// Where it is.
    pub place: Place,
    /// What is wrong: a fragment in lower case that names the subject.
    pub message: String,
    /// What to do about it; empty where there is nothing to add.
    pub hint: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        if !self.hint.is_empty() {
            write!(f, "\n  hint: {}", self.hint)?;
        }
        Ok(())
    }
}

/// Prints faults one below the other, in order of their places.
pub fn render_faults(faults: &[Fault]) -> String {
    let mut sorted: Vec<&Fault> = faults.iter().collect();
    sorted.sort();
    sorted.dedup();
    sorted.iter().map(|fault| fault.to_string()).collect::<Vec<_>>().join("\n")
}

//! Applies series of patches.

use names::Place;

use crate::content::new_content;
use crate::failure::ApplyError;
use crate::limits::{MAX_FAULTS, MAX_PATCHES};
use crate::parse::strip_by_look;
use crate::paths::{Paths, guess_strip, resolve};
use crate::reverse::reversed;
use crate::state::{Blocked, Changes, Mail, State};
use crate::{
    Action, Applied, AppliedPatch, AppliedSection, Body, Failure, File, FileKind, Patch, Reason,
    Section, Source,
};

/// How strictly patches are applied.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Options {
    /// How many lines of context at each end of a hunk may differ. 0, the default: all of it must be as
    /// the patch has it, and hunks are placed by Git's rules. More: they are placed by the rules of
    /// `patch --fuzz`, which takes a hunk without context at its word, and moves a hunk as far as the
    /// one before.
    pub fuzz: usize,
}

/// Applies `series`, each patch to the result of the one before, to the files of `source`. Nothing is
/// written: the result is data, and there is one only if every patch applies in full.
///
/// Hunks are placed by the rules of git-apply(1): all lines of the context have to be the same, at
/// another place than the header says if need be, of several the closest; a hunk that has no context
/// at the end or begins at line 1 stays at the end or at the start of its file. Names lose their
/// first component (`-p1`) or not (`-p0`) by the look of the patch, and where that leaves it open,
/// by what is in the tree.
///
/// # Errors
/// All that is wrong with the first patch that does not apply.
pub fn apply(
    source: &dyn Source,
    series: &[Patch],
    options: &Options,
) -> Result<Applied, ApplyError> {
    if series.len() > MAX_PATCHES {
        return Err(ApplyError::TooMany { count: series.len(), most: MAX_PATCHES });
    }
    let mut state = State::new(source, Changes::new());
    let mut patches = Vec::new();
    for patch in series {
        let before = state.changes.clone();
        let sections = match apply_patch(&mut state, patch, options) {
            Ok(sections) => sections,
            Err(Stop::Read(file, source)) => return Err(read_error(patch, file, source)),
            Err(Stop::Failures(failures)) => {
                let already_applied = takes_back(source, before, patch);
                return Err(ApplyError::Conflict {
                    patch: patch.name.clone(),
                    already_applied,
                    failures,
                });
            }
        };
        patches.push(AppliedPatch { name: patch.name.clone(), sections });
    }
    match state.result() {
        Ok(files) => Ok(Applied { files, patches }),
        Err((file, blocked)) => {
            let patch = series.last().map(|patch| patch.name.clone()).unwrap_or_default();
            let place = Place { file: patch.clone().into(), line: 0, column: 0 };
            Err(match blocked {
                Blocked::Read(file, source) => ApplyError::Read { patch, file, source },
                Blocked::Reason(reason) => ApplyError::Conflict {
                    patch,
                    already_applied: false,
                    failures: vec![Failure { place, file, reason }],
                },
            })
        }
    }
}

pub(crate) fn read_error(patch: &Patch, file: String, source: std::io::Error) -> ApplyError {
    ApplyError::Read { patch: patch.name.clone(), file, source }
}

/// Why a patch was not applied.
pub(crate) enum Stop {
    Failures(Vec<Failure>),
    Read(String, std::io::Error),
}

pub(crate) fn apply_patch(
    state: &mut State<'_>,
    patch: &Patch,
    options: &Options,
) -> Result<Vec<AppliedSection>, Stop> {
    let strip = match strip_by_look(&patch.sections) {
        Some(strip) => strip,
        None => guess_strip(state, patch).map_err(|(file, error)| Stop::Read(file, error))?,
    };
    let (mut applied, mut failures) = (Vec::new(), Vec::new());
    for sections in patch.sections.chunk_by(|one, other| one.mail == other.mail) {
        let mut mail = Mail { before: state.changes.clone(), ..Mail::default() };
        let renames = sections.iter().filter(|section| section.action == Action::Rename);
        mail.vacated = renames.filter_map(|section| resolve(state, section, strip).old).collect();
        for section in sections {
            let paths = resolve(state, section, strip);
            match apply_section(state, &mut mail, section, &paths, options) {
                Ok(section) => applied.push(section),
                Err(Reasons::Read(file, error)) => return Err(Stop::Read(file, error)),
                Err(Reasons::Found(reasons)) => {
                    failures.extend(reasons.into_iter().map(|(line, reason)| Failure {
                        place: Place { file: patch.name.clone().into(), line, column: 0 },
                        file: paths.shown().to_owned(),
                        reason,
                    }));
                }
            }
            if failures.len() >= MAX_FAULTS {
                failures.truncate(MAX_FAULTS);
                return Err(Stop::Failures(failures));
            }
        }
    }
    if failures.is_empty() { Ok(applied) } else { Err(Stop::Failures(failures)) }
}

/// Whether the reverse of `patch` applies, exactly.
pub(crate) fn takes_back(source: &dyn Source, before: Changes, patch: &Patch) -> bool {
    let mut trial = State::new(source, before);
    reversed(patch)
        .is_some_and(|reversed| apply_patch(&mut trial, &reversed, &Options::default()).is_ok())
}

/// What is wrong with a section: lines of the patch with reasons.
pub(crate) enum Reasons {
    Found(Vec<(usize, Reason)>),
    Read(String, std::io::Error),
}

impl Reasons {
    fn of(line: usize) -> impl Fn(Blocked) -> Self {
        move |blocked| match blocked {
            Blocked::Reason(reason) => Self::Found(vec![(line, reason)]),
            Blocked::Read(file, error) => Self::Read(file, error),
        }
    }
}

fn apply_section(
    state: &mut State<'_>,
    mail: &mut Mail,
    section: &Section,
    paths: &Paths,
    options: &Options,
) -> Result<AppliedSection, Reasons> {
    let blocked = Reasons::of(section.line);
    let fail = |reason| Reasons::Found(vec![(section.line, reason)]);
    let moved = matches!(section.action, Action::Rename | Action::Copy);
    let before = match &paths.old {
        None => None,
        Some(old) if moved => state.file_in(&mail.before, old).map_err(&blocked)?,
        Some(old) => state.file(old).map_err(&blocked)?,
    };
    let mut action = section.action;
    // `diff -N` without times: nothing says that the file is new but that it has no lines before.
    if action == Action::Modify && before.is_none() && only_adds(section) {
        action = Action::Create;
    }
    if action != Action::Create && before.is_none() {
        return Err(fail(Reason::Missing { also: paths.also.clone() }));
    }
    let empty = File { bytes: Vec::new(), kind: section.new_kind.unwrap_or(FileKind::Plain) };
    let old = before.as_deref().unwrap_or(&empty);
    if action != Action::Create {
        check_kind(section, old).map_err(fail)?;
    }
    let (bytes, hunks) = new_content(section, old, options).map_err(Reasons::Found)?;
    if action == Action::Delete {
        if !bytes.is_empty() {
            let lines = bytes.split_inclusive(|byte| *byte == b'\n').count();
            return Err(fail(Reason::LeftOver { lines }));
        }
        let path = paths.shown().to_owned();
        state.set(&path, None).map_err(fail)?;
        return Ok(AppliedSection { path, from: None, action, hunks });
    }
    let path = paths.new.clone().unwrap_or_else(|| paths.shown().to_owned());
    let new = File { bytes, kind: section.new_kind.unwrap_or(old.kind) };
    if action != Action::Modify {
        check_free(state, mail, &path, &new).map_err(|stop| match stop {
            Blocked::Reason(reason) => fail(reason),
            Blocked::Read(file, error) => Reasons::Read(file, error),
        })?;
        mail.placed.insert(path.clone());
    }
    if action == Action::Rename
        && let Some(old) = paths.old.as_ref().filter(|old| !mail.placed.contains(*old))
    {
        state.set(old, None).map_err(fail)?;
    }
    state.set(&path, Some(new)).map_err(fail)?;
    let from = paths.old.clone().filter(|_| moved);
    Ok(AppliedSection { path, from, action, hunks })
}

fn only_adds(section: &Section) -> bool {
    match &section.body {
        Body::Text(hunks) => hunks.len() == 1 && hunks.iter().all(|hunk| hunk.old_count == 0),
        Body::Same | Body::Binary(_) => false,
    }
}

/// A patch of a file does not change where a link points, nor the other way round.
fn check_kind(section: &Section, file: &File) -> Result<(), Reason> {
    let is_link = file.kind == FileKind::Link;
    let wanted = section.old_kind.map(|kind| kind == FileKind::Link);
    // A section without modes is for a file, unless Git has only moved what is there.
    let wanted = match section.body {
        Body::Same => wanted.unwrap_or(is_link),
        Body::Text(_) | Body::Binary(_) => wanted.unwrap_or(false),
    };
    if wanted == is_link { Ok(()) } else { Err(Reason::WrongKind { found: file.kind }) }
}

/// Checks that nothing is in the place of a new file.
fn check_free(state: &State<'_>, mail: &Mail, path: &str, new: &File) -> Result<(), Blocked> {
    let leaves = mail.vacated.contains(path) && !mail.placed.contains(path);
    match state.file(path)? {
        Some(there) if !leaves => {
            Err(Blocked::Reason(Reason::Exists { same: there.bytes == new.bytes }))
        }
        Some(_) => Ok(()),
        None if state.is_folder(path)? => Err(Blocked::Reason(Reason::IsFolder)),
        None => Ok(()),
    }
}

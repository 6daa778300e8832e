//! Commits and tags, and the order in which `git log` shows them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use source_refs::CommitId;

/// One commit, as far as versions, ChangeLog and AUTHORS ask for it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Commit {
    /// Its parents, in their order.
    pub parents: Vec<CommitId>,
    /// When it was committed, in seconds since 1970.
    pub time: i64,
    /// Its author: name and address, `Jane Doe <jane@example.org>`.
    pub author: String,
    /// Its message, whole.
    pub message: String,
}

/// A tag of the repository that leads to a commit.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Tag {
    /// Its name: what follows `refs/tags/`.
    pub name: String,
    /// The commit that it leads to in the end.
    pub commit: CommitId,
    /// What an annotated (or signed) tag has of its own; `None` for a lightweight one.
    pub annotation: Option<Annotation>,
}

/// The object of an annotated tag.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Annotation {
    /// The name that stands in the object. Somebody may have filed it under another one.
    pub name: String,
    /// When it was made, in seconds since 1970.
    pub time: i64,
}

/// Where commits are read from.
///
/// An implementation gives the same answer to the same question for as long as it lives.
pub trait Commits {
    /// The commit `id`; `None` where the history was cut off and it is not at hand.
    ///
    /// # Errors
    /// What stands under this name cannot be read, or is no commit.
    fn commit(&self, id: &CommitId) -> Result<Option<Commit>, UnreadableCommit>;
}

/// A commit that cannot be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("commit {commit} cannot be read: {reason}")]
pub struct UnreadableCommit {
    /// Which one.
    pub commit: CommitId,
    /// What is wrong with it.
    pub reason: String,
}

/// A history in memory.
impl Commits for BTreeMap<CommitId, Commit> {
    fn commit(&self, id: &CommitId) -> Result<Option<Commit>, UnreadableCommit> {
        Ok(self.get(id).cloned())
    }
}

/// Why a history cannot be walked to where the answer lies.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WalkError {
    /// The history was cut off too early.
    #[error("the history ends before commit {commit}, which is needed: fetch more of it")]
    TooShort {
        /// The first commit that is missing.
        commit: CommitId,
    },
    /// A commit cannot be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableCommit),
}

/// A queue of commits: the newest first, and among those of one time the first that came in.
#[derive(Default)]
struct Queue {
    heap: BinaryHeap<(i64, Reverse<usize>, CommitId)>,
    count: usize,
}

impl Queue {
    fn push(&mut self, time: i64, id: CommitId) {
        self.count += 1;
        self.heap.push((time, Reverse(self.count), id));
    }
}

fn load(commits: &dyn Commits, id: &CommitId) -> Result<Commit, WalkError> {
    commits.commit(id)?.ok_or(WalkError::TooShort { commit: *id })
}

/// Commits and their ancestors in the order of `git log`: a commit joins the queue when a child is
/// shown, and the newest of the queue is next.
pub(crate) struct Log<'a> {
    commits: &'a dyn Commits,
    queue: Queue,
    waiting: BTreeMap<CommitId, Commit>,
    seen: BTreeSet<CommitId>,
}

impl<'a> Log<'a> {
    pub(crate) fn new(commits: &'a dyn Commits, heads: &[CommitId]) -> Result<Self, WalkError> {
        let mut log = Self {
            commits,
            queue: Queue::default(),
            waiting: BTreeMap::new(),
            seen: BTreeSet::new(),
        };
        heads.iter().try_for_each(|head| log.enqueue(*head))?;
        Ok(log)
    }

    fn enqueue(&mut self, id: CommitId) -> Result<(), WalkError> {
        if self.seen.insert(id) {
            let commit = load(self.commits, &id)?;
            self.queue.push(commit.time, id);
            self.waiting.insert(id, commit);
        }
        Ok(())
    }
}

impl Log<'_> {
    /// The next commit, without a look at its parents.
    pub(crate) fn newest(&mut self) -> Option<(CommitId, Commit)> {
        let (_, _, id) = self.queue.heap.pop()?;
        let commit = self.waiting.remove(&id).expect("because it is in the queue");
        Some((id, commit))
    }

    /// Puts the parents of a commit that [`Log::newest`] gave into the queue.
    pub(crate) fn go_on(&mut self, commit: &Commit) -> Result<(), WalkError> {
        commit.parents.iter().try_for_each(|parent| self.enqueue(*parent))
    }
}

/// The messages of what `git log <not>..<head>` shows, in any order.
///
/// Like git, this goes through both sides by time, and some commits further when all that is left is
/// known to belong to `not`, since clocks differ.
pub(crate) fn messages_between(
    commits: &dyn Commits,
    not: Option<CommitId>,
    head: CommitId,
) -> Result<Vec<String>, WalkError> {
    /// How many commits git goes on for.
    const SLOP: usize = 5;
    let mut walk = Walk { commits, loaded: BTreeMap::new(), hidden: BTreeSet::new() };
    let (mut queue, mut seen) = (Queue::default(), BTreeSet::new());
    for start in not.into_iter().chain([head]) {
        if seen.insert(start) {
            queue.push(walk.time(start)?, start);
        }
    }
    if let Some(not) = not {
        walk.hide(not);
    }
    let (mut shown, mut slop, mut oldest) = (Vec::new(), SLOP, i64::MAX);
    while let Some((time, _, id)) = queue.heap.pop() {
        let hidden = walk.hidden.contains(&id);
        for parent in walk.loaded[&id].parents.clone() {
            // What hangs below the last few of the hidden ones may be missing.
            if hidden && !walk.any_shown(&queue) && walk.commits.commit(&parent)?.is_none() {
                continue;
            }
            let time = walk.time(parent)?;
            if hidden {
                walk.hide(parent);
            }
            if seen.insert(parent) {
                queue.push(time, parent);
            }
        }
        if !hidden {
            oldest = time;
            shown.push(id);
            continue;
        }
        let more = queue.heap.peek().is_some_and(|(next, ..)| oldest <= *next);
        slop = if more || walk.any_shown(&queue) { SLOP } else { slop - 1 };
        if slop == 0 {
            break;
        }
    }
    shown.retain(|id| !walk.hidden.contains(id));
    Ok(shown.iter().filter_map(|id| walk.loaded.remove(id).map(|commit| commit.message)).collect())
}

struct Walk<'a> {
    commits: &'a dyn Commits,
    loaded: BTreeMap<CommitId, Commit>,
    hidden: BTreeSet<CommitId>,
}

impl Walk<'_> {
    fn time(&mut self, id: CommitId) -> Result<i64, WalkError> {
        if !self.loaded.contains_key(&id) {
            self.loaded.insert(id, load(self.commits, &id)?);
        }
        Ok(self.loaded[&id].time)
    }

    /// Marks a commit and what is known of its ancestors as not to be shown.
    fn hide(&mut self, id: CommitId) {
        let mut pending = vec![id];
        while let Some(id) = pending.pop() {
            if self.hidden.insert(id) {
                pending.extend(self.loaded.get(&id).into_iter().flat_map(|found| &found.parents));
            }
        }
    }

    fn any_shown(&self, queue: &Queue) -> bool {
        queue.heap.iter().any(|(_, _, id)| !self.hidden.contains(id))
    }
}

//! Histories made for tests: in memory, and the same as a repository that git made.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use git_source::{Annotation, Commit, CommitId, Tag};
use testkit::tool;

use testkit::Random;

/// A commit of a made history; parents are indexes into it.
#[derive(Default)]
pub(crate) struct MadeCommit {
    pub(crate) parents: Vec<usize>,
    pub(crate) time: i64,
    pub(crate) author: String,
    pub(crate) message: String,
    /// Path and content of files that it writes.
    pub(crate) files: Vec<(String, String)>,
}

pub(crate) struct MadeTag {
    pub(crate) name: String,
    pub(crate) commit: usize,
    /// Name and time of the object.
    pub(crate) annotation: Option<(String, i64)>,
}

#[derive(Default)]
pub(crate) struct Made {
    pub(crate) commits: Vec<MadeCommit>,
    pub(crate) tags: Vec<MadeTag>,
}

const MESSAGES: &[&str] = &[
    "Add a table",
    "Fix a typo.\n\nSem-Ver: bugfix\n",
    "Add a driver\n\nIt is new.\n\nSem-Ver: feature\nChange-Id: I1",
    "Drop python 2\n\nsem-ver: api-break\n",
    "Deprecate `x_y` and *z*\n\n  SEM-VER:deprecation,  bugfix  ",
    "Sem-Ver: feature",
    "Say where\n\nThis is about Sem-Ver: feature\n",
    "Two at once\n\nSem-Ver: feature, api-break\n",
    "Unknown\n\nSem-Ver: whatever",
    "A subject\nof two lines\n\nCo-authored-by: Zoë Doe <zoe@example.org>\n",
    "Merge \"Add a table\"",
    "Merge branch 'x' of y",
    "Imported Translations from Zanata",
    "\n\n  Blank lines first.  \n\nBody",
];

const AUTHORS: &[&str] = &[
    "Jane Doe <jane@example.org>",
    "Zuul <zuul@review.opendev.org>",
    "John Roe <john@example.org>",
    "OpenStack Release Bot <infra-root@openstack.org>",
    "Jenkins <jenkins@review.openstack.org>",
    "Ærøskøbing Ünal <a.u@example.org>",
];

/// A history with branches, merges, clocks that differ, and tags of all kinds.
pub(crate) fn generate(seed: u64, commits: usize) -> Made {
    let random = &mut Random::new(seed);
    let mut made = Made::default();
    let (mut heads, mut clock) = (Vec::<usize>::new(), 1_700_000_000_i64);
    let mut used = BTreeSet::new();
    for index in 0..commits {
        clock += i64::try_from(random.below(3) * 60).unwrap();
        let skew = if random.once_in(8) { i64::try_from(random.below(600)).unwrap() } else { 0 };
        let mut parents = Vec::new();
        if index > 0 && !random.once_in(60) {
            let slot = random.below(heads.len());
            if heads.len() > 1 && random.once_in(4) {
                let count = if heads.len() > 2 && random.once_in(5) { 3 } else { 2 };
                for step in 0..count {
                    parents.push(heads[(slot + step) % heads.len()]);
                }
                heads.retain(|head| !parents[1..].contains(head));
            } else {
                parents.push(heads[slot]);
            }
            if random.once_in(5) && heads.len() < 5 {
                heads.push(random.below(index));
            }
        }
        match parents.first().and_then(|first| heads.iter().position(|head| head == first)) {
            Some(slot) => heads[slot] = index,
            None => heads.push(index),
        }
        made.commits.push(MadeCommit {
            parents,
            time: clock - skew,
            author: random.pick(AUTHORS).to_owned(),
            message: random.pick(MESSAGES).to_owned(),
            files: Vec::new(),
        });
        while random.once_in(5) {
            if let Some(name) = tag_name(random, index, commits, &mut used) {
                let time = clock + i64::try_from(random.below(100)).unwrap();
                let filed_wrongly = random.once_in(12);
                let object = if filed_wrongly { format!("{name}x") } else { name.clone() };
                let annotation = (!random.once_in(3)).then_some((object, time));
                made.tags.push(MadeTag { name, commit: index, annotation });
            }
        }
    }
    made
}

/// A tag; no two of a history are equal versions, for between those PBR itself does not decide.
fn tag_name(
    random: &mut Random,
    index: usize,
    commits: usize,
    used: &mut BTreeSet<(usize, usize, usize)>,
) -> Option<String> {
    let major = if random.once_in(6) { random.below(4) } else { 1 + index * 4 / commits };
    let (minor, patch) = (random.below(4), random.below(4));
    used.insert((major, minor, patch)).then_some(())?;
    let number = random.below(4);
    let text = match random.below(28) {
        0..=8 => format!("{major}.{minor}.{patch}"),
        9..=11 => format!("{major}.{minor}.{patch}.0rc{number}"),
        12 | 13 => format!("{major}.{minor}.{patch}.0b{number}"),
        14 => format!("{major}.{minor}.{patch}.0a{number}"),
        15 => format!("{major}.{minor}.{patch}.dev{number}"),
        16 => format!("{major}.{minor}.{patch}.0b{number}.dev7"),
        17 => format!("{major}.{minor}.{patch}-rc{number}"),
        18 => format!("{major}.{minor}.{patch}rc{number}"),
        19 => format!("v{major}.{minor}.{patch}"),
        20 => format!("{major}.{minor}.{patch}.{number}.g12ab34c"),
        21 => format!("folsom-{major}.{minor}.{patch}"),
        22 => format!("{major}.{minor}.{patch}.post{number}"),
        23 => format!("{major}.{minor}.{patch}-eol"),
        24 => format!("{major}.{minor}.{patch}+local.{number}"),
        25 if used.insert((major, minor, 0)) => format!("{major}.{minor}"),
        26 if used.insert((major, 0, 0)) => format!("{major}.0a{number}"),
        27 => format!("{major}.{minor}.{patch}.0alpha{number}"),
        _ => format!("release/{major}.{minor}.{patch}"),
    };
    Some(text)
}

impl Made {
    /// Makes a bare repository with this history at `folder`, and tells the names of the commits. Each
    /// commit gets a branch `c<index>`.
    pub(crate) fn write(&self, folder: &Path) -> Vec<CommitId> {
        tool("git").args(["init", "-q", "--bare", "-b", "c0"]).arg(folder).run();
        let marks = folder.join("marks");
        let export = format!("--export-marks={}", marks.display());
        let import = ["fast-import", "--quiet", "--force", &export];
        tool("git").args(import).folder(folder).input(self.stream().as_bytes()).run();
        let text = fs_err::read_to_string(&marks).unwrap();
        fs_err::remove_file(marks).unwrap();
        tool("git")
            .args(["update-ref", "--stdin"])
            .folder(folder)
            .input(self.renamed_tags().as_bytes())
            .run();
        let ids: BTreeMap<usize, CommitId> = text
            .lines()
            .map(|line| line.trim_start_matches(':').split_once(' ').unwrap())
            .map(|(mark, id)| (mark.parse().unwrap(), id.parse().unwrap()))
            .collect();
        (0..self.commits.len()).map(|index| ids[&(index + 1)]).collect()
    }

    fn stream(&self) -> String {
        let mut text = String::new();
        for (index, commit) in self.commits.iter().enumerate() {
            write!(text, "commit refs/heads/c{index}\nmark :{}\n", index + 1).unwrap();
            writeln!(text, "author {} {} +0100", commit.author, commit.time - 5).unwrap();
            writeln!(text, "committer C <c@example.org> {} +0000", commit.time).unwrap();
            write!(text, "data {}\n{}\n", commit.message.len(), commit.message).unwrap();
            for (at, parent) in commit.parents.iter().enumerate() {
                let word = if at == 0 { "from" } else { "merge" };
                writeln!(text, "{word} :{}", parent + 1).unwrap();
            }
            for (path, content) in &commit.files {
                write!(text, "M 100644 inline {path}\ndata {}\n{content}\n", content.len())
                    .unwrap();
            }
        }
        for (index, tag) in self.tags.iter().enumerate() {
            let Some((object, time)) = &tag.annotation else {
                write!(text, "reset refs/tags/{}\nfrom :{}\n\n", tag.name, tag.commit + 1).unwrap();
                continue;
            };
            let mark = 1_000_000 + index;
            write!(text, "tag {object}\nmark :{mark}\nfrom :{}\n", tag.commit + 1).unwrap();
            write!(text, "tagger T <t@example.org> {time} +0000\ndata 2\nx\n\n").unwrap();
        }
        text
    }

    /// Orders to `git update-ref` that file tags under other names than their objects have.
    fn renamed_tags(&self) -> String {
        let mut text = String::new();
        for tag in &self.tags {
            if let Some((object, _)) = &tag.annotation
                && *object != tag.name
            {
                writeln!(text, "create refs/tags/{} refs/tags/{object}", tag.name).unwrap();
                writeln!(text, "delete refs/tags/{object}").unwrap();
            }
        }
        text
    }

    /// The same in memory.
    pub(crate) fn data(&self, ids: &[CommitId]) -> (BTreeMap<CommitId, Commit>, Vec<Tag>) {
        let commits = self.commits.iter().zip(ids).map(|(made, id)| {
            let parents = made.parents.iter().map(|parent| ids[*parent]).collect();
            let (author, message) = (made.author.clone(), made.message.clone());
            (*id, Commit { parents, time: made.time, author, message })
        });
        let tags = self.tags.iter().map(|tag| Tag {
            name: tag.name.clone(),
            commit: ids[tag.commit],
            annotation: tag.annotation.clone().map(|(name, time)| Annotation { name, time }),
        });
        (commits.collect(), tags.collect())
    }
}

//! Whose turn it is when something fails.

/// Who must act on an error. The numbers are the exit codes of the command
/// (`docs/exit-codes.md`).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Blame {
    /// A fault of Cooperage itself.
    Bug = 1,
    /// What the user wrote: a file of the tree, an argument, a folder that cannot be written.
    Input = 2,
    /// A mirror, the network, or something that is gone from there.
    Upstream = 3,
    /// A step of the build that cannot be done.
    Step = 4,
    /// What came in or was made is not what it should be: a signature, a digest.
    Verification = 5,
}

impl Blame {
    /// Who must act when something could not be fetched.
    pub fn of_fetch(error: &store::FetchError) -> Self {
        match error {
            store::FetchError::Damaged { .. } => Blame::Verification,
            store::FetchError::Store { .. } => Blame::Input,
            _ => Blame::Upstream,
        }
    }

    /// Who must act on several errors at once: whoever wrote the input, if one is theirs; else the last
    /// in the order of the exit codes.
    pub(crate) fn of_all(blames: impl Iterator<Item = Blame>) -> Self {
        blames.max_by_key(|blame| (*blame == Blame::Input, *blame)).unwrap_or(Blame::Input)
    }
}

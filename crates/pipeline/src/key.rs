//! The keys of steps.

use names::{Digest, Sha256};

/// The key of a step: the digest of all its inputs, each under a name. Order counts.
#[derive(Debug)]
pub(crate) struct Key(Sha256);

impl Key {
    /// Starts the key of a step. `kind` carries the format level of what the step writes, so that a
    /// writer that changes its output never meets what an earlier one has left.
    pub(crate) fn new(kind: &str) -> Self {
        Self(Sha256::new()).with("kind", kind)
    }

    /// Adds an input. Lengths go in too, so no two lists of inputs look alike.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref();
        for part in [name.as_bytes(), value] {
            self.0.update((part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
        self
    }

    /// Adds a list of inputs under one name.
    pub(crate) fn with_all<T: AsRef<[u8]>>(
        self,
        name: &str,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        values.into_iter().fold(self, |key, value| key.with(name, value)).with("end", name)
    }

    /// Adds what is there, if anything is: an input that most steps do not have leaves their keys as
    /// they are.
    pub(crate) fn with_each<T: AsRef<[u8]>>(
        self,
        name: &str,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        values.into_iter().fold(self, |key, value| key.with(name, value))
    }

    pub(crate) fn finish(self) -> Digest {
        self.0.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_that_only_look_alike_have_other_keys() {
        let keys = [
            Key::new("a-1").with("x", "yz").finish(),
            Key::new("a-1").with("xy", "z").finish(),
            Key::new("a-2").with("x", "yz").finish(),
            Key::new("a-1").with_all("x", ["y", "z"]).finish(),
            Key::new("a-1").with_all("x", ["yz"]).finish(),
            Key::new("a-1").with_all("x", ["y"]).with_all("x", ["z"]).finish(),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(key), "{index}");
        }
    }
}

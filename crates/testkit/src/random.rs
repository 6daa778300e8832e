//! Numbers that are the same on every run.

/// A generator of numbers from a seed (Marsaglia, "Xorshift RNGs", 2003: the 64-bit generator with
/// 13, 7 and 17). For tests that try many inputs and must try the same ones each time.
///
/// ```
/// let mut random = testkit::Random::new(7);
/// let first = random.below(100);
/// assert_eq!(testkit::Random::new(7).below(100), first);
/// ```
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator for `seed`. Near seeds give numbers that have nothing to do with each other.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 8) % limit as u64).unwrap()
    }

    /// True once in `times`, which is not 0.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of `among`, which is not empty.
    pub fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())]
    }
}

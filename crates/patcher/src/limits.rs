//! How much is read. What is beyond is no patch of a source tree, and must not fill the memory.

/// Most bytes of one patch file.
pub const MAX_PATCH_BYTES: usize = 16 << 20;
/// Most bytes of one file that is patched, before and after.
pub const MAX_FILE_BYTES: usize = 32 << 20;
/// Most bytes of all files together that a series changes, and of the binary files in one patch.
pub const MAX_TOTAL_BYTES: usize = 64 << 20;
/// Most files that one patch changes.
pub const MAX_SECTIONS: usize = 10_000;
/// Most hunks of one patch.
pub const MAX_HUNKS: usize = 50_000;
/// Most patches of one series.
pub const MAX_PATCHES: usize = 5_000;
/// Most faults that are listed for one patch; more help nobody.
pub(crate) const MAX_FAULTS: usize = 100;

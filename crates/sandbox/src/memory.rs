//! What the allocator of the C library does with memory that is freed.

/// The smallest block that goes back to the system as it is freed: 128 KiB, with which glibc begins.
const GIVEN_BACK: i32 = 128 << 10;

/// From now on, blocks of 128 KiB and more go back to the system as they are freed, and so does what is
/// free at the end of each heap. Without it glibc raises that limit to the largest block that was ever
/// freed, up to 32 MiB, and the heap of each thread keeps twice as much (mallopt(3),
/// `M_MMAP_THRESHOLD`): a program that decompresses in several threads then holds as much freed memory as
/// it uses. With another C library it does nothing.
///
/// It is for a program to call, at its start; a library leaves the allocator alone.
pub fn return_freed_memory() {
    #[cfg(target_env = "gnu")]
    {
        #[expect(unsafe_code, reason = "there is no safe form of mallopt")]
        // SAFETY: it takes no pointer, and blocks that were handed out before stay as they are.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, GIVEN_BACK);
        }
    }
}

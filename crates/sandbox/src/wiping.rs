//! Memory that is wiped as it is freed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering, compiler_fence};

/// How many ask for it.
static WIPING: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, which wipes what is freed while [`wipe_freed_memory`] works. Libraries that read keys wipe
/// what they know of, but not the buffers that grew meanwhile or that other libraries have used on the way.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: sandbox::WipingAllocator = sandbox::WipingAllocator;
///
/// let length = sandbox::wipe_freed_memory(|| String::from("secret").len());
/// assert_eq!(length, 6);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct WipingAllocator;

/// Does `work`; what any thread frees meanwhile is wiped, if [`WipingAllocator`] is the allocator of the program. With
/// another one it does nothing else than `work`.
pub fn wipe_freed_memory<T>(work: impl FnOnce() -> T) -> T {
    struct Asked;
    impl Drop for Asked {
        fn drop(&mut self) {
            WIPING.fetch_sub(1, Ordering::SeqCst);
        }
    }
    WIPING.fetch_add(1, Ordering::SeqCst);
    let _asked = Asked;
    work()
}

fn is_wanted() -> bool {
    WIPING.load(Ordering::Relaxed) > 0
}

#[expect(unsafe_code, reason = "an allocator cannot be written without")]
// SAFETY: all memory is the system allocator's, and goes back to it with the layout that it was asked for.
unsafe impl GlobalAlloc for WipingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller promises what the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if is_wanted() {
            for at in 0..layout.size() {
                // SAFETY: it is within the block, which is the caller's until it is freed. Volatile, as the compiler
                // leaves out what is written and not read.
                unsafe { memory.add(at).write_volatile(0) };
            }
            compiler_fence(Ordering::SeqCst);
        }
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !is_wanted() {
            // SAFETY: as above.
            return unsafe { System.realloc(memory, layout, size) };
        }
        // SAFETY: the caller promises that this size is allowed with this alignment.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !new.is_null() {
            // SAFETY: both have that many bytes, and are different blocks; the old one is not used any more.
            unsafe {
                new.copy_from_nonoverlapping(memory, layout.size().min(size));
                self.dealloc(memory, layout);
            }
        }
        new
    }
}

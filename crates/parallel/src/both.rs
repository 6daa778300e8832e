//! Two different things at once.

/// Does `one` in this thread and `other` meanwhile in another, or afterwards in this one where there is to be no more
/// than one of `jobs`.
pub fn both<A, B: Send>(
    jobs: usize,
    one: impl FnOnce() -> A,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    if jobs <= 1 {
        return (one(), other());
    }
    std::thread::scope(|scope| {
        let other = scope.spawn(other);
        let one = one();
        match other.join() {
            Ok(other) => (one, other),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn they_run_at_the_same_time() {
        let (to_one, from_other) = mpsc::channel();
        let (to_other, from_one) = mpsc::channel();
        // Each waits for the other.
        let one = move || to_other.send("oak").is_ok() && from_other.recv() == Ok("hoops");
        let other = move || to_one.send("hoops").is_ok() && from_one.recv() == Ok("oak");
        assert_eq!(both(2, one, other), (true, true));
    }

    #[test]
    fn one_thread_does_one_after_the_other() {
        let this = std::thread::current().id();
        for jobs in [0, 1] {
            let thread = || std::thread::current().id();
            assert_eq!(both(jobs, thread, thread), (this, this));
        }
    }
}

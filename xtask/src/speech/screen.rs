//! Standard error: lines, and one line at the bottom that comes and goes.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a bar is on the screen. There is one standard error, so there is one of this.
static SHOWN: AtomicBool = AtomicBool::new(false);

/// Back to the first column, and erase the line (ECMA-48, 8.3.41 EL).
const ERASE: &str = "\r\x1b[2K";

/// Says one line on standard error, above the bar; a closed terminal is no reason to stop.
pub(crate) fn say(line: &str) {
    let mut err = std::io::stderr().lock();
    let erase = if SHOWN.swap(false, Ordering::SeqCst) { ERASE } else { "" };
    let _ = writeln!(err, "{erase}{line}");
}

/// Shows `bar`, which is no wider than the terminal, in the place of the one before.
pub(super) fn show(bar: &str) {
    let mut err = std::io::stderr().lock();
    SHOWN.store(true, Ordering::SeqCst);
    let _ = write!(err, "{ERASE}{bar}");
    let _ = err.flush();
}

/// Takes the bar away.
pub(crate) fn clear() {
    let mut err = std::io::stderr().lock();
    if SHOWN.swap(false, Ordering::SeqCst) {
        let _ = write!(err, "{ERASE}");
        let _ = err.flush();
    }
}

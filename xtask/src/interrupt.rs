//! Ctrl-C while a bar is on the screen: the bar goes, and the process ends as it would have anyway.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::speech;

/// Watches for SIGINT and SIGTERM on a thread of its own. The process then dies of the signal itself,
/// so that a shell sees 130 or 143 and stops its script. What is half-written has no name yet, and the
/// next build removes it.
pub(crate) fn watch() {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        for signal in &mut signals {
            speech::clear();
            let _ = emulate_default_handler(signal);
        }
    });
}

//! Texts from outside, as messages show them.

/// The text in one line, without control characters, at most 80 characters long.
pub(crate) fn shown(bytes: &[u8]) -> String {
    const LONGEST: usize = 80;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * LONGEST)]);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let mut shown = String::new();
    for (count, letter) in text.chars().enumerate() {
        if count == LONGEST {
            shown.push('…');
            break;
        }
        match letter {
            '\r' => shown.push('␍'),
            '\t' => shown.push_str("    "),
            letter if letter.is_control() => shown.push('\u{fffd}'),
            letter => shown.push(letter),
        }
    }
    shown
}

//! Git's deltas: gitformat-pack(5), "Deltified representation".

use crate::limits::MAX_FILE_BYTES;

/// Rebuilds a content from the one before and a delta; `None` where the delta is damaged or made for
/// another content.
pub(crate) fn apply_delta(before: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let mut rest = delta;
    if size(&mut rest)? != before.len() {
        return None;
    }
    let size_after = size(&mut rest)?;
    if size_after > MAX_FILE_BYTES {
        return None;
    }
    let mut after = Vec::with_capacity(size_after);
    while let Some((&order, tail)) = rest.split_first() {
        rest = tail;
        if order & 0x80 != 0 {
            let (mut offset, mut count) = (0, 0);
            for (bit, field, shift) in [
                (0x01, true, 0),
                (0x02, true, 8),
                (0x04, true, 16),
                (0x08, true, 24),
                (0x10, false, 0),
                (0x20, false, 8),
                (0x40, false, 16),
            ] {
                if order & bit != 0 {
                    let (&byte, tail) = rest.split_first()?;
                    rest = tail;
                    let target: &mut usize = if field { &mut offset } else { &mut count };
                    *target |= usize::from(byte) << shift;
                }
            }
            let count = if count == 0 { 0x10000 } else { count };
            after.extend_from_slice(before.get(offset..offset.checked_add(count)?)?);
        } else if order > 0 {
            let (literal, tail) = rest.split_at_checked(usize::from(order))?;
            rest = tail;
            after.extend_from_slice(literal);
        } else {
            return None;
        }
        if after.len() > size_after {
            return None;
        }
    }
    (after.len() == size_after).then_some(after)
}

/// A number in groups of seven bits, the lowest first.
fn size(rest: &mut &[u8]) -> Option<usize> {
    let (mut size, mut shift) = (0usize, 0);
    loop {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        if shift > 28 {
            return None;
        }
        size |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return Some(size);
        }
    }
}

/// The object id of a content: the SHA-1 of `blob SIZE`, a NUL and the content.
pub(crate) fn blob_id(content: &[u8]) -> String {
    use sha1::Digest as _;
    let mut hash = sha1::Sha1::new();
    hash.update(format!("blob {}\0", content.len()));
    hash.update(content);
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

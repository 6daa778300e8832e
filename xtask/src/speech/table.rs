//! The table at the end of a build.

use names::Digest;

use super::units::bytes;

/// A layer of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) name: &'a str,
    pub(crate) size: u64,
    pub(crate) digest: &'a Digest,
}

/// The layers of an image, one a line, and the image itself with its whole digest.
pub(crate) fn image(name: &str, digest: &Digest, layers: &[Row<'_>]) -> String {
    let mut text = format!("{:>10}  {:<12}  layer\n", "size", "digest");
    for Row { name, size, digest } in layers {
        text.push_str(&format!("{:>10}  {}  {name}\n", bytes(*size), short(digest)));
    }
    let size = bytes(layers.iter().map(|layer| layer.size).sum());
    text.push_str(&format!("{size:>10}  {:<12}  {name}\n{:>10}  {digest}\n", "", "image"));
    text
}

/// The first digits of a digest: enough for a person to compare.
pub(super) fn short(digest: &Digest) -> String {
    digest.hex()[..12].to_owned()
}

//! How large a document may be.

use super::{MAX_DEPTH, MAX_ELEMENTS, MAX_LEN};

/// How large a document may be, read and written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Its length in bytes.
    pub(crate) len: usize,
    /// How deep elements stand inside each other.
    pub(crate) depth: usize,
    /// How many there are.
    pub(crate) elements: usize,
}

impl Bounds {
    /// Those of most documents.
    pub(crate) const USUAL: Self = Self {
        len: MAX_LEN,
        depth: MAX_DEPTH,
        elements: MAX_ELEMENTS,
    };
}

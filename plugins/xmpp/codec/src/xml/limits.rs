//! How much of a peer's XML is taken.

/// Bounds what a [`StreamReader`](crate::StreamReader) takes from its peer.
///
/// A stanza that crosses one of them is refused: its content is dropped as it comes, and its head
/// is handed over with the [`LimitError`]. The default takes every stanza that public servers allow
/// (RFC 6120 §13.12 asks for 10,000 bytes at least) and holds the memory of one stanza under about
/// 2 MiB; that of one which is refused, while it comes, under about 5 MiB.
///
/// A stanza that goes on to eight times its bytes or thirty-two times its depth ends the stream, and
/// so does a stream's header beyond the limits: no server passes such on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one stanza, as they come from the wire. Default: 262,144.
    pub stanza_bytes: usize,
    /// Bytes of one name or one attribute value. Default: 8,192.
    pub token_bytes: usize,
    /// Elements inside each other, the stream's own included. Default: 32.
    pub depth: usize,
    /// Attributes of one element, namespace declarations included. Default: 32.
    pub attributes: usize,
    /// Elements in one stanza. Default: 4,096.
    pub elements: usize,
}

/// Says which of the [`Limits`] was crossed.
///
/// Offsets count bytes from the stream's begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// A stanza of too many bytes.
    #[error("stanza at byte {offset} exceeds {limit} bytes")]
    StanzaTooLarge {
        /// Where the stanza begins.
        offset: u64,
        /// The limit.
        limit: usize,
    },
    /// A name or an attribute value of too many bytes.
    #[error("name or attribute at byte {offset} exceeds {limit} bytes")]
    TokenTooLong {
        /// About where.
        offset: u64,
        /// The limit.
        limit: usize,
    },
    /// Elements inside elements, too deep.
    #[error("elements at byte {offset} nest deeper than {limit}")]
    TooDeep {
        /// About where.
        offset: u64,
        /// The limit.
        limit: usize,
    },
    /// Too many attributes.
    #[error("element at byte {offset} has more than {limit} attributes")]
    TooManyAttributes {
        /// About where.
        offset: u64,
        /// The limit.
        limit: usize,
    },
    /// Too many elements in one stanza.
    #[error("stanza at byte {offset} has more than {limit} elements")]
    TooManyElements {
        /// Where the stanza begins.
        offset: u64,
        /// The limit.
        limit: usize,
    },
}

impl Limits {
    /// Bytes of one stanza beyond which the stream is given up.
    pub(super) const fn last_byte(&self) -> usize {
        self.stanza_bytes.saturating_mul(8)
    }

    /// The depth beyond which the stream is given up.
    pub(super) const fn last_depth(&self) -> usize {
        self.depth.saturating_mul(32)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            stanza_bytes: 256 * 1024,
            token_bytes: 8 * 1024,
            depth: 32,
            attributes: 32,
            elements: 4096,
        }
    }
}

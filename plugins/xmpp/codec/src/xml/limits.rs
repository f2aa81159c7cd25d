//! How much of a peer's XML is taken.

/// Bounds what a [`StreamReader`](crate::StreamReader) takes from its peer.
///
/// Each bound that is crossed ends the stream with the error that names it. The default takes every
/// stanza that public servers allow (RFC 6120 §13.12 asks for 10,000 bytes at least) and holds the
/// memory of one stanza under about 2 MiB.
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

//! Bounds on what is read from a peer.

/// The longest message, start line to the end of the body, in bytes: twice what a text of 64 KiB needs with all its headers. A
/// datagram has room for half of it.
pub const MAX_MESSAGE_LENGTH: usize = 128 * 1024;
/// The longest start line and header fields together, in bytes.
pub const MAX_HEAD_LENGTH: usize = 64 * 1024;
/// The most header field lines of one message.
pub const MAX_HEADERS: usize = 256;
/// The most Via values of one message.
///
/// RFC 4475 §3.1.1.7 holds 34; Max-Forwards starts at 70, so a request may gather 71.
pub const MAX_VIAS: usize = 80;
/// The most elements of any other comma-separated header field.
pub const MAX_LIST_ELEMENTS: usize = 256;
/// The largest CSeq number: 2³¹ - 1 (RFC 3261 §8.1.1.5).
pub const MAX_CSEQ: u32 = 0x7fff_ffff;
/// The header fields that are indexed without allocation.
pub(crate) const INLINE_HEADERS: usize = 24;

//! The format message/cpim: read tolerantly, written strictly.
//!
//! Parsing shares the input: headers without escapes and the payload are slices of it. The payload is never looked at.
//! RFC 3862; draft-ietf-impp-cpim-03 §2.3 and appendix A, where the RFC has the last word.
//!
//! What is borne with when reading, and never written: line ends of LF, a missing space after the colon, an address
//! without `<` and `>`, undeclared prefixes, a missing content type, escapes where none belong, and MIME headers that follow the
//! message headers without an empty line (as in the examples of RFC 5438).

mod blocks;
mod error;
mod escape;
mod lines;
mod message;
mod reader;
mod writer;

pub use error::{CpimError, CpimWriteError};
pub use message::CpimMessage;
pub(crate) use writer::date_time;

/// The most headers taken, in all blocks together.
pub const MAX_HEADERS: usize = 256;

/// The longest header taken, in bytes, with what it is folded over.
pub const MAX_HEADER_LEN: usize = 16 * 1024;

/// The most bytes taken before the payload.
pub const MAX_HEAD_LEN: usize = 64 * 1024;

/// The most bytes taken in all.
pub const MAX_LEN: usize = 16 * 1024 * 1024;

/// The media type, as written here.
pub const CONTENT_TYPE: &str = "message/cpim";

/// Whether a content type is message/cpim, in any case and with any parameters.
fn is_cpim(content_type: &str) -> bool {
    crate::ContentType::parse(content_type)
        .is_ok_and(|content_type| content_type.is("message", "cpim"))
}

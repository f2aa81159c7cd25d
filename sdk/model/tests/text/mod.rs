//! message/cpim as text.

use rialto_model::{Bytes, CpimError, CpimMessage};

pub(crate) fn parse(text: &str) -> Result<CpimMessage, CpimError> {
    CpimMessage::parse(Bytes::copy_from_slice(text.as_bytes()))
}

/// Puts content after message headers.
pub(crate) fn with_content(headers: &str) -> Result<CpimMessage, CpimError> {
    parse(&format!(
        "{headers}\r\n\r\nContent-Type: text/plain\r\n\r\nhello"
    ))
}

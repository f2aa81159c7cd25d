//! CSeq: the place of a request in its order.

use crate::{DecodeError, HeaderName, Method, lex, lex::Cursor, limits::MAX_CSEQ};

/// A sequence number with the method it counts (RFC 3261 §20.16).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CSeq<'a> {
    number: u32,
    method: Method<'a>,
}

impl<'a> CSeq<'a> {
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        let digits = cursor.take_while(|byte| byte.is_ascii_digit());
        let number = lex::number(digits).ok_or_else(|| cursor.expected("sequence number"))?;
        let number = u32::try_from(number)
            .ok()
            .filter(|number| *number <= MAX_CSEQ);
        let limit = u64::from(MAX_CSEQ);
        let number = number.ok_or(DecodeError::OutOfRange {
            header: HeaderName::CSeq,
            limit,
        })?;
        if !cursor.peek().is_some_and(lex::is_space) {
            return Err(cursor.expected("white space"));
        }
        cursor.skip_space();
        let method = Method::parse(cursor.token()?).ok_or_else(|| cursor.expected("method"))?;
        Ok(Self { number, method })
    }

    /// The number, 0 to 2³¹ - 1.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> Method<'a> {
        self.method
    }
}

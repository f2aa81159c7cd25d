//! What requests and responses have in common.

use super::SipMessage;
use crate::{Address, CSeq, DecodeError, Via};

/// The header fields that every message must have, once and in order (RFC 3261 §8.1.1, §8.2.6.2).
#[derive(Clone, Copy, Debug)]
pub struct Head<'m, 'a> {
    message: &'m SipMessage<'a>,
    via: Via<'a>,
    from: Address<'a>,
    to: Address<'a>,
    call_id: &'a str,
    cseq: CSeq<'a>,
}

impl<'m, 'a> Head<'m, 'a> {
    /// Reads what stands beside the topmost Via value.
    pub(super) fn read(message: &'m SipMessage<'a>, via: Via<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            message,
            via,
            cseq: message.cseq()?,
            call_id: message.call_id()?,
            from: message.from()?,
            to: message.to()?,
        })
    }

    /// The message it was read from.
    #[must_use]
    pub const fn message(&self) -> &'m SipMessage<'a> {
        self.message
    }

    /// The topmost Via value; a response has no other.
    #[must_use]
    pub const fn via(&self) -> &Via<'a> {
        &self.via
    }

    /// From.
    #[must_use]
    pub const fn from(&self) -> &Address<'a> {
        &self.from
    }

    /// To.
    #[must_use]
    pub const fn to(&self) -> &Address<'a> {
        &self.to
    }

    /// Call-ID.
    #[must_use]
    pub const fn call_id(&self) -> &'a str {
        self.call_id
    }

    /// CSeq.
    #[must_use]
    pub const fn cseq(&self) -> CSeq<'a> {
        self.cseq
    }
}

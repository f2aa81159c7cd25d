//! A response that a user agent client may act on.

use super::{SipMessage, StartLine};
use crate::{Address, CSeq, DecodeError, HeaderName, StatusCode, Via};

/// A response to a request of ours: one Via value, and all that every response has.
///
/// Whatever fails to be one is dropped. RFC 3261 §8.1.3, §18.1.2.
#[derive(Clone, Copy, Debug)]
pub struct Response<'m, 'a> {
    message: &'m SipMessage<'a>,
    status: StatusCode,
    reason: &'a str,
    via: Via<'a>,
    from: Address<'a>,
    to: Address<'a>,
    call_id: &'a str,
    cseq: CSeq<'a>,
}

impl<'m, 'a> Response<'m, 'a> {
    /// Reads the mandatory header fields of a message.
    ///
    /// # Errors
    ///
    /// The first defect. A second Via value is one: the response is somebody else's.
    pub fn read(message: &'m SipMessage<'a>) -> Result<Self, DecodeError> {
        let StartLine::Response { status, reason } = message.start_line() else {
            return Err(DecodeError::NotResponse);
        };
        let mut vias = message.vias();
        let via = vias.next().ok_or(DecodeError::Missing {
            header: HeaderName::Via,
        })??;
        if vias.next().transpose()?.is_some() {
            return Err(DecodeError::Repeated {
                header: HeaderName::Via,
            });
        }
        let cseq = message.cseq()?;
        let call_id = message.call_id()?;
        let (from, to) = (message.from()?, message.to()?);
        Ok(Self {
            message,
            status,
            reason,
            via,
            from,
            to,
            call_id,
            cseq,
        })
    }

    /// The message it was read from.
    #[must_use]
    pub const fn message(&self) -> &'m SipMessage<'a> {
        self.message
    }

    /// The status code.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// What it says to a human; may be empty.
    #[must_use]
    pub const fn reason(&self) -> &'a str {
        self.reason
    }

    /// The only Via value.
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

//! A response that a user agent client may act on.

use std::ops::Deref;

use super::{Head, SipMessage, StartLine};
use crate::{DecodeError, HeaderName, StatusCode};

/// A response to a request of ours: one Via value, and all that every response has.
///
/// Whatever fails to be one is dropped. RFC 3261 §8.1.3, §18.1.2.
#[derive(Clone, Copy, Debug)]
pub struct Response<'m, 'a> {
    head: Head<'m, 'a>,
    status: StatusCode,
    reason: &'a str,
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
        Ok(Self {
            head: Head::read(message, via)?,
            status,
            reason,
        })
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
}

impl<'m, 'a> Deref for Response<'m, 'a> {
    type Target = Head<'m, 'a>;

    fn deref(&self) -> &Self::Target {
        &self.head
    }
}

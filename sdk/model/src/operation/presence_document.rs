//! Presence information as it crosses.

use bytestring::ByteString;

use crate::{Payload, presence};

/// A document of a [`Package`](crate::Package), byte for byte as it was made.
///
/// Read only by those who must: a rule that shows a watcher less, a plugin whose network has no such documents. draft-ietf-impp-cpim-03 §3.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceDocument {
    content_type: ByteString,
    payload: Payload,
}

impl PresenceDocument {
    /// A document of this MIME type, as written.
    pub const fn new(content_type: ByteString, payload: Payload) -> Self {
        Self {
            content_type,
            payload,
        }
    }

    /// A PIDF document. RFC 3863.
    pub fn pidf(payload: impl Into<Payload>) -> Self {
        Self {
            content_type: ByteString::from_static(presence::CONTENT_TYPE),
            payload: payload.into(),
        }
    }

    /// Its MIME type.
    pub const fn content_type(&self) -> &ByteString {
        &self.content_type
    }

    /// Its bytes.
    pub const fn payload(&self) -> &Payload {
        &self.payload
    }

    /// Its bytes, by value.
    pub fn into_payload(self) -> Payload {
        self.payload
    }
}

//! Why there is no dialog.

use crate::{DecodeError, StatusCode};

/// Says why a message begins no dialog, or a text is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DialogError {
    /// A header field that it needs is malformed.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// There is no Contact.
    #[error("without Contact there is no dialog")]
    NoContact,
    /// Contact is no `sip:` URI that a request can go to.
    #[error("Contact names no sip: URI that a request can go to")]
    ContactUri,
    /// Record-Route holds what is no `sip:` or `sips:` URI.
    #[error("Record-Route names what is no SIP URI")]
    RouteUri,
    /// One of the two ends has no tag.
    #[error("without a tag at each end there is no dialog")]
    NoTag,
    /// There are more routes than are kept.
    #[error("more than {max} routes are not kept", max = super::Dialog::MAX_ROUTES)]
    TooManyRoutes,
    /// It is longer than is kept.
    #[error("more than {max} bytes of a dialog are not kept", max = super::Dialog::MAX_LENGTH)]
    TooLong,
    /// The text is none of ours.
    #[error("the text is no dialog of this version")]
    Text,
}

impl DialogError {
    /// What to answer a request that should have begun one.
    #[must_use]
    pub const fn reject(&self) -> StatusCode {
        match self {
            Self::TooManyRoutes | Self::TooLong => StatusCode::MESSAGE_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

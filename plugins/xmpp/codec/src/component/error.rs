//! Why a component could not join.

use crate::{ReadError, StreamCondition, StreamError, WriteError};

/// Says why the handshake failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The secret is wrong.
    #[error("the server does not accept the secret")]
    NotAuthorized,
    /// The server knows no component of that name.
    #[error("the server knows no such component")]
    HostUnknown,
    /// Someone is connected under that name already.
    #[error("the component is connected already")]
    Conflict,
    /// The server ended the stream for another reason.
    #[error("the server ended the stream: {0}")]
    Stream(StreamError),
    /// The server closed the stream and gave no reason.
    #[error("the server closed the stream during the handshake")]
    Closed,
    /// The server's header has no id to be hashed with the secret.
    #[error("the server's stream header has no id")]
    NoId,
    /// Something came that is neither the header nor the answer.
    #[error("the server sent something else than the handshake's answer")]
    Unexpected,
    /// What came cannot be read.
    #[error("the server's stream cannot be read")]
    Read(#[from] ReadError),
    /// The component's name cannot be written.
    #[error("the component's name cannot be written")]
    Domain(#[from] WriteError),
}

impl From<StreamError> for HandshakeError {
    fn from(error: StreamError) -> Self {
        match error.condition {
            StreamCondition::NotAuthorized => Self::NotAuthorized,
            StreamCondition::HostUnknown => Self::HostUnknown,
            StreamCondition::Conflict => Self::Conflict,
            _ => Self::Stream(error),
        }
    }
}

//! How a call ended.

use std::time::Duration;

use rialto_model::{Failure, Responder, Response, ResponseStatus};

/// How a call ended; of an operation, its response without the identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it is what a response says")]
pub struct Outcome {
    /// How.
    pub status: ResponseStatus,
    /// For how long a subscription or publication holds, if that was said.
    pub duration: Option<Duration>,
}

impl Outcome {
    /// The response to the operation that waits for it.
    #[inline]
    pub fn respond(self, responder: Responder) -> Response {
        let response = responder.respond(self.status);
        match self.duration {
            Some(duration) => response.with_duration(duration),
            None => response,
        }
    }
}

impl From<ResponseStatus> for Outcome {
    fn from(status: ResponseStatus) -> Self {
        Self {
            status,
            duration: None,
        }
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        ResponseStatus::from(failure).into()
    }
}

impl From<Response> for Outcome {
    fn from(response: Response) -> Self {
        Self {
            duration: response.duration(),
            status: response.into_status(),
        }
    }
}

//! The later word on a message.

use std::time::{Duration, SystemTime};

use bytestring::ByteString;

use crate::{
    Disposition, DispositionRequest, Failure, FailureReason, InstantInbox, MessageId, Responder,
    Response, ResponseStatus, TransactionId,
};

/// What became of a message after its operation was answered, on its way to the message's sender.
///
/// Crosses the boundary both ways. A plugin submits one when its network reports on a message that was delivered to it; it knows
/// only [`concerning`](Self::concerning) and the disposition. The gateway finds the message again, and delivers the report to the
/// plugin that the message came from, with all that the gateway kept for it. RFC 5438; design of RFC 3860 §3.4.1's *response* for what
/// is known too late for one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "an operation that is not answered leaves its sender in the dark"]
pub struct DispositionOperation {
    parts: Box<Parts>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    transaction_id: TransactionId,
    concerning: TransactionId,
    source: InstantInbox,
    destination: InstantInbox,
    disposition: Disposition,
    failure: Option<Failure>,
    request: DispositionRequest,
    message_id: Option<MessageId>,
    reference: Option<ByteString>,
    sent_at: Option<SystemTime>,
    deadline: Option<Duration>,
}

impl DispositionOperation {
    /// Reports that this became of the message whose operation had the identifier `concerning` on this side of the gateway.
    ///
    /// `source` is whom the message was for, `destination` who sent it: as the network that reports, or is reported to, knows them.
    pub fn new(
        transaction_id: TransactionId,
        concerning: TransactionId,
        source: InstantInbox,
        destination: InstantInbox,
        disposition: Disposition,
    ) -> Self {
        Self {
            parts: Box::new(Parts {
                transaction_id,
                concerning,
                source,
                destination,
                disposition,
                failure: None,
                request: DispositionRequest::NONE,
                message_id: None,
                reference: None,
                sent_at: None,
                deadline: None,
            }),
        }
    }

    /// Reports that the message was not delivered, and why.
    pub fn failed(
        transaction_id: TransactionId,
        concerning: TransactionId,
        source: InstantInbox,
        destination: InstantInbox,
        failure: Failure,
    ) -> Self {
        Self::new(
            transaction_id,
            concerning,
            source,
            destination,
            Disposition::Failed,
        )
        .with_failure(failure)
    }

    /// Says why the message was not delivered; means something with [`Disposition::Failed`] only.
    pub fn with_failure(mut self, failure: Failure) -> Self {
        self.parts.failure = Some(failure);
        self
    }

    /// Says what the message's sender asked to be told; the gateway does this.
    pub fn with_request(mut self, request: DispositionRequest) -> Self {
        self.parts.request = request;
        self
    }

    /// Gives back the name that the message had from its sender (RFC 5438 §6.3); the gateway does this.
    pub fn with_message_id(mut self, message_id: MessageId) -> Self {
        self.parts.message_id = Some(message_id);
        self
    }

    /// Gives back what the plugin handed in with the message; the gateway does this.
    pub fn with_reference(mut self, reference: impl Into<ByteString>) -> Self {
        self.parts.reference = Some(reference.into());
        self
    }

    /// Says when the gateway got the message; to the millisecond, as it crosses the boundary.
    pub fn with_sent_at(mut self, sent_at: SystemTime) -> Self {
        self.parts.sent_at = Some(sent_at);
        self
    }

    /// Sets how long the response is waited for.
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.parts.deadline = Some(deadline);
        self
    }

    /// Answers the operation.
    pub fn respond(self, status: ResponseStatus) -> Response {
        Responder::new(self.parts.transaction_id).respond(status)
    }

    /// The name under which the response comes back.
    pub const fn transaction_id(&self) -> &TransactionId {
        &self.parts.transaction_id
    }

    /// The message operation that this is about, by the identifier that it had on this side of the gateway.
    pub const fn concerning(&self) -> &TransactionId {
        &self.parts.concerning
    }

    /// Whom the message was for.
    pub const fn source(&self) -> &InstantInbox {
        &self.parts.source
    }

    /// Who sent the message, and is told.
    pub const fn destination(&self) -> &InstantInbox {
        &self.parts.destination
    }

    /// What became of the message.
    pub const fn disposition(&self) -> Disposition {
        self.parts.disposition
    }

    /// Why it was not delivered, if it was not and this is known.
    pub const fn failure(&self) -> Option<&Failure> {
        self.parts.failure.as_ref()
    }

    /// The same; of a failure without a reason, only that it is one.
    pub fn into_failure(self) -> Failure {
        let unknown = || Failure::new(FailureReason::Refused);
        self.parts.failure.unwrap_or_else(unknown)
    }

    /// What the message's sender asked to be told. Of a failure after an early answer he is told in any case.
    pub const fn request(&self) -> DispositionRequest {
        self.parts.request
    }

    /// The name that the message had from its sender, if it had one.
    pub const fn message_id(&self) -> Option<&MessageId> {
        self.parts.message_id.as_ref()
    }

    /// What the plugin handed in with the message ([`MessageOperation::with_reference`](crate::MessageOperation::with_reference)).
    pub const fn reference(&self) -> Option<&ByteString> {
        self.parts.reference.as_ref()
    }

    /// When the gateway got the message.
    pub const fn sent_at(&self) -> Option<SystemTime> {
        self.parts.sent_at
    }

    /// How long the response is waited for, counted from when the operation was handed over.
    pub const fn deadline(&self) -> Option<Duration> {
        self.parts.deadline
    }
}

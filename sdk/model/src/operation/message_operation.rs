//! The *message* operation.

use std::time::Duration;

use bytestring::ByteString;

use crate::{
    Authentication, InstantInbox, InstantMessage, MaxForwards, Responder, Response, ResponseStatus,
    TransactionId,
};

/// One instant message on its way from a sender to its intended recipient.
///
/// Must be answered: by [`respond`](Self::respond), or by the [`Responder`] that
/// [`into_forward`](Self::into_forward) splits off. RFC 3860 §3.4.1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "an operation that is not answered leaves its sender in the dark"]
pub struct MessageOperation {
    /// On the heap: it goes through many hands, and each move would copy all of it.
    parts: Box<Parts>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    transaction_id: TransactionId,
    source: InstantInbox,
    destination: InstantInbox,
    source_instance: Option<ByteString>,
    destination_instance: Option<ByteString>,
    authentication: Authentication,
    max_forwards: MaxForwards,
    deadline: Option<Duration>,
    next_hop: Option<ByteString>,
    identity: Option<ByteString>,
    reference: Option<ByteString>,
    time_to_live: Option<Duration>,
    is_ephemeral: bool,
    message: InstantMessage,
}

impl MessageOperation {
    /// The longest [identity](Self::identity) and [reference](Self::reference) that the gateway takes, in bytes each.
    pub const MAX_KEPT: usize = 4096;

    /// Makes an operation with the default hop count and no deadline.
    #[inline(always)]
    pub fn new(
        transaction_id: TransactionId,
        source: InstantInbox,
        destination: InstantInbox,
        message: InstantMessage,
    ) -> Self {
        Self {
            parts: Box::new(Parts {
                transaction_id,
                source,
                destination,
                source_instance: None,
                destination_instance: None,
                authentication: Authentication::None,
                max_forwards: MaxForwards::DEFAULT,
                deadline: None,
                next_hop: None,
                identity: None,
                reference: None,
                time_to_live: None,
                is_ephemeral: false,
                message,
            }),
        }
    }

    /// Sets the hop count that the native protocol carried.
    pub fn with_max_forwards(mut self, max_forwards: MaxForwards) -> Self {
        self.parts.max_forwards = max_forwards;
        self
    }

    /// Sets how long the sender's network waits for the response.
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.parts.deadline = Some(deadline);
        self
    }

    /// Names the device that sent the message: an XMPP resourcepart, a SIP `gr` (RFC 7247 §6).
    pub fn with_source_instance(mut self, instance: impl Into<ByteString>) -> Self {
        self.parts.source_instance = Some(instance.into());
        self
    }

    /// Names the device that shall get the message, when the sender chose one.
    pub fn with_destination_instance(mut self, instance: impl Into<ByteString>) -> Self {
        self.parts.destination_instance = Some(instance.into());
        self
    }

    /// Says who vouches for the source.
    pub fn with_authentication(mut self, authentication: Authentication) -> Self {
        self.parts.authentication = authentication;
        self
    }

    /// Names the next hop in the plugin's own words; the gateway does this, from a route.
    pub fn with_next_hop(mut self, next_hop: impl Into<ByteString>) -> Self {
        self.parts.next_hop = Some(next_hop.into());
        self
    }

    /// Names the message as its network does, so that it is known again when it is sent once more.
    ///
    /// Equal texts from one adapter, for one destination, are the same message, also after a restart: the second is not delivered, and is answered as the
    /// first was. Without one, every operation is a message of its own.
    pub fn with_identity(mut self, identity: impl Into<ByteString>) -> Self {
        self.parts.identity = Some(identity.into());
        self
    }

    /// Gives what the plugin will need to tell the sender more of this message, in its own words.
    ///
    /// Kept with the operation, also over a restart, and handed back with each [`DispositionOperation`](crate::DispositionOperation) on it.
    pub fn with_reference(mut self, reference: impl Into<ByteString>) -> Self {
        self.parts.reference = Some(reference.into());
        self
    }

    /// Sets for how long the message is worth delivering, counted from when the operation was handed over, as the sender's network said it
    /// (RFC 3428 §7). The gateway may have a shorter limit of its own.
    pub fn with_time_to_live(mut self, time_to_live: Duration) -> Self {
        self.parts.time_to_live = Some(time_to_live);
        self
    }

    /// Says that the message is worth something only now, as that somebody is typing: it is never stored or tried again, and is the first to be
    /// dropped.
    pub fn into_ephemeral(mut self) -> Self {
        self.parts.is_ephemeral = true;
        self
    }

    /// Replaces the message, as when its headers are.
    pub fn with_message(mut self, message: InstantMessage) -> Self {
        self.parts.message = message;
        self
    }

    /// Replaces the source: its form on the network that the message goes to.
    pub fn with_source(mut self, source: InstantInbox) -> Self {
        self.parts.source = source;
        self
    }

    /// Replaces the destination: what an alias or a source route stood for.
    pub fn with_destination(mut self, destination: InstantInbox) -> Self {
        self.parts.destination = destination;
        self
    }

    /// Splits into a copy to hand on, under its own `transaction_id`, and the duty to answer this one.
    ///
    /// What only the network that it came from knows is not handed on: identity and reference; nor is a next hop, which who
    /// hands on decides anew.
    pub fn into_forward(mut self, transaction_id: TransactionId) -> (Self, Responder) {
        let responder = Responder::new(self.parts.transaction_id);
        self.parts.transaction_id = transaction_id;
        self.parts.next_hop = None;
        self.parts.identity = None;
        self.parts.reference = None;
        (self, responder)
    }

    /// Splits into the message and the duty to answer.
    pub fn into_message(self) -> (InstantMessage, Responder) {
        (
            self.parts.message,
            Responder::new(self.parts.transaction_id),
        )
    }

    /// Answers the operation.
    pub fn respond(self, status: ResponseStatus) -> Response {
        Responder::new(self.parts.transaction_id).respond(status)
    }

    /// The name under which the response comes back.
    pub const fn transaction_id(&self) -> &TransactionId {
        &self.parts.transaction_id
    }

    /// The inbox on whose behalf the message is sent, and to which a reply goes.
    pub const fn source(&self) -> &InstantInbox {
        &self.parts.source
    }

    /// The inbox that the message is for.
    pub const fn destination(&self) -> &InstantInbox {
        &self.parts.destination
    }

    /// The sender's device, if its network names one.
    pub const fn source_instance(&self) -> Option<&ByteString> {
        self.parts.source_instance.as_ref()
    }

    /// The device that the sender chose, if any.
    pub const fn destination_instance(&self) -> Option<&ByteString> {
        self.parts.destination_instance.as_ref()
    }

    /// Who vouches for the source.
    pub const fn authentication(&self) -> Authentication {
        self.parts.authentication
    }

    /// How many more relays the message may pass.
    pub const fn max_forwards(&self) -> MaxForwards {
        self.parts.max_forwards
    }

    /// How long the response is waited for, counted from when the operation was handed over.
    pub const fn deadline(&self) -> Option<Duration> {
        self.parts.deadline
    }

    /// Where to send it, in the plugin's own words, when a route says so.
    pub const fn next_hop(&self) -> Option<&ByteString> {
        self.parts.next_hop.as_ref()
    }

    /// What its network calls the message, if it names it.
    pub const fn identity(&self) -> Option<&ByteString> {
        self.parts.identity.as_ref()
    }

    /// What the plugin wants back with each word on this message.
    pub const fn reference(&self) -> Option<&ByteString> {
        self.parts.reference.as_ref()
    }

    /// For how long the message is worth delivering, if its sender says so.
    pub const fn time_to_live(&self) -> Option<Duration> {
        self.parts.time_to_live
    }

    /// Whether the message is worth something only now.
    pub const fn is_ephemeral(&self) -> bool {
        self.parts.is_ephemeral
    }

    /// The message itself.
    pub const fn message(&self) -> &InstantMessage {
        &self.parts.message
    }
}

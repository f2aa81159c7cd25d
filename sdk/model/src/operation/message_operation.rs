//! The *message* operation.

use std::{sync::Arc, time::Duration};

use bytestring::ByteString;

use crate::{
    Authentication, InstantInbox, InstantMessage, MaxForwards, Responder, Response, ResponseStatus,
    TransactionId,
};

/// One instant message on its way from a sender to its intended recipient.
///
/// Must be answered: by [`respond`](Self::respond), or by the [`Responder`] that
/// [`into_forward`](Self::into_forward) splits off. RFC 3860 §3.4.1.
#[derive(Clone, Debug)]
#[must_use = "an operation that is not answered leaves its sender in the dark"]
pub struct MessageOperation {
    /// As it came; copies share it.
    given: Arc<Given>,
    /// Its way, where it is handed on while somebody else holds what was given.
    onward: Option<Box<Way>>,
}

/// Whose message it is, and for whom: what changes when it is handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Way {
    transaction_id: TransactionId,
    source: InstantInbox,
    destination: InstantInbox,
    max_forwards: MaxForwards,
    deadline: Option<Duration>,
    next_hop: Option<ByteString>,
}

#[derive(Clone, Debug)]
struct Given {
    way: Way,
    identity: Option<ByteString>,
    reference: Option<ByteString>,
    content: Content,
}

/// What stays as it is, through however many hands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Content {
    source_instance: Option<ByteString>,
    destination_instance: Option<ByteString>,
    authentication: Authentication,
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
        let given = Given {
            way: Way {
                transaction_id,
                source,
                destination,
                max_forwards: MaxForwards::DEFAULT,
                deadline: None,
                next_hop: None,
            },
            identity: None,
            reference: None,
            content: Content {
                source_instance: None,
                destination_instance: None,
                authentication: Authentication::None,
                time_to_live: None,
                is_ephemeral: false,
                message,
            },
        };
        Self {
            given: Arc::new(given),
            onward: None,
        }
    }

    /// Sets the hop count that the native protocol carried.
    pub fn with_max_forwards(mut self, max_forwards: MaxForwards) -> Self {
        self.way_mut().max_forwards = max_forwards;
        self
    }

    /// Sets how long the sender's network waits for the response.
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.way_mut().deadline = Some(deadline);
        self
    }

    /// Names the device that sent the message: an XMPP resourcepart, a SIP `gr` (RFC 7247 §6).
    pub fn with_source_instance(mut self, instance: impl Into<ByteString>) -> Self {
        self.own().content.source_instance = Some(instance.into());
        self
    }

    /// Names the device that shall get the message, when the sender chose one.
    pub fn with_destination_instance(mut self, instance: impl Into<ByteString>) -> Self {
        self.own().content.destination_instance = Some(instance.into());
        self
    }

    /// Says who vouches for the source.
    pub fn with_authentication(mut self, authentication: Authentication) -> Self {
        self.own().content.authentication = authentication;
        self
    }

    /// Names the next hop in the plugin's own words; the gateway does this, from a route.
    pub fn with_next_hop(mut self, next_hop: impl Into<ByteString>) -> Self {
        self.way_mut().next_hop = Some(next_hop.into());
        self
    }

    /// Names the message as its network does, so that it is known again when it is sent once more.
    ///
    /// Equal texts from one adapter, for one destination, are the same message, also after a restart: the second is not delivered, and is answered as the
    /// first was. Without one, every operation is a message of its own.
    pub fn with_identity(mut self, identity: impl Into<ByteString>) -> Self {
        self.own().identity = Some(identity.into());
        self
    }

    /// Gives what the plugin will need to tell the sender more of this message, in its own words.
    ///
    /// Kept with the operation, also over a restart, and handed back with each [`DispositionOperation`](crate::DispositionOperation) on it.
    pub fn with_reference(mut self, reference: impl Into<ByteString>) -> Self {
        self.own().reference = Some(reference.into());
        self
    }

    /// Sets for how long the message is worth delivering, counted from when the operation was handed over, as the sender's network said it
    /// (RFC 3428 §7). The gateway may have a shorter limit of its own.
    pub fn with_time_to_live(mut self, time_to_live: Duration) -> Self {
        self.own().content.time_to_live = Some(time_to_live);
        self
    }

    /// Says that the message is worth something only now, as that somebody is typing: it is never stored or tried again, and is the first to be
    /// dropped.
    pub fn into_ephemeral(mut self) -> Self {
        self.own().content.is_ephemeral = true;
        self
    }

    /// Replaces the message, as when its headers are.
    pub fn with_message(mut self, message: InstantMessage) -> Self {
        self.own().content.message = message;
        self
    }

    /// Replaces the source: its form on the network that the message goes to.
    pub fn with_source(mut self, source: InstantInbox) -> Self {
        self.way_mut().source = source;
        self
    }

    /// Replaces the destination: what an alias or a source route stood for.
    pub fn with_destination(mut self, destination: InstantInbox) -> Self {
        self.way_mut().destination = destination;
        self
    }

    /// Splits into a copy to hand on, under its own `transaction_id`, and the duty to answer this one.
    ///
    /// What only the network that it came from knows is not handed on: identity and reference; nor is a next hop, which who
    /// hands on decides anew.
    pub fn into_forward(mut self, transaction_id: TransactionId) -> (Self, Responder) {
        let responder = self.responder();
        let way = match Arc::get_mut(&mut self.given) {
            Some(given) => {
                given.identity = None;
                given.reference = None;
                self.way_mut()
            }
            None => self.onward.insert(Box::new(self.way().clone())),
        };
        way.transaction_id = transaction_id;
        way.next_hop = None;
        (self, responder)
    }

    /// Splits into the message and the duty to answer.
    pub fn into_message(self) -> (InstantMessage, Responder) {
        let responder = self.responder();
        let given = Arc::unwrap_or_clone(self.given);
        (given.content.message, responder)
    }

    /// Answers the operation.
    pub fn respond(self, status: ResponseStatus) -> Response {
        self.responder().respond(status)
    }

    /// The name under which the response comes back.
    pub fn transaction_id(&self) -> &TransactionId {
        &self.way().transaction_id
    }

    /// The inbox on whose behalf the message is sent, and to which a reply goes.
    pub fn source(&self) -> &InstantInbox {
        &self.way().source
    }

    /// The inbox that the message is for.
    pub fn destination(&self) -> &InstantInbox {
        &self.way().destination
    }

    /// The sender's device, if its network names one.
    pub fn source_instance(&self) -> Option<&ByteString> {
        self.given.content.source_instance.as_ref()
    }

    /// The device that the sender chose, if any.
    pub fn destination_instance(&self) -> Option<&ByteString> {
        self.given.content.destination_instance.as_ref()
    }

    /// Who vouches for the source.
    pub fn authentication(&self) -> Authentication {
        self.given.content.authentication
    }

    /// How many more relays the message may pass.
    pub fn max_forwards(&self) -> MaxForwards {
        self.way().max_forwards
    }

    /// How long the response is waited for, counted from when the operation was handed over.
    pub fn deadline(&self) -> Option<Duration> {
        self.way().deadline
    }

    /// Where to send it, in the plugin's own words, when a route says so.
    pub fn next_hop(&self) -> Option<&ByteString> {
        self.way().next_hop.as_ref()
    }

    /// What its network calls the message, if it names it.
    pub fn identity(&self) -> Option<&ByteString> {
        self.given
            .identity
            .as_ref()
            .filter(|_| self.onward.is_none())
    }

    /// What the plugin wants back with each word on this message.
    pub fn reference(&self) -> Option<&ByteString> {
        self.given
            .reference
            .as_ref()
            .filter(|_| self.onward.is_none())
    }

    /// For how long the message is worth delivering, if its sender says so.
    pub fn time_to_live(&self) -> Option<Duration> {
        self.given.content.time_to_live
    }

    /// Whether the message is worth something only now.
    pub fn is_ephemeral(&self) -> bool {
        self.given.content.is_ephemeral
    }

    /// The message itself.
    pub fn message(&self) -> &InstantMessage {
        &self.given.content.message
    }

    fn responder(&self) -> Responder {
        Responder::new(*self.transaction_id())
    }

    fn way(&self) -> &Way {
        self.onward.as_deref().unwrap_or(&self.given.way)
    }

    fn way_mut(&mut self) -> &mut Way {
        match &mut self.onward {
            Some(onward) => onward,
            None => &mut Arc::make_mut(&mut self.given).way,
        }
    }

    /// What was given, to be changed: a copy, if it is shared.
    fn own(&mut self) -> &mut Given {
        let given = Arc::make_mut(&mut self.given);
        if let Some(onward) = self.onward.take() {
            given.way = *onward;
            given.identity = None;
            given.reference = None;
        }
        given
    }
}

impl PartialEq for MessageOperation {
    fn eq(&self, other: &Self) -> bool {
        self.way() == other.way()
            && self.identity() == other.identity()
            && self.reference() == other.reference()
            && self.given.content == other.given.content
    }
}

impl Eq for MessageOperation {}

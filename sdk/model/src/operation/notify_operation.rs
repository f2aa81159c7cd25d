//! The *notify* operation.

use std::time::Duration;

use bytestring::ByteString;

use crate::{
    Authentication, MaxForwards, Package, PresenceDocument, Presentity, Responder, Response,
    ResponseStatus, SubscriptionId, SubscriptionState, TransactionId,
};

/// What a watcher is told: how far its subscription is, and what is known of the presentity.
///
/// RFC 3859 has no response to it. Ours is for the service alone: whether the watcher's network took it, so that what it did not take is
/// told again, or the subscription of a watcher that is no more ends. RFC 3859 §3.4.2, draft-ietf-impp-cpim-03 §3.4.2.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "an operation that is not answered leaves its sender in the dark"]
pub struct NotifyOperation {
    parts: Box<Parts>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    transaction_id: TransactionId,
    subscription_id: SubscriptionId,
    watcher: Presentity,
    target: Presentity,
    state: SubscriptionState,
    package: Package,
    document: Option<PresenceDocument>,
    version: u32,
    expires_in: Option<Duration>,
    authentication: Authentication,
    max_forwards: MaxForwards,
    deadline: Option<Duration>,
    next_hop: Option<ByteString>,
    reference: Option<ByteString>,
}

impl NotifyOperation {
    /// A notification without a document: nothing is known of the presentity, or nothing new.
    pub fn new(
        transaction_id: TransactionId,
        subscription_id: SubscriptionId,
        watcher: Presentity,
        target: Presentity,
        state: SubscriptionState,
    ) -> Self {
        Self {
            parts: Box::new(Parts {
                transaction_id,
                subscription_id,
                watcher,
                target,
                state,
                package: Package::Presence,
                document: None,
                version: 0,
                expires_in: None,
                authentication: Authentication::None,
                max_forwards: MaxForwards::DEFAULT,
                deadline: None,
                next_hop: None,
                reference: None,
            }),
        }
    }

    /// Replaces the watcher: its form on the network that the operation goes to.
    pub fn with_watcher(mut self, watcher: Presentity) -> Self {
        self.parts.watcher = watcher;
        self
    }

    /// Replaces the target: its form on the network that the operation goes to.
    pub fn with_target(mut self, target: Presentity) -> Self {
        self.parts.target = target;
        self
    }

    /// Says what was subscribed to, where it was not presence information.
    pub fn with_package(mut self, package: Package) -> Self {
        self.parts.package = package;
        self
    }

    /// Says what is known of the presentity.
    pub fn with_document(mut self, document: PresenceDocument) -> Self {
        self.parts.document = Some(document);
        self
    }

    /// Numbers the notification; the gateway does this: from 0, one more for each of a subscription's.
    pub fn with_version(mut self, version: u32) -> Self {
        self.parts.version = version;
        self
    }

    /// Says for how much longer the subscription lasts unless it is refreshed.
    pub fn with_expires_in(mut self, expires_in: Duration) -> Self {
        self.parts.expires_in = Some(expires_in);
        self
    }

    /// Says who vouches for what is told of the target.
    pub fn with_authentication(mut self, authentication: Authentication) -> Self {
        self.parts.authentication = authentication;
        self
    }

    /// Sets the hop count that the native protocol carried.
    pub fn with_max_forwards(mut self, max_forwards: MaxForwards) -> Self {
        self.parts.max_forwards = max_forwards;
        self
    }

    /// Sets how long the response is waited for.
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.parts.deadline = Some(deadline);
        self
    }

    /// Names the next hop in the plugin's own words; the gateway does this.
    pub fn with_next_hop(mut self, next_hop: impl Into<ByteString>) -> Self {
        self.parts.next_hop = Some(next_hop.into());
        self
    }

    /// Gives back what the plugin handed in with the subscription; the gateway does this.
    pub fn with_reference(mut self, reference: impl Into<ByteString>) -> Self {
        self.parts.reference = Some(reference.into());
        self
    }

    /// Answers the operation.
    pub fn respond(self, status: ResponseStatus) -> Response {
        self.into_responder().respond(status)
    }

    /// Splits off the duty to answer.
    pub fn into_responder(self) -> Responder {
        Responder::new(self.parts.transaction_id)
    }

    /// The name of this notification, under which the response comes back.
    pub const fn transaction_id(&self) -> &TransactionId {
        &self.parts.transaction_id
    }

    /// The subscription.
    pub const fn subscription_id(&self) -> &SubscriptionId {
        &self.parts.subscription_id
    }

    /// Who is told.
    pub const fn watcher(&self) -> &Presentity {
        &self.parts.watcher
    }

    /// The presentity.
    pub const fn target(&self) -> &Presentity {
        &self.parts.target
    }

    /// How far the subscription is.
    pub const fn state(&self) -> SubscriptionState {
        self.parts.state
    }

    /// What was subscribed to.
    pub const fn package(&self) -> Package {
        self.parts.package
    }

    /// What is known of the presentity; none: nothing, or nothing new.
    pub const fn document(&self) -> Option<&PresenceDocument> {
        self.parts.document.as_ref()
    }

    /// Its number among those of its subscription.
    pub const fn version(&self) -> u32 {
        self.parts.version
    }

    /// For how much longer the subscription lasts, if that is limited.
    pub const fn expires_in(&self) -> Option<Duration> {
        self.parts.expires_in
    }

    /// Who vouches for what is told of the target.
    pub const fn authentication(&self) -> Authentication {
        self.parts.authentication
    }

    /// How many more relays the operation may pass.
    pub const fn max_forwards(&self) -> MaxForwards {
        self.parts.max_forwards
    }

    /// How long the response is waited for, counted from when the operation was handed over.
    pub const fn deadline(&self) -> Option<Duration> {
        self.parts.deadline
    }

    /// Where to send it, in the plugin's own words, when a route or DNS says so.
    pub const fn next_hop(&self) -> Option<&ByteString> {
        self.parts.next_hop.as_ref()
    }

    /// What the watcher's plugin handed in with the subscription.
    pub const fn reference(&self) -> Option<&ByteString> {
        self.parts.reference.as_ref()
    }
}

//! The *subscribe* operation.

use std::time::Duration;

use bytestring::ByteString;

use crate::{
    Authentication, MaxForwards, Package, Presentity, Responder, Response, ResponseStatus,
    SubscriptionId, TransactionId,
};

/// A watcher's wish to be told of a presentity: once, from now on, or no longer.
///
/// * With a duration, or none, under a new name: a subscription; under the name of one that is there: its refresh.
/// * With the duration 0 under a new name: a fetch; under the name of one that is there: its end.
/// * Where the watcher's network knows that the name is no new one ([`into_known`](Self::into_known)): a refresh or an end, or else nothing.
///
/// Answered with success and the duration that the service grants, with `Indeterminant` while nobody has decided whether the
/// watcher may, or with a failure; what there is to tell follows in a [`NotifyOperation`](crate::NotifyOperation). RFC 3859 §3.4.1,
/// draft-ietf-impp-cpim-03 §3.4.1, §3.4.3, §3.4.4.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "an operation that is not answered leaves its sender in the dark"]
pub struct SubscribeOperation {
    parts: Box<Parts>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    transaction_id: TransactionId,
    subscription_id: SubscriptionId,
    watcher: Presentity,
    target: Presentity,
    package: Package,
    is_known: bool,
    duration: Option<Duration>,
    authentication: Authentication,
    max_forwards: MaxForwards,
    deadline: Option<Duration>,
    next_hop: Option<ByteString>,
    reference: Option<ByteString>,
}

impl SubscribeOperation {
    /// A subscription for as long as the service likes.
    pub fn new(
        transaction_id: TransactionId,
        subscription_id: SubscriptionId,
        watcher: Presentity,
        target: Presentity,
    ) -> Self {
        Self {
            parts: Box::new(Parts {
                transaction_id,
                subscription_id,
                watcher,
                target,
                package: Package::Presence,
                is_known: false,
                duration: None,
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

    /// Replaces the target: what an alias or a source route stood for.
    pub fn with_target(mut self, target: Presentity) -> Self {
        self.parts.target = target;
        self
    }

    /// Says what is subscribed to, where it is not presence information.
    pub fn with_package(mut self, package: Package) -> Self {
        self.parts.package = package;
        self
    }

    /// Says that the subscription is there already as far as the watcher knows; where it is not, the response is a failure, `NoPresentity`.
    ///
    /// So a watcher learns that its subscription has ended, where a new one would confuse its network: a SIP dialog, whose other end answers 481 then.
    pub fn into_known(mut self) -> Self {
        self.parts.is_known = true;
        self
    }

    /// Sets for how long, to the second; 0 is a fetch, or the end.
    pub fn with_duration(mut self, duration: Duration) -> Self {
        self.parts.duration = Some(duration);
        self
    }

    /// Says who vouches for the watcher.
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

    /// Gives what the plugin will need to notify this watcher, in its own words; a refresh, or the end, replaces it.
    ///
    /// Kept with the subscription, also over a restart, and handed back with each notification.
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

    /// Gives the operation the name that its onward copy has, and splits off the duty to answer this one.
    ///
    /// The plugin's reference and the next hop are not handed on.
    pub fn into_forward(mut self, transaction_id: TransactionId) -> (Self, Responder) {
        let responder = Responder::new(self.parts.transaction_id);
        self.parts.transaction_id = transaction_id;
        self.parts.next_hop = None;
        self.parts.reference = None;
        (self, responder)
    }

    /// Whether it asks for one notification, or for the end.
    pub fn is_of_no_duration(&self) -> bool {
        self.parts
            .duration
            .is_some_and(|duration| duration.is_zero())
    }

    /// The name under which the response comes back.
    pub const fn transaction_id(&self) -> &TransactionId {
        &self.parts.transaction_id
    }

    /// The subscription.
    pub const fn subscription_id(&self) -> &SubscriptionId {
        &self.parts.subscription_id
    }

    /// Who wants to be told.
    pub const fn watcher(&self) -> &Presentity {
        &self.parts.watcher
    }

    /// The presentity.
    pub const fn target(&self) -> &Presentity {
        &self.parts.target
    }

    /// What is subscribed to.
    pub const fn package(&self) -> Package {
        self.parts.package
    }

    /// Whether it is about a subscription that is there already, and about nothing else.
    pub const fn is_of_known(&self) -> bool {
        self.parts.is_known
    }

    /// For how long, if the watcher says so.
    pub const fn duration(&self) -> Option<Duration> {
        self.parts.duration
    }

    /// Who vouches for the watcher.
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

    /// What the plugin wants back with each notification.
    pub const fn reference(&self) -> Option<&ByteString> {
        self.parts.reference.as_ref()
    }
}

//! Operations of the presence service, lent.

use std::{marker::PhantomData, ptr, time::Duration};

use bytestring::ByteString;
use rialto_abi as abi;
use rialto_model::{
    Authentication, NotifyOperation, PresenceDocument, Presentity, PublishOperation,
    SubscribeOperation, SubscriptionId, TransactionId,
};

use super::{
    presence_numbers::{package_number, say_state},
    view::{EMPTY, authentication_flag, optional_view, release, retain, text_view},
};
use crate::{
    durations::{duration_ms, limit_ms},
    read::{NONE, lend},
};

/// An operation of the presence service, lent to the other side for the time of a call.
#[derive(Debug)]
pub struct PresenceView<'a> {
    raw: abi::Operation,
    presence: abi::Presence,
    _operation: PhantomData<&'a ()>,
}

impl<'a> PresenceView<'a> {
    /// Lends a subscription.
    pub fn subscribe(operation: &'a SubscribeOperation) -> Self {
        let mut view = Self::of(
            abi::KIND_SUBSCRIBE,
            operation.transaction_id(),
            (operation.watcher(), operation.target()),
            operation.subscription_id(),
        )
        .on_its_way(operation.max_forwards().hops(), operation.next_hop())
        .kept(operation.reference())
        .vouched(operation.authentication())
        .limited(operation.deadline(), operation.duration())
        .with(|presence| presence.package = package_number(operation.package()));
        if operation.is_of_known() {
            view.raw.flags |= abi::FLAG_REPLACES;
        }
        view
    }

    /// Lends a notification.
    pub fn notify(operation: &'a NotifyOperation) -> Self {
        Self::of(
            abi::KIND_NOTIFY,
            operation.transaction_id(),
            (operation.target(), operation.watcher()),
            operation.subscription_id(),
        )
        .on_its_way(operation.max_forwards().hops(), operation.next_hop())
        .kept(operation.reference())
        .vouched(operation.authentication())
        .limited(operation.deadline(), operation.expires_in())
        .document(operation.document())
        .with(|presence| {
            presence.package = package_number(operation.package());
            presence.version = operation.version().into();
            say_state(presence, operation.state());
        })
    }

    /// Lends a publication.
    pub fn publish(operation: &'a PublishOperation) -> Self {
        let mut view = Self::of(
            abi::KIND_PUBLISH,
            operation.transaction_id(),
            (operation.publisher(), operation.presentity()),
            operation.publication_id(),
        )
        .vouched(operation.authentication())
        .limited(operation.deadline(), operation.duration())
        .document(operation.document())
        .with(|presence| presence.version = operation.version());
        if let Some(expected) = operation.expected_version() {
            view.raw.flags |= abi::FLAG_REPLACES;
            view.presence.expected_version = expected;
        }
        view
    }

    /// What to hand to the other side; valid as long as the view stays where it is.
    pub const fn raw(&mut self) -> &abi::Operation {
        self.raw.presence = &raw const self.presence;
        &self.raw
    }

    fn of(
        kind: u32,
        transaction_id: &'a TransactionId,
        (source, destination): (&'a Presentity, &'a Presentity),
        subscription_id: &'a SubscriptionId,
    ) -> Self {
        let presence = abi::Presence {
            subscription_id: lend(subscription_id.as_bytes()),
            ..NOTHING
        };
        let raw = abi::Operation {
            kind,
            transaction_id: lend(transaction_id.as_bytes()),
            source: text_view(source.uri()),
            destination: text_view(destination.uri()),
            ..EMPTY
        };
        Self {
            raw,
            presence,
            _operation: PhantomData,
        }
    }

    fn on_its_way(mut self, hops: u8, next_hop: Option<&'a ByteString>) -> Self {
        self.raw.max_forwards = hops.into();
        self.raw.next_hop = optional_view(next_hop);
        self
    }

    fn kept(mut self, reference: Option<&'a ByteString>) -> Self {
        self.raw.reference = optional_view(reference);
        self
    }

    fn vouched(mut self, authentication: Authentication) -> Self {
        self.raw.flags |= authentication_flag(authentication);
        self
    }

    fn limited(mut self, deadline: Option<Duration>, duration: Option<Duration>) -> Self {
        self.raw.deadline_ms = limit_ms(deadline);
        self.presence.duration_ms = duration_ms(duration);
        self
    }

    fn document(mut self, document: Option<&'a PresenceDocument>) -> Self {
        if let Some(document) = document {
            self.raw.content_type = text_view(document.content_type());
            self.raw.payload = lend(document.payload().as_bytes());
            self.raw.owner = ptr::from_ref(document.payload()).cast_mut().cast();
            self.raw.retain = Some(retain);
            self.raw.release = Some(release);
        }
        self
    }

    fn with(mut self, say: impl FnOnce(&mut abi::Presence)) -> Self {
        say(&mut self.presence);
        self
    }
}

/// A `presence` of which nothing is said.
const NOTHING: abi::Presence = abi::Presence {
    size: size_of::<abi::Presence>() as u32,
    package: abi::PACKAGE_PRESENCE,
    subscription_id: NONE,
    duration_ms: abi::DURATION_NOT_SAID,
    state: abi::SUBSCRIPTION_NONE,
    reason: abi::TERMINATION_NONE,
    retry_after_ms: 0,
    version: 0,
    expected_version: 0,
};

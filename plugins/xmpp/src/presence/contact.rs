//! One user of XMPP who is watched, by one watcher.

use rialto_sdk::model::{
    Authentication, NotifyOperation, PresenceDocument, Presentity, SubscribeOperation,
    SubscriptionId, SubscriptionState, TransactionId,
};

use crate::mapping::{MAX_RESOURCES, Resource, document};

/// What is known of a contact, as one watcher may know it.
#[derive(Debug)]
pub(super) struct Contact {
    watcher: Presentity,
    target: Presentity,
    pub(super) leg: Option<Leg>,
    /// Those who want to be told once.
    pub(super) fetches: Vec<SubscriptionId>,
    resources: Vec<Resource>,
    /// Whether the first word for them has come, and the others are waited for.
    pub(super) is_collecting: bool,
    /// Whether the contact's server has said anything on this stream.
    pub(super) is_heard: bool,
}

/// The gateway's subscription.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) name: SubscriptionId,
    pub(super) is_granted: bool,
}

impl Contact {
    /// One of whom nothing is known yet.
    pub(super) fn of(operation: &SubscribeOperation) -> Self {
        Self {
            watcher: operation.watcher().clone(),
            target: operation.target().clone(),
            leg: None,
            fetches: Vec::new(),
            resources: Vec::new(),
            is_collecting: false,
            is_heard: false,
        }
    }

    /// Whether the contact lets the watcher see it.
    pub(super) fn is_granted(&self) -> bool {
        self.leg.as_ref().is_some_and(|leg| leg.is_granted)
    }

    /// Whether anything was heard of its resources.
    pub(super) const fn is_known(&self) -> bool {
        !self.resources.is_empty()
    }

    /// What all of its resources say, together.
    pub(super) fn document(&self) -> Option<PresenceDocument> {
        document(&self.target, &self.resources)
    }

    /// Takes what a resource says; whether that is new.
    ///
    /// One that is not there stands there only if no other is, so that there is something to tell.
    pub(super) fn learn(&mut self, resource: Resource) -> bool {
        let same = self
            .resources
            .iter()
            .position(|known| known.name == resource.name);
        let known = same.and_then(|at| self.resources.get_mut(at));
        if resource.is_open {
            return match known {
                Some(known) if known.says_the_same_as(&resource) => false,
                Some(known) => {
                    *known = resource;
                    true
                }
                None => {
                    self.resources.retain(|known| known.is_open);
                    let has_room = self.resources.len() < MAX_RESOURCES;
                    if has_room {
                        self.resources.push(resource);
                    }
                    has_room
                }
            };
        }
        let known = known.map(|known| known.clone());
        let before = self.resources.len();
        // A server that speaks of the user as such speaks of all of it.
        let is_all = resource.name.is_none();
        self.resources
            .retain(|known| known.is_open && known.name != resource.name && !is_all);
        if !self.resources.is_empty() {
            return self.resources.len() != before;
        }
        let is_new = known.is_none_or(|known| !known.says_the_same_as(&resource));
        self.resources.push(resource);
        is_new
    }

    /// Forgets what was heard; returns how many bytes of remarks that were.
    pub(super) fn forget(&mut self) -> usize {
        let text = self.text();
        self.resources.clear();
        text
    }

    pub(super) fn text(&self) -> usize {
        let statuses = self
            .resources
            .iter()
            .flat_map(|resource| &resource.statuses);
        statuses.map(|status| status.text.len()).sum()
    }

    pub(super) fn notify(
        &self,
        id: TransactionId,
        name: &SubscriptionId,
        state: SubscriptionState,
        document: Option<PresenceDocument>,
    ) -> NotifyOperation {
        let (watcher, target) = (self.watcher.clone(), self.target.clone());
        // The server has stamped what it says, or checked who did (RFC 6120 §8.1.2).
        let operation = NotifyOperation::new(id, *name, watcher, target, state)
            .with_authentication(Authentication::Network);
        match document {
            Some(document) => operation.with_document(document),
            None => operation,
        }
    }
}

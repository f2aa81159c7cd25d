//! One user of XMPP who is watched, by one watcher.

use rialto_sdk::model::{
    Authentication, NotifyOperation, Presentity, SubscribeOperation, SubscriptionId,
    SubscriptionState, TransactionId,
};

use crate::mapping::{MAX_RESOURCES, Resource, document};

/// What is known of a contact, as one watcher may know it.
#[derive(Debug)]
pub(super) struct Contact {
    watcher: Presentity,
    /// The gateway's subscriptions: what was asked again last is last. They have one answer, as they are one on XMPP.
    legs: Vec<Question>,
    is_granted: bool,
    /// Those who want to be told once.
    pub(super) fetches: Vec<Question>,
    resources: Vec<Resource>,
    /// Whether the first word for them has come, and the others are waited for.
    pub(super) is_collecting: bool,
    /// Whether the contact's server has said anything on this stream.
    pub(super) is_heard: bool,
}

/// What the gateway asks of a contact: how it calls that, and how it writes the contact.
///
/// Several addresses may be one contact: XMPP does not know whether `+12015550123` is a telephone number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) name: SubscriptionId,
    target: Presentity,
}

impl Question {
    pub(super) fn of(operation: &SubscribeOperation) -> Self {
        Self {
            name: *operation.subscription_id(),
            target: operation.target().clone(),
        }
    }
}

impl Contact {
    /// How many subscriptions of one watcher's are one on XMPP; beyond, the one that was asked again longest ago is forgotten.
    const MOST_LEGS: usize = 4;

    /// One of whom nothing is known yet.
    pub(super) fn of(operation: &SubscribeOperation) -> Self {
        Self {
            watcher: operation.watcher().clone(),
            legs: Vec::new(),
            is_granted: false,
            fetches: Vec::new(),
            resources: Vec::new(),
            is_collecting: false,
            is_heard: false,
        }
    }

    /// Adds a subscription, or puts it last; returns the name of the one that is forgotten for it.
    pub(super) fn add_leg(&mut self, leg: Question) -> Option<SubscriptionId> {
        self.legs.retain(|known| known.name != leg.name);
        let is_full = self.legs.len() >= Self::MOST_LEGS;
        let forgotten = is_full.then(|| self.legs.remove(0).name);
        self.legs.push(leg);
        forgotten
    }

    /// Takes a subscription away; of a contact without any, nothing is granted.
    pub(super) fn remove_leg(&mut self, name: &SubscriptionId) {
        self.legs.retain(|leg| leg.name != *name);
        self.is_granted &= self.has_legs();
    }

    /// Whether the gateway has any subscription.
    pub(super) const fn has_legs(&self) -> bool {
        !self.legs.is_empty()
    }

    pub(super) fn has_leg(&self, name: &SubscriptionId) -> bool {
        self.legs.iter().any(|leg| leg.name == *name)
    }

    /// Takes the contact's leave; whether that is new.
    pub(super) fn grant(&mut self) -> bool {
        let is_new = self.has_legs() && !self.is_granted;
        self.is_granted |= is_new;
        is_new
    }

    /// Whether the contact lets the watcher see it.
    pub(super) const fn is_granted(&self) -> bool {
        self.is_granted
    }

    /// Whether nobody wants to know anything of it.
    pub(super) const fn is_over(&self) -> bool {
        self.legs.is_empty() && self.fetches.is_empty()
    }

    /// Whether anything was heard of its resources.
    pub(super) const fn is_known(&self) -> bool {
        !self.resources.is_empty()
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

    /// What all subscriptions are told: what is known.
    pub(super) fn news(&self, id: impl Fn() -> TransactionId) -> Vec<NotifyOperation> {
        let told = self.legs.iter().map(|leg| self.tell(leg, id()));
        told.collect()
    }

    /// What one question is answered: what is known.
    pub(super) fn tell(&self, question: &Question, id: TransactionId) -> NotifyOperation {
        let told = self.notify(question, id, SubscriptionState::Active);
        match document(&question.target, &self.resources) {
            Some(document) => told.with_document(document),
            None => told,
        }
    }

    /// What all subscriptions are told: how far they are, and nothing else.
    pub(super) fn words(
        &self,
        state: SubscriptionState,
        id: impl Fn() -> TransactionId,
    ) -> Vec<NotifyOperation> {
        let told = self.legs.iter().map(|leg| self.notify(leg, id(), state));
        told.collect()
    }

    /// What all subscriptions are told, and all who want to be told once, when it is over.
    pub(super) fn last_words(
        &self,
        state: SubscriptionState,
        id: impl Fn() -> TransactionId,
    ) -> Vec<NotifyOperation> {
        let mut told = self.words(state, &id);
        told.extend(
            self.fetches
                .iter()
                .map(|fetch| self.notify(fetch, id(), state)),
        );
        told
    }

    fn notify(
        &self,
        question: &Question,
        id: TransactionId,
        state: SubscriptionState,
    ) -> NotifyOperation {
        let (watcher, target) = (self.watcher.clone(), question.target.clone());
        // The server has stamped what it says, or checked who did (RFC 6120 §8.1.2).
        NotifyOperation::new(id, question.name, watcher, target, state)
            .with_authentication(Authentication::Network)
    }
}

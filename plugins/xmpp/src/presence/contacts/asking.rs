//! What the gateway asks of contacts.

use std::collections::hash_map::Entry;

use rialto_sdk::model::{
    ByteString, Failure, FailureClass, FailureReason, ResponseStatus, SubscribeOperation,
    SubscriptionId, TransactionId,
};
use rialto_xmpp_codec::{Presence, PresenceType};

use super::{Contacts, Heard};
use crate::presence::contact::{Contact, Question};
use crate::presence::{Pair, full};

/// What becomes of what the gateway asks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// It is answered, and this is told and said.
    Answered(ResponseStatus, Heard),
    /// The contact's server has to be asked by this first.
    Query(Box<Presence>),
}

impl Contacts {
    /// How many want to be told once of the same contact for the same watcher.
    const MOST_FETCHES: usize = 4;

    /// Takes what the gateway asks of a pair.
    ///
    /// The duration 0 under a name that is not known is a fetch, even where it was meant as an end; who does not want what is fetched
    /// says so.
    pub(crate) fn ask(
        &mut self,
        pair: &Pair,
        operation: &SubscribeOperation,
        is_watched_back: bool,
        id: impl Fn() -> TransactionId,
    ) -> Result<Asked, Failure> {
        let name = operation.subscription_id();
        if operation.is_of_no_duration() {
            return match self.names.get(name).cloned() {
                Some(pair) => Ok(self.end(&pair, operation, is_watched_back)),
                None => self.fetch(pair, operation, id),
            };
        }
        let contact = self.learn(pair, operation)?;
        let is_new = !contact.has_leg(name);
        let is_asked = contact.has_legs() && contact.is_heard;
        let forgotten = contact.add_leg(Question::of(operation));
        let asked = match (is_asked, contact.is_granted()) {
            // Its user has not decided yet, and should not be asked again and again.
            (true, false) => Asked::Answered(ResponseStatus::Indeterminant, Heard::default()),
            (true, true) if is_new => contact.answer(operation, id),
            (_, true) => Asked::Query(query_of(pair, PresenceType::Probe, operation)),
            (false, false) => Asked::Query(query_of(pair, PresenceType::Subscribe, operation)),
        };
        if let Some(forgotten) = forgotten {
            self.names.remove(&forgotten);
        }
        self.names.insert(*name, pair.clone());
        Ok(asked)
    }

    /// The contact's server has taken the question; says how far the subscription is.
    pub(crate) fn asked(&mut self, pair: &Pair, name: &SubscriptionId) -> ResponseStatus {
        let Some(contact) = self.all.get_mut(pair) else {
            return Failure::new(FailureReason::NotPermitted).into();
        };
        if !contact.has_leg(name) {
            return Failure::new(FailureReason::Cancelled).into();
        }
        if contact.is_granted() {
            return ResponseStatus::Success;
        }
        contact.is_heard = true; // it was asked on this stream
        ResponseStatus::Indeterminant
    }

    /// The contact's server could not be asked.
    pub(crate) fn not_asked(&mut self, pair: &Pair, name: &SubscriptionId, failure: &Failure) {
        let is_over = failure.reason().class() == FailureClass::Permanent;
        let Some(contact) = self.all.get_mut(pair) else {
            return;
        };
        contact.fetches.retain(|fetch| fetch.name != *name);
        if is_over {
            contact.remove_leg(name);
        }
        if !contact.has_leg(name) {
            self.names.remove(name);
        }
        self.tidy(pair);
    }

    fn end(&mut self, pair: &Pair, operation: &SubscribeOperation, is_watched_back: bool) -> Asked {
        self.unknown(operation.subscription_id());
        let is_watched = self.all.get(pair).is_some_and(Contact::has_legs);
        // RFC 8048 §5.3.3. It would also say that the watcher is not there, to a contact who watches back and knows better.
        let is_left = !is_watched && !is_watched_back;
        let word = is_left.then(|| *query_of(pair, PresenceType::Unavailable, operation));
        Asked::Answered(
            ResponseStatus::Success,
            Heard {
                said: word.into_iter().collect(),
                ..Heard::default()
            },
        )
    }

    fn fetch(
        &mut self,
        pair: &Pair,
        operation: &SubscribeOperation,
        id: impl Fn() -> TransactionId,
    ) -> Result<Asked, Failure> {
        let contact = self.learn(pair, operation)?;
        if contact.has_legs() && !contact.is_granted() {
            // A probe would be answered with `unsubscribed`, since the contact's user has not decided.
            return Ok(Asked::Answered(
                ResponseStatus::Indeterminant,
                Heard::default(),
            ));
        }
        if contact.is_granted() && contact.is_heard {
            return Ok(contact.answer(operation, id));
        }
        if contact.fetches.len() >= Self::MOST_FETCHES {
            return Err(full());
        }
        contact.fetches.push(Question::of(operation));
        Ok(Asked::Query(query_of(pair, PresenceType::Probe, operation)))
    }

    fn learn(
        &mut self,
        pair: &Pair,
        operation: &SubscribeOperation,
    ) -> Result<&mut Contact, Failure> {
        let has_room = self.all.len() < self.most;
        match self.all.entry(pair.clone()) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(free) if has_room => Ok(free.insert(Contact::of(operation))),
            Entry::Vacant(_) => Err(full()),
        }
    }
}

impl Contact {
    /// Answers from what is known.
    fn answer(&self, operation: &SubscribeOperation, id: impl Fn() -> TransactionId) -> Asked {
        let told = self.tell(&Question::of(operation), id());
        Asked::Answered(ResponseStatus::Success, Heard::of(vec![told]))
    }
}

/// A word of the watcher's to the contact, under the name of what the gateway asks.
fn query_of(pair: &Pair, type_: PresenceType, operation: &SubscribeOperation) -> Box<Presence> {
    Box::new(Presence {
        id: Some(ByteString::from(operation.transaction_id().as_str())),
        ..Presence::new(pair.user.clone(), pair.contact.clone(), type_)
    })
}

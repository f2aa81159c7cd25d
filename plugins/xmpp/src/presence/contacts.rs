//! Users of XMPP who are watched from behind the gateway.
//!
//! There is one subscription on XMPP for a watcher and a contact, however the gateway calls it. XMPP tells of each resource alone, the gateway is told of all together, a tuple for each
//! (RFC 3922 §6.3.1). What a contact's server has said on one stream is not believed on the next: it is asked again. No I/O and no clock here.

use std::collections::HashMap;

use rialto_sdk::model::{
    ByteString, Failure, FailureClass, FailureReason, NotifyOperation, ResponseStatus,
    SubscribeOperation, SubscriptionId, SubscriptionState, TerminationReason, TransactionId,
};
use rialto_xmpp_codec::{Presence, PresenceType};

use super::Pair;
use super::contact::{Contact, Leg};
use crate::mapping::Resource;

/// All of them.
#[derive(Debug)]
pub(crate) struct Contacts {
    most: usize,
    all: HashMap<Pair, Contact>,
    names: HashMap<SubscriptionId, Pair>,
    /// Bytes of remarks that are kept.
    text: usize,
}

/// What becomes of what the gateway asks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// It is answered, and this is sent.
    Answered(ResponseStatus, Option<Presence>),
    /// It is told once, from what is known.
    Told,
    /// The contact's server has to be asked by this first.
    Query(Presence),
}

/// What a word from XMPP leads to; mostly nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// What the gateway is told.
    pub(crate) told: Vec<NotifyOperation>,
    /// What is said to the contact's server.
    pub(crate) said: Vec<Presence>,
    /// Whether somebody wants to be told once, a little later: others of the contact's resources may follow.
    pub(crate) is_begun: bool,
}

impl Contacts {
    /// How many want to be told once of the same contact for the same watcher.
    const MOST_FETCHES: usize = 4;

    /// The most bytes of remarks that are kept; beyond, they are left out.
    const MOST_TEXT: usize = 64 * 1024 * 1024;

    /// At most `most` are known at a time.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            all: HashMap::new(),
            names: HashMap::new(),
            text: 0,
        }
    }

    /// Takes what the gateway asks of a pair.
    ///
    /// The duration 0 under a name that is not known is a fetch, even where it was meant as an end; who does not want what is fetched
    /// says so.
    pub(crate) fn ask(
        &mut self,
        pair: &Pair,
        operation: &SubscribeOperation,
        is_watched_back: bool,
    ) -> Result<Asked, Failure> {
        let name = operation.subscription_id();
        if operation.is_of_no_duration() {
            return match self.names.get(name).cloned() {
                Some(pair) => Ok(self.end(&pair, name, operation, is_watched_back)),
                None => self.fetch(pair, operation),
            };
        }
        self.learn(pair, operation)?;
        let contact = self.all.get(pair).ok_or_else(full)?;
        let is_granted = contact.is_granted();
        let is_asked = contact.leg.is_some() && contact.is_heard;
        self.set_leg(pair, name);
        if is_asked && !is_granted {
            // Its user has not decided yet, and should not be asked again and again.
            return Ok(Asked::Answered(ResponseStatus::Indeterminant, None));
        }
        let word = if is_granted {
            PresenceType::Probe
        } else {
            PresenceType::Subscribe
        };
        Ok(Asked::Query(query_of(pair, word, operation)))
    }

    /// The contact's server has taken the question; says how far the subscription is.
    pub(crate) fn asked(&mut self, pair: &Pair, name: &SubscriptionId) -> ResponseStatus {
        let Some(contact) = self.all.get_mut(pair) else {
            return Failure::new(FailureReason::NotPermitted).into();
        };
        let leg = contact.leg.as_ref().filter(|leg| leg.name == *name);
        match leg {
            Some(leg) if leg.is_granted => ResponseStatus::Success,
            Some(_) => {
                contact.is_heard = true; // it was asked on this stream
                ResponseStatus::Indeterminant
            }
            None if contact.fetches.contains(name) => ResponseStatus::Success,
            None => Failure::new(FailureReason::Cancelled).into(),
        }
    }

    /// The contact's server could not be asked.
    pub(crate) fn not_asked(&mut self, pair: &Pair, name: &SubscriptionId, failure: &Failure) {
        let is_over = failure.reason().class() == FailureClass::Permanent;
        let Some(contact) = self.all.get_mut(pair) else {
            return;
        };
        contact.fetches.retain(|fetch| fetch != name);
        let is_leg = contact.leg.as_ref().is_some_and(|leg| leg.name == *name);
        if is_leg && is_over {
            contact.leg = None;
        }
        if !is_leg || is_over {
            self.names.remove(name);
        }
        self.tidy(pair);
    }

    /// Whether something was heard of the contact since the stream began.
    pub(crate) fn is_heard(&self, pair: &Pair) -> bool {
        self.all.get(pair).is_some_and(|contact| contact.is_heard)
    }

    /// Takes what a contact, or its server, says; `None` if nobody wants to know anything of it.
    pub(crate) fn hear(
        &mut self,
        pair: &Pair,
        presence: &Presence,
        id: impl Fn() -> TransactionId,
    ) -> Option<Heard> {
        if !self.all.contains_key(pair) {
            return None;
        }
        Some(match presence.type_ {
            PresenceType::Available | PresenceType::Unavailable => {
                self.notified(pair, presence, id)
            }
            PresenceType::Subscribed => self.granted(pair, id),
            PresenceType::Unsubscribed => {
                let rejected = SubscriptionState::terminated(TerminationReason::Rejected);
                self.ended(pair, rejected, id)
            }
            _ => Heard::default(),
        })
    }

    /// Takes an error for something that was sent to a contact some time ago.
    ///
    /// Its server cannot be reached, or it knows no such user: nothing is known to be there any more.
    pub(crate) fn failed(
        &mut self,
        pair: &Pair,
        failure: &Failure,
        id: impl Fn() -> TransactionId,
    ) -> Heard {
        let Some(contact) = self.all.get_mut(pair) else {
            return Heard::default();
        };
        let reason = match failure.reason() {
            FailureReason::NoSuchInbox => TerminationReason::NoResource,
            _ if contact.is_granted() => {
                self.text = self.text.saturating_sub(contact.forget());
                return self.news(pair, id);
            }
            // The user was not asked, and will be later.
            _ => TerminationReason::Probation,
        };
        self.ended(pair, SubscriptionState::terminated(reason), id)
    }

    /// What those are told who want to be told once, of whom something was heard a little while ago.
    pub(crate) fn collected(
        &mut self,
        pair: &Pair,
        id: impl Fn() -> TransactionId,
    ) -> Vec<NotifyOperation> {
        let Some(contact) = self.all.get_mut(pair) else {
            return Vec::new();
        };
        contact.is_collecting = false;
        let document = contact.document();
        let fetches = std::mem::take(&mut contact.fetches);
        let told = fetches
            .iter()
            .map(|name| contact.notify(id(), name, SubscriptionState::Active, document.clone()));
        let told = told.collect();
        self.tidy(pair);
        told
    }

    /// The gateway has no subscription of this name any more.
    pub(crate) fn unknown(&mut self, name: &SubscriptionId) {
        let Some(pair) = self.names.remove(name) else {
            return;
        };
        if let Some(contact) = self.all.get_mut(&pair) {
            contact.leg.take_if(|leg| leg.name == *name);
            contact.fetches.retain(|fetch| fetch != name);
        }
        self.tidy(&pair);
    }

    /// What the gateway is told of a contact of whom nothing was heard on this stream: nothing is known to be there.
    pub(crate) fn silence(&mut self, pair: &Pair, id: impl Fn() -> TransactionId) -> Heard {
        match self.all.get_mut(pair) {
            Some(contact) if !contact.is_heard => {
                contact.is_heard = true;
                self.news(pair, id)
            }
            _ => Heard::default(),
        }
    }

    /// There is another stream: what was heard on the last is not known to be true.
    pub(crate) fn stream_began(&mut self) {
        for contact in self.all.values_mut() {
            contact.forget();
            contact.is_heard = false;
        }
        self.text = 0;
    }

    fn end(
        &mut self,
        pair: &Pair,
        name: &SubscriptionId,
        operation: &SubscribeOperation,
        is_watched_back: bool,
    ) -> Asked {
        self.unknown(name);
        // RFC 8048 §5.3.3. It would also say that the watcher is not there, to a contact who watches back and knows better.
        let word = (!is_watched_back).then(|| query_of(pair, PresenceType::Unavailable, operation));
        Asked::Answered(ResponseStatus::Success, word)
    }

    fn fetch(&mut self, pair: &Pair, operation: &SubscribeOperation) -> Result<Asked, Failure> {
        let name = operation.subscription_id();
        if let Some(contact) = self.all.get(pair)
            && let Some(leg) = &contact.leg
        {
            if !leg.is_granted {
                // A probe would be answered with `unsubscribed`, since the contact's user has not decided.
                return Ok(Asked::Answered(ResponseStatus::Indeterminant, None));
            }
            if contact.is_heard {
                self.add_fetch(pair, name)?;
                return Ok(Asked::Told);
            }
        }
        self.learn(pair, operation)?;
        self.add_fetch(pair, name)?;
        Ok(Asked::Query(query_of(pair, PresenceType::Probe, operation)))
    }

    fn add_fetch(&mut self, pair: &Pair, name: &SubscriptionId) -> Result<(), Failure> {
        let contact = self.all.get_mut(pair).ok_or_else(full)?;
        if contact.fetches.len() >= Self::MOST_FETCHES {
            return Err(full());
        }
        contact.fetches.push(*name);
        Ok(())
    }

    fn learn(&mut self, pair: &Pair, operation: &SubscribeOperation) -> Result<(), Failure> {
        if self.all.contains_key(pair) {
            return Ok(());
        }
        if self.all.len() >= self.most {
            return Err(full());
        }
        self.all.insert(pair.clone(), Contact::of(operation));
        Ok(())
    }

    /// Gives the subscription of a pair this name.
    fn set_leg(&mut self, pair: &Pair, name: &SubscriptionId) {
        let Some(contact) = self.all.get_mut(pair) else {
            return;
        };
        match &mut contact.leg {
            Some(leg) if leg.name == *name => {}
            Some(leg) => {
                self.names.remove(&leg.name);
                leg.name = *name;
            }
            None => {
                contact.leg = Some(Leg {
                    name: *name,
                    is_granted: false,
                });
            }
        }
        self.names.insert(*name, pair.clone());
    }

    fn notified(
        &mut self,
        pair: &Pair,
        presence: &Presence,
        id: impl Fn() -> TransactionId,
    ) -> Heard {
        let (Some(contact), Some(mut resource)) = (self.all.get_mut(pair), Resource::of(presence))
        else {
            return Heard::default();
        };
        if self.text > Self::MOST_TEXT {
            resource.statuses.clear();
        }
        let before = contact.text();
        let is_new = contact.learn(resource) || !contact.is_heard;
        contact.is_heard = true;
        self.text = (self.text + contact.text()).saturating_sub(before);
        let is_begun = !contact.fetches.is_empty() && !contact.is_collecting;
        contact.is_collecting |= is_begun;
        let is_news = contact.is_granted() && is_new;
        let heard = if is_news {
            self.news(pair, id)
        } else {
            Heard::default()
        };
        Heard { is_begun, ..heard }
    }

    fn granted(&mut self, pair: &Pair, id: impl Fn() -> TransactionId) -> Heard {
        let Some(contact) = self.all.get_mut(pair) else {
            return Heard::default();
        };
        let Some(leg) = contact.leg.as_mut().filter(|leg| !leg.is_granted) else {
            return Heard::default();
        };
        leg.is_granted = true;
        let name = leg.name;
        let known = contact.is_known();
        contact.is_heard = known;
        let document = known.then(|| contact.document());
        // Not every server says at once what there is to say.
        let ask = Presence {
            id: Some(id().as_str().into()),
            ..Presence::new(pair.user.clone(), pair.contact.clone(), PresenceType::Probe)
        };
        let told = contact.notify(id(), &name, SubscriptionState::Active, document.flatten());
        Heard {
            told: vec![told],
            said: vec![ask],
            is_begun: false,
        }
    }

    fn ended(
        &mut self,
        pair: &Pair,
        state: SubscriptionState,
        id: impl Fn() -> TransactionId,
    ) -> Heard {
        let Some(contact) = self.all.remove(pair) else {
            return Heard::default();
        };
        self.text = self.text.saturating_sub(contact.text());
        let names = contact.leg.iter().map(|leg| leg.name);
        let names = names.chain(contact.fetches.iter().copied());
        let told = names.map(|name| {
            self.names.remove(&name);
            contact.notify(id(), &name, state, None)
        });
        Heard::of(told.collect())
    }

    fn news(&mut self, pair: &Pair, id: impl Fn() -> TransactionId) -> Heard {
        let Some(contact) = self.all.get(pair) else {
            return Heard::default();
        };
        let Some(leg) = contact.leg.as_ref().filter(|leg| leg.is_granted) else {
            return Heard::default();
        };
        let document = contact.document();
        let told = contact.notify(id(), &leg.name, SubscriptionState::Active, document);
        Heard::of(vec![told])
    }

    /// Forgets a contact of whom nobody wants to know anything.
    fn tidy(&mut self, pair: &Pair) {
        let is_over = |contact: &Contact| contact.leg.is_none() && contact.fetches.is_empty();
        if self.all.get(pair).is_some_and(is_over)
            && let Some(contact) = self.all.remove(pair)
        {
            self.text = self.text.saturating_sub(contact.text());
        }
    }
}

impl Heard {
    /// What is told alone.
    pub(crate) fn of(told: Vec<NotifyOperation>) -> Self {
        Self {
            told,
            ..Self::default()
        }
    }
}

/// A word of the watcher's to the contact, under the name of what the gateway asks.
fn query_of(pair: &Pair, type_: PresenceType, operation: &SubscribeOperation) -> Presence {
    Presence {
        id: Some(ByteString::from(operation.transaction_id().as_str())),
        ..Presence::new(pair.user.clone(), pair.contact.clone(), type_)
    }
}

fn full() -> Failure {
    Failure::new(FailureReason::Overloaded)
        .with_detail("xmpp: as many subscriptions are known as may be")
}

//! Users of XMPP who are watched from behind the gateway.
//!
//! There is one subscription on XMPP for a watcher and a contact, however many the gateway has, by whatever names. XMPP tells of each resource alone, the gateway is told of all together, a tuple for each
//! (RFC 3922 §6.3.1). What a contact's server has said on one stream is not believed on the next: it is asked again. No I/O and no clock here.

use std::collections::HashMap;

use rialto_sdk::model::{
    Failure, FailureReason, NotifyOperation, SubscriptionId, SubscriptionState, TerminationReason,
    TransactionId,
};
use rialto_xmpp_codec::{Presence, PresenceType};

use super::Pair;
use super::contact::Contact;
use crate::mapping::Resource;

mod asking;

pub(crate) use self::asking::Asked;

/// All of them.
#[derive(Debug)]
pub(crate) struct Contacts {
    most: usize,
    all: HashMap<Pair, Contact>,
    names: HashMap<SubscriptionId, Pair>,
    /// Bytes of remarks that are kept.
    text: usize,
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
        let fetches = std::mem::take(&mut contact.fetches);
        let told = fetches.iter().map(|fetch| contact.tell(fetch, id()));
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
            contact.remove_leg(name);
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
        if !contact.grant() {
            return Heard::default();
        }
        contact.is_heard = contact.is_known();
        let told = if contact.is_known() {
            contact.news(&id)
        } else {
            contact.words(SubscriptionState::Active, &id)
        };
        // Not every server says at once what there is to say.
        let ask = Presence {
            id: Some(id().as_str().into()),
            ..Presence::new(pair.user.clone(), pair.contact.clone(), PresenceType::Probe)
        };
        Heard {
            told,
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
        let told = contact.last_words(state, id);
        for last in &told {
            self.names.remove(last.subscription_id());
        }
        Heard::of(told)
    }

    fn news(&mut self, pair: &Pair, id: impl Fn() -> TransactionId) -> Heard {
        let contact = self.all.get(pair).filter(|contact| contact.is_granted());
        Heard::of(contact.map_or_else(Vec::new, |contact| contact.news(id)))
    }

    /// Forgets a contact of whom nobody wants to know anything.
    fn tidy(&mut self, pair: &Pair) {
        if self.all.get(pair).is_some_and(Contact::is_over)
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

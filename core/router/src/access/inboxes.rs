//! What principals say, while the gateway runs, of whose messages their inboxes take.

use std::{
    collections::HashMap,
    hash::BuildHasher,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use foldhash::quality::RandomState;
use rialto_model::{InstantInbox, Presentity};

use super::{Ground, Question, Ruling, fold};
use crate::{
    AdapterId, Reception,
    decision::presence::inbox_of,
    presence::{PrincipalRules, SenderRule},
};

/// Sender rules by inbox; all who decide about messages look here, at the same time.
#[derive(Debug, Default)]
pub(crate) struct Inboxes {
    /// How many inboxes have rules: where there are none, a message costs one look at this.
    count: AtomicUsize,
    shelves: [RwLock<Shelf>; SHELVES],
    hash: RandomState,
}

type Shelf = HashMap<InstantInbox, Arc<[SenderRule]>, RandomState>;

/// So many that readers seldom meet at one lock.
const SHELVES: usize = 32;

impl Inboxes {
    /// Sets what a principal says of its inbox; none, or no rule, takes it back.
    pub(crate) fn set(&self, principal: &Presentity, rules: Option<&PrincipalRules>) {
        // An address that is no inbox gets no message.
        let Ok(inbox) = inbox_of(principal) else {
            return;
        };
        let inbox = fold(&inbox).into_owned();
        let rules = rules.map(PrincipalRules::senders).unwrap_or_default();
        let mut shelf = self
            .shelf(&inbox)
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let before = if rules.is_empty() {
            shelf.remove(&inbox)
        } else {
            shelf.insert(inbox, rules.into())
        };
        match (before.is_some(), rules.is_empty()) {
            (false, false) => self.count.fetch_add(1, Ordering::Relaxed),
            (true, true) => self.count.fetch_sub(1, Ordering::Relaxed),
            _ => 0,
        };
    }

    /// Whether the recipient refuses a message. The question's inboxes need not be folded.
    pub(crate) fn judge(&self, question: &Question<'_>) -> Option<Ruling> {
        if self.count.load(Ordering::Relaxed) == 0 || question.from == AdapterId::GATEWAY {
            return None;
        }
        let destination = fold(question.destination.inbox);
        let shelf = self
            .shelf(&destination)
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let rules = shelf.get(&*destination).map(Arc::clone)?;
        drop(shelf);
        let sender = fold(question.source.inbox);
        let refused = Ruling::Denied(Ground::Recipient);
        (SenderRule::judge(&rules, &sender, question.authentication) == Some(Reception::Refuse))
            .then_some(refused)
    }

    fn shelf(&self, inbox: &InstantInbox) -> &RwLock<Shelf> {
        let number = self.hash.hash_one(inbox) as usize % SHELVES;
        // The remainder is a shelf's number.
        let [first, ..] = &self.shelves;
        self.shelves.get(number).unwrap_or(first)
    }
}

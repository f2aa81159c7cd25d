//! All subscriptions, for operators.

use std::time::Duration;

use rand::CryptoRng;
use rialto_model::Presentity;

use super::{
    PresenceService, WatcherEntry,
    subscription::{LegStage, NEVER, Subscription},
    table::Index,
};
use crate::{AdapterId, JournalKey};

/// One subscription, or fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscriptionEntry {
    /// Its number, over restarts too.
    pub key: JournalKey,
    /// The presentity, aliases and source routes undone, folded.
    pub presentity: Presentity,
    /// Its watcher's side.
    pub watcher: WatcherEntry,
    /// Its presentity's side; none where the gateway alone says what the watcher is told.
    pub leg: Option<LegEntry>,
    /// Whether something is known of the presentity for this watcher.
    pub has_document: bool,
    /// The version of what the watcher is told next.
    pub version: u32,
    /// Whether there is something that the watcher was not told.
    pub has_news: bool,
}

/// The presentity's side of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LegEntry {
    /// How far it is.
    pub state: LegState,
    /// Who serves it, once that is known.
    pub adapter: Option<AdapterId>,
    /// How often it was tried in vain since it held.
    pub tries: u8,
    /// When something is done about it, if anything is.
    pub due_in: Option<Duration>,
    /// Whether what is known is true, as far as one can tell.
    pub in_contact: bool,
}

/// How far the presentity's side of a subscription is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LegState {
    /// DNS is asked.
    Resolving,
    /// The presentity's network is asked.
    Asking,
    /// It holds.
    Held,
    /// It is asked for again later.
    Resting,
    /// The presentity's network has said all that it will ever say.
    Done,
}

impl<R: CryptoRng> PresenceService<R> {
    /// The subscriptions whose place is behind this one, in the order of places; the first of all with none.
    pub fn subscriptions_after(
        &self,
        place: Option<u32>,
    ) -> impl Iterator<Item = (u32, SubscriptionEntry)> {
        let from = place.map_or(0, |place| place.saturating_add(1));
        let places = self.subscriptions.occupied_from(from);
        places.filter_map(|(place, of)| Some((place, self.listed(of)?)))
    }

    /// The subscription with that number.
    pub fn subscription_of(&self, key: JournalKey) -> Option<SubscriptionEntry> {
        let index: Index = self.subscriptions.by_key(key)?;
        self.listed(self.subscriptions.get(index)?)
    }

    fn listed(&self, of: &Subscription) -> Option<SubscriptionEntry> {
        Some(SubscriptionEntry {
            key: of.key,
            presentity: self.presentities.get(of.presentity)?.address.clone(),
            watcher: self.entry(of)?,
            leg: self.leg_entry(of),
            has_document: of.document.is_some(),
            version: of.notice.version,
            has_news: of.notice.is_due,
        })
    }

    fn leg_entry(&self, of: &Subscription) -> Option<LegEntry> {
        let state = match of.leg.stage {
            LegStage::None => return None,
            LegStage::Resolving => LegState::Resolving,
            LegStage::Asking => LegState::Asking,
            LegStage::Held => LegState::Held,
            LegStage::Resting => LegState::Resting,
            LegStage::Done => LegState::Done,
        };
        Some(LegEntry {
            state,
            adapter: Some(of.leg.adapter).filter(|adapter| *adapter != AdapterId::GATEWAY),
            tries: of.leg.tries,
            due_in: (of.leg.due != NEVER).then(|| self.time_left(of.leg.due)),
            in_contact: of.in_contact,
        })
    }
}

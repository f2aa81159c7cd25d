//! Who watches whom, for presentities and operators.

use std::time::{Duration, SystemTime};

use rand::CryptoRng;
use rialto_model::{Authentication, Package, Presentity, SubscriptionId, SubscriptionState};

use super::{PresenceService, rules::Handling, subscription::Subscription};
use crate::AdapterId;

/// One watcher of a presentity. RFC 3857 §4.7.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WatcherEntry {
    /// The watcher, aliases and source routes undone.
    pub watcher: Presentity,
    /// Who vouches for it.
    pub authentication: Authentication,
    /// The adapter that it is told by.
    pub adapter: AdapterId,
    /// Its subscription.
    pub subscription_id: SubscriptionId,
    /// What it watches.
    pub package: Package,
    /// How far its subscription is.
    pub state: SubscriptionState,
    /// What the rules make of it.
    pub handling: Handling,
    /// Since when it watches.
    pub since: SystemTime,
    /// For how much longer, unless it refreshes.
    pub expires_in: Duration,
}

impl<R: CryptoRng> PresenceService<R> {
    /// Who watches a presentity now, as the table knows it. RFC 2779 §5.1.11.
    pub fn watchers(&self, presentity: &Presentity) -> Vec<WatcherEntry> {
        let known = self.presentities.find(presentity);
        let known = known.and_then(|id| self.presentities.get(id));
        let watchers = known.map_or(&[][..], |known| &known.watchers).iter();
        let entries = watchers.filter_map(|index| self.entry(self.subscriptions.get(*index)?));
        entries.collect()
    }

    /// How a watcher's subscription to a presentity is, both as the table knows them. RFC 2779 §5.1.10.
    pub fn subscription(
        &self,
        watcher: &Presentity,
        presentity: &Presentity,
    ) -> Option<WatcherEntry> {
        let pair = (
            self.addresses.find(watcher)?,
            self.presentities.find(presentity)?,
            Package::Presence,
        );
        let index = self.subscriptions.by_pair(pair)?;
        self.entry(self.subscriptions.get(index)?)
    }

    fn entry(&self, of: &Subscription) -> Option<WatcherEntry> {
        Some(WatcherEntry {
            watcher: self.addresses.get(of.watcher)?.clone(),
            authentication: of.authentication,
            adapter: of.adapter,
            subscription_id: of.id()?,
            package: of.package,
            state: of.standing.state(),
            handling: of.handling,
            since: of.accepted_at.time(),
            expires_in: self.time_left(of.expires_at),
        })
    }
}

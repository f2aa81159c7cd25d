//! Who watches whom, for presentities and operators.

use std::time::{Duration, SystemTime};

use rand::CryptoRng;
use rialto_model::{
    Authentication, Package, PresenceDocument, Presentity, SubscriptionId, SubscriptionState,
    presence::{
        Uri, Watcher, WatcherInformation, WatcherList,
        watchers::{WatcherEvent, WatcherId, WatcherState, WatcherStatus},
    },
};

use super::{
    PresenceService,
    presentities::PresentityId,
    rules::Handling,
    subscription::{Stage, Standing, Subscription},
};
use crate::{AdapterId, JournalKey};

/// The most watchers that a document lists.
const MOST_LISTED: usize = 2_000;

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

    /// Whether there is a subscription with that key.
    pub fn has(&self, key: JournalKey) -> bool {
        self.subscriptions.by_key(key).is_some()
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

    /// Tells a presentity that its watchers are not those that they were, if it wants to know.
    pub(super) fn tell_of_watchers(&mut self, presentity: PresentityId) {
        let known = self.presentities.get(presentity);
        let itself = known.and_then(|known| self.addresses.find(&known.address));
        let Some(itself) = itself else {
            return;
        };
        let pair = (itself, presentity, Package::WatcherInformation);
        if let Some(index) = self.subscriptions.by_pair(pair) {
            self.want_notice(index);
        }
    }

    /// All who watch the presence of a presentity. RFC 3858.
    pub(super) fn watcher_information(&self, of: &Subscription) -> Option<PresenceDocument> {
        let entity = self.addresses.get(of.shown_target)?;
        let resource = Uri::from(&entity);
        let list = WatcherList::new(resource, Package::Presence.as_str());
        let watchers = self.presentities.get(of.presentity)?.watchers.iter();
        let watchers = watchers.filter_map(|index| self.watcher(self.subscriptions.get(*index)?));
        let list = watchers
            .take(MOST_LISTED)
            .fold(list, WatcherList::with_watcher);
        let all = WatcherInformation::new(of.notice.version, WatcherState::Full);
        all.with_list(list).to_presence_document().ok()
    }

    fn watcher(&self, of: &Subscription) -> Option<Watcher> {
        let is_listed = of.package == Package::Presence && of.stage == Stage::Live;
        let status = match of.standing {
            _ if !is_listed => return None,
            Standing::Pending => WatcherStatus::Pending,
            _ => WatcherStatus::Active,
        };
        let id = WatcherId::parse(format!("w{:x}", of.key.number())).ok()?;
        let uri = Uri::from(&self.addresses.get(of.watcher)?);
        let since = Duration::from_millis(self.now.0.saturating_sub(of.accepted_at.0));
        let watcher = Watcher::new(id, uri, status, WatcherEvent::Subscribe)
            .with_expiration(self.time_left(of.expires_at))
            .with_duration_subscribed(since);
        Some(watcher)
    }

    pub(super) fn entry(&self, of: &Subscription) -> Option<WatcherEntry> {
        Some(WatcherEntry {
            watcher: self.addresses.get(of.watcher)?,
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

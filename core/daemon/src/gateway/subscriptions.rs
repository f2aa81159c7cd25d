//! What operators see of subscriptions and of principals' rules, and change of these.

use rialto_model::{Failure, FailureReason, Package, Presentity, SubscriptionState};
use rialto_router::{
    AdapterId, Handling, JournalKey, LegEntry, LegState, PrincipalRules, RulesChange,
    SubscriptionEntry, View,
};
use tokio::sync::oneshot;

use super::{Gateway, now, presence::no_presence};
use crate::{
    callers::Caller,
    control::{Leg, Subscription, Subscriptions, Watched},
};

/// The shard of a cursor stands above the place in it.
const SHARD_AT: u32 = 32;

impl Gateway {
    /// Most subscriptions of a page.
    const MOST_WATCHED: usize = 1000;
    /// How many are looked at before others may use the shard.
    const SEEN_AT_ONCE: usize = 256;

    /// A page of who watches whom.
    pub(crate) fn subscriptions(&self, page: &Watched) -> Subscriptions {
        let limit = page.limit.clamp(1, Self::MOST_WATCHED);
        let mut entries = Vec::new();
        let (first, mut place) = page.after.map_or((0, None), |after| {
            ((after >> SHARD_AT) as usize, Some(after as u32))
        });
        for (number, shard) in self.presence.iter().enumerate().skip(first) {
            loop {
                let before = place;
                shard.look(|service| {
                    let behind = service.subscriptions_after(before);
                    for (at, entry) in behind.take(Self::SEEN_AT_ONCE) {
                        place = Some(at);
                        if self.is_wanted(page, &entry) {
                            entries.push(self.subscription(&entry));
                        }
                        if entries.len() == limit {
                            return;
                        }
                    }
                });
                if entries.len() == limit {
                    let at = place.unwrap_or_default();
                    let next = Some((number as u64) << SHARD_AT | u64::from(at));
                    return Subscriptions { entries, next };
                }
                if place == before {
                    break;
                }
            }
            place = None;
        }
        let next = None;
        Subscriptions { entries, next }
    }

    /// One subscription.
    pub(crate) fn subscription_of(&self, id: u64) -> Option<Subscription> {
        let key = JournalKey::new(id);
        let found = |service: &_| rialto_router::PresenceService::subscription_of(service, key);
        let entry = self.presence.iter().find_map(|shard| shard.look(found))?;
        Some(self.subscription(&entry))
    }

    /// The rules of a presentity's principal.
    pub(crate) fn rules_of(&self, principal: &Presentity) -> Result<PrincipalRules, Failure> {
        let presentity = self.principal(principal)?;
        let shard = self.shard_of_presentity(&presentity);
        let shard = shard.ok_or_else(no_presence)?;
        Ok(shard.look(|service| service.rules(&presentity).cloned().unwrap_or_default()))
    }

    /// Changes the rules of a presentity's principal, for watchers that there are too; they hold when they are safe.
    pub(crate) async fn change_rules(
        &self,
        principal: &Presentity,
        change: RulesChange,
    ) -> Result<(), Failure> {
        let (sender, receiver) = oneshot::channel();
        self.begin_change(principal, change, sender)?;
        receiver.await.unwrap_or_else(|_| Err(unanswered()))
    }

    fn begin_change(
        &self,
        principal: &Presentity,
        change: RulesChange,
        sender: oneshot::Sender<Result<(), Failure>>,
    ) -> Result<(), Failure> {
        let presentity = self.principal(principal)?;
        let shard = self.shard_of_presentity(&presentity);
        let shard = shard.ok_or_else(no_presence)?;
        shard.change_rules(self, now(), &presentity, change, Caller::Rules(sender));
        Ok(())
    }

    /// The presentity that an operator means.
    fn principal(&self, principal: &Presentity) -> Result<Presentity, Failure> {
        let settings = &self.presence_settings;
        settings.presentity(self.table(), AdapterId::GATEWAY, principal)
    }

    fn is_wanted(&self, page: &Watched, entry: &SubscriptionEntry) -> bool {
        let adapter = self.name(entry.watcher.adapter);
        let sides = [&entry.watcher.watcher, &entry.presentity];
        let [watcher, presentity] = sides.map(Presentity::as_str);
        page.filter.admits(adapter, watcher, presentity)
    }

    fn subscription(&self, entry: &SubscriptionEntry) -> Subscription {
        let watcher = &entry.watcher;
        let age = self.clock().at(now()).duration_since(watcher.since);
        Subscription {
            id: entry.key.number(),
            watcher: watcher.watcher.to_string(),
            presentity: entry.presentity.to_string(),
            adapter: self.name(watcher.adapter).to_owned(),
            subscription_id: watcher.subscription_id.to_string(),
            package: match watcher.package {
                Package::WatcherInformation => "presence.winfo".to_owned(),
                _ => "presence".to_owned(),
            },
            state: state(watcher.state).to_owned(),
            handling: handling(watcher.handling).to_owned(),
            authenticated: watcher.authentication.is_authenticated(),
            age_seconds: age.unwrap_or_default().as_secs(),
            expires_seconds: watcher.expires_in.as_secs(),
            leg: entry.leg.map(|leg| self.leg(&leg)),
            has_document: entry.has_document,
            has_news: entry.has_news,
            version: entry.version,
        }
    }

    fn leg(&self, leg: &LegEntry) -> Leg {
        let state = match leg.state {
            LegState::Resolving => "resolving",
            LegState::Asking => "asking",
            LegState::Held => "held",
            LegState::Resting => "resting",
            LegState::Done => "done",
            _ => "unknown",
        };
        Leg {
            state: state.to_owned(),
            adapter: leg.adapter.map(|adapter| self.name(adapter).to_owned()),
            tries: leg.tries,
            due_seconds: leg.due_in.map(|time| time.as_secs()),
            in_contact: leg.in_contact,
        }
    }
}

const fn state(state: SubscriptionState) -> &'static str {
    match state {
        SubscriptionState::Pending => "pending",
        SubscriptionState::Active => "active",
        SubscriptionState::Terminated { reason, .. } => reason.as_str(),
        _ => "unknown",
    }
}

/// The word that rules have for it.
const fn handling(handling: Handling) -> &'static str {
    match handling {
        Handling::Allow(View::All) => "allow",
        Handling::Allow(View::StatusOnly) => "show status-only",
        Handling::Allow(View::Nothing) => "show nothing",
        Handling::Confirm => "confirm",
        Handling::Block => "block",
        Handling::PoliteBlock => "polite-block",
    }
}

fn unanswered() -> Failure {
    Failure::new(FailureReason::Internal).with_detail("the change was not answered")
}

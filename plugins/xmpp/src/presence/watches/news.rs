//! What the gateway has watchers told.

use std::time::Duration;

use rialto_sdk::model::{SubscriptionState, TerminationReason};
use rialto_sdk::tokio::time::Instant;
use rialto_xmpp_codec::PresenceType;

use super::{LONGEST_WAIT, SHORTEST_WAIT, Stage, Watches};
use crate::mapping::Resource;
use crate::presence::Pair;
use crate::presence::word::{Next, Telling, Word};

impl Watches {
    /// Says what to tell a watcher who is told this by the gateway. `resources` is all that is known; `expires_in`, how long the subscription lasts.
    pub(crate) fn tell(
        &mut self,
        now: Instant,
        pair: &Pair,
        state: SubscriptionState,
        resources: &[Resource],
        expires_in: Option<Duration>,
    ) -> Telling {
        let is_new = !self.all.contains_key(pair);
        if is_new && state.is_terminated() && !is_final(state) {
            // Nothing is known of it, so it was not this one's wish to end it.
            return self.begin_again(now, pair, state);
        }
        let stage = self.learn(pair).map(|watch| watch.stage);
        match (stage, state) {
            (Some(Stage::Leaving), SubscriptionState::Terminated { .. }) => {
                self.forget(pair);
                Telling::default()
            }
            (Some(Stage::Leaving), _) => Telling::default(),
            (_, SubscriptionState::Terminated { .. }) if is_final(state) => self.end(pair),
            (_, SubscriptionState::Terminated { .. }) => self.begin_again(now, pair, state),
            (_, SubscriptionState::Active) => {
                self.refresh_before(now, pair, expires_in);
                self.news(pair, resources)
            }
            // RFC 8048 §5.2.1: nothing is told before it is decided.
            (_, _) => {
                self.refresh_before(now, pair, expires_in);
                Telling::default()
            }
        }
    }

    /// The watcher's server has taken what was to be told.
    pub(crate) fn told(&mut self, pair: &Pair, telling: Telling) {
        match (telling.next, self.all.get_mut(pair)) {
            (Next::Shown(next), Some(watch)) => {
                watch.is_told = true;
                watch.shown = next;
            }
            (Next::Forgotten, _) => drop(self.forget(pair)),
            _ => {}
        }
    }

    /// Takes note of what was told to a user who had asked by a probe.
    pub(crate) fn told_once(&mut self, pair: &Pair, resources: &[Resource]) {
        if let Some(watch) = self.all.get_mut(pair) {
            let (_, next) = watch.shown.change_to(resources);
            watch.shown = watch.shown.in_doubt(&next);
        }
    }

    fn news(&mut self, pair: &Pair, resources: &[Resource]) -> Telling {
        let watch = self.all.get(pair);
        let is_told = watch.is_some_and(|watch| watch.is_told);
        let shown = watch.map(|watch| watch.shown.clone()).unwrap_or_default();
        let (news, next) = shown.change_to(resources);
        // Until it is proven; whoever waits for that may be stopped at any time.
        if let Some(watch) = self.all.get_mut(pair) {
            watch.shown = shown.in_doubt(&next);
        }
        let granted = (!is_told).then_some(Word::Handshake(PresenceType::Subscribed));
        Telling {
            stanzas: granted
                .into_iter()
                .chain(news.into_iter().map(Word::Resource))
                .collect(),
            next: Next::Shown(next),
        }
    }

    fn end(&self, pair: &Pair) -> Telling {
        let shown = self.all.get(pair).map(|watch| &watch.shown);
        let gone = shown.filter(|shown| shown.is_open());
        let gone = gone.map(|shown| shown.change_to(&[]).0);
        let gone = gone.into_iter().flatten().map(Word::Resource);
        Telling {
            stanzas: gone
                .chain([Word::Handshake(PresenceType::Unsubscribed)])
                .collect(),
            next: Next::Forgotten,
        }
    }

    fn begin_again(&mut self, now: Instant, pair: &Pair, state: SubscriptionState) -> Telling {
        let wait = match state {
            SubscriptionState::Terminated {
                retry_after: Some(wait),
                ..
            } => wait.min(LONGEST_WAIT),
            SubscriptionState::Terminated {
                reason: TerminationReason::Probation | TerminationReason::GiveUp,
                ..
            } => LONGEST_WAIT,
            _ => SHORTEST_WAIT,
        };
        let is_new = !self.all.contains_key(pair);
        if let Some(watch) = self.learn(pair) {
            // It was told so, long ago.
            watch.is_told |= is_new;
            self.set_due(pair, Some(now + wait));
        }
        Telling::default()
    }
}

/// Whether a subscription has ended for a reason that concerns its watcher.
pub(in crate::presence) const fn is_final(state: SubscriptionState) -> bool {
    matches!(
        state,
        SubscriptionState::Terminated {
            reason: TerminationReason::Rejected | TerminationReason::NoResource,
            ..
        }
    )
}

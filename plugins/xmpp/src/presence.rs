//! Presence: who watches whom, and what is told (RFC 8048, RFC 3922 §6).
//!
//! | part | what |
//! |---|---|
//! | [`watches`], [`schedule`], [`shown`], [`word`] | users of XMPP who watch: asked for them, refreshed, told |
//! | [`contacts`], [`contact`] | users of XMPP who are watched: asked, heard, reported |
//! | [`mod@reference`] | what the gateway keeps of a subscription from XMPP |
//! | [`telling`], [`watching`] | the two sides at work, between the gateway and the stream |

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use rialto_sdk::model::{Failure, FailureReason, NotifyOperation, ResponseStatus, TransactionId};
use rialto_sdk::tokio::sync::Semaphore;
use rialto_xmpp_codec::Presence;

use crate::config::Config;
use crate::gateway::{Event, Gateway, Ignored};
use crate::line::lock;
use crate::link::Link;

mod contact;
mod contacts;
mod pair;
mod reference;
mod schedule;
mod shown;
mod telling;
mod watches;
mod watching;
mod word;

#[cfg(test)]
mod tests;

use self::contacts::{Contacts, Heard};
pub(crate) use self::pair::Pair;
use self::shown::Shown;
use self::watches::Watches;

/// The presence of one component; clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Presences<G> {
    gateway: G,
    link: Arc<Link>,
    config: Arc<Config>,
    state: Arc<Mutex<State>>,
    /// A place for each wish of a user on XMPP that the gateway has not answered.
    places: Arc<Semaphore>,
}

#[derive(Debug)]
struct State {
    watches: Watches,
    contacts: Contacts,
    /// What the gateway is to be told next, in the order in which it was heard.
    reports: VecDeque<NotifyOperation>,
    /// Is somebody telling it?
    is_reporting: bool,
}

/// Wishes of users on XMPP that wait for the gateway.
const PLACES: usize = 4096;

impl<G: Gateway> Presences<G> {
    pub(crate) fn new(gateway: G, link: Arc<Link>, config: Arc<Config>) -> Self {
        let most = config.subscriptions();
        Self {
            gateway,
            link,
            config,
            state: Arc::new(Mutex::new(State {
                watches: Watches::new(most),
                contacts: Contacts::new(most),
                reports: VecDeque::new(),
                is_reporting: false,
            })),
            places: Arc::new(Semaphore::new(PLACES)),
        }
    }

    /// There is another stream: what was heard on the last is not known to be true.
    pub(crate) fn stream_began(&self) {
        self.state().contacts.stream_began();
    }

    /// Whether a user was shown this resource of another as one that is there.
    pub(crate) fn shows(&self, pair: &Pair, resource: &str) -> bool {
        self.state().watches.shows(pair, resource)
    }

    /// Never held over a wait, nor over a call of the gateway's.
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Has the gateway told what was heard, in order; of two threads that come, one does it for both.
    fn report(&self, heard: Heard) {
        self.say_later(heard.said);
        let mut state = self.state();
        state.reports.extend(heard.told);
        if std::mem::replace(&mut state.is_reporting, true) {
            return;
        }
        while let Some(operation) = state.reports.pop_front() {
            drop(state);
            let (presences, name) = (self.clone(), *operation.subscription_id());
            self.gateway.submit_notify(operation, move |status| {
                if is_unknown(&status) {
                    presences.state().contacts.unknown(&name);
                }
            });
            state = self.state();
        }
        state.is_reporting = false;
    }

    /// Sends what nobody waits for, in order, without waiting here.
    fn say_later(&self, said: Vec<Presence>) {
        if said.is_empty() {
            return;
        }
        let presences = self.clone();
        self.gateway.spawn(async move {
            for presence in said {
                presences.say(presence).await;
            }
        });
    }

    /// Sends what nobody waits for; waits while as much is queued as may be.
    async fn say(&self, presence: Presence) {
        if self.link.reply(&presence.into()).await.is_err() {
            self.gateway.event(Event::Unwritable);
        }
    }

    fn ignored(&self) {
        self.gateway.event(Event::Ignored(Ignored::Presence));
    }
}

/// Whether the gateway has no such subscription any more.
fn is_unknown(status: &ResponseStatus) -> bool {
    let ResponseStatus::Failure(failure) = status else {
        return false;
    };
    failure.reason() == FailureReason::NoPresentity
}

fn full() -> Failure {
    Failure::new(FailureReason::Overloaded)
        .with_detail("xmpp: as many subscriptions are known as may be")
}

fn new_id() -> TransactionId {
    TransactionId::random(&mut rand::rng())
}

//! Users of XMPP who are watched, between the gateway and the stream (RFC 8048 §5.3, §6.2, §7.2).

use std::time::Duration;

use rialto_sdk::model::{
    Failure, FailureReason, Package, Response, ResponseStatus, SubscribeOperation, SubscriptionId,
};
use rialto_sdk::tokio::time::sleep;
use rialto_xmpp_codec::Presence;

use super::contacts::{Asked, Heard};
use super::{Pair, Presences, new_id};
use crate::gateway::Gateway;
use crate::outbound::before;
use crate::outbox::{Parcel, Worth};

/// How long the first word of a contact's server is waited for, after which nothing is known to be there.
const SILENCE: Duration = Duration::from_secs(2);

/// How long the words on a contact's other resources are waited for, once there is one.
const OTHERS: Duration = Duration::from_millis(250);

/// How long what is fetched is waited for. The gateway waits a little longer.
const FETCH: Duration = Duration::from_secs(4);

impl<G: Gateway> Presences<G> {
    /// Takes a wish of the gateway's: to subscribe to a contact, refresh, fetch, end.
    pub(crate) async fn subscribe(&self, operation: SubscribeOperation) -> Response {
        let granted = operation.duration();
        let status = self.take(&operation).await;
        let response = operation.respond(status);
        match granted {
            // XMPP's last until they are ended; this one's time is how often it is looked after.
            Some(granted) => response.with_duration(granted),
            None => response,
        }
    }

    async fn take(&self, operation: &SubscribeOperation) -> ResponseStatus {
        if operation.package() != Package::Presence {
            return Failure::new(FailureReason::UnsupportedService)
                .with_detail("xmpp: nobody is told here who watches")
                .into();
        }
        let own = self.config.domains();
        let pair = match Pair::of_watched(operation.watcher(), operation.target(), own) {
            Ok(pair) => pair,
            Err(failure) => return failure.into(),
        };
        let asked = {
            let mut state = self.state();
            let is_watched_back = state.watches.shows_any(&pair);
            state
                .contacts
                .ask(&pair, operation, is_watched_back, new_id)
        };
        match asked {
            Err(failure) => failure.into(),
            Ok(Asked::Answered(status, heard)) => {
                self.report(heard);
                status
            }
            Ok(Asked::Query(query)) => self.query(pair, *query, operation).await,
        }
    }

    /// Asks the contact's server; a wish that nobody waits for any more is forgotten.
    async fn query(
        &self,
        pair: Pair,
        query: Presence,
        operation: &SubscribeOperation,
    ) -> ResponseStatus {
        let name = *operation.subscription_id();
        let id = *operation.transaction_id();
        let limit = operation.deadline().map(before);
        let parcel = Parcel::Presences(vec![query]);
        let sent = self.link.send(parcel, id, Worth::Passing, limit).await;
        if let ResponseStatus::Failure(failure) = &sent {
            self.state().contacts.not_asked(&pair, &name, failure);
            return sent;
        }
        if operation.is_of_no_duration() {
            self.give_up_later(pair, name);
            return ResponseStatus::Success;
        }
        let status = self.state().contacts.asked(&pair, &name);
        let is_heard = self.state().contacts.is_heard(&pair);
        if status.is_success() && !is_heard {
            self.note_silence(pair);
        }
        status
    }

    fn note_silence(&self, pair: Pair) {
        let presences = self.clone();
        self.gateway.spawn(async move {
            sleep(SILENCE).await;
            let heard = presences.state().contacts.silence(&pair, new_id);
            presences.report(heard);
        });
    }

    fn give_up_later(&self, pair: Pair, name: SubscriptionId) {
        let presences = self.clone();
        self.gateway.spawn(async move {
            sleep(FETCH).await;
            let over = Failure::new(FailureReason::TimedOut);
            presences.state().contacts.not_asked(&pair, &name, &over);
        });
    }

    /// Takes what a contact, or its server, says.
    pub(crate) fn hear(&self, pair: Pair, presence: &Presence) {
        let heard = self.state().contacts.hear(&pair, presence, new_id);
        let Some(heard) = heard else {
            return self.ignored();
        };
        if heard.is_begun {
            self.tell_fetchers_later(pair);
        }
        self.report(heard);
    }

    /// Takes an error for something that was sent to a contact some time ago.
    pub(crate) fn hear_failure(&self, pair: &Pair, failure: &Failure) {
        let heard = self.state().contacts.failed(pair, failure, new_id);
        self.report(heard);
    }

    fn tell_fetchers_later(&self, pair: Pair) {
        let presences = self.clone();
        self.gateway.spawn(async move {
            sleep(OTHERS).await;
            presences.tell_fetchers(&pair);
        });
    }

    fn tell_fetchers(&self, pair: &Pair) {
        let told = self.state().contacts.collected(pair, new_id);
        self.report(Heard::of(told));
    }
}

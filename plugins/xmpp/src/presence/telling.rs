//! Users of XMPP who watch, between the stream and the gateway (RFC 8048 §5.2, §6.3, §7.1).

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use rialto_sdk::model::{
    Authentication, ByteString, Failure, FailureReason, NotifyOperation, ResponseStatus,
    SubscribeOperation, SubscriptionId, SubscriptionState,
};
use rialto_sdk::tokio;
use rialto_sdk::tokio::sync::OwnedSemaphorePermit;
use rialto_sdk::tokio::time::{Instant, sleep};
use rialto_xmpp_codec::{Presence, PresenceType, WriteError};

use super::reference::{Reference, Wish};
use super::shown::of_all;
use super::watches::is_final;
use super::word::{Ask, Asker, Telling, Word};
use super::{Pair, Presences, new_id};
use crate::gateway::Gateway;
use crate::mapping::{Resource, resources};
use crate::outbound::before;
use crate::outbox::{Parcel, Worth};

/// How often it is looked for subscriptions that have to be refreshed.
const TICK: Duration = Duration::from_secs(1);

/// The most that are refreshed at once: so many in a second keep a million going for an hour.
const AT_ONCE: usize = 256;

impl<G: Gateway> Presences<G> {
    /// Takes a user's wish to watch, or to watch no more, or a server's to know.
    pub(crate) async fn wish(&self, pair: Pair, presence: &Presence) {
        if let Err(failure) = self.take_wish(&pair, presence) {
            let error = pair.say(PresenceType::Error, presence.id.clone(), Some(&failure));
            self.say(error).await;
        }
    }

    fn take_wish(&self, pair: &Pair, presence: &Presence) -> Result<(), Failure> {
        if self.link.outbox().is_stopping() {
            return Err(FailureReason::ShuttingDown.into());
        }
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Failure::new(FailureReason::Overloaded))?;
        // Whoever cannot be addressed could not be told either.
        pair.addresses()?;
        let id = presence.id.clone();
        match presence.type_ {
            PresenceType::Subscribe => {
                let ask = self.state().watches.subscribe(pair)?;
                self.ask(ask, Asker::Watcher(id), Some(place))
            }
            PresenceType::Unsubscribe => {
                let ask = self.state().watches.unsubscribe(pair);
                self.ask(ask, Asker::Itself, Some(place))
            }
            _ => self.probed(pair, presence, place),
        }
    }

    fn probed(
        &self,
        pair: &Pair,
        presence: &Presence,
        place: OwnedSemaphorePermit,
    ) -> Result<(), Failure> {
        if !self.state().watches.is_known(pair) {
            let ask = self.state().watches.resume(pair)?;
            return self.ask(ask, Asker::Itself, Some(place));
        }
        let watcher = presence.from.clone().unwrap_or_default();
        let name = SubscriptionId::random(&mut rand::rng());
        let operation = operation(pair, name, Wish::Fetch, watcher)?.with_duration(Duration::ZERO);
        let (presences, pair) = (self.clone(), pair.clone());
        self.gateway.submit_subscribe(operation, move |response| {
            drop(place);
            if let ResponseStatus::Failure(failure) = response.status()
                && is_refusal(failure)
            {
                // RFC 6121 §4.3.2: what one who may not know is answered.
                let refused = pair.say(PresenceType::Unsubscribed, None, None);
                presences.say_later(vec![refused]);
            }
        });
        Ok(())
    }

    /// Asks the gateway.
    fn ask(
        &self,
        ask: Ask,
        asker: Asker,
        place: Option<OwnedSemaphorePermit>,
    ) -> Result<(), Failure> {
        let Ask { pair, is_end } = ask;
        let name = pair.name().ok_or(FailureReason::Internal)?;
        let wish = if is_end { Wish::End } else { Wish::Subscribe };
        let mut operation = operation(&pair, name, wish, pair.contact.clone())?;
        if is_end {
            operation = operation.with_duration(Duration::ZERO);
        }
        let presences = self.clone();
        self.gateway.submit_subscribe(operation, move |response| {
            drop(place);
            let (now, status) = (Instant::now(), response.status());
            let said = if is_end {
                presences.state().watches.left(now, &pair, status)
            } else {
                let granted = (status, response.duration());
                presences
                    .state()
                    .watches
                    .answered(now, &pair, asker, granted)
            };
            presences.say_later(said);
        });
        Ok(())
    }

    /// Tells a watcher; returns once its server has taken it.
    pub(crate) async fn notify(&self, operation: &NotifyOperation) -> ResponseStatus {
        let Some((reference, pair)) = self.watcher_of(operation) else {
            return Failure::new(FailureReason::InvalidDestination)
                .with_detail("xmpp: there is no such watcher, or its domain is not this component's any more")
                .into();
        };
        let document = operation.document();
        let known = document.and_then(|document| resources(document, operation.target()));
        let known = known.unwrap_or_default();
        let telling = match reference.wish {
            Wish::End => return ResponseStatus::Success,
            Wish::Fetch => Telling::once(operation.state(), &known),
            Wish::Subscribe => self.state().watches.tell(
                Instant::now(),
                &pair,
                operation.state(),
                &known,
                operation.expires_in(),
            ),
        };
        let status = self.tell(&reference, &telling, operation).await;
        match &status {
            ResponseStatus::Failure(failure) if is_gone(failure) => {
                self.state().watches.gone(&pair)
            }
            ResponseStatus::Failure(_) => {}
            _ if reference.wish == Wish::Fetch => self.state().watches.told_once(&pair, &known),
            _ => self.state().watches.told(&pair, telling),
        }
        status
    }

    fn watcher_of(&self, operation: &NotifyOperation) -> Option<(Reference, Pair)> {
        let reference = Reference::read(operation.reference()?)?;
        let pair = reference.pair()?;
        // The server would end the stream for what comes from another's domain.
        let may = self.config.domains().speak_as(&reference.target);
        may.then_some((reference, pair))
    }

    async fn tell(
        &self,
        reference: &Reference,
        telling: &Telling,
        operation: &NotifyOperation,
    ) -> ResponseStatus {
        if telling.stanzas.is_empty() {
            return ResponseStatus::Success;
        }
        let id = operation.transaction_id();
        let stanzas = telling.stanzas.iter().map(|word| {
            let stanza = word.stanza(&reference.target, &reference.watcher)?;
            Ok(Presence {
                id: Some(id.as_str().into()),
                ..stanza
            })
        });
        let stanzas: Vec<_> = match stanzas.collect::<Result<_, WriteError>>() {
            Ok(stanzas) => stanzas,
            Err(error) => {
                return Failure::new(FailureReason::UnsupportedContent)
                    .with_detail(format!("xmpp: {error}"))
                    .into();
            }
        };
        let limit = operation.deadline().map(before);
        // The newest will be told again, so there is no need for all of the queue.
        let parcel = Parcel::Presences(stanzas);
        self.link.send(parcel, *id, Worth::Passing, limit).await
    }

    /// Refreshes what has to be, until the adapter stops.
    pub(crate) async fn refresh_until(self, stopping: impl Future<Output = ()>) {
        let refresh = async {
            loop {
                sleep(TICK).await;
                self.refresh();
            }
        };
        tokio::select! {
            () = refresh => {}
            () = stopping => {}
        }
    }

    pub(super) fn refresh(&self) {
        let due = self.state().watches.take_due(Instant::now(), AT_ONCE);
        for ask in due {
            // An address that was taken once is taken again.
            drop(self.ask(ask, Asker::Itself, None));
        }
    }
}

impl Telling {
    /// What one is told who asked by a probe: all that is there, or that nothing is (RFC 6121 §4.3.2).
    fn once(state: SubscriptionState, resources: &[Resource]) -> Self {
        let mut open = resources
            .iter()
            .filter(|resource| resource.is_open)
            .peekable();
        let stanzas: Vec<_> = if is_final(state) {
            vec![Word::Handshake(PresenceType::Unsubscribed)]
        } else if open.peek().is_some() {
            open.cloned().map(Word::Resource).collect()
        } else {
            let closed = resources.first().map(of_all);
            let closed = closed.unwrap_or_else(|| Resource::new(None, false));
            vec![Word::Resource(closed)]
        };
        Self::of(stanzas)
    }
}

impl Word {
    fn stanza(&self, from: &ByteString, to: &ByteString) -> Result<Presence, WriteError> {
        match self {
            Self::Handshake(type_) => Ok(Presence::new(from.clone(), to.clone(), type_.clone())),
            Self::Resource(resource) => resource.to(from, to),
        }
    }
}

fn operation(
    pair: &Pair,
    name: SubscriptionId,
    wish: Wish,
    watcher: ByteString,
) -> Result<SubscribeOperation, Failure> {
    let reference = Reference {
        wish,
        watcher,
        target: pair.user.clone(),
    };
    let reference = reference.keep().ok_or_else(|| {
        Failure::new(FailureReason::TooLarge)
            .with_detail("xmpp: the addresses are too long to be kept")
    })?;
    let (watcher, target) = pair.addresses()?;
    // The server has stamped `from`, or checked it against the server that did (RFC 6120 §8.1.2.1, §8.1.2.2).
    Ok(SubscribeOperation::new(new_id(), name, watcher, target)
        .with_authentication(Authentication::Network)
        .with_reference(reference))
}

const fn is_refusal(failure: &Failure) -> bool {
    matches!(
        failure.reason(),
        FailureReason::NotPermitted | FailureReason::NoPresentity | FailureReason::NoSuchInbox
    )
}

/// Whether the watcher's server knows no such watcher: the gateway ends the subscription then.
const fn is_gone(failure: &Failure) -> bool {
    matches!(
        failure.reason(),
        FailureReason::InvalidDestination
            | FailureReason::NoSuchInbox
            | FailureReason::NotPermitted
    )
}

//! What comes from the server: handed on, answered or counted.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rialto_sdk::model::{
    ByteString, Disposition, DispositionOperation, Failure, FailureReason, MessageOperation,
    ResponseStatus, TransactionId,
};
use rialto_sdk::tokio::sync::{OwnedSemaphorePermit, Semaphore};
use rialto_sdk::tokio::time::{Instant, timeout};
use rialto_xmpp_codec::{
    Condition, Iq, IqType, Message, Presence, PresenceType, Refused, Stanza, StanzaError,
};

use crate::failures::{failure, refusal, stanza_error, unread};
use crate::gateway::{Event, Gateway, Ignored};
use crate::line::lock;
use crate::link::Link;
use crate::mapping::{Incoming, classify, late_failure};
use crate::outbox::Reported;
use crate::presence::{Pair, Presences};
use crate::principal::Principals;
use crate::repeats::{Name, Passage, Repeats};
use crate::service;

/// How long the server waits at most before more is read.
pub(crate) const PAUSE: Duration = Duration::from_millis(20);

/// Takes one stanza at a time, in the order of the stream.
///
/// An instant message is handed over before the next stanza is looked at; its response may come at
/// any time. So each conversation keeps its order, and none waits for another.
#[derive(Clone, Debug)]
pub(crate) struct Inbound<G> {
    gateway: G,
    link: Arc<Link>,
    presences: Presences<G>,
    principals: Principals<G>,
    network: ByteString,
    places: Arc<Semaphore>,
    all_places: usize,
    repeats: Arc<Mutex<Repeats>>,
}

impl<G: Gateway> Inbound<G> {
    /// At most `places` messages wait for their responses at a time.
    pub(crate) fn new(
        (presences, principals): (Presences<G>, Principals<G>),
        gateway: G,
        link: Arc<Link>,
        (network, places): (ByteString, usize),
    ) -> Self {
        Self {
            gateway,
            link,
            presences,
            principals,
            network,
            places: Arc::new(Semaphore::new(places)),
            all_places: places,
            repeats: Arc::new(Mutex::new(Repeats::new(rand::random()))),
        }
    }

    /// There is another stream.
    pub(crate) fn stream_began(&self) {
        self.presences.stream_began();
    }

    /// Somebody is about to be told what became of a message: if it has failed, it may come again, and is a new one.
    pub(crate) fn tells(&self, operation: &DispositionOperation) {
        if operation.disposition() == Disposition::Failed {
            lock(&self.repeats).failed(operation.concerning());
        }
    }

    /// Takes a stanza.
    pub(crate) async fn take(&self, stanza: Stanza) {
        match stanza {
            Stanza::Message(message) => self.message(message).await,
            Stanza::Iq(iq) => self.iq(&iq).await,
            Stanza::Presence(presence) => self.presence(&presence).await,
        }
    }

    /// Takes what is left of a stanza that was not read: it is answered with an error, or, if it is
    /// an answer itself, believed as far as its head goes.
    pub(crate) async fn refused(&self, Refused { head, error }: Refused) {
        self.gateway.event(Event::Unread(error));
        match head {
            Some(Stanza::Message(message)) => match message.error_reply(unread(error)) {
                Some(error) => self.reply(error.into()).await,
                None => self.message(message).await,
            },
            Some(Stanza::Iq(iq)) => match iq.error_reply(unread(error)) {
                Some(error) => self.reply(error.into()).await,
                None => self.iq(&iq).await,
            },
            Some(Stanza::Presence(_)) | None => {}
        }
    }

    /// Lets the server wait while a quarter of the places is taken, but not for long: the stream brings also what others wait for.
    ///
    /// A gateway that falls behind would else have ever more messages at once, each of which it would soon have to write to the
    /// disk, and fall behind the more. A quarter of the usual places is handed on within the usual patience by a gateway that manages
    /// 10,000 messages a second.
    pub(crate) async fn pace(&self) {
        let free = self.all_places - self.all_places / 4;
        if self.places.available_permits() >= free {
            return;
        }
        let free = u32::try_from(free).unwrap_or(u32::MAX);
        drop(timeout(PAUSE, self.places.acquire_many(free)).await);
        if self.link.outbox().is_stopping() {
            self.link.wake(); // places that were only collected here were none that the stop waits for
        }
    }

    /// Has every message its response?
    pub(crate) fn is_idle(&self) -> bool {
        self.places.available_permits() == self.all_places
    }

    async fn message(&self, message: Message) {
        match classify(&message, new_id) {
            Incoming::Instant(operation) => self.submit(message, operation).await,
            Incoming::Refused(failure) => {
                self.refuse(&message, &failure, refusal(&failure)).await;
            }
            Incoming::Typing(operation) => self.typing(operation),
            Incoming::Reports(operations) if operations.is_empty() => self.ignored(Ignored::Report),
            Incoming::Reports(operations) => {
                operations
                    .into_iter()
                    .for_each(|report| self.report(report));
            }
            Incoming::Silent => self.ignored(Ignored::Silent),
            Incoming::Error { id, error } => match failure(&error) {
                Some(failure) => self.failed(&id, &message, failure),
                None => self.ignored(Ignored::LateError),
            },
        }
    }

    async fn submit(&self, message: Message, operation: MessageOperation) {
        if self.link.outbox().is_stopping() {
            return self
                .fail(&message, &FailureReason::ShuttingDown.into())
                .await;
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return self.fail(&message, &FailureReason::Overloaded.into()).await;
        };
        let again = || envelope(&message);
        let passage = lock(&self.repeats).take(Instant::now(), &operation, again);
        let name = match passage {
            Passage::First(name) => name,
            Passage::Again => {
                self.leave(place);
                return self.ignored(Ignored::Repeated);
            }
            Passage::TooOften => {
                self.leave(place);
                return self.fail(&message, &FailureReason::Overloaded.into()).await;
            }
        };
        let (inbound, envelope) = (self.clone(), envelope(&message));
        self.gateway.submit(operation, move |status| {
            let again = inbound.answered(name, &status);
            inbound.responded((envelope, again), status, place);
        });
    }

    /// Hands on that somebody is typing, unless there is much to do; nobody is told what becomes of it.
    fn typing(&self, operation: MessageOperation) {
        let few = self.all_places / 4;
        if self.link.outbox().is_stopping() || self.places.available_permits() <= few {
            return self.ignored(Ignored::Typing);
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return self.ignored(Ignored::Typing);
        };
        let inbound = self.clone();
        self.gateway
            .submit(operation, move |_status| inbound.leave(place));
    }

    /// Hands on what became of a message. Whatever the gateway makes of it, nobody is told: that would be a report on a report.
    fn report(&self, operation: DispositionOperation) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return self.ignored(Ignored::Report);
        };
        let inbound = self.clone();
        self.gateway.submit_disposition(operation, move |status| {
            if !status.is_success() {
                inbound.ignored(Ignored::Report);
            }
            inbound.leave(place);
        });
    }

    /// Those who have sent a message again before this became of it.
    fn answered(&self, name: Option<Name>, status: &ResponseStatus) -> Vec<Message> {
        let again = |name| lock(&self.repeats).answered(Instant::now(), name, status);
        name.map_or_else(Vec::new, again)
    }

    /// Silence means success on XMPP, and doubt too: only a failure is told.
    fn responded(
        self,
        (first, again): (Message, Vec<Message>),
        status: ResponseStatus,
        place: OwnedSemaphorePermit,
    ) {
        if let ResponseStatus::Failure(failure) = status {
            let gateway = self.gateway.clone();
            return gateway.spawn(async move {
                for message in std::iter::once(first).chain(again) {
                    self.fail(&message, &failure).await;
                }
                self.leave(place);
            });
        }
        self.leave(place);
    }

    fn leave(&self, place: OwnedSemaphorePermit) {
        drop(place);
        if self.link.outbox().is_stopping() {
            self.link.wake(); // it may have been the last that the stop waits for
        }
    }

    async fn fail(&self, message: &Message, failure: &Failure) {
        self.refuse(message, failure, stanza_error(failure)).await;
    }

    async fn refuse(&self, message: &Message, failure: &Failure, error: StanzaError) {
        self.gateway.event(Event::Refused {
            reason: failure.reason().text(),
        });
        if let Some(error) = message.error_reply(error) {
            self.reply(error.into()).await;
        }
    }

    /// The message of this id was not taken: its delivery fails, or the gateway hears of it afterwards.
    fn failed(&self, id: &str, error: &Message, failure: Failure) {
        let from = error.from.as_ref();
        let reported = self.link.outbox().refused(id, from, failure.clone());
        match reported {
            Reported::Failed => {}
            Reported::TooLate => {
                self.ignored(Ignored::LateError);
                if let Some(report) = late_failure(error, failure, new_id) {
                    self.report(report);
                }
            }
            Reported::Foreign => self.ignored(Ignored::ForeignError),
        }
    }

    async fn iq(&self, iq: &Iq) {
        if let Some(answer) = self.principals.discovered(iq) {
            return self.reply(answer.into()).await;
        }
        if self.principals.take(iq) {
            return;
        }
        if let Some(answer) = service::answer(iq, &self.network, |pair, resource| {
            self.presences.shows(pair, resource)
        }) {
            let answer = self.principals.advertise(answer);
            return self.reply(answer.into()).await;
        }
        let id = iq.id.as_deref().unwrap_or_default();
        debug_assert!(matches!(iq.type_, IqType::Result | IqType::Error));
        // An error answers a ping as well as a result does: the server has come as far as that.
        let answered = self.link.outbox().answered(id, Instant::now());
        match answered {
            Some(round_trip) => {
                self.gateway.event(Event::Pinged { round_trip });
                self.link.wake();
            }
            None => self.ignored(Ignored::Answer),
        }
    }

    /// To the component itself, or from no user: such presence is answered as far as it asks for something.
    async fn presence(&self, presence: &Presence) {
        let Some(pair) = Pair::of(presence.from.as_ref(), presence.to.as_ref()) else {
            return match service::answer_presence(presence) {
                Some(answer) => self.reply(answer.into()).await,
                None => self.ignored(Ignored::Presence),
            };
        };
        match presence.type_ {
            PresenceType::Subscribe | PresenceType::Unsubscribe | PresenceType::Probe => {
                self.presences.wish(pair, presence).await;
            }
            PresenceType::Error => self.presence_failed(&pair, presence),
            _ => self.presences.hear(pair, presence),
        }
    }

    /// A presence was not taken: its delivery fails, or what was known of its receiver is not any more.
    fn presence_failed(&self, pair: &Pair, presence: &Presence) {
        let unknown = || Condition::UndefinedCondition.into();
        let error = presence.error.clone().unwrap_or_else(unknown);
        let Some(failure) = failure(&error) else {
            return self.ignored(Ignored::LateError);
        };
        let (id, from) = (presence.id.as_deref(), presence.from.as_ref());
        let id = id.unwrap_or_default();
        let reported = self.link.outbox().refused(id, from, failure.clone());
        match reported {
            Reported::Failed => {}
            Reported::TooLate => {
                self.ignored(Ignored::LateError);
                self.presences.hear_failure(pair, &failure);
            }
            Reported::Foreign => self.ignored(Ignored::ForeignError),
        }
    }

    async fn reply(&self, stanza: Stanza) {
        // Without an address it would go to the server, or be taken for the server's component itself.
        if !has_addresses(&stanza) || self.link.reply(&stanza).await.is_err() {
            self.gateway.event(Event::Unwritable);
        }
    }

    fn ignored(&self, why: Ignored) {
        self.gateway.event(Event::Ignored(why));
    }
}

fn new_id() -> TransactionId {
    TransactionId::random(&mut rand::rng())
}

fn has_addresses(stanza: &Stanza) -> bool {
    let (from, to) = match stanza {
        Stanza::Message(message) => (&message.from, &message.to),
        Stanza::Presence(presence) => (&presence.from, &presence.to),
        Stanza::Iq(iq) => (&iq.from, &iq.to),
    };
    from.is_some() && to.is_some()
}

/// What an answer needs of a message; its content need not wait for the response.
fn envelope(message: &Message) -> Message {
    Message {
        from: message.from.clone(),
        to: message.to.clone(),
        id: message.id.clone(),
        type_: message.type_,
        ..Message::default()
    }
}

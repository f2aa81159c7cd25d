//! Messages on which a later word is waited for.

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use foldhash::fast::FixedState;
use rialto_model::{
    ByteString, Disposition, DispositionOperation, DispositionRequest, DispositionType,
    ImdnHeaders, InstantInbox, MessageId, MessageOperation, TransactionId,
};

use super::{JournalKey, clock::Millis};
use crate::{AdapterId, RoutingTable};

/// A message on which its sender asked to be told more.
#[derive(Clone, Debug)]
pub(super) struct Awaiting {
    pub(super) adapter: AdapterId,
    pub(super) id: TransactionId,
    pub(super) source: InstantInbox,
    pub(super) destination: InstantInbox,
    pub(super) request: DispositionRequest,
    pub(super) message_id: Option<MessageId>,
    pub(super) reference: Option<ByteString>,
    pub(super) sent_at: Millis,
    /// Who has it, and the inbox as that network knows it.
    pub(super) deliverer: Option<(AdapterId, InstantInbox)>,
    /// Of which sides its sender was told; a bit for each.
    pub(super) told: u8,
    /// Of which of them that is not safe yet.
    pub(super) unsafe_told: u8,
    pub(super) expires_at: Instant,
    /// Its record, if it has one.
    pub(super) record: Option<JournalKey>,
    /// The message's own name, while it is kept.
    pub(super) kept: Option<JournalKey>,
}

/// What a message asks to be told of it, and its name.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) request: DispositionRequest,
    pub(super) message_id: Option<MessageId>,
}

/// All of them, by the identifier under which they were handed on.
#[derive(Debug)]
pub(super) struct Awaited {
    /// Our own random names: a fixed hash will do.
    messages: HashMap<TransactionId, Box<Awaiting>, FixedState>,
    /// In the order in which they came, those that ended among them.
    order: VecDeque<(Instant, TransactionId)>,
    most: usize,
}

impl Asked {
    /// Reads what a message asks for; headers that are malformed ask for nothing.
    pub(super) fn of(operation: &MessageOperation) -> Self {
        let headers = operation.message().headers();
        if headers.is_empty() {
            return Self::default();
        }
        match ImdnHeaders::read(headers) {
            Ok(read) => Self {
                request: read.request,
                message_id: read.message_id,
            },
            Err(_) => Self::default(),
        }
    }

    pub(super) const fn is_nothing(&self) -> bool {
        self.request.is_empty()
    }
}

impl Awaiting {
    pub(super) fn new(
        adapter: AdapterId,
        operation: &MessageOperation,
        asked: Asked,
        sent_at: Millis,
        expires_at: Instant,
    ) -> Self {
        Self {
            adapter,
            id: *operation.transaction_id(),
            source: operation.source().clone(),
            destination: operation.destination().clone(),
            request: asked.request,
            message_id: asked.message_id,
            reference: operation.reference().cloned(),
            sent_at,
            deliverer: None,
            told: 0,
            unsafe_told: 0,
            expires_at,
            record: None,
            kept: None,
        }
    }

    /// Whether an adapter may speak for that inbox: whether the message went there, however its network writes it.
    pub(super) fn went_to(
        &self,
        table: &RoutingTable,
        adapter: AdapterId,
        inbox: &InstantInbox,
    ) -> bool {
        self.deliverer.as_ref().is_some_and(|(deliverer, to)| {
            *deliverer == adapter && table.is_same_user(adapter, [to, inbox])
        })
    }

    /// Whether its sender was told of that side of it before.
    pub(super) const fn is_told(&self, disposition: Disposition) -> bool {
        self.told & told_bit(disposition.disposition_type()) != 0
    }

    pub(super) const fn set_told(&mut self, disposition: Disposition) {
        self.told |= told_bit(disposition.disposition_type());
    }

    /// Whether it is not safe yet that its sender is told of that side.
    pub(super) const fn is_unsafe(&self, disposition: Disposition) -> bool {
        self.unsafe_told & told_bit(disposition.disposition_type()) != 0
    }

    pub(super) const fn set_unsafe(&mut self, disposition: Disposition) {
        self.unsafe_told |= told_bit(disposition.disposition_type());
    }

    pub(super) const fn set_safe(&mut self, disposition: Disposition) {
        self.unsafe_told &= !told_bit(disposition.disposition_type());
    }

    /// What its sender is told, in the words that its own network gave.
    pub(super) fn report(
        &self,
        id: TransactionId,
        disposition: Disposition,
    ) -> DispositionOperation {
        let report = DispositionOperation::new(
            id,
            self.id,
            self.destination.clone(),
            self.source.clone(),
            disposition,
        )
        .with_request(self.request)
        .with_sent_at(self.sent_at.time());
        with_names(report, self.message_id.as_ref(), self.reference.as_ref())
    }
}

/// Gives a report the names that the sender's network knows the message by.
pub(super) fn with_names(
    mut report: DispositionOperation,
    message_id: Option<&MessageId>,
    reference: Option<&ByteString>,
) -> DispositionOperation {
    if let Some(id) = message_id {
        report = report.with_message_id(id.clone());
    }
    if let Some(reference) = reference {
        report = report.with_reference(reference.clone());
    }
    report
}

impl Awaited {
    pub(super) fn new(most: usize) -> Self {
        Self {
            messages: HashMap::default(),
            order: VecDeque::new(),
            most,
        }
    }

    /// Adds a message. Yields the records of those that are forgotten for it, if there are too many.
    pub(super) fn insert(
        &mut self,
        now: Instant,
        onward: TransactionId,
        awaiting: Awaiting,
    ) -> Option<JournalKey> {
        self.expire(now);
        self.order.push_back((awaiting.expires_at, onward));
        self.messages.insert(onward, Box::new(awaiting));
        if self.order.len() >= 2 * self.messages.len() + 64 {
            let messages = &self.messages;
            self.order.retain(|place| is_of(messages, place));
        }
        let mut forgotten = None;
        while self.messages.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            if is_of(&self.messages, &oldest) {
                forgotten = self.remove(&oldest.1).and_then(|awaiting| awaiting.record);
            }
        }
        forgotten
    }

    pub(super) fn get(&self, onward: &TransactionId) -> Option<&Awaiting> {
        self.messages.get(onward).map(|awaiting| &**awaiting)
    }

    pub(super) fn get_mut(&mut self, onward: &TransactionId) -> Option<&mut Awaiting> {
        self.messages
            .get_mut(onward)
            .map(|awaiting| &mut **awaiting)
    }

    pub(super) fn remove(&mut self, onward: &TransactionId) -> Option<Awaiting> {
        self.messages.remove(onward).map(|awaiting| *awaiting)
    }

    /// Forgets those whose time is over; the store does that for its own part.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some(place) = self.order.front() {
            let is_awaited = is_of(&self.messages, place);
            if is_awaited && place.0 > now {
                break;
            }
            if is_awaited {
                self.messages.remove(&place.1);
            }
            self.order.pop_front();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }
}

/// Whether a place in the order is that of a message that is waited for. One that came again under the name that it had has another place now.
fn is_of(
    messages: &HashMap<TransactionId, Box<Awaiting>, FixedState>,
    (until, onward): &(Instant, TransactionId),
) -> bool {
    let known = messages.get(onward);
    known.is_some_and(|awaiting| awaiting.expires_at == *until)
}

/// The bit that stands for a side of what can become of a message.
const fn told_bit(of: DispositionType) -> u8 {
    match of {
        DispositionType::Delivery => 1,
        DispositionType::Processing => 2,
        DispositionType::Display => 4,
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rialto_model::InstantMessage;

    use super::*;

    const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

    fn await_word(awaited: &mut Awaited, now: Instant, name: &str) {
        let inbox = |address: &str| InstantInbox::parse(address).unwrap();
        let operation = MessageOperation::new(
            id("t1"),
            inbox("im:a@a.example"),
            inbox("im:b@b.example"),
            InstantMessage::text("hello"),
        );
        let awaiting = Awaiting::new(
            AdapterId::new(0),
            &operation,
            Asked::default(),
            Millis(0),
            now + WEEK,
        );
        awaited.insert(now, id(name), awaiting);
    }

    fn id(name: &str) -> TransactionId {
        TransactionId::parse(name.as_bytes()).unwrap()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "an instant cannot be had otherwise"
    )]
    fn now() -> Instant {
        Instant::now()
    }

    #[test]
    fn message_that_fails_again_and_again_under_one_name_leaves_nothing_behind() {
        let (mut awaited, mut at) = (Awaited::new(8), now());
        for _ in 0..10_000 {
            at += Duration::from_millis(1);
            await_word(&mut awaited, at, "same");
            awaited.remove(&id("same"));
        }
        assert!(awaited.order.len() <= 128, "{}", awaited.order.len());
    }

    #[test]
    fn message_that_came_again_is_waited_for_all_its_time_and_in_its_new_place() {
        let (mut awaited, begin) = (Awaited::new(2), now());
        let later = begin + Duration::from_secs(60);
        await_word(&mut awaited, begin, "again");
        awaited.remove(&id("again"));
        await_word(&mut awaited, begin, "other");
        await_word(&mut awaited, later, "again");
        awaited.expire(begin + WEEK);
        assert!(awaited.get(&id("again")).is_some());
        assert!(awaited.get(&id("other")).is_none());
        await_word(&mut awaited, later, "third");
        await_word(&mut awaited, later, "fourth");
        assert!(awaited.get(&id("again")).is_none(), "the oldest goes first");
        assert_eq!(awaited.len(), 2);
    }
}

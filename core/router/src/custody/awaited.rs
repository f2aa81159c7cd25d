//! Messages on which a later word is waited for.

use std::time::Instant;

use rialto_model::{
    ByteString, Disposition, DispositionOperation, DispositionRequest, DispositionType,
    ImdnHeaders, InstantInbox, MessageId, MessageOperation, TransactionId,
};

use self::list::List;
use super::{JournalKey, clock::Millis, policy::CustodyLimits};
use crate::{AdapterId, RoutingTable};

mod list;

/// A message of which its sender may be told more: because he asked, or that it failed.
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
    /// Who has it, if anybody does.
    pub(super) deliverer: Option<Deliverer>,
    /// Of which sides its sender was told; a bit for each.
    pub(super) told: u8,
    /// Of which of them that is not safe yet.
    pub(super) unsafe_told: u8,
    /// Whether what was written last of it says less than what is safe.
    pub(super) is_outdated: bool,
    pub(super) expires_at: Instant,
    /// Its record, if it has one.
    pub(super) record: Option<JournalKey>,
    /// The message's own name, while it is kept.
    pub(super) kept: Option<JournalKey>,
}

/// Who has a message.
#[derive(Clone, Debug)]
pub(super) struct Deliverer {
    /// None, where it is one of those that DNS may name: only the network that has the message knows by which name.
    pub(super) adapter: Option<AdapterId>,
    /// The inbox, as that network knows it.
    pub(super) inbox: InstantInbox,
}

/// What a message asks to be told of it, and its name.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) request: DispositionRequest,
    pub(super) message_id: Option<MessageId>,
}

/// All of them, by the identifier under which they were handed on.
///
/// Those of whose failure alone something may be heard are apart, so that they push out none on which more was asked for.
#[derive(Debug)]
pub(super) struct Awaited {
    asked: List,
    unasked: List,
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
            is_outdated: false,
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
        self.deliverer.as_ref().is_some_and(|deliverer| {
            let is_there = deliverer.adapter.is_none_or(|known| known == adapter);
            is_there && table.is_same_user(adapter, [&deliverer.inbox, inbox])
        })
    }

    /// Whether its sender asked to be told anything.
    pub(super) const fn is_asked_for(&self) -> bool {
        !self.request.is_empty()
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

    /// Whether anything that its sender was told is not safe yet.
    pub(super) const fn has_unsafe(&self) -> bool {
        self.unsafe_told != 0
    }

    /// Which sides its record may say that its sender was told of: those that are safe, and the one that is told by the same write.
    ///
    /// What is being written ahead of it may fail yet. When that is safe, another record has to say so.
    pub(super) const fn written_as_told(&mut self, telling: Option<Disposition>) -> u8 {
        let own = match telling {
            Some(disposition) => told_bit(disposition.disposition_type()),
            None => 0,
        };
        let written = self.told & (!self.unsafe_told | own);
        self.is_outdated = written != self.told;
        written
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
    pub(super) fn new(limits: &CustodyLimits) -> Self {
        Self {
            asked: List::new(limits.max_awaited()),
            unasked: List::new(limits.max_passed_on()),
        }
    }

    /// Adds a message. Yields the record of one that is forgotten for it, if there are too many.
    pub(super) fn insert(
        &mut self,
        now: Instant,
        onward: TransactionId,
        awaiting: Awaiting,
    ) -> Option<JournalKey> {
        let list = match awaiting.is_asked_for() {
            true => &mut self.asked,
            false => &mut self.unasked,
        };
        list.insert(now, onward, awaiting)
    }

    /// Whether a message may have that name, again perhaps. One on which more was asked for belongs to whoever came first; a message
    /// that was passed on and comes again ends by itself.
    pub(super) fn yields(&mut self, onward: &TransactionId) -> bool {
        self.unasked.remove(onward);
        self.asked.get(onward).is_none()
    }

    pub(super) fn get(&self, onward: &TransactionId) -> Option<&Awaiting> {
        let asked = self.asked.get(onward);
        asked.or_else(|| self.unasked.get(onward))
    }

    pub(super) fn get_mut(&mut self, onward: &TransactionId) -> Option<&mut Awaiting> {
        let asked = self.asked.get_mut(onward);
        asked.or_else(|| self.unasked.get_mut(onward))
    }

    pub(super) fn remove(&mut self, onward: &TransactionId) -> Option<Awaiting> {
        let asked = self.asked.remove(onward);
        asked.or_else(|| self.unasked.remove(onward))
    }

    /// Forgets those whose time is over; the store does that for its own part.
    pub(super) fn expire(&mut self, now: Instant) {
        self.asked.expire(now);
        self.unasked.expire(now);
    }

    pub(super) fn len(&self) -> usize {
        self.asked.len() + self.unasked.len()
    }
}

/// The bit that stands for a side of what can become of a message.
pub(super) const fn told_bit(of: DispositionType) -> u8 {
    match of {
        DispositionType::Delivery => 1,
        DispositionType::Processing => 2,
        DispositionType::Display => 4,
        _ => 8,
    }
}

//! The gateway's own inbox: principals write to it, and are answered by messages from it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rand::{SeedableRng, rngs::StdRng};
use rialto_model::{
    ByteString, CommandMessage, Failure, FailureReason, InstantInbox, InstantMessage,
    MessageOperation, Responder, Response, ResponseStatus, TransactionId,
};
use rialto_router::{AdapterId, CallerTicket, InboxRequest, OwnAddresses, OwnInbox};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::debug;

use super::{Gateway, now, presence::Obeyed};
use crate::{
    callers::Caller,
    shard::{Messages, answer},
};

/// The inbox, if the gateway has one.
#[derive(Debug, Default)]
pub(super) struct Inbox(OnceLock<Opened>);

#[derive(Debug)]
struct Opened {
    addresses: OwnAddresses,
    inbox: Mutex<OwnInbox>,
    /// One place for each message that is being answered.
    places: Arc<Semaphore>,
}

impl Inbox {
    /// Most messages that are answered at once.
    const MOST: usize = 64;

    /// Whether a message is for the inbox.
    pub(super) fn is_for(&self, operation: &MessageOperation) -> bool {
        let opened = self.0.get();
        opened.is_some_and(|opened| opened.addresses.contain(operation.destination()))
    }

    /// Whether nothing is being answered.
    pub(super) fn is_idle(&self) -> bool {
        let opened = self.0.get();
        opened.is_none_or(|opened| opened.places.available_permits() == Self::MOST)
    }
}

/// A message to the inbox that is being answered.
struct Letter {
    operation: MessageOperation,
    /// Who waits in the shard of its conversation.
    ticket: CallerTicket,
    /// What a program that asks for it calls the command.
    name: Option<ByteString>,
    reply_to: InstantInbox,
    obeyed: Result<Obeyed, Failure>,
    _place: OwnedSemaphorePermit,
}

impl Gateway {
    /// Lets principals write to the gateway under these names.
    pub(crate) fn open_inbox(&self, addresses: OwnAddresses) {
        let inbox = OwnInbox::new(addresses.clone(), self.presence_settings.clone());
        // Set once: a gateway runs once.
        self.inbox.0.get_or_init(|| Opened {
            addresses,
            inbox: Mutex::new(inbox),
            places: Arc::new(Semaphore::new(Inbox::MOST)),
        });
    }

    /// Takes a message to the inbox. Its sender hears that it was taken when what it asks for is done.
    pub(super) fn take_letter(&self, from: AdapterId, operation: MessageOperation, caller: Caller) {
        let shard = self.shard_of(operation.source(), operation.destination());
        let (Some(this), Some(runtime), Some(shard)) =
            (self.this.upgrade(), self.runtime.get(), shard)
        else {
            let failure = Failure::new(FailureReason::ShuttingDown);
            return answer(caller, operation.respond(failure.into()));
        };
        let ticket = match shard.handle(self, |state| {
            state.take_own(now(), from, &operation, caller)
        }) {
            Ok(ticket) => ticket,
            Err(caller) => {
                let failure = Failure::new(FailureReason::Overloaded);
                return answer(caller, operation.respond(failure.into()));
            }
        };
        let (request, place) = match self.read_letter(from, &operation) {
            Ok(read) => read,
            Err(failure) => return self.answer_own(&operation, ticket, failure.into()),
        };
        let obeyed = match request.command {
            // Here, so that commands are done in the order in which they came.
            Ok(command) => self.obey(&request.principal, command),
            // Read it aloud, rather than refuse: it is the sender who is to understand.
            Err(error) => Ok(Obeyed::Now(error.to_string())),
        };
        let letter = Letter {
            operation,
            ticket,
            name: request.name,
            reply_to: request.reply_to,
            obeyed,
            _place: place,
        };
        runtime.spawn(async move { this.answer_letter(letter).await });
    }

    /// Answers who has written to the inbox.
    fn answer_own(
        &self,
        operation: &MessageOperation,
        ticket: CallerTicket,
        status: ResponseStatus,
    ) {
        let shard = self.shard_of(operation.source(), operation.destination());
        let own = |state: &mut Messages| state.answer_own(now(), ticket, &status);
        if let Some(caller) = shard.and_then(|shard| shard.handle(self, own)) {
            let responder = Responder::resume(*operation.transaction_id());
            answer(caller, responder.respond(status));
        }
    }

    fn read_letter(
        &self,
        from: AdapterId,
        operation: &MessageOperation,
    ) -> Result<(InboxRequest, OwnedSemaphorePermit), Failure> {
        let opened = self.inbox.0.get().ok_or(FailureReason::NoSuchInbox)?;
        let place = Arc::clone(&opened.places).try_acquire_owned();
        let place = place.map_err(|_| FailureReason::Overloaded)?;
        let mut inbox = opened.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        let request = inbox.handle_message(now(), &self.table, from, operation)?;
        Ok((request, place))
    }

    async fn answer_letter(&self, letter: Letter) {
        let Letter {
            operation,
            ticket,
            name,
            reply_to,
            obeyed,
            _place,
        } = letter;
        let said = match obeyed {
            Ok(obeyed) => obeyed.said().await,
            Err(failure) => Err(failure),
        };
        let said = match said {
            Ok(said) => said,
            Err(failure) => return self.answer_own(&operation, ticket, failure.into()),
        };
        let asked = name.and_then(|name| CommandMessage::new(name, said.clone()));
        let mut message = match asked {
            Some(asked) => asked.to_message(),
            None => InstantMessage::text(said),
        };
        if let Some(thread) = operation.message().thread() {
            message = message.with_thread(thread.clone());
        }
        let id = TransactionId::random(&mut StdRng::from_os_rng());
        let from = operation.destination().clone();
        let mut reply = MessageOperation::new(id, from, reply_to, message);
        if let Some(instance) = operation.source_instance() {
            reply = reply.with_destination_instance(instance.clone());
        }
        self.answer_own(&operation, ticket, ResponseStatus::Success);
        let ended = self.submit_own(reply).await;
        if let Some(failure) = ended.as_ref().ok().and_then(failure) {
            debug!(failure.reason = ?failure.reason(), "answer to a principal not delivered");
        }
    }
}

fn failure(response: &Response) -> Option<&Failure> {
    match response.status() {
        ResponseStatus::Failure(failure) => Some(failure),
        _ => None,
    }
}

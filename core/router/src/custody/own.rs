//! Messages that the gateway takes itself: nobody has custody of them, but what happens to them can be told.

use std::time::Instant;

use rand::CryptoRng;
use rialto_model::{MessageOperation, ResponseStatus};

use super::Custodian;
use crate::{AdapterId, Answer, CallerTicket, StepKind, router::Owner};

impl<R: CryptoRng> Custodian<R> {
    /// Notes that a message came in that the gateway itself takes; its answer is to be [noted](Self::note_own_answer) as well.
    pub fn note_own(
        &mut self,
        now: Instant,
        from: AdapterId,
        operation: &MessageOperation,
        ticket: CallerTicket,
    ) {
        self.begin(now);
        let chronicle = self.router.chronicle();
        chronicle.note_operation(Owner::Caller(ticket), from, operation);
    }

    /// Notes what the sender of a message to the gateway itself is answered.
    pub fn note_own_answer(&mut self, now: Instant, ticket: CallerTicket, status: &ResponseStatus) {
        self.begin(now);
        let answered = StepKind::Answered(Answer::from(status));
        self.router
            .chronicle()
            .note(Owner::Caller(ticket), answered);
    }
}

//! A disposition, lent.

use std::{
    marker::PhantomData,
    rc::Rc,
    time::{SystemTime, UNIX_EPOCH},
};

use rialto_abi as abi;
use rialto_model::{DispositionOperation, Failure};

use super::{
    numbers::{asked_bits, disposition_number},
    view::{EMPTY, optional_view, text_view},
};
use crate::{
    durations::{limit_ms, milliseconds},
    read::{NONE, lend},
    response::failure_view,
};

/// A disposition, lent to the other side for the time of a call.
#[derive(Debug)]
pub struct DispositionView<'a> {
    raw: abi::Operation,
    /// On the heap: `raw` points to it, and a view may move. No `Box`: to move one ends all pointers to its content.
    _failure: Option<Rc<abi::Response>>,
    _operation: PhantomData<&'a DispositionOperation>,
}

impl<'a> DispositionView<'a> {
    /// Lends the operation.
    pub fn of(operation: &'a DispositionOperation) -> Self {
        let failure = operation.failure().map(failure_of);
        let raw = abi::Operation {
            kind: abi::KIND_DISPOSITION,
            deadline_ms: limit_ms(operation.deadline()),
            transaction_id: lend(operation.transaction_id().as_bytes()),
            source: text_view(operation.source().uri()),
            destination: text_view(operation.destination().uri()),
            reference: optional_view(operation.reference()),
            concerning: lend(operation.concerning().as_bytes()),
            disposition: disposition_number(operation.disposition()),
            asked: asked_bits(operation.request()),
            message_id: operation
                .message_id()
                .map_or(NONE, |id| text_view(id.as_text())),
            sent_at_ms: operation.sent_at().map_or(0, unix_ms),
            failure: failure.as_ref().map_or(std::ptr::null(), Rc::as_ptr),
            ..EMPTY
        };
        Self {
            raw,
            _failure: failure,
            _operation: PhantomData,
        }
    }

    /// What to hand to the other side; valid as long as the view.
    pub const fn raw(&self) -> &abi::Operation {
        &self.raw
    }
}

fn failure_of(failure: &Failure) -> Rc<abi::Response> {
    Rc::new(failure_view(failure))
}

/// A time before 1970 is none that a gateway has seen.
fn unix_ms(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, milliseconds)
}

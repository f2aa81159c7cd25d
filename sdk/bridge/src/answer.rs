//! The callee's side: one answer, whatever happens.

use std::{
    any::Any,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use rialto_abi as abi;
use rialto_model::{Failure, FailureReason, Origin, Response, ResponseStatus, TransactionId};

use crate::{
    Outcome,
    response::{internal, outcome_view, response_view, view},
};

/// The duty to answer a call once: dropped without an answer, it says that the call was cancelled.
#[derive(Debug)]
#[must_use = "a call that is not answered fails"]
pub struct Answer {
    completion: Option<abi::Completion>,
    origin: Origin,
}

/// Whether anybody waited for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third way")]
pub enum Receipt {
    /// It was taken.
    Accepted,
    /// Nobody waits (any more), or the call was answered before.
    Stale,
}

impl Answer {
    /// Takes the duty on; `origin` is who is at fault when it is dropped.
    ///
    /// # Safety
    /// `completion` came with the call that this answers, and is used by nobody else.
    #[expect(unsafe_code, reason = "calls back to the other side later")]
    pub const unsafe fn new(completion: abi::Completion, origin: Origin) -> Self {
        Self {
            completion: Some(completion),
            origin,
        }
    }

    /// The other side's name for the call.
    pub fn ticket(&self) -> u64 {
        self.completion.map_or(0, |completion| completion.ticket)
    }

    /// Answers; the ticket says for which operation.
    pub fn send(mut self, status: &ResponseStatus) -> Receipt {
        self.complete(&view(None, status))
    }

    /// Answers with all that a response says.
    pub fn send_outcome(mut self, outcome: &Outcome) -> Receipt {
        self.complete(&outcome_view(outcome))
    }

    /// Answers, and names the operation: the answer is refused if the ticket is another's.
    pub fn send_for(mut self, transaction_id: &TransactionId, status: &ResponseStatus) -> Receipt {
        self.complete(&view(Some(transaction_id), status))
    }

    /// Answers with a response, which names its operation: it is refused if the ticket is another's.
    pub fn respond(mut self, response: &Response) -> Receipt {
        self.complete(&response_view(response))
    }

    fn complete(&mut self, response: &abi::Response) -> Receipt {
        let completion = self.completion.take();
        let Some((ticket, complete)) = completion.and_then(|c| Some((c.ticket, c.complete?)))
        else {
            return Receipt::Stale;
        };
        // SAFETY: callable once from any thread, by contract, and `take` leaves no second time.
        #[expect(unsafe_code, reason = "calls the other side")]
        match unsafe { complete(ticket, response) } {
            abi::ACCEPTED => Receipt::Accepted,
            _ => Receipt::Stale,
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if self.completion.is_none() {
            return;
        }
        let status = if std::thread::panicking() {
            internal(self.origin, "panicked")
        } else {
            Failure::new(FailureReason::Cancelled)
                .with_origin(self.origin)
                .with_detail("given up without an answer")
                .into()
        };
        self.complete(&view(None, &status));
    }
}

/// Polls once, here. Ready: answered before this returns, without a waker. Otherwise `spawn` has the rest.
///
/// The next poll must come by itself, as that of a new task does: this one leaves no waker behind.
pub fn answer_or_spawn<F: Future>(
    mut future: Pin<Box<F>>,
    answer: Answer,
    outcome: impl FnOnce(F::Output) -> Outcome,
    spawn: impl FnOnce(Pin<Box<F>>, Answer),
) {
    let mut cx = Context::from_waker(Waker::noop());
    match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut cx))) {
        Ok(Poll::Ready(output)) => {
            let outcome = outcome(output);
            answer.send_outcome(&outcome);
        }
        Ok(Poll::Pending) => spawn(future, answer),
        Err(payload) => {
            answer.send(&panicked(payload));
        }
    }
}

/// The future, with a panic turned into a failure.
pub async fn caught<T>(future: impl Future<Output = T>) -> Result<T, ResponseStatus> {
    let mut future = pin!(future);
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(panicked(payload))),
        },
    )
    .await
}

/// What a panic means to whoever called.
pub fn panicked(payload: Box<dyn Any + Send>) -> ResponseStatus {
    let words = panic_words(payload);
    internal(Origin::Plugin, format!("the plugin panicked: {words}"))
}

/// What a panic said.
pub fn panic_words(payload: Box<dyn Any + Send>) -> String {
    let words = payload
        .downcast_ref::<&str>()
        .map(|words| (*words).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without words".to_owned());
    std::mem::forget(payload); // its drop may panic as well
    words
}

//! The functions of the table that deliver.

use std::{ffi::c_void, pin::Pin, sync::Arc, time::Duration};

use rialto_abi as abi;
use rialto_bridge::{
    Answer, Malformed, Outcome,
    answer::{answer_or_spawn, caught},
    operation::{self, Operation},
};
use rialto_model::{Failure, FailureReason, Origin, Response, ResponseStatus, TransactionId};

use super::{
    adapter::Adapter,
    guard::{Unanswered, answered, unanswered},
    waiting::Waiting,
};
use crate::{Plugin, Result, log};

pub(super) unsafe extern "C" fn deliver<P: Plugin>(
    adapter: *mut c_void,
    operation: *const abi::Operation,
    done: abi::Completion,
) {
    // SAFETY: the gateway's promise, and `done` is this call's.
    unsafe {
        answered(done, (), |unanswered| {
            let adapter = Adapter::<P>::of(adapter);
            match operation::own(operation) {
                Ok(operation) => hand_over(&adapter, unanswered, operation),
                Err(error) => {
                    let status = refused(&error);
                    unanswered.take().map(|answer| answer.send(&status));
                }
            }
        });
    }
}

#[inline(always)]
fn hand_over<P: Plugin>(
    adapter: &Arc<Adapter<P>>,
    unanswered: &mut Unanswered,
    operation: Operation,
) {
    let call = Call::of(*operation.transaction_id(), operation.deadline());
    match operation {
        Operation::Message(operation) => {
            begin(adapter, unanswered, call, |plugin| {
                plugin.deliver(operation)
            });
        }
        Operation::Disposition(operation) => {
            begin(adapter, unanswered, call, |plugin| {
                plugin.deliver_disposition(operation)
            });
        }
        Operation::Subscribe(operation) => {
            begin(adapter, unanswered, call, |plugin| {
                plugin.subscribe(operation)
            });
        }
        Operation::Notify(operation) => {
            begin(adapter, unanswered, call, |plugin| plugin.notify(operation));
        }
        Operation::Publish(_) => {
            let status = Failure::new(FailureReason::UnsupportedService).into();
            unanswered.take().map(|answer| answer.send(&status));
        }
    }
}

/// What is known of an operation while it is at the plugin.
struct Call {
    id: TransactionId,
    deadline: Option<Duration>,
}

impl Call {
    const fn of(id: TransactionId, deadline: Option<Duration>) -> Self {
        Self { id, deadline }
    }
}

/// Begins a delivery inside the call; what is not done then is waited for.
fn begin<P, F>(
    adapter: &Arc<Adapter<P>>,
    unanswered: &mut Unanswered,
    Call { id, deadline }: Call,
    deliver: impl FnOnce(&'static P) -> F,
) where
    P: Plugin,
    F: Future<Output = Result<Response>> + Send + 'static,
{
    let Some(plugin) = adapter.plugin.get() else {
        return; // the answer says that it was given up; the gateway delivers to what has started only
    };
    // SAFETY: the adapter lives during this call, and `Rest` holds it for a future that outlives the call.
    // (No clone of the `Arc` on the fast path: all threads would fight for one counter.)
    let plugin: &'static P = unsafe { &*std::ptr::from_ref(plugin) };
    let _entered = adapter.runtime.handle().enter();
    let _logs = log::enter(&adapter.host);
    let future = Box::pin(deliver(plugin));
    let Some(answer) = unanswered.take() else {
        return;
    };
    answer_or_spawn(
        future,
        answer,
        |result| outcome(&id, result),
        |future, answer| {
            Rest {
                future,
                adapter: Arc::clone(adapter),
            }
            .wait(id, deadline, answer);
        },
    );
}

/// A delivery that waits. Its fields are dropped in this order: the future borrows the adapter's plugin.
struct Rest<F, P: Plugin> {
    future: Pin<Box<F>>,
    adapter: Arc<Adapter<P>>,
}

impl<F, P> Rest<F, P>
where
    F: Future<Output = Result<Response>> + Send + 'static,
    P: Plugin,
{
    fn wait(self, id: TransactionId, deadline: Option<Duration>, answer: Answer) {
        let waiting = Waiting::new(self.adapter.runtime.handle());
        // Before it begins: it takes itself out when it ends.
        self.adapter
            .deliveries()
            .insert(answer.ticket(), Arc::clone(&waiting));
        waiting.begin(Box::pin(self.run(id, deadline, answer)));
    }

    async fn run(mut self, id: TransactionId, deadline: Option<Duration>, answer: Answer) {
        let delivery = caught(self.future.as_mut());
        let result = match deadline {
            Some(deadline) => tokio::time::timeout(deadline, delivery).await,
            None => Ok(delivery.await),
        };
        let outcome = match result {
            Ok(Ok(result)) => outcome(&id, result),
            Ok(Err(panicked)) => panicked.into(),
            Err(_) => Failure::new(FailureReason::TimedOut).into(),
        };
        self.adapter.deliveries().remove(&answer.ticket());
        drop(self);
        answer.send_outcome(&outcome);
    }
}

pub(super) unsafe extern "C" fn cancel<P: Plugin>(adapter: *mut c_void, ticket: u64) {
    // SAFETY: the gateway's promise.
    let adapter = unsafe { Adapter::<P>::of(adapter) };
    unanswered(|| {
        let waiting = adapter.deliveries().remove(&ticket);
        if let Some(waiting) = waiting {
            waiting.cancel();
        }
    });
}

/// A response is for the operation that it answers, or the plugin mixed two up.
#[inline]
fn outcome(id: &TransactionId, result: Result<Response>) -> Outcome {
    match result {
        Ok(response) if response.transaction_id() == id => response.into(),
        Ok(_) => Failure::new(FailureReason::Internal)
            .with_origin(Origin::Plugin)
            .with_detail("the plugin answered another operation")
            .into(),
        Err(error) => ResponseStatus::from(error).into(),
    }
}

fn refused(error: &Malformed) -> ResponseStatus {
    Failure::new(error.reason())
        .with_origin(Origin::Host)
        .with_detail(format!("the gateway broke the contract: {error}"))
        .into()
}

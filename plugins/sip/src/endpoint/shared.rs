//! The endpoint, between its loop and the threads that bring it something.
//!
//! To wake the loop costs more than to send one datagram. So whoever brings a single message or a
//! single answer, and finds the endpoint at rest, sends it on the spot; where there is more to do
//! the loop is woken, which does it with fewer system calls.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use futures_util::task::AtomicWaker;
use rialto_sdk::prelude::FailureReason;
use tokio::sync::mpsc::{Sender, error::TrySendError};

use super::{Endpoint, Request};
use crate::gateway::Gateway;

/// One endpoint, until its loop ends.
pub(crate) struct Shared<G: Gateway> {
    endpoint: Mutex<Option<Endpoint<G>>>,
    /// Wakes the loop.
    task: AtomicWaker,
}

/// Where requests go in, in order.
#[derive(Clone, Debug)]
pub(crate) struct Entrance {
    endpoint: Arc<dyn AtRest>,
    queue: Sender<Request>,
}

/// Sends what an endpoint at rest can send at once.
pub(crate) trait AtRest: fmt::Debug + Send + Sync {
    /// Gives the request back where the loop had better send it.
    fn send(&self, request: Request) -> Result<(), Request>;
}

impl<G: Gateway> Shared<G> {
    /// Makes it; nothing happens before [`Shared::run`].
    pub(crate) fn new(endpoint: Endpoint<G>) -> Arc<Self> {
        Arc::new(Self {
            endpoint: Mutex::new(Some(endpoint)),
            task: AtomicWaker::new(),
        })
    }

    /// Works until the adapter stops; what is then unanswered is answered with 503.
    pub(crate) async fn run(self: Arc<Self>, stopping: impl Future<Output = ()>) {
        // However this ends, also by a panic, nothing is sent or waited for after it.
        let loop_ = Loop(&self);
        let answers = Waker::from(Arc::clone(&self));
        let mut stopping = pin!(stopping);
        poll_fn(|context| {
            if stopping.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            self.task.register(context.waker());
            if let Some(endpoint) = &mut *self.lock() {
                endpoint.poll(context, &answers);
            }
            Poll::Pending
        })
        .await;
        if let Some(mut endpoint) = loop_.end() {
            endpoint.refuse_pending();
        }
    }

    /// Answers on this thread; `false` where the loop had better do it.
    fn answer(self: &Arc<Self>) -> bool {
        // Whoever has the lock may have looked for answers already.
        let Ok(mut endpoint) = self.endpoint.try_lock() else {
            return false;
        };
        match &mut *endpoint {
            Some(endpoint) if endpoint.pending.len() <= FEW => {
                let waker = Waker::from(Arc::clone(self));
                endpoint.answer_now(&mut Context::from_waker(&waker));
                true
            }
            _ => false,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Endpoint<G>>> {
        self.endpoint.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<G: Gateway> AtRest for Shared<G> {
    fn send(&self, request: Request) -> Result<(), Request> {
        // It is locked also where the loop itself led here: a message from SIP to SIP.
        match self.endpoint.try_lock().as_deref_mut() {
            Ok(Some(endpoint)) if endpoint.is_at_rest() => {
                endpoint.send_now(request);
                Ok(())
            }
            _ => Err(request),
        }
    }
}

/// An answer of the gateway's has come.
impl<G: Gateway> Wake for Shared<G> {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.answer() {
            self.task.wake();
        }
    }
}

impl<G: Gateway> fmt::Debug for Shared<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Entrance {
    pub(crate) fn new(endpoint: Arc<dyn AtRest>, queue: Sender<Request>) -> Self {
        Self { endpoint, queue }
    }

    /// Whether what is worth little may go in: half of the places are for the rest.
    pub(crate) fn has_room(&self) -> bool {
        self.queue.capacity() > self.queue.max_capacity() / 2
    }

    /// Sends a request now or, behind those that wait already, soon.
    pub(crate) fn send(&self, request: Request) -> Result<(), FailureReason> {
        let Err(request) = self.endpoint.send(request) else {
            return Ok(());
        };
        self.queue.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => FailureReason::Overloaded,
            TrySendError::Closed(_) => FailureReason::ShuttingDown,
        })
    }
}

impl<G: Gateway> Endpoint<G> {
    /// Nothing waits to be sent, and few requests wait for their responses.
    fn is_at_rest(&self) -> bool {
        self.inlets.requests.is_empty() && self.client.pending() < FEW
    }
}

/// The loop, while it runs.
struct Loop<'a, G: Gateway>(&'a Shared<G>);

impl<G: Gateway> Loop<'_, G> {
    fn end(&self) -> Option<Endpoint<G>> {
        self.0.lock().take()
    }
}

impl<G: Gateway> Drop for Loop<'_, G> {
    fn drop(&mut self) {
        // Not under the lock: what it drops may lead back here.
        let endpoint = self.end();
        drop(endpoint);
    }
}

/// What one system call each does not burden.
const FEW: usize = 2;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use rialto_sip_codec::transaction::Branch;
    use tokio::sync::{mpsc, oneshot};

    use super::*;
    use crate::endpoint::{Carrier, Kind};

    /// An endpoint that is never at rest.
    #[derive(Debug)]
    struct Busy;

    impl AtRest for Busy {
        fn send(&self, request: Request) -> Result<(), Request> {
            Err(request)
        }
    }

    #[test]
    fn half_of_the_queue_is_closed_to_what_is_worth_little() {
        let (queue, _requests) = mpsc::channel(4);
        let entrance = Entrance::new(Arc::new(Busy), queue);
        let had_room: Vec<_> = (0..5)
            .map(|number| {
                let had_room = entrance.has_room();
                let request = Request {
                    branch: Branch::new(number),
                    kind: Kind::Message,
                    bytes: Bytes::new(),
                    to: ([127, 0, 0, 1], 9).into(),
                    carrier: Carrier::Udp { port: 0 },
                    outcome: oneshot::channel().0,
                };
                (had_room, entrance.send(request))
            })
            .collect();
        let full = Err(FailureReason::Overloaded);
        let taken = [
            (true, Ok(())),
            (true, Ok(())),
            (false, Ok(())),
            (false, Ok(())),
        ];
        assert_eq!(had_room, [taken.as_slice(), &[(false, full)]].concat());
    }
}

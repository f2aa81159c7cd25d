//! Deliveries that wait, each without a task until something wakes it.
//!
//! What a delivery waits for mostly comes on a thread of the adapter's own. A task that is made there costs nothing but its
//! making; one that is made at once, on the thread that delivers, wakes another thread for every message.

use std::{
    mem::replace,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Wake, Waker},
};

use tokio::{runtime::Handle, task::AbortHandle};

/// A delivery that was begun and has not ended.
pub(super) struct Waiting {
    runtime: Handle,
    state: Mutex<State>,
}

/// All that a delivery has still to do, its answer included.
pub(super) type Rest = Pin<Box<dyn Future<Output = ()> + Send>>;

enum State {
    /// It is looked at for the first time.
    Begun,
    /// It was woken during that.
    Woken,
    /// Nothing has woken it yet.
    Asleep(Rest),
    /// A task has it.
    Task(AbortHandle),
    /// It has ended.
    Ended,
}

impl Waiting {
    /// What is to be begun with [`begin`](Self::begin).
    pub(super) fn new(runtime: &Handle) -> Arc<Self> {
        Arc::new(Self {
            runtime: runtime.clone(),
            state: Mutex::new(State::Begun),
        })
    }

    /// Looks at the delivery, and keeps it if it is not done.
    pub(super) fn begin(self: &Arc<Self>, mut rest: Rest) {
        let waker = Waker::from(Arc::clone(self));
        let polled = rest.as_mut().poll(&mut Context::from_waker(&waker));
        if polled.is_pending()
            && let Some(rest) = self.keep(rest)
        {
            self.spawn(rest);
        }
    }

    /// Ends the delivery wherever it is. Its answer says so.
    pub(super) fn cancel(&self) {
        let state = replace(&mut *self.lock(), State::Ended);
        if let State::Task(task) = &state {
            task.abort();
        }
    }

    /// Keeps the delivery until it is woken; gives it back if it was.
    fn keep(&self, rest: Rest) -> Option<Rest> {
        let mut state = self.lock();
        match *state {
            State::Begun => *state = State::Asleep(rest),
            State::Woken => return Some(rest),
            // Cancelled meanwhile: dropped, but not under the lock.
            _ => {
                drop(state);
                drop(rest);
            }
        }
        None
    }

    /// Not under the lock: a runtime that has ended drops the delivery here.
    fn spawn(&self, rest: Rest) {
        let task = self.runtime.spawn(rest).abort_handle();
        let mut state = self.lock();
        match *state {
            State::Ended => task.abort(),
            _ => *state = State::Task(task),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.lock();
        match replace(&mut *state, State::Woken) {
            State::Asleep(rest) => {
                drop(state);
                self.spawn(rest);
            }
            State::Begun | State::Woken => {}
            other => *state = other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::poll_fn,
        sync::atomic::{AtomicUsize, Ordering},
        task::Poll,
    };

    use tokio::{runtime::Handle, sync::oneshot};

    use super::*;

    fn tasks() -> usize {
        Handle::current().metrics().num_alive_tasks()
    }

    #[tokio::test]
    async fn delivery_has_no_task_until_it_is_woken() {
        let waiting = Waiting::new(&Handle::current());
        let (answer, awaited) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel::<()>();
        waiting.begin(Box::pin(async {
            awaited.await.unwrap();
            done.send(()).unwrap();
        }));
        assert_eq!(tasks(), 0);
        answer.send(()).unwrap();
        assert_eq!(tasks(), 1);
        is_done.await.unwrap();
    }

    #[tokio::test]
    async fn delivery_that_wakes_itself_at_once_is_not_lost() {
        let (looks, seen) = (Arc::new(AtomicUsize::new(0)), oneshot::channel());
        let (mut done, is_done) = (Some(seen.0), seen.1);
        let looked = Arc::clone(&looks);
        Waiting::new(&Handle::current()).begin(Box::pin(poll_fn(move |context| {
            if looked.fetch_add(1, Ordering::Relaxed) == 0 {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            done.take().unwrap().send(()).unwrap();
            Poll::Ready(())
        })));
        is_done.await.unwrap();
        assert_eq!(looks.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn delivery_that_is_cancelled_is_dropped_at_once_and_never_looked_at_again() {
        let waiting = Waiting::new(&Handle::current());
        let (answer, awaited) = oneshot::channel::<()>();
        waiting.begin(Box::pin(async move { awaited.await.unwrap_or_default() }));
        waiting.cancel();
        assert!(answer.is_closed());
        assert_eq!(tasks(), 0);
        waiting.wake();
        assert_eq!(tasks(), 0);
    }

    #[tokio::test]
    async fn delivery_that_has_a_task_is_cancelled_with_it() {
        let waiting = Waiting::new(&Handle::current());
        let (mut answer, awaited) = oneshot::channel::<()>();
        waiting.begin(Box::pin(async move { awaited.await.unwrap_or_default() }));
        waiting.wake_by_ref();
        tokio::task::yield_now().await;
        waiting.cancel();
        answer.closed().await;
    }
}

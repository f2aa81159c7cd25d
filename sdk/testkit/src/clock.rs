//! Time that obeys the test.

use std::{
    future::Future,
    pin::pin,
    sync::mpsc::{self, RecvTimeoutError},
    task::Poll,
    time::Duration,
};

use tokio::{
    runtime::Builder,
    sync::oneshot,
    task::yield_now,
    time::{self, Instant},
};

/// How long a test may wait for something in real time: long after whatever comes has come.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often everything that can run is let run, before it is said that nothing can.
const TURNS: usize = 64;
/// The least that time goes on at once.
const TICK: Duration = Duration::from_millis(10);
/// The most steps in which a time goes by.
const STEPS: u32 = 2000;

/// Runs a test in a runtime of one thread, in which time stands still: it goes by as the test's [`Clock`] says, and not otherwise.
///
/// Tokio's own paused clock leaps to the next timer whenever all tasks wait, also for a socket whose bytes are there already. This one does not. What waits in
/// vain for a minute of real time is a panic.
pub fn run<T>(test: impl AsyncFnOnce(Clock) -> T) -> T {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let (ended, end) = mpsc::sync_channel::<()>(0);
    let (give_up, given_up) = oneshot::channel::<()>();
    // While a blocking task runs, tokio's clock does not leap; and somebody has to look at the real one.
    let watchdog = runtime.spawn_blocking(move || {
        if end.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            // Nobody hears it any more: then the test has ended.
            give_up.send(()).unwrap_or_default();
        }
    });
    let outcome = runtime.block_on(async {
        let clock = Clock {
            start: Instant::now(),
        };
        tokio::select! {
            biased;
            outcome = test(clock) => outcome,
            Ok(()) = given_up => panic!("the test waits for something that has not come for {PATIENCE:?}"),
        }
    });
    drop(ended);
    drop(watchdog);
    outcome
}

/// The time of a test; clones are the same.
#[derive(Clone, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// How long [`until`](Self::until) lets go by before it gives up.
    pub const LIMIT: Duration = Duration::from_secs(24 * 3600);

    /// How much time has gone by in this test.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Lets everything run that can without time going by: what is in sockets is read, what is queued is done.
    ///
    /// What is under way on other threads, like `spawn_blocking`, is not waited for: await what it leads to.
    pub async fn settle(&self) {
        for _ in 0..TURNS {
            yield_now().await;
        }
    }

    /// Lets this much time go by, in steps, so that what one timer leads to is done before the next is due.
    pub async fn pass(&self, time: Duration) {
        let end = Instant::now() + time;
        let tick = TICK.max(time / STEPS);
        self.settle().await;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            time::advance(tick.min(left)).await;
            self.settle().await;
        }
    }

    /// Waits for something, and lets as much time go by as that takes; none, if it needs none. After [`LIMIT`](Self::LIMIT) it is a panic.
    ///
    /// Time goes faster and faster, by a thousandth of what has gone by, so that it is known that well when it came.
    pub async fn until<T>(&self, something: impl Future<Output = T>) -> T {
        let begin = Instant::now();
        let mut something = pin!(something);
        loop {
            for _ in 0..TURNS {
                let polled = std::future::poll_fn(|cx| Poll::Ready(something.as_mut().poll(cx)));
                if let Poll::Ready(value) = polled.await {
                    return value;
                }
                yield_now().await;
            }
            let waited = begin.elapsed();
            assert!(
                waited < Self::LIMIT,
                "what the test waits for has not come within {:?} of its time",
                Self::LIMIT
            );
            time::advance(TICK.max(waited / 1000)).await;
        }
    }
}

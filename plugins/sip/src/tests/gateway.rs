//! A gateway that answers what the test says.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use rialto_sdk::{
    prelude::{
        DispositionOperation, Failure, FailureReason, MessageOperation, NotifyOperation,
        PublishOperation, Response, ResponseStatus, SubscribeOperation, TransactionId,
    },
    tokio_util::{sync::CancellationToken, task::TaskTracker},
};
use tokio::sync::{Notify, oneshot};

use crate::gateway::Gateway;

/// Answers each operation at once, or holds it until the test answers.
#[derive(Clone, Debug, Default)]
pub(super) struct Fake {
    state: Arc<Mutex<State>>,
    submitted: Arc<Notify>,
    happened: Arc<Notify>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    answer: Option<ResponseStatus>,
    submitted: Vec<MessageOperation>,
    reported: Vec<DispositionOperation>,
    subscribed: Vec<SubscribeOperation>,
    notified: Vec<NotifyOperation>,
    published: Vec<PublishOperation>,
    granted: Option<Duration>,
    next_failure: Option<FailureReason>,
    held: Vec<Held>,
    counts: BTreeMap<&'static str, u64>,
    last_id: u64,
}

/// An operation that waits for the test.
#[derive(Debug)]
pub(super) struct Held {
    answer: oneshot::Sender<ResponseStatus>,
}

impl Held {
    pub(super) fn answer(self, status: ResponseStatus) {
        self.answer.send(status).unwrap();
    }
}

impl Fake {
    /// Answers all with this.
    pub(super) fn answering(status: ResponseStatus) -> Self {
        let fake = Self::default();
        fake.lock().answer = Some(status);
        fake
    }

    /// Holds all until the test answers.
    pub(super) fn holding() -> Self {
        Self::default()
    }

    pub(super) fn answer_with(&self, status: ResponseStatus) {
        self.lock().answer = Some(status);
    }

    pub(super) fn submitted(&self) -> Vec<MessageOperation> {
        self.lock().submitted.clone()
    }

    /// The words on earlier messages.
    pub(super) fn reported(&self) -> Vec<DispositionOperation> {
        self.lock().reported.clone()
    }

    /// What watchers asked.
    pub(super) fn subscribed(&self) -> Vec<SubscribeOperation> {
        self.lock().subscribed.clone()
    }

    /// What was told of presentities.
    pub(super) fn notified(&self) -> Vec<NotifyOperation> {
        self.lock().notified.clone()
    }

    /// What presentities said of themselves.
    pub(super) fn published(&self) -> Vec<PublishOperation> {
        self.lock().published.clone()
    }

    /// Answers the next of presence with this failure.
    pub(super) fn fail_next(&self, reason: FailureReason) {
        self.lock().next_failure = Some(reason);
    }

    /// Grants so long from now on.
    pub(super) fn grant(&self, seconds: u64) {
        self.lock().granted = Some(Duration::from_secs(seconds));
    }

    /// Waits until so many operations were submitted in all.
    pub(super) async fn wait_for(&self, count: usize) {
        loop {
            let notified = self.submitted.notified();
            if self.lock().submitted.len() >= count {
                return;
            }
            notified.await;
        }
    }

    /// Waits until watchers asked so often in all.
    pub(super) async fn wait_for_subscribed(&self, count: usize) {
        self.wait_until(|state| state.subscribed.len() >= count)
            .await;
    }

    /// Waits until so much was told of presentities in all.
    pub(super) async fn wait_for_notified(&self, count: usize) {
        self.wait_until(|state| state.notified.len() >= count).await;
    }

    async fn wait_until(&self, is_so: impl Fn(&State) -> bool) {
        loop {
            let happened = self.happened.notified();
            if is_so(&self.lock()) {
                return;
            }
            happened.await;
        }
    }

    /// Takes the oldest that waits.
    pub(super) fn held(&self) -> Held {
        self.lock().held.remove(0)
    }

    pub(super) fn counted(&self, metric: &str) -> u64 {
        self.lock().counts.get(metric).copied().unwrap_or_default()
    }

    /// Stops the adapter and waits for its tasks.
    pub(super) async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Answers one of presence.
    fn respond(
        &self,
        respond: impl FnOnce(ResponseStatus) -> Response + Send + 'static,
    ) -> <Self as Gateway>::Submission {
        let mut state = self.lock();
        let answer = match state.next_failure.take() {
            Some(reason) => Some(Failure::new(reason).into()),
            None => state.answer.clone(),
        };
        let granted = state.granted;
        Box::pin(async move {
            let response = respond(answer.unwrap_or(ResponseStatus::Success));
            match granted {
                Some(granted) => response.with_duration(granted),
                None => response,
            }
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Gateway for Fake {
    type Submission = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn submit(&self, operation: MessageOperation) -> Self::Submission {
        let mut state = self.lock();
        state.submitted.push(operation.clone());
        self.submitted.notify_one();
        if let Some(status) = state.answer.clone() {
            return Box::pin(async { operation.respond(status) });
        }
        let (answer, awaited) = oneshot::channel();
        state.held.push(Held { answer });
        Box::pin(async {
            match awaited.await {
                Ok(status) => operation.respond(status),
                Err(_) => std::future::pending().await,
            }
        })
    }

    fn report(&self, disposition: DispositionOperation) -> Self::Submission {
        let mut state = self.lock();
        let answer = state.answer.clone().unwrap_or(ResponseStatus::Success);
        state.reported.push(disposition.clone());
        Box::pin(async { disposition.respond(answer) })
    }

    fn subscribe(&self, operation: SubscribeOperation) -> Self::Submission {
        self.lock().subscribed.push(operation.clone());
        self.happened.notify_one();
        self.respond(|status| operation.respond(status))
    }

    fn notify(&self, operation: NotifyOperation) -> Self::Submission {
        self.lock().notified.push(operation.clone());
        self.happened.notify_one();
        self.respond(|status| operation.respond(status))
    }

    fn publish(&self, operation: PublishOperation) -> Self::Submission {
        self.lock().published.push(operation.clone());
        self.respond(|status| operation.respond(status))
    }

    fn transaction_id(&self) -> TransactionId {
        let mut state = self.lock();
        state.last_id += 1;
        TransactionId::parse(state.last_id.to_string().as_bytes()).unwrap()
    }

    fn count(&self, metric: &'static str, by: u64) {
        *self.lock().counts.entry(metric).or_default() += by;
    }

    fn spawn(&self, _: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    }

    fn spawn_to_the_end(&self, _: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    fn stopping(&self) -> impl Future<Output = ()> + Send + 'static {
        self.stop.clone().cancelled_owned()
    }
}

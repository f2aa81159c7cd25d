//! A gateway that remembers.

use std::sync::{Arc, Mutex, MutexGuard};

use rialto_loader::{AdapterId, Gateway, Health, LogRecord, Measure, SubmissionId, SubmitAnswer};
use rialto_model::{
    DispositionOperation, MessageOperation, NotifyOperation, PublishOperation, Response,
    ResponseStatus, SubscribeOperation,
};
use tokio::sync::watch;

/// Remembers what adapters say, answers what they submit, and hands out what they answer.
#[derive(Debug)]
pub struct Recorder {
    seen: Mutex<Seen>,
    held: Mutex<Vec<SubmitAnswer>>,
    hold: bool,
    changed: watch::Sender<()>,
}

/// What adapters said.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub submitted: Vec<MessageOperation>,
    pub dispositions: Vec<DispositionOperation>,
    pub subscriptions: Vec<SubscribeOperation>,
    pub notifications: Vec<NotifyOperation>,
    pub publications: Vec<PublishOperation>,
    pub cancelled: Vec<SubmissionId>,
    pub responded: Vec<(u64, Response)>,
    pub told: Vec<(u64, Response)>,
    pub subscribed: Vec<(u64, Response)>,
    pub notified: Vec<(u64, Response)>,
    pub measured: Vec<(String, Measure)>,
    pub health: Vec<Health>,
    pub logged: Vec<String>,
}

impl Recorder {
    /// Answers submissions with success.
    pub fn new() -> Arc<Self> {
        Self::with_hold(false)
    }

    /// Keeps submissions without an answer.
    pub fn holding() -> Arc<Self> {
        Self::with_hold(true)
    }

    fn with_hold(hold: bool) -> Arc<Self> {
        Arc::new(Self {
            seen: Mutex::default(),
            held: Mutex::default(),
            hold,
            changed: watch::Sender::new(()),
        })
    }

    /// What was seen up to now.
    pub fn seen(&self) -> Seen {
        self.lock().clone()
    }

    /// What was seen as soon as it is enough.
    pub async fn until(&self, enough: impl Fn(&Seen) -> bool) -> Seen {
        let mut changes = self.changed.subscribe();
        let waiting = changes.wait_for(|()| enough(&self.lock()));
        let waited = tokio::time::timeout(super::SOON, waiting).await;
        assert!(waited.is_ok(), "not enough: {:?}", self.seen());
        self.seen()
    }

    /// The submissions that wait for an answer.
    pub fn held(&self) -> Vec<SubmitAnswer> {
        std::mem::take(&mut self.held.lock().unwrap())
    }

    /// How often something was counted.
    pub fn counted(&self, metric: &str) -> usize {
        self.seen()
            .measured
            .iter()
            .filter(|(name, _)| name == metric)
            .count()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    fn answer(&self, answer: SubmitAnswer) {
        if self.hold {
            self.held.lock().unwrap().push(answer);
        } else {
            answer.send(&ResponseStatus::Success);
        }
    }

    fn note(&self, note: impl FnOnce(&mut Seen)) {
        note(&mut self.lock());
        self.changed.send_replace(());
    }
}

impl Gateway for Recorder {
    fn submit(&self, _: AdapterId, operation: MessageOperation, answer: SubmitAnswer) {
        self.note(|seen| seen.submitted.push(operation));
        self.answer(answer);
    }

    fn submit_disposition(
        &self,
        _: AdapterId,
        operation: DispositionOperation,
        answer: SubmitAnswer,
    ) {
        self.note(|seen| seen.dispositions.push(operation));
        self.answer(answer);
    }

    fn submit_subscribe(&self, _: AdapterId, operation: SubscribeOperation, answer: SubmitAnswer) {
        self.note(|seen| seen.subscriptions.push(operation));
        self.answer(answer);
    }

    fn submit_notify(&self, _: AdapterId, operation: NotifyOperation, answer: SubmitAnswer) {
        self.note(|seen| seen.notifications.push(operation));
        self.answer(answer);
    }

    fn submit_publish(&self, _: AdapterId, operation: PublishOperation, answer: SubmitAnswer) {
        self.note(|seen| seen.publications.push(operation));
        self.answer(answer);
    }

    fn cancelled(&self, _: AdapterId, submission: SubmissionId) {
        self.note(|seen| seen.cancelled.push(submission));
    }

    fn responded(&self, _: AdapterId, token: u64, response: Response) {
        self.note(|seen| seen.responded.push((token, response)));
    }

    fn disposition_responded(&self, _: AdapterId, token: u64, response: Response) {
        self.note(|seen| seen.told.push((token, response)));
    }

    fn subscribe_responded(&self, _: AdapterId, token: u64, response: Response) {
        self.note(|seen| seen.subscribed.push((token, response)));
    }

    fn notify_responded(&self, _: AdapterId, token: u64, response: Response) {
        self.note(|seen| seen.notified.push((token, response)));
    }

    fn measured(&self, _: AdapterId, metric: &str, measure: Measure) {
        self.note(|seen| seen.measured.push((metric.to_owned(), measure)));
    }

    fn health(&self, _: AdapterId, health: Health) {
        self.note(|seen| seen.health.push(health));
    }

    fn log(&self, adapter: &str, record: &LogRecord<'_>) {
        let fields: Vec<_> = record
            .fields
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let line = format!(
            "{adapter} {} {} [{}]",
            record.level,
            record.message,
            fields.join(" ")
        );
        self.note(|seen| seen.logged.push(line));
    }
}

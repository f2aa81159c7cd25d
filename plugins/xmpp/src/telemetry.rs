//! The gateway as the SDK gives it: operations, tasks, logs and metrics.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rialto_sdk::model::{
    DispositionOperation, MessageOperation, NotifyOperation, Response, ResponseStatus,
    SubscribeOperation,
};
use rialto_sdk::tokio::time::Instant;
use rialto_sdk::{Health, Host, Tasks, tokio, tracing};
use rialto_xmpp_codec::RefusalError;

use crate::connection::SessionEnd;
use crate::gateway::{Event, Gateway, Ignored};
use crate::throttle::Throttle;

/// Is the gateway that loaded this plugin.
#[derive(Clone, Debug)]
pub(crate) struct SdkGateway {
    host: Host,
    tasks: Tasks,
    /// Has the server's absence been logged already?
    away: Arc<AtomicBool>,
    /// Users can have these lines written; they shall not fill the log.
    unread: Arc<Throttle>,
}

impl SdkGateway {
    pub(crate) fn new(host: Host, tasks: Tasks) -> Self {
        Self {
            host,
            tasks,
            away: Arc::default(),
            unread: Arc::new(Throttle::new(QUIET)),
        }
    }

    fn connected(&self) {
        self.away.store(false, Ordering::Relaxed);
        self.host.health(Health::Up);
        self.host.count("rialto_xmpp_connections_total", 1);
        tracing::info!("joined the server");
    }

    /// Logged loudly once for each absence; the attempts that follow only for who looks closely.
    fn disconnected(&self, end: &SessionEnd, retry: Duration) {
        self.host.health(Health::Degraded(end.to_string()));
        self.host.count("rialto_xmpp_disconnections_total", 1);
        let cause = std::error::Error::source(end)
            .map(ToString::to_string)
            .unwrap_or_default();
        let retry = retry.as_millis();
        if self.away.swap(true, Ordering::Relaxed) {
            tracing::debug!(error = %end, error.cause = cause, retry.ms = retry, "the server is still away");
        } else {
            tracing::warn!(error = %end, error.cause = cause, retry.ms = retry, "the server is away");
        }
    }

    fn unread(&self, error: RefusalError) {
        self.host.count("rialto_xmpp_unread_stanzas_total", 1);
        if let Some(unsaid) = self.unread.pass(Instant::now()) {
            tracing::warn!(%error, unsaid, "refused a stanza unread");
        }
    }
}

/// How long the log stays quiet after a line about a stanza that was refused unread.
const QUIET: Duration = Duration::from_secs(60);

impl Gateway for SdkGateway {
    fn submit(
        &self,
        operation: MessageOperation,
        then: impl FnOnce(ResponseStatus) + Send + 'static,
    ) {
        self.host
            .submit_then(operation, |response| then(response.into_status()));
    }

    fn submit_disposition(
        &self,
        operation: DispositionOperation,
        then: impl FnOnce(ResponseStatus) + Send + 'static,
    ) {
        self.host
            .submit_disposition_then(operation, |response| then(response.into_status()));
    }

    fn submit_subscribe(
        &self,
        operation: SubscribeOperation,
        then: impl FnOnce(Response) + Send + 'static,
    ) {
        self.host.submit_subscribe_then(operation, then);
    }

    fn submit_notify(
        &self,
        operation: NotifyOperation,
        then: impl FnOnce(ResponseStatus) + Send + 'static,
    ) {
        self.host
            .submit_notify_then(operation, |response| then(response.into_status()));
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stopping = self.tasks.stopping();
        self.tasks.spawn("response", async move {
            tokio::select! {
                () = task => {}
                () = stopping => {}
            }
        });
    }

    fn event(&self, event: Event<'_>) {
        match event {
            Event::Connected => self.connected(),
            Event::Disconnected { end, retry } => self.disconnected(end, retry),
            Event::Pinged { round_trip } => {
                self.host
                    .observe("rialto_xmpp_ping_seconds", round_trip.as_secs_f64());
            }
            Event::Ignored(why) => self.host.count(ignored(why), 1),
            Event::Refused { reason } => {
                self.host.count("rialto_xmpp_refused_total", 1);
                tracing::debug!(failure.reason = reason, "refused a message");
            }
            Event::Unread(error) => self.unread(error),
            Event::Unwritable => self.host.count("rialto_xmpp_unwritable_total", 1),
        }
    }
}

const fn ignored(why: Ignored) -> &'static str {
    match why {
        Ignored::Silent => "rialto_xmpp_silent_messages_total",
        Ignored::Repeated => "rialto_xmpp_repeated_messages_total",
        Ignored::Typing => "rialto_xmpp_dropped_chat_states_total",
        Ignored::Report => "rialto_xmpp_unknown_reports_total",
        Ignored::Presence => "rialto_xmpp_presence_total",
        Ignored::LateError => "rialto_xmpp_late_errors_total",
        Ignored::ForeignError => "rialto_xmpp_foreign_errors_total",
        Ignored::Answer => "rialto_xmpp_unasked_answers_total",
        Ignored::Element => "rialto_xmpp_unknown_elements_total",
    }
}

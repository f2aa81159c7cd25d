//! All that happens, in one queue.

use std::{
    collections::VecDeque,
    io,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use crate::{error::DemoError, flow::Flow, mail_user, sip_user, xmpp_user};

/// How long the demo waits for anything; far more than a busy machine needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What an endpoint or the gateway's log tells.
#[derive(Debug)]
pub(crate) enum Event {
    /// The gateway handled an operation.
    Flow(Flow),
    /// An adapter of the gateway is connected.
    AdapterUp(String),
    /// Romeo received something.
    Sip(sip_user::Received),
    /// Juliet's server received something.
    Xmpp(xmpp_user::Received),
    /// Rosaline's mail server received a mail.
    Mail(mail_user::Incoming),
    /// The gateway's log ended, and so the gateway.
    GatewayEnded,
    /// The user wants no more.
    Interrupted,
}

/// Where the threads of the endpoints put events.
#[derive(Clone, Debug)]
pub(crate) struct EventSender(SyncSender<Event>);

/// The receiving end, which can wait for one event and keep the others for later.
#[derive(Debug)]
pub(crate) struct Events {
    receiver: Receiver<Event>,
    kept: VecDeque<Event>,
}

/// Makes the queue; senders wait when it is full.
pub(crate) fn channel() -> (EventSender, Events) {
    const CAPACITY: usize = 256;
    let (sender, receiver) = sync_channel(CAPACITY);
    (
        EventSender(sender),
        Events {
            receiver,
            kept: VecDeque::new(),
        },
    )
}

/// Starts a thread that lives as long as its socket, and no longer than the demo.
pub(crate) fn thread(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), DemoError> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(run);
    started
        .map(drop)
        .map_err(DemoError::io(format!("cannot start the thread `{name}`")))
}

impl EventSender {
    /// Adds an event; an error means that nobody listens any more.
    pub(crate) fn send(&self, event: Event) -> io::Result<()> {
        self.0
            .send(event)
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Events {
    /// Waits until `pick` takes an event, and keeps those that it gives back.
    pub(crate) fn wait<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(Event) -> Result<T, Event>,
    ) -> Result<T, DemoError> {
        for _ in 0..self.kept.len() {
            match self.kept.pop_front().map(&mut pick) {
                Some(Ok(found)) => return Ok(found),
                Some(Err(event)) => self.kept.push_back(event),
                None => break,
            }
        }
        let deadline = now() + PATIENCE;
        loop {
            match self
                .receive(deadline.saturating_duration_since(now()))?
                .map(&mut pick)
            {
                Some(Ok(found)) => return Ok(found),
                Some(Err(event)) => self.kept.push_back(event),
                None => return Err(self.silence(what)),
            }
        }
    }

    /// Lets a moment pass, and keeps what happens in it.
    pub(crate) fn pause(&mut self, moment: Duration) -> Result<(), DemoError> {
        let happened = self.receive(moment)?;
        self.kept.extend(happened);
        Ok(())
    }

    /// Waits for the next event for as long as it takes.
    pub(crate) fn next(&mut self) -> Result<Event, DemoError> {
        match self.kept.pop_front() {
            Some(event) => Ok(event),
            None => self
                .receiver
                .recv()
                .map_err(|_| DemoError::GatewayEnded)
                .and_then(not_the_end),
        }
    }

    /// Takes out all that has happened so far.
    pub(crate) fn take(&mut self) -> Result<Vec<Event>, DemoError> {
        let kept = self.kept.drain(..).map(Ok);
        let new = self.receiver.try_iter().map(not_the_end);
        kept.chain(new).collect()
    }

    /// Tells also of operations that failed meanwhile: they may be the cause.
    fn silence(&self, what: &str) -> DemoError {
        let failures = self.kept.iter().filter_map(|event| match event {
            Event::Flow(Flow::Answered(answered)) if !answered.reason.is_empty() => Some(format!(
                "; an operation failed: {}, {}",
                answered.reason, answered.detail
            )),
            _ => None,
        });
        DemoError::Silence {
            what: what.to_owned(),
            seconds: PATIENCE.as_secs(),
            failures: failures.collect(),
        }
    }

    fn receive(&self, within: Duration) -> Result<Option<Event>, DemoError> {
        match self.receiver.recv_timeout(within) {
            Ok(event) => not_the_end(event).map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(DemoError::GatewayEnded),
        }
    }
}

/// No wait goes on when the gateway or the user's patience is at its end.
fn not_the_end(event: Event) -> Result<Event, DemoError> {
    match event {
        Event::GatewayEnded => Err(DemoError::GatewayEnded),
        Event::Interrupted => Err(DemoError::Interrupted),
        event => Ok(event),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "waits for sockets have real deadlines"
)]
fn now() -> Instant {
    Instant::now()
}

//! The adapter's loop: owns sockets and transactions, and does all that is not a stream.
//!
//! One task. Each turn takes what has arrived in batches, in its order, hands messages to
//! the gateway, and sends all that came of it with few system calls.

mod answering;
mod counters;
mod joining;
mod presence;
mod receive;
mod responses;
mod send;
mod shared;
mod submissions;

pub(crate) use self::{
    send::{Carrier, Kind, Outcome, Request, Secured},
    shared::{Entrance, Shared},
};

use std::{
    collections::{HashMap, HashSet},
    future::Future as _,
    hash::RandomState,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::BytesMut;
use futures_util::stream::{FuturesUnordered, Stream as _};
use rialto_sdk::{
    prelude::{Domain, FailureReason, Result},
    tracing,
};
use rialto_sip_codec::transaction::{
    ClientTransactions, ServerEvent, ServerTransactions, Timers, TransactionKey, TransactionKeys,
};
use time::OffsetDateTime;
use tokio::{sync::mpsc, time::Sleep};

use self::{
    answering::{Answering, Asked},
    counters::Counters,
    send::{Waiting, fail_unsent},
};
use crate::{
    config::{Config, Flow, TrustedPeers},
    gateway::Gateway,
    inbound::Registrations,
    locals::Locals,
    outbound::{FirstWord, NextNotification},
    presence::{Legs, Locked, Sharing},
    responses::Answer,
    transport::{
        Connection, Connections, Datagram, FromConnection, OtherEnd, StreamLimits, Tls, UdpPort,
    },
};

/// The adapter's loop and all that it owns.
#[derive(Debug)]
pub(crate) struct Endpoint<G: Gateway> {
    gateway: G,
    user_agent: String,
    number_domain: Option<Domain>,
    trusted: TrustedPeers,
    least_duration: Duration,
    registrations: Registrations,
    locals: Arc<Locals>,
    /// Subscriptions to presentities of this network.
    legs: Locked<Legs<FirstWord>>,
    /// Subscriptions of this network's users that several of their devices share.
    sharing: Locked<Sharing<NextNotification>>,
    timers: Timers,
    max_message: usize,
    max_pending: usize,
    limits: StreamLimits,
    keys: TransactionKeys,
    /// For the tags of requests too broken to have a key.
    tags: RandomState,
    server: ServerTransactions<Answer>,
    client: ClientTransactions<Waiting>,
    /// Messages that the gateway has not answered yet.
    pending: FuturesUnordered<Answering<G::Submission>>,
    udp: Vec<UdpPort>,
    connections: Connections,
    tls: Tls,
    /// Connections of ours, by where they lead.
    opened: HashMap<OtherEnd, Connection>,
    /// Connections over TLS by which requests came, which lead back to whoever sent them.
    flows: HashMap<Flow, Connection>,
    /// Connections that are closed to requests and have not said their last word; each says one.
    closing: HashSet<u64>,
    /// Connections with messages for the next flush.
    unflushed: Vec<Connection>,
    inlets: Inlets,
    /// Room to write what goes to a stream.
    scratch: BytesMut,
    counters: Counters,
    tick: Pin<Box<Sleep>>,
}

/// Where the loop's work comes from, and what it is while it is looked at.
#[derive(Debug)]
struct Inlets {
    requests: mpsc::Receiver<Request>,
    streams: mpsc::Receiver<FromConnection>,
    /// For tasks of connections that the loop opens.
    to_streams: mpsc::Sender<FromConnection>,
    datagrams: Vec<Datagram>,
    request_batch: Vec<Request>,
    stream_batch: Vec<FromConnection>,
}

/// One moment, on both clocks.
#[derive(Clone, Copy, Debug)]
struct Now {
    instant: Instant,
    date: OffsetDateTime,
}

/// What an endpoint is built on.
#[derive(Debug)]
pub(crate) struct Sockets {
    pub(crate) udp: Vec<UdpPort>,
    pub(crate) connections: Connections,
    pub(crate) tls: Tls,
    pub(crate) limits: StreamLimits,
    pub(crate) streams: mpsc::Receiver<FromConnection>,
    pub(crate) to_streams: mpsc::Sender<FromConnection>,
    pub(crate) locals: Arc<Locals>,
    pub(crate) legs: Locked<Legs<FirstWord>>,
    pub(crate) sharing: Locked<Sharing<NextNotification>>,
}

impl<G: Gateway> Endpoint<G> {
    /// Makes the loop; nothing happens before [`Shared::run`].
    pub(crate) fn new(
        gateway: G,
        config: &Config,
        sockets: Sockets,
        requests: mpsc::Receiver<Request>,
    ) -> Result<Self> {
        let timers = config.timers()?;
        Ok(Self {
            gateway,
            user_agent: config.user_agent.clone(),
            number_domain: config.number_domain()?,
            trusted: config.trusted.clone(),
            least_duration: config.shortest_subscription(),
            registrations: match config.registrations {
                true => Registrations::Taken,
                false => Registrations::Refused,
            },
            locals: sockets.locals,
            legs: sockets.legs,
            sharing: sockets.sharing,
            timers,
            max_message: config.max_message_size(),
            max_pending: config.max_pending,
            limits: sockets.limits,
            keys: TransactionKeys::new(RandomState::new()),
            tags: RandomState::new(),
            server: ServerTransactions::new(timers, config.max_transactions),
            client: ClientTransactions::new(timers, config.max_transactions),
            pending: FuturesUnordered::new(),
            udp: sockets.udp,
            connections: sockets.connections,
            tls: sockets.tls,
            opened: HashMap::new(),
            flows: HashMap::new(),
            closing: HashSet::new(),
            unflushed: Vec::new(),
            inlets: Inlets {
                requests,
                streams: sockets.streams,
                to_streams: sockets.to_streams,
                datagrams: Vec::with_capacity(BATCH),
                request_batch: Vec::with_capacity(BATCH),
                stream_batch: Vec::with_capacity(BATCH),
            },
            scratch: BytesMut::new(),
            counters: Counters::default(),
            tick: Box::pin(tokio::time::sleep(Duration::ZERO)),
        })
    }

    /// Does turns until there is nothing to do, or others should have theirs; `answers` is woken by
    /// the gateway's answers alone.
    fn poll(&mut self, context: &mut Context<'_>, answers: &Waker) {
        for _ in 0..TURNS {
            let is_busy = self.turn(context, &mut Context::from_waker(answers));
            self.flush();
            if !is_busy {
                return;
            }
        }
        context.waker().wake_by_ref();
    }

    /// Sends the answers that have come.
    fn answer_now(&mut self, answers: &mut Context<'_>) {
        self.take_answers(answers, Now::read());
        self.flush();
    }

    /// Sends a request of the gateway's.
    fn send_now(&mut self, request: Request) {
        self.send(instant(), request);
        self.flush();
    }

    fn turn(&mut self, context: &mut Context<'_>, answers: &mut Context<'_>) -> bool {
        let now = Now::read();
        let datagrams = self.take_datagrams(context, now);
        let streams = self.take_streams(context, now);
        let answers = self.take_answers(answers, now);
        let requests = self.take_requests(context, now);
        self.take_timeouts(context, now);
        datagrams || streams || answers || requests
    }

    fn take_datagrams(&mut self, context: &mut Context<'_>, now: Now) -> bool {
        let mut is_busy = false;
        for port in 0..self.udp.len() {
            let Some(socket) = self.udp.get_mut(port) else {
                break;
            };
            let mut datagrams = std::mem::take(&mut self.inlets.datagrams);
            match socket.poll_receive(context, &mut datagrams) {
                Poll::Pending => {}
                Poll::Ready(Ok(())) => is_busy = true,
                Poll::Ready(Err(error)) => {
                    self.counters.socket_errors += 1;
                    tracing::debug!(%error, "a socket could not be read");
                    is_busy = true;
                }
            }
            for datagram in datagrams.drain(..) {
                self.receive_datagram(now, port, datagram);
            }
            self.inlets.datagrams = datagrams;
            is_busy |= self.take_bounced(context, port);
        }
        is_busy
    }

    /// Fails the requests whose next hop is not there (RFC 3261 §18.4).
    fn take_bounced(&mut self, context: &mut Context<'_>, port: usize) -> bool {
        let mut bounced = Vec::new();
        let Some(socket) = self.udp.get_mut(port) else {
            return false;
        };
        let polled = socket.poll_bounced(context, &mut bounced);
        bounced
            .iter()
            .for_each(|datagram| fail_unsent(&mut self.client, datagram));
        matches!(polled, Poll::Ready(Ok(())))
    }

    fn take_streams(&mut self, context: &mut Context<'_>, now: Now) -> bool {
        let mut batch = std::mem::take(&mut self.inlets.stream_batch);
        let polled = self
            .inlets
            .streams
            .poll_recv_many(context, &mut batch, BATCH);
        for message in batch.drain(..) {
            self.receive_from_connection(now, message);
        }
        self.inlets.stream_batch = batch;
        matches!(polled, Poll::Ready(count) if count > 0)
    }

    fn take_answers(&mut self, context: &mut Context<'_>, now: Now) -> bool {
        let mut is_busy = false;
        for _ in 0..BATCH {
            match Pin::new(&mut self.pending).poll_next(context) {
                Poll::Ready(Some(answered)) => self.answer(now, answered),
                _ => return is_busy,
            }
            is_busy = true;
        }
        is_busy
    }

    fn take_requests(&mut self, context: &mut Context<'_>, now: Now) -> bool {
        let mut batch = std::mem::take(&mut self.inlets.request_batch);
        let polled = self
            .inlets
            .requests
            .poll_recv_many(context, &mut batch, BATCH);
        for request in batch.drain(..) {
            self.send(now.instant, request);
        }
        self.inlets.request_batch = batch;
        matches!(polled, Poll::Ready(count) if count > 0)
    }

    /// Runs the timers when the tick comes, and sets the tick to the next of them.
    fn take_timeouts(&mut self, context: &mut Context<'_>, now: Now) {
        if self.tick.as_mut().poll(context).is_pending() {
            return;
        }
        self.retransmit(now.instant);
        let mut owed = Vec::new();
        while let Some(event) = self.server.poll(now.instant) {
            if let ServerEvent::Trying(key) = event {
                owed.push(key);
            }
        }
        self.send_trying(&owed);
        self.counters.report(&self.gateway);
        let timeouts = [self.server.next_timeout(), self.client.next_timeout()];
        // New requests are due after T1 at the earliest, so the tick must not lie beyond that.
        let t1 = self.timers.e(0);
        let latest = now.instant + t1.clamp(TICK, IDLE_TICK);
        let next = timeouts.into_iter().flatten().min().unwrap_or(latest);
        let next = next.clamp(now.instant + (t1 / 10).max(TICK), latest);
        self.tick.as_mut().reset(next.into());
        // Registers the new tick.
        if self.tick.as_mut().poll(context).is_ready() {
            context.waker().wake_by_ref();
        }
    }

    /// Sends a 100 for each message that has waited so long (RFC 4320 §4.1).
    fn send_trying(&mut self, owed: &[TransactionKey]) {
        if owed.is_empty() {
            return;
        }
        let waiting: Vec<_> = Pin::new(&mut self.pending)
            .iter_pin_mut()
            .filter(|answering| owed.contains(&answering.key()))
            .filter_map(|answering| answering.asked().map(Asked::without_permit))
            .collect();
        for asked in waiting {
            self.reply_to(asked, Answer::TRYING);
        }
    }

    fn flush(&mut self) {
        let client = &mut self.client;
        for socket in &mut self.udp {
            // RFC 3261 §17.1.4: the transaction fails with its transport, not by Timer F.
            let lost = socket.flush(|datagram| fail_unsent(client, datagram));
            self.counters.lost_datagrams += lost as u64;
        }
        for connection in self.unflushed.drain(..) {
            connection.flush();
        }
    }

    /// Passes on the answers that have come by now, and refuses the rest.
    fn refuse_pending(&mut self) {
        let mut nobody = Context::from_waker(Waker::noop());
        while self.take_answers(&mut nobody, Now::read()) {}
        let pending = std::mem::take(&mut self.pending);
        for asked in pending.into_iter().filter_map(Answering::into_asked) {
            self.reply_to(asked, Answer::of_reason(FailureReason::ShuttingDown));
        }
        self.flush();
    }
}

/// The most of each inlet in one turn.
const BATCH: usize = 64;
/// The most turns before other tasks have theirs.
const TURNS: usize = 8;
/// Timers are late by a tenth of T1 at most, or by this; finer ticks would wake the loop for nothing.
const TICK: Duration = Duration::from_millis(10);
/// The longest sleep.
const IDLE_TICK: Duration = Duration::from_millis(500);

impl Now {
    fn read() -> Self {
        Self {
            instant: instant(),
            date: OffsetDateTime::now_utc(),
        }
    }
}

/// The clock of tokio, which tests can stop.
fn instant() -> Instant {
    tokio::time::Instant::now().into_std()
}

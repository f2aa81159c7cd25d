//! Requests of ours, and what comes of them.

use std::{
    collections::hash_map::Entry,
    convert::Infallible,
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::{BufMut as _, Bytes};
use rialto_sip_codec::{
    StatusCode,
    transaction::{Branch, ClientEvent, ClientTransactions, Sending},
};
use tokio::sync::oneshot;

use super::Endpoint;
use crate::{
    config::Flow,
    gateway::Gateway,
    transport::{Connection, Domains, OtherEnd, Queued, Trouble, open},
};

/// A request to send, written already.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) branch: Branch,
    pub(crate) kind: Kind,
    pub(crate) bytes: Bytes,
    pub(crate) to: SocketAddr,
    pub(crate) carrier: Carrier,
    pub(crate) outcome: oneshot::Sender<Outcome>,
}

/// What a request leaves by.
#[derive(Debug)]
pub(crate) enum Carrier {
    /// The UDP socket of this number.
    Udp {
        port: usize,
    },
    Tcp,
    Tls(Box<Secured>),
}

/// Whom a request over TLS is for.
#[derive(Debug)]
pub(crate) struct Secured {
    /// Who is already there, by this connection.
    pub(crate) flow: Option<Flow>,
    /// Whom to expect of a new one.
    pub(crate) expected: Domains,
}

/// What a request of ours is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Message,
    Subscribe,
    Notify,
}

/// How a request ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// With a final response.
    Final {
        status: StatusCode,
        retry_after: Option<Duration>,
        /// Whether it names message/cpim among what is taken.
        accepts_cpim: bool,
        /// The response to a SUBSCRIBE; of no other more is to be known.
        message: Bytes,
    },
    /// Without one in time: nobody knows whether it arrived.
    TimedOut,
    /// Its connection broke before one came: nobody knows whether it arrived.
    Broken,
    /// It could not be sent.
    Unreachable,
    /// It was not sent: there is no TLS with who is there.
    Unsecured(Trouble),
    /// It was not sent: there is too much under way.
    Overloaded,
}

/// What is kept for a request that waits for its final response.
#[derive(Debug)]
pub(super) struct Waiting {
    kind: Kind,
    way: Way,
    outcome: oneshot::Sender<Outcome>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    Udp { port: usize, to: SocketAddr },
    Stream { connection: u64 },
}

impl Waiting {
    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    /// Tells who waits; nobody does when the operation was cancelled.
    pub(super) fn end(self, outcome: Outcome) {
        self.outcome.send(outcome).ok();
    }
}

impl<G: Gateway> Endpoint<G> {
    /// Begins the transaction of a request and sends it.
    pub(super) fn send(&mut self, now: Instant, request: Request) {
        match &request.carrier {
            Carrier::Udp { port } => self.send_datagram(now, *port, request),
            Carrier::Tcp => {
                let connection = self.connection_to(request.to, None);
                self.send_over(now, connection, request);
            }
            Carrier::Tls(secured) => {
                let connection = self.secured_connection_to(request.to, secured);
                self.send_over(now, connection, request);
            }
        }
    }

    fn send_datagram(&mut self, now: Instant, port: usize, request: Request) {
        let Request {
            branch,
            kind,
            bytes,
            to,
            outcome,
            ..
        } = request;
        let way = Way::Udp { port, to };
        let waiting = Waiting { kind, way, outcome };
        let sending = Sending::Unreliably(bytes.clone());
        match self.client.start(now, branch, sending, waiting) {
            Ok(()) => self.queue_datagram(port, to, &bytes),
            Err(waiting) => {
                self.counters.refused += 1;
                waiting.end(Outcome::Overloaded);
            }
        }
    }

    fn queue_datagram(&mut self, port: usize, to: SocketAddr, bytes: &[u8]) {
        if let Some(socket) = self.udp.get_mut(port) {
            let queued = socket.queue(to, |out| {
                out.put_slice(bytes);
                Ok::<_, Infallible>(())
            });
            match queued {
                Ok(()) => {}
            }
        }
    }

    fn send_over(&mut self, now: Instant, connection: Option<Connection>, request: Request) {
        let Request {
            branch,
            kind,
            bytes,
            outcome,
            ..
        } = request;
        let Some(connection) = connection else {
            self.counters.refused += 1;
            outcome.send(Outcome::Overloaded).ok();
            return;
        };
        let waiting = Waiting {
            kind,
            way: Way::Stream {
                connection: connection.number(),
            },
            outcome,
        };
        if let Err(waiting) = self.client.start(now, branch, Sending::Reliably, waiting) {
            self.counters.refused += 1;
            return waiting.end(Outcome::Overloaded);
        }
        match connection.request(bytes) {
            Queued::First => self.unflushed.push(connection),
            Queued::Behind => {}
            Queued::Refused => {
                if let Some(waiting) = self.client.fail(branch) {
                    self.counters.refused += 1;
                    waiting.end(Outcome::Overloaded);
                }
            }
        }
    }

    /// The connection by which its other end came, or one to who can prove to be whom the request is for.
    fn secured_connection_to(&mut self, to: SocketAddr, secured: &Secured) -> Option<Connection> {
        let flow = secured.flow.and_then(|flow| self.flows.get(&flow));
        match flow.filter(|connection| !connection.is_closed()) {
            Some(connection) => Some(connection.clone()),
            None => self.connection_to(to, Some(secured.expected.clone())),
        }
    }

    /// The connection that all requests to one other end share; opens it when there is none.
    fn connection_to(
        &mut self,
        address: SocketAddr,
        domains: Option<Domains>,
    ) -> Option<Connection> {
        let other_end = OtherEnd { address, domains };
        // One that has just closed has not said so yet, and responses that it read may come before it does.
        if let Entry::Occupied(opened) = self.opened.entry(other_end.clone())
            && opened.get().is_closed()
        {
            self.closing.insert(opened.remove().number());
        }
        match self.opened.entry(other_end) {
            Entry::Occupied(opened) => Some(opened.get().clone()),
            Entry::Vacant(vacant) => {
                let place = self.connections.place()?;
                let other_end = vacant.key().clone();
                let (connection, writer) = Connection::new(self.connections.number(), other_end);
                vacant.insert(connection.clone());
                let task = open(
                    connection.clone(),
                    writer,
                    self.tls.clone(),
                    self.limits,
                    self.inlets.to_streams.clone(),
                );
                self.gateway.spawn("sip connection", async move {
                    task.await;
                    drop(place);
                });
                Some(connection)
            }
        }
    }

    /// Ends all that waited for responses over a connection.
    pub(super) fn connection_ended(&mut self, connection: &Connection, outcome: &Outcome) {
        let number = connection.number();
        let flow = connection.flow().and_then(|flow| self.flows.remove(&flow));
        let is_opened = match self.opened.entry(connection.other_end().clone()) {
            Entry::Occupied(opened) if opened.get().number() == number => {
                opened.remove();
                true
            }
            _ => self.closing.remove(&number),
        };
        if !is_opened && flow.is_none() {
            return;
        }
        let way = Way::Stream { connection: number };
        for waiting in self.client.fail_all(|waiting| waiting.way == way) {
            waiting.end(outcome.clone());
        }
    }

    /// Sends again what has no answer, and gives up what had none for too long.
    pub(super) fn retransmit(&mut self, now: Instant) {
        while let Some(event) = self.client.poll(now) {
            match event {
                ClientEvent::TimedOut(waiting) => waiting.end(Outcome::TimedOut),
                ClientEvent::Retransmit(waiting, bytes) => {
                    let (way, bytes) = (waiting.way, bytes.clone());
                    if let Way::Udp { port, to } = way {
                        self.counters.retransmissions += 1;
                        self.queue_datagram(port, to, &bytes);
                    }
                }
            }
        }
    }
}

/// Ends the transaction of a request that came back, or could not be sent; it may be cut anywhere.
pub(super) fn fail_unsent(client: &mut ClientTransactions<Waiting>, datagram: &[u8]) {
    let waiting = branch_of(datagram).and_then(|branch| client.fail(branch));
    if let Some(waiting) = waiting {
        waiting.end(Outcome::Unreachable);
    }
}

/// The branch of a request of ours, of which the end may be missing.
fn branch_of(datagram: &[u8]) -> Option<Branch> {
    // A response has the branch of whoever asked.
    if datagram.starts_with(b"SIP/") {
        return None;
    }
    let head = datagram.utf8_chunks().next()?.valid();
    let (_, after) = head.split_once(";branch=")?;
    Branch::parse(after.split_once(';')?.0)
}

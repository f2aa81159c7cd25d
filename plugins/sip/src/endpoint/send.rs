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
    config::{Hop, TransportKind},
    gateway::Gateway,
    transport::{Connection, Queued, open},
};

/// A request to send, written already.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) branch: Branch,
    pub(crate) kind: Kind,
    pub(crate) bytes: Bytes,
    pub(crate) hop: Hop,
    /// The UDP socket that it leaves by.
    pub(crate) port: usize,
    pub(crate) outcome: oneshot::Sender<Outcome>,
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
    Tcp { connection: u64 },
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
        match request.hop.transport {
            TransportKind::Udp => self.send_datagram(now, request),
            TransportKind::Tcp => self.send_over_connection(now, request),
        }
    }

    fn send_datagram(&mut self, now: Instant, request: Request) {
        let Request {
            branch,
            kind,
            bytes,
            hop,
            port,
            outcome,
        } = request;
        let way = Way::Udp {
            port,
            to: hop.address,
        };
        let waiting = Waiting { kind, way, outcome };
        let sending = Sending::Unreliably(bytes.clone());
        match self.client.start(now, branch, sending, waiting) {
            Ok(()) => self.queue_datagram(port, hop.address, &bytes),
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

    fn send_over_connection(&mut self, now: Instant, request: Request) {
        let Request {
            branch,
            kind,
            bytes,
            hop,
            outcome,
            ..
        } = request;
        let Some(connection) = self.connection_to(hop.address) else {
            self.counters.refused += 1;
            outcome.send(Outcome::Overloaded).ok();
            return;
        };
        let waiting = Waiting {
            kind,
            way: Way::Tcp {
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

    /// The connection that all requests to one address share; opens it when there is none.
    fn connection_to(&mut self, address: SocketAddr) -> Option<Connection> {
        // One that has just closed has not said so yet, and responses that it read may come before it does.
        if let Entry::Occupied(opened) = self.opened.entry(address)
            && opened.get().is_closed()
        {
            self.closing.insert(opened.remove().number());
        }
        match self.opened.entry(address) {
            Entry::Occupied(opened) => Some(opened.get().clone()),
            Entry::Vacant(vacant) => {
                let place = self.connections.place()?;
                let (connection, writer) = Connection::new(self.connections.number(), address);
                vacant.insert(connection.clone());
                let task = open(
                    connection.clone(),
                    writer,
                    self.limits,
                    self.inlets.to_streams.clone(),
                );
                self.gateway.spawn("sip tcp connection", async move {
                    task.await;
                    drop(place);
                });
                Some(connection)
            }
        }
    }

    /// Ends all that waited for responses over a connection.
    pub(super) fn connection_ended(&mut self, number: u64, peer: SocketAddr, outcome: Outcome) {
        let is_opened = match self.opened.entry(peer) {
            Entry::Occupied(opened) if opened.get().number() == number => {
                opened.remove();
                true
            }
            _ => self.closing.remove(&number),
        };
        if !is_opened {
            return;
        }
        let way = Way::Tcp { connection: number };
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

//! Messages from the gateway, sent and awaited.

use std::net::{IpAddr, SocketAddr};

use rialto_sdk::{
    prelude::{Failure, FailureReason, MessageOperation, Origin, Response, ResponseStatus, Result},
    tracing,
};
use rialto_sip_codec::{Transport, transaction::Branch};
use tokio::sync::oneshot;

use crate::{
    config::{Config, Hop, NextHop, TransportKind},
    endpoint::{Entrance, Outcome, Request},
    failures,
    mapping::{Identifiers, OutgoingMessage, Route},
};

/// What it takes to write a request on the caller's thread and hand it to the adapter's loop.
#[derive(Debug)]
pub(crate) struct Outbound {
    requests: Entrance,
    default_hop: Option<NextHop>,
    user_agent: String,
    udp: Vec<Local>,
    tcp: Vec<Local>,
}

/// One own address and how Via shows it.
#[derive(Debug)]
struct Local {
    is_ipv4: bool,
    sent_by: String,
}

impl Outbound {
    /// Makes it for the addresses that are listened on; `udp` is in the order of the sockets.
    pub(crate) fn new(
        config: &Config,
        udp: &[SocketAddr],
        tcp: &[SocketAddr],
        requests: Entrance,
    ) -> Self {
        let local = |address: &SocketAddr| Local {
            is_ipv4: address.is_ipv4(),
            sent_by: sent_by(config.advertise.as_deref(), *address),
        };
        Self {
            requests,
            default_hop: config.default_hop(),
            user_agent: config.user_agent.clone(),
            udp: udp.iter().map(local).collect(),
            tcp: tcp.iter().map(local).collect(),
        }
    }

    /// Sends the message and waits for its final response.
    pub(crate) async fn deliver(&self, operation: MessageOperation) -> Result<Response> {
        let status = match self.begin(&operation)? {
            Ok(outcome) => match outcome.await {
                Ok(outcome) => status_of(outcome),
                Err(_) => Failure::new(FailureReason::ShuttingDown).into(),
            },
            Err(failure) => failure.into(),
        };
        Ok(operation.respond(status))
    }

    /// Writes the request and hands it to the loop.
    fn begin(
        &self,
        operation: &MessageOperation,
    ) -> Result<Result<oneshot::Receiver<Outcome>, Failure>> {
        let hop = match self.next_hop(operation) {
            Ok(hop) => hop,
            Err(failure) => return Ok(Err(failure)),
        };
        let message = OutgoingMessage::new(operation)?;
        let branch = Branch::new(rand::random());
        let ids = Identifiers::new(branch, operation.transaction_id());
        let Some((hop, port, bytes)) = self.write(&message, &ids, hop)? else {
            return Ok(Err(Failure::new(FailureReason::TooLarge).with_detail(
                "the message exceeds 1300 bytes and no TCP address is known for the next hop",
            )));
        };
        let (outcome, awaited) = oneshot::channel();
        let request = Request {
            branch,
            bytes,
            hop,
            port,
            outcome,
        };
        Ok(match self.requests.send(request) {
            Ok(()) => Ok(awaited),
            Err(reason) => Err(reason.into()),
        })
    }

    fn next_hop(&self, operation: &MessageOperation) -> Result<NextHop, Failure> {
        match operation.next_hop() {
            Some(text) => text.parse().map_err(|problem: String| {
                // The sender is not told: the problem quotes an address of the operator's.
                tracing::warn!(problem, "a route's next hop cannot be used");
                Failure::new(FailureReason::Unresolvable)
                    .with_origin(Origin::Operator)
                    .with_detail("the route's next hop is no address")
            }),
            None => self.default_hop.ok_or_else(|| {
                Failure::new(FailureReason::Unresolvable)
                    .with_detail("no route names a next hop and the adapter has no `outbound`")
            }),
        }
    }

    /// Writes the request for a hop that takes its size; `None` when there is none.
    fn write(
        &self,
        message: &OutgoingMessage<'_>,
        ids: &Identifiers,
        next_hop: NextHop,
    ) -> Result<Option<(Hop, usize, bytes::Bytes)>> {
        let candidates = [next_hop.preferred(), next_hop.congestion_controlled()];
        for hop in candidates.into_iter().flatten() {
            let is_ipv4 = hop.address.is_ipv4();
            let (transport, locals) = match hop.transport {
                TransportKind::Udp => (Transport::Udp, &self.udp),
                TransportKind::Tcp => (Transport::Tcp, &self.tcp),
            };
            let local = locals
                .iter()
                .enumerate()
                .find(|(_, local)| local.is_ipv4 == is_ipv4);
            let (port, sent_by) = match (local, hop.transport) {
                (Some((port, local)), _) => (port, &*local.sent_by),
                // A response over TCP needs no address of ours: it comes by the connection.
                (None, TransportKind::Tcp) => (0, NO_ADDRESS),
                (None, TransportKind::Udp) => continue,
            };
            let route = Route {
                transport,
                sent_by,
                user_agent: &self.user_agent,
            };
            let bytes = message.write(ids, &route)?;
            if hop.transport == TransportKind::Tcp || bytes.len() <= NextHop::MAX_OVER_UDP {
                return Ok(Some((hop, port, bytes)));
            }
        }
        Ok(None)
    }
}

/// What a sent-by says that nobody can send to (RFC 2606 §2).
const NO_ADDRESS: &str = "rialto.invalid";

/// The sent-by of Via: the configured host, or the address that is listened on.
///
/// An address like 0.0.0.0 is none; responses then follow `received` and `rport`.
fn sent_by(advertise: Option<&str>, address: SocketAddr) -> String {
    let port = address.port();
    match (advertise, address.ip()) {
        (Some(host), _) => format!("{host}:{port}"),
        (None, ip) if ip.is_unspecified() => format!("{NO_ADDRESS}:{port}"),
        (None, IpAddr::V4(ip)) => format!("{ip}:{port}"),
        (None, IpAddr::V6(ip)) => format!("[{ip}]:{port}"),
    }
}

/// What the outcome of a request is to the gateway: the truth, as far as SIP tells it.
fn status_of(outcome: Outcome) -> ResponseStatus {
    match outcome {
        // 202: taken by a relay that will never tell more (RFC 3428 §7).
        Outcome::Final { status, .. } if status.code() == 202 => ResponseStatus::Indeterminant,
        Outcome::Final { status, .. } if status.is_success() => ResponseStatus::Success,
        Outcome::Final {
            status,
            retry_after,
        } => failures::failure_of(status, retry_after).into(),
        Outcome::TimedOut => Failure::new(FailureReason::TimedOut).into(),
        // As silent as one that has it and does not answer: another hop may be tried, and the doubt stays.
        Outcome::Broken => Failure::new(FailureReason::TimedOut)
            .with_detail("the connection broke before the answer; the message may have arrived")
            .into(),
        Outcome::Unreachable => Failure::new(FailureReason::Unreachable).into(),
        Outcome::Overloaded => Failure::new(FailureReason::Overloaded).into(),
    }
}

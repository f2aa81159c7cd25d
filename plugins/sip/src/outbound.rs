//! Messages from the gateway, sent and awaited.

mod allowance;
mod doubts;
mod notices;
mod notify;
mod refusals;
mod report;
mod subscribe;
mod turns;

use std::{net::IpAddr, sync::Arc, time::Duration};

use rialto_sdk::{
    model::SubscriptionState,
    prelude::{
        ByteString, Bytes, Domain, Failure, FailureReason, InstantInbox, MessageOperation, Origin,
        Response, ResponseStatus, Result, Retry, TransactionId,
    },
    tracing,
};
use rialto_sip_codec::{Transport, transaction::Branch};
use time::OffsetDateTime;
use tokio::sync::oneshot;

use self::{
    allowance::Allowance,
    doubts::Doubts,
    notices::Notices,
    refusals::{Refusals, Refused},
    turns::Turns,
};
use crate::{
    config::{Config, Hop, ImdnUse, NextHop, TransportKind, TrustedPeers},
    endpoint::{Carrier, Entrance, Kind, Outcome, Request, Secured},
    failures,
    locals::Locals,
    mapping::{Form, Identifiers, OutgoingMessage, Route, Wrapping, asking},
    presence::{Found, Legs, Locked, Sharing},
    transport::Domains,
};

/// What it takes to write a request on the caller's thread and hand it to the adapter's loop.
#[derive(Debug)]
pub(crate) struct Outbound {
    requests: Entrance,
    default_hop: Option<NextHop>,
    is_tls_required: bool,
    user_agent: String,
    locals: Arc<Locals>,
    legs: Locked<Legs<FirstWord>>,
    longest_subscription: Duration,
    sharing: Locked<Sharing<NextNotification>>,
    imdn: ImdnUse,
    refusals: Refusals,
    doubts: Doubts,
    turns: Turns,
    notices: Notices,
    noticed: Allowance<InstantInbox>,
    trusted: TrustedPeers,
    told: Allowance<IpAddr>,
}

/// Gets the first that is heard of a subscription of ours.
pub(crate) type FirstWord = oneshot::Sender<SubscriptionState>;

/// Gets whom the next notification of a subscription tells.
pub(crate) type NextNotification = oneshot::Sender<Found>;

/// The gateway's own, and those that devices share.
type Subscriptions = (Locked<Legs<FirstWord>>, Locked<Sharing<NextNotification>>);

impl Outbound {
    pub(crate) fn new(
        config: &Config,
        locals: Arc<Locals>,
        (legs, sharing): Subscriptions,
        requests: Entrance,
    ) -> Self {
        Self {
            requests,
            default_hop: config.default_hop(),
            is_tls_required: config.tls.required,
            user_agent: config.user_agent.clone(),
            locals,
            legs,
            longest_subscription: config.longest_own_subscription(),
            sharing,
            imdn: config.imdn,
            refusals: Refusals::new(),
            doubts: Doubts::new(),
            turns: Turns::default(),
            notices: Notices::new(config),
            noticed: Allowance::new(config.failure_notices_per_minute),
            trusted: config.trusted.clone(),
            told: Allowance::new(MAX_REPORTS),
        }
    }

    /// Sends the message and waits for its final response.
    pub(crate) async fn deliver(&self, operation: MessageOperation) -> Result<Response> {
        let hop = match self.next_hop(operation.next_hop()) {
            Ok(hop) => hop,
            Err(failure) => return Ok(operation.respond(failure.into())),
        };
        let status = match operation.is_ephemeral() {
            false => self.send_message(&operation, &hop).await?,
            // On the heap, as few are: all that wait would have room for it.
            true => Box::pin(self.send_ephemeral(&operation, &hop)).await?,
        };
        Ok(operation.respond(status))
    }

    /// Sends the message in the form that its receiver takes.
    ///
    /// One that needs message/cpim for nothing but what its sender asks goes out plain where its receiver takes no message/cpim: the
    /// text is worth more than news of it.
    async fn send_message(
        &self,
        operation: &MessageOperation,
        hop: &NextHop,
    ) -> Result<ResponseStatus> {
        let (first, second) = self.forms(operation);
        let begun = self.begin_message(operation, first, FIRST, hop)?;
        let sent = self.awaited(operation.transaction_id(), begun).await;
        match second {
            Some(second) if is_unsuited(&sent) => {
                self.note_refusal(Refused::Cpim, operation, &sent);
                let begun = self.begin_message(operation, second, SECOND, hop)?;
                let sent = self.awaited(operation.transaction_id(), begun).await;
                Ok(status_of(sent))
            }
            _ => Ok(status_of(sent)),
        }
    }

    /// Remembers who refused a kind of content; there being no room for it says nothing of the receiver.
    fn note_refusal(
        &self,
        what: Refused,
        operation: &MessageOperation,
        sent: &Result<Outcome, Failure>,
    ) {
        if sent.is_ok() && is_unsuited(sent) {
            self.refusals.add(what, operation.destination());
        }
    }

    /// Writes the message in this form, and hands it to the loop.
    fn begin_message(
        &self,
        operation: &MessageOperation,
        form: Form,
        sequence: u32,
        hop: &NextHop,
    ) -> Result<Begun> {
        let asking = match form {
            Form::Cpim => asking(operation, OffsetDateTime::now_utc()),
            Form::Plain => None,
        };
        let message = OutgoingMessage::new(asking.as_ref().unwrap_or(operation), form)?;
        self.begin(&message, sequence, hop)
    }

    /// The form to send a message in, and the one to try when that is refused.
    fn forms(&self, operation: &MessageOperation) -> (Form, Option<Form>) {
        let refused = || {
            let refusals = &self.refusals;
            refusals.contains(Refused::Cpim, operation.destination())
        };
        match (Wrapping::of(operation), self.imdn) {
            (Wrapping::Needless, _) | (Wrapping::Asked, ImdnUse::Never) => (Form::Plain, None),
            (Wrapping::Asked, ImdnUse::Try) if refused() => (Form::Plain, None),
            (Wrapping::Asked, ImdnUse::Try) => (Form::Cpim, Some(Form::Plain)),
            (Wrapping::Asked, ImdnUse::Always) | (Wrapping::Needed, _) => (Form::Cpim, None),
        }
    }

    /// Sends what is worth something only now: one at a time in a conversation, the newest of those that wait, and none to
    /// whom has refused its kind (RFC 3994 §4).
    async fn send_ephemeral(
        &self,
        operation: &MessageOperation,
        hop: &NextHop,
    ) -> Result<ResponseStatus> {
        let destination = operation.destination();
        if self.refusals.contains(Refused::Ephemeral, destination) {
            let refused = Failure::new(FailureReason::UnsupportedContent).with_origin(Origin::Peer);
            return Ok(refused.into());
        }
        let turn = match self.turns.take(operation).await {
            Ok(turn) => turn,
            Err(reason) => return Ok(Failure::new(reason).into()),
        };
        if !self.requests.has_room() {
            return Ok(Failure::new(FailureReason::Overloaded).into());
        }
        let begun = self.begin_message(operation, Form::Plain, FIRST, hop)?;
        let sent = self.awaited(operation.transaction_id(), begun).await;
        self.note_refusal(Refused::Ephemeral, operation, &sent);
        drop(turn);
        Ok(status_of(sent))
    }

    /// Waits for the final response to a request of this operation.
    async fn awaited(&self, id: &TransactionId, begun: Begun) -> Result<Outcome, Failure> {
        let outcome = begun.0?;
        let doubt = self.doubts.begin(id);
        match outcome.await {
            Ok(outcome) => Ok(doubt.end(outcome)),
            Err(_) => Err(Failure::new(FailureReason::ShuttingDown)),
        }
    }

    /// Writes the request and hands it to the loop.
    fn begin(&self, message: &OutgoingMessage<'_>, sequence: u32, hop: &NextHop) -> Result<Begun> {
        let id = message.transaction_id();
        self.begin_request(Kind::Message, hop, message.domain(), |branch, route, _| {
            let ids = Identifiers::new(branch, id, sequence);
            message.write(&ids, route, OffsetDateTime::now_utc())
        })
    }

    /// Has any request to somebody of this domain written, and hands it to the loop.
    fn begin_request(
        &self,
        kind: Kind,
        next_hop: &NextHop,
        domain: &str,
        write: impl Fn(Branch, &Route<'_>, Hop) -> Result<Bytes>,
    ) -> Result<Begun> {
        if self.is_tls_required && next_hop.secured().is_none() {
            return Ok(Begun(Err(Failure::new(FailureReason::Unreachable)
                .with_origin(Origin::Operator)
                .with_detail(
                    "the next hop is not over TLS, and `tls.required` forbids others",
                ))));
        }
        let branch = Branch::new(rand::random());
        let written = self.write(kind, next_hop, |route, hop| write(branch, route, hop))?;
        let Some((hop, port, bytes)) = written else {
            return Ok(Begun(Err(Failure::new(FailureReason::TooLarge)
                .with_detail(
                    "the message exceeds 1300 bytes and no TCP address is known for the next hop",
                ))));
        };
        let (outcome, awaited) = oneshot::channel();
        let request = Request {
            branch,
            kind,
            bytes,
            to: hop.address,
            carrier: carrier(hop, port, next_hop, domain),
            outcome,
        };
        let sent = self.requests.send(request);
        Ok(Begun(sent.map(|()| awaited).map_err(Failure::from)))
    }

    fn next_hop(&self, said: Option<&ByteString>) -> Result<NextHop, Failure> {
        match said {
            Some(text) => text.parse().map_err(|problem: String| {
                // The sender is not told: the problem quotes an address of the operator's.
                tracing::warn!(problem, "a route's next hop cannot be used");
                Failure::new(FailureReason::Unresolvable)
                    .with_origin(Origin::Operator)
                    .with_detail("the route's next hop is no address")
            }),
            None => self.default_hop.clone().ok_or_else(|| {
                Failure::new(FailureReason::Unresolvable)
                    .with_detail("no route names a next hop and the adapter has no `outbound`")
            }),
        }
    }

    /// Writes the request for a hop that takes its size; `None` when there is none.
    ///
    /// A message must go over TCP where it is long (RFC 3428 §8). Another request may go over UDP where the hop has no TCP (RFC 3261
    /// §18.1.1): a client that subscribed over UDP would never see a longer document.
    fn write(
        &self,
        kind: Kind,
        next_hop: &NextHop,
        write: impl Fn(&Route<'_>, Hop) -> Result<Bytes>,
    ) -> Result<Option<(Hop, usize, Bytes)>> {
        let candidates = [next_hop.preferred(), next_hop.congestion_controlled()];
        let mut long = None;
        for hop in candidates.into_iter().flatten() {
            let Some((port, sent_by)) = self.locals.towards(hop) else {
                continue;
            };
            let route = Route {
                transport: match hop.transport {
                    TransportKind::Udp => Transport::Udp,
                    TransportKind::Tcp => Transport::Tcp,
                    TransportKind::Tls => Transport::Tls,
                },
                sent_by,
                user_agent: &self.user_agent,
            };
            let bytes = write(&route, hop)?;
            if hop.transport != TransportKind::Udp || bytes.len() <= NextHop::MAX_OVER_UDP {
                return Ok(Some((hop, port, bytes)));
            }
            long = (kind != Kind::Message).then_some((hop, port, bytes));
        }
        Ok(long)
    }
}

/// The most reports a minute to an address that nobody vouches for.
pub(crate) const MAX_REPORTS: u32 = 120;

/// The sequence numbers of a message, and of the same in another form.
const FIRST: u32 = 1;
const SECOND: u32 = 2;

/// What a request for this domain leaves by.
///
/// Over TLS the other end has to be who the operator says, else the domain, whichever host DNS names for that (RFC 5922 §7.3).
fn carrier(hop: Hop, port: usize, next_hop: &NextHop, domain: &str) -> Carrier {
    match hop.transport {
        TransportKind::Udp => Carrier::Udp { port },
        TransportKind::Tcp => Carrier::Tcp,
        TransportKind::Tls => Carrier::Tls(Box::new(Secured {
            flow: hop.flow,
            expected: Domains::one(next_hop.domain().map_or(domain, Domain::as_str)),
        })),
    }
}

/// A request that is under way, or why it is not.
struct Begun(Result<oneshot::Receiver<Outcome>, Failure>);

/// Whether another form of the message may do where this one did not.
fn is_unsuited(sent: &Result<Outcome, Failure>) -> bool {
    match sent {
        // Who takes message/cpim refuses what is in it.
        Ok(Outcome::Final {
            status,
            accepts_cpim: false,
            ..
        }) => matches!(status.code(), 406 | 415 | 488 | 606),
        Ok(_) => false,
        Err(failure) => failure.reason() == FailureReason::TooLarge,
    }
}

/// What the outcome of a request is to the gateway: the truth, as far as SIP tells it.
fn status_of(sent: Result<Outcome, Failure>) -> ResponseStatus {
    let outcome = match sent {
        Ok(outcome) => outcome,
        Err(failure) => return failure.into(),
    };
    match outcome {
        // 202: taken by a relay that will never tell more (RFC 3428 §7).
        Outcome::Final { status, .. } if status.code() == 202 => ResponseStatus::Indeterminant,
        Outcome::Final { status, .. } if status.is_success() => ResponseStatus::Success,
        Outcome::Final {
            status,
            retry_after,
            ..
        } => failures::failure_of(status, retry_after).into(),
        Outcome::TimedOut => Failure::new(FailureReason::TimedOut).into(),
        // As silent as one that has it and does not answer: another hop may be tried, and the doubt stays.
        Outcome::Broken => Failure::new(FailureReason::TimedOut)
            .with_detail("the connection broke before the answer; the message may have arrived")
            .into(),
        Outcome::Unreachable => Failure::new(FailureReason::Unreachable).into(),
        // No other hop is tried, as that may be in the clear: whoever is between would have that.
        Outcome::Unsecured(trouble) => Failure::new(FailureReason::Unreachable)
            .with_retry(Retry::Never)
            .with_detail(trouble.text())
            .into(),
        Outcome::Overloaded => Failure::new(FailureReason::Overloaded).into(),
    }
}

//! What arrives: requests to answer, responses to requests of ours.

use std::{
    hash::BuildHasher as _,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use bytes::Bytes;
use rialto_sdk::{
    model::DispositionOperation,
    prelude::{Authentication, FailureReason, MessageOperation},
};
use rialto_sip_codec::{
    Answerable, DecodeError, Method, Request, Response, Rport, SipMessage, StartLine, StatusCode,
    Via,
    transaction::{Branch, Receipt, Received},
};

use super::{
    Endpoint, Now, Outcome,
    answering::{Answered, Answering, Asked, Flow, Started},
    submissions::Submissions,
};
use crate::{
    config::{Hop, TransportKind},
    gateway::Gateway,
    inbound::{Verdict, verdict},
    mapping::{Arrival, Incoming, message_from_sip},
    responses::{Answer, Envelope},
    transport::{Datagram, FromConnection, Queued},
};

impl<G: Gateway> Endpoint<G> {
    pub(super) fn receive_datagram(&mut self, now: Now, port: usize, datagram: Datagram) {
        let Datagram { bytes, source } = datagram;
        let is_keep_alive = bytes
            .iter()
            .all(|byte| matches!(byte, b'\r' | b'\n' | 0 | b' '));
        if !is_keep_alive {
            self.receive(now, bytes, Flow::Udp { port, source });
        }
    }

    pub(super) fn receive_from_connection(&mut self, now: Now, message: FromConnection) {
        match message {
            FromConnection::Message {
                bytes,
                connection,
                permit,
            } => {
                self.receive(
                    now,
                    bytes,
                    Flow::Tcp {
                        connection,
                        permit: Some(permit),
                    },
                );
            }
            FromConnection::Broken {
                bytes,
                defect,
                connection,
            } => {
                self.refuse(
                    now.instant,
                    &bytes,
                    Flow::Tcp {
                        connection,
                        permit: None,
                    },
                    &defect,
                );
            }
            FromConnection::Closed { number, peer } => {
                self.connection_ended(number, peer, Outcome::Broken);
            }
            FromConnection::NotOpened { number, peer } => {
                self.connection_ended(number, peer, Outcome::Unreachable);
            }
        }
    }

    fn receive(&mut self, now: Now, bytes: Bytes, flow: Flow) {
        if bytes.len() > self.max_message {
            let (length, limit) = (bytes.len(), self.max_message);
            let defect = DecodeError::TooLong { length, limit };
            return self.refuse(now.instant, &bytes, flow, &defect);
        }
        let message = match SipMessage::parse(&bytes) {
            Ok(message) => message,
            Err(defect) => return self.refuse(now.instant, &bytes, flow, &defect),
        };
        if let StartLine::Response { .. } = message.start_line() {
            return self.receive_response(now.instant, &message, &flow);
        }
        match Request::read(&message) {
            Ok(request) => self.receive_request(now, &request, &bytes, flow),
            Err(defect) => self.refuse(now.instant, &bytes, flow, &defect),
        }
    }

    fn receive_request(&mut self, now: Now, request: &Request<'_, '_>, bytes: &Bytes, flow: Flow) {
        let answer = match verdict(request) {
            Verdict::Deliver => return self.receive_message(now, request, bytes, flow),
            Verdict::Absorb => return,
            Verdict::Answer(answer) => answer,
            Verdict::Cancel => {
                // No effect on what it cancels: that is no INVITE (RFC 3261 §9.2).
                let cancelled = self.keys.cancelled_by(request, Method::Message);
                match self.server.contains(cancelled) {
                    true => Answer::OK,
                    false => Answer::of(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST),
                }
            }
        };
        let tag = self.keys.of(request).tag();
        self.reply(request.into(), flow, answer, tag);
    }

    fn receive_message(&mut self, now: Now, request: &Request<'_, '_>, bytes: &Bytes, flow: Flow) {
        let key = self.keys.of(request);
        let (flow, answer) = match self.server.receive(now.instant, key, flow.reliability()) {
            Receipt::New => {
                let bytes = bytes.clone();
                match self.begin(now, request, Asked { key, bytes, flow }) {
                    Begun::Pending => return,
                    Begun::Answered(asked, answer) => {
                        if self.server.respond(now.instant, key, answer).is_err() {
                            return;
                        }
                        (asked.flow, answer)
                    }
                }
            }
            Receipt::Full => {
                self.counters.refused += 1;
                (flow, Answer::of_reason(FailureReason::Overloaded))
            }
            Receipt::Merged => {
                self.counters.merged += 1;
                (flow, Answer::of(StatusCode::LOOP_DETECTED))
            }
            copy => {
                self.counters.retransmitted_requests += 1;
                match copy {
                    Receipt::Proceeding => (flow, Answer::TRYING),
                    Receipt::Completed(answer) => (flow, answer),
                    _ => return,
                }
            }
        };
        self.reply(request.into(), flow, answer, key.tag());
    }

    /// Hands what a new request carries to the gateway.
    fn begin(&mut self, now: Now, request: &Request<'_, '_>, asked: Asked) -> Begun {
        if self.pending.len() >= self.max_pending {
            self.counters.refused += 1;
            return Begun::Answered(asked, Answer::of_reason(FailureReason::Overloaded));
        }
        let arrival = Arrival {
            now: now.date,
            hop: hop_back(&asked.flow, request.via()),
            number_domain: self.number_domain.as_ref(),
        };
        let id = || self.gateway.transaction_id();
        let submissions = match message_from_sip(request, &asked.bytes, &arrival, id) {
            Ok(Incoming::Message(operation)) => self.submit(operation, &asked.flow),
            Ok(Incoming::Dispositions(first, others)) => self.report(first, others),
            Err(rejection) => return Begun::Answered(asked, rejection.into()),
        };
        match Answering::begin(submissions, asked) {
            Started::Answered(Answered { asked, status }) => {
                Begun::Answered(asked, Answer::of_response(&status))
            }
            Started::Waits(answering) => {
                self.pending.push(answering);
                Begun::Pending
            }
        }
    }

    fn submit(&mut self, operation: MessageOperation, flow: &Flow) -> Submissions<G::Submission> {
        self.counters.messages += 1;
        let operation = operation
            .with_deadline(self.answer_within())
            .with_authentication(self.authentication(flow));
        Submissions::one(self.gateway.submit(operation))
    }

    fn report(
        &mut self,
        first: DispositionOperation,
        others: Vec<DispositionOperation>,
    ) -> Submissions<G::Submission> {
        self.counters.dispositions += 1 + others.len() as u64;
        let answer_within = self.answer_within();
        let report = |disposition: DispositionOperation| {
            self.gateway
                .report(disposition.with_deadline(answer_within))
        };
        Submissions::of(report(first), others.into_iter().map(report).collect())
    }

    /// Who vouches for the sender: anybody may write anything into From, but not from a trusted peer.
    fn authentication(&self, flow: &Flow) -> Authentication {
        match self.trusted.contains(flow.source().ip()) {
            true => Authentication::Network,
            false => Authentication::None,
        }
    }

    /// What the sender waits, less the time that the answer may be on its way (RFC 4320 §4.2).
    fn answer_within(&self) -> Duration {
        self.timers.f() - self.timers.f() / 16
    }

    /// Sends the answer that the gateway has given now.
    pub(super) fn answer(&mut self, now: Now, answered: Answered) {
        let answer = Answer::of_response(&answered.status);
        match self.server.respond(now.instant, answered.asked.key, answer) {
            Ok(()) => self.reply_to(answered.asked, answer),
            Err(_) => self.counters.late_answers += 1,
        }
    }

    pub(super) fn reply_to(&mut self, asked: Asked, answer: Answer) {
        if let Ok(message) = SipMessage::parse(&asked.bytes) {
            self.reply((&message).into(), asked.flow, answer, asked.key.tag());
        }
    }

    /// Answers what is no sound request, if it can be answered; the answer to a copy is the same.
    fn refuse(&mut self, now: Instant, bytes: &[u8], flow: Flow, defect: &DecodeError) {
        self.counters.malformed(now, flow.source(), defect);
        let (Some(status), Some(message)) = (defect.reject(), SipMessage::salvage(bytes)) else {
            return;
        };
        let tag = self.tags.hash_one(bytes);
        self.reply((&message).into(), flow, Answer::of(status), tag);
    }

    /// Writes and queues a response; it goes out with the next flush.
    fn reply(&mut self, request: Answerable<'_, '_>, flow: Flow, answer: Answer, to_tag: u64) {
        let envelope = Envelope {
            source: flow.source(),
            to_tag,
            user_agent: &self.user_agent,
            number_domain: self.number_domain.as_ref(),
        };
        match flow {
            Flow::Udp { port, source } => {
                let Some(socket) = self.udp.get_mut(port) else {
                    return;
                };
                let to = response_address(source, request.via());
                // What cannot be answered at all lacks a Via, and so a sender.
                if socket
                    .queue(to, |out| answer.write(out, &request, &envelope))
                    .is_err()
                {
                    self.counters.malformed += 1;
                }
            }
            Flow::Tcp { connection, permit } => {
                self.scratch.reserve(RESPONSE);
                if answer.write(&mut self.scratch, &request, &envelope).is_ok() {
                    let bytes = self.scratch.split().freeze();
                    if connection.respond(bytes, permit) == Queued::First {
                        self.unflushed.push(connection);
                    }
                }
            }
        }
    }

    fn receive_response(&mut self, now: Instant, message: &SipMessage<'_>, flow: &Flow) {
        let response = match Response::read(message) {
            Ok(response) => response,
            Err(defect) => return self.counters.malformed(now, flow.source(), &defect),
        };
        let branch = response.via().branch().and_then(Branch::parse);
        let Some(branch) = branch.filter(|_| response.cseq().method() == Method::Message) else {
            self.counters.stray_responses += 1;
            return;
        };
        match self.client.receive(now, branch, response.status()) {
            Received::Final(waiting) => {
                let retry_after = message.retry_after().ok().flatten();
                let retry_after =
                    retry_after.map(|after| Duration::from_secs(after.seconds().into()));
                waiting.end(Outcome::Final {
                    status: response.status(),
                    retry_after,
                    accepts_cpim: accepts_cpim(message),
                });
            }
            Received::Stray => self.counters.stray_responses += 1,
            Received::Provisional | Received::Absorbed => {}
        }
    }
}

/// Whether Accept has message/cpim; a response mostly has none (RFC 3261 §20.1).
fn accepts_cpim(message: &SipMessage<'_>) -> bool {
    let mut accepted = message.accept().map_while(Result::ok);
    accepted.any(|range| match range.main_type() {
        "*" => true,
        main if main.eq_ignore_ascii_case("message") => {
            range.subtype() == "*" || range.subtype().eq_ignore_ascii_case("cpim")
        }
        _ => false,
    })
}

/// What became of a new message.
enum Begun {
    /// The gateway has it.
    Pending,
    /// Its answer is known already.
    Answered(Asked, Answer),
}

/// Where a response over UDP goes: the address it came from, and the port that Via says.
///
/// Never to another host, whatever `maddr` or sent-by hold, so that nobody can be flooded by way
/// of us. RFC 3261 §18.2.2, RFC 3581 §4.
fn response_address(source: SocketAddr, via: Option<&Via<'_>>) -> SocketAddr {
    match via.filter(|via| via.rport() == Rport::Absent) {
        Some(via) => at_sent_by(source, via),
        None => source,
    }
}

/// An address with the port of sent-by.
fn at_sent_by(source: SocketAddr, via: &Via<'_>) -> SocketAddr {
    let port = match via.port_or_default() {
        0 => source.port(),
        port => port,
    };
    match source {
        SocketAddr::V4(source) => SocketAddr::new(IpAddr::V4(*source.ip()), port),
        // The scope of a link-local address stays.
        SocketAddr::V6(mut source) => {
            source.set_port(port);
            source.into()
        }
    }
}

/// Where a request to the sender of a request goes: where responses go, but over TCP to the port of sent-by, since the connection
/// may be gone by then (RFC 5923 §4).
fn hop_back(flow: &Flow, via: &Via<'_>) -> Hop {
    match flow {
        Flow::Udp { source, .. } => Hop {
            transport: TransportKind::Udp,
            address: response_address(*source, Some(via)),
        },
        Flow::Tcp { connection, .. } => Hop {
            transport: TransportKind::Tcp,
            address: at_sent_by(connection.peer(), via),
        },
    }
}

/// Room for one response; most are smaller.
const RESPONSE: usize = 2048;

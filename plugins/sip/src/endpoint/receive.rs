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
    Answerable, DecodeError, Method, Request, Rport, SipMessage, StartLine, StatusCode, Via,
    transaction::Receipt,
};

use super::{
    Endpoint, Now, Outcome,
    answering::{Answered, Answering, Asked, Flow, Matter, Started},
    presence::Taken,
    submissions::Submissions,
};
use crate::{
    config::{Hop, TransportKind},
    gateway::Gateway,
    inbound::{Verdict, verdict},
    mapping::{Arrival, Incoming, message_from_sip},
    responses::{Answer, Envelope},
    transport::{Datagram, Domains, FromConnection, Queued},
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
                if let Some(flow) = connection.flow() {
                    let known = self.flows.entry(flow);
                    known.or_insert_with(|| connection.clone());
                }
                self.receive(
                    now,
                    bytes,
                    Flow::Stream {
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
                    Flow::Stream {
                        connection,
                        permit: None,
                    },
                    &defect,
                );
            }
            FromConnection::Closed {
                connection,
                is_idle,
            } => {
                self.connection_ended(&connection, &Outcome::Broken);
                self.ask_again(now, connection.number(), is_idle);
            }
            FromConnection::NotOpened(connection, trouble) => {
                let outcome = trouble.map_or(Outcome::Unreachable, Outcome::Unsecured);
                self.connection_ended(&connection, &outcome);
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
            return self.receive_response(now.instant, &message, &bytes, &flow);
        }
        match Request::read(&message) {
            Ok(request) => self.receive_request(now, &request, &bytes, flow),
            Err(defect) => self.refuse(now.instant, &bytes, flow, &defect),
        }
    }

    fn receive_request(&mut self, now: Now, request: &Request<'_, '_>, bytes: &Bytes, flow: Flow) {
        let answer = match verdict(request, self.registrations) {
            Verdict::Deliver => return self.receive_new(now, request, bytes, flow),
            Verdict::Absorb => return,
            Verdict::Answer(answer) => answer,
            Verdict::Cancel => {
                // No effect on what it cancels: that is no INVITE (RFC 3261 §9.2).
                let is_under_way = |method: &Method<'_>| {
                    let cancelled = self.keys.cancelled_by(request, *method);
                    self.server.contains(cancelled)
                };
                match TRANSACTIONS.iter().any(is_under_way) {
                    true => Answer::OK,
                    false => Answer::of(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST),
                }
            }
        };
        let tag = self.keys.of(request).tag();
        self.reply(request.into(), flow, answer, tag);
    }

    fn receive_new(&mut self, now: Now, request: &Request<'_, '_>, bytes: &Bytes, flow: Flow) {
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
        let taken = match request.method() {
            Method::Subscribe => self.take_subscribe(now, request, &asked),
            Method::Notify => self.take_notify(now, request, &asked),
            Method::Publish => self.take_publish(now, request, &asked),
            Method::Register => self.take_register(now, request, &asked),
            _ => self.take_message(now, request, &asked),
        };
        let (submissions, matter) = match taken {
            Ok(taken) => taken,
            Err(answer) => return Begun::Answered(asked, answer),
        };
        match Answering::begin(submissions, matter, asked) {
            Started::Answered(answered) => {
                let answer = self.answer_for(&answered);
                Begun::Answered(answered.asked, answer)
            }
            Started::Waits(answering) => {
                self.pending.push(answering);
                Begun::Pending
            }
        }
    }

    fn take_message(
        &mut self,
        now: Now,
        request: &Request<'_, '_>,
        asked: &Asked,
    ) -> Taken<G::Submission> {
        let arrival = self.arrival(now, request, asked);
        let id = || self.gateway.transaction_id();
        let submissions = match message_from_sip(request, &asked.bytes, &arrival, id)? {
            Incoming::Message(operation) => self.submit(operation, &asked.flow),
            Incoming::Dispositions(first, others) => self.report(first, others),
        };
        Ok((submissions, Matter::Message))
    }

    pub(super) fn arrival(
        &self,
        now: Now,
        request: &Request<'_, '_>,
        asked: &Asked,
    ) -> Arrival<'_> {
        Arrival {
            now: now.date,
            hop: hop_back(&asked.flow, request.via()),
            number_domain: self.number_domain.as_ref(),
            least_duration: self.least_duration,
        }
    }

    fn submit(&mut self, operation: MessageOperation, flow: &Flow) -> Submissions<G::Submission> {
        self.counters.messages += 1;
        let authentication = self.authentication(flow, operation.source().domain());
        let operation = operation
            .with_deadline(self.answer_within())
            .with_authentication(authentication);
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

    /// Who vouches for a sender of this domain: anybody may write anything into From, but not from a trusted peer, nor from one that has
    /// shown a certificate for the domain (RFC 5922 §7.4).
    pub(super) fn authentication(&self, flow: &Flow, domain: &str) -> Authentication {
        let has_shown = |domains: &Domains| domains.contains(domain);
        match self.trusted.contains(flow.source().ip()) || flow.domains().is_some_and(has_shown) {
            true => Authentication::Network,
            false => Authentication::None,
        }
    }

    /// What the sender waits, less the time that the answer may be on its way (RFC 4320 §4.2).
    pub(super) fn answer_within(&self) -> Duration {
        self.timers.f() - self.timers.f() / 16
    }

    /// Sends the answer that the gateway has given now.
    pub(super) fn answer(&mut self, now: Now, answered: Answered) {
        let answer = self.answer_for(&answered);
        match self.server.respond(now.instant, answered.asked.key, answer) {
            Ok(()) => self.reply_to(answered.asked, answer),
            Err(_) => self.counters.late_answers += 1,
        }
    }

    /// What the gateway's response is in SIP.
    fn answer_for(&self, answered: &Answered) -> Answer {
        let (status, duration) = &answered.ended;
        match answered.matter {
            Matter::Message => Answer::of_response(status),
            Matter::Subscription {
                asked,
                is_within: false,
            } => Answer::of_subscription(status, *duration, asked),
            Matter::Subscription { asked, .. } => Answer::of_refresh(status, *duration, asked),
            Matter::Registration { is_open } => Answer::of_registration(status, *duration, is_open),
            Matter::Publication => Answer::of_publication(status, *duration),
            Matter::Notification { call } => {
                self.answer_notification(call, Answer::of_notification(status))
            }
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
            hop: flow.hop(),
            to_tag,
            user_agent: &self.user_agent,
            number_domain: self.number_domain.as_ref(),
            least_duration: self.least_duration,
            registrations: self.registrations,
            locals: &self.locals,
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
            Flow::Stream { connection, permit } => {
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
}

/// The methods of requests that the gateway hears of.
const TRANSACTIONS: [Method<'_>; 5] = [
    Method::Message,
    Method::Subscribe,
    Method::Notify,
    Method::Publish,
    Method::Register,
];

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

/// Where a request to the sender of a request goes: where responses go, but over a connection to the port of sent-by, since that
/// may be gone by then (RFC 5923 §4).
fn hop_back(flow: &Flow, via: &Via<'_>) -> Hop {
    match flow {
        Flow::Udp { source, .. } => {
            Hop::new(TransportKind::Udp, response_address(*source, Some(via)))
        }
        Flow::Stream { connection, .. } => Hop {
            flow: connection.flow(),
            ..Hop::new(connection.transport(), at_sent_by(connection.peer(), via))
        },
    }
}

/// Room for one response; most are smaller.
const RESPONSE: usize = 2048;

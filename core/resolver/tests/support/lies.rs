//! Messages that a server makes up.

use std::sync::Arc;

use hickory_resolver::proto::{
    op::{Message, OpCode, Query, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, CNAME, SRV},
    },
};
use rialto_tests::{dns::Plan, ports::Transport};

/// Answers each question with what the function makes of it, over UDP and TCP.
pub(crate) fn lie(answer: impl Fn(&Query) -> Message + Send + Sync + 'static) -> Plan {
    lie_over(move |_, query| answer(query))
}

/// As [`lie`], by the transport.
pub(crate) fn lie_over(
    answer: impl Fn(Transport, &Query) -> Message + Send + Sync + 'static,
) -> Plan {
    Plan::Lie(Arc::new(move |transport, message: &[u8]| {
        let (query, id) = question(message);
        let mut answer = answer(transport, &query);
        answer.metadata.id = id;
        vec![answer.to_vec().unwrap()]
    }))
}

/// The question and the id of a message.
pub(crate) fn question(message: &[u8]) -> (Query, u16) {
    let message = Message::from_vec(message).unwrap();
    (message.queries[0].clone(), message.metadata.id)
}

pub(crate) fn reply(query: &Query, answers: impl IntoIterator<Item = Record>) -> Message {
    let mut message = Message::response(0, OpCode::Query);
    message.metadata.recursion_available = true;
    message.add_query(query.clone());
    message.add_answers(answers);
    message
}

pub(crate) fn refusal(query: &Query, code: ResponseCode) -> Message {
    let mut message = reply(query, []);
    message.metadata.response_code = code;
    message
}

/// A domain that says nothing of SIP and has one address.
pub(crate) fn plain(query: &Query) -> Message {
    match query.query_type() {
        RecordType::A => reply(query, [a(query.name(), 300)]),
        _ => reply(query, []),
    }
}

pub(crate) fn a(name: &Name, ttl: u32) -> Record {
    Record::from_rdata(name.clone(), ttl, RData::A(A::new(192, 0, 2, 1)))
}

/// One of many.
pub(crate) fn address(name: &Name, last: u8) -> Record {
    Record::from_rdata(name.clone(), 300, RData::A(A::new(192, 0, 2, last)))
}

pub(crate) fn cname(from: &Name, to: &str) -> Record {
    Record::from_rdata(from.clone(), 300, RData::CNAME(CNAME(name(to))))
}

pub(crate) fn srv(owner: &Name, port: u16, target: &str) -> Record {
    let record = SRV::new(0, 0, port, name(target));
    Record::from_rdata(owner.clone(), 300, RData::SRV(record))
}

pub(crate) fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

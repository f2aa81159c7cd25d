//! From MESSAGE requests to message operations and back (RFC 7247 §6, RFC 7572 §4 and §5).
//!
//! | MESSAGE | operation |
//! |---|---|
//! | Request-URI, its `gr` | destination, destination instance |
//! | From, its `gr` | source, source instance |
//! | their `user` parameter, parameters of a number | qualifiers in the local part |
//! | display name of From | header `From` |
//! | To, where it says more than the Request-URI | header `To` |
//! | Call-ID | thread |
//! | Subject, Date | headers `Subject`, `DateTime` |
//! | Expires | time to live |
//! | Max-Forwards | hop count |
//! | Content-Type, body | content type, payload |
//! | other Content-* | content headers |
//! | From tag, Call-ID, CSeq | identity |
//!
//! A body that says what became of a message (RFC 5438) is a disposition operation instead.

mod address;
mod content;
mod diagnosis;
mod form;
mod from_sip;
mod presence;
mod reference;
mod report;
mod to_sip;

pub(crate) use self::{
    address::{presentity_uri, sip_uri},
    diagnosis::{required_by_cpim, wrong_address, wrong_cpim, wrong_imdn},
    form::{Form, Wrapping, asking},
    from_sip::{Arrival, Incoming, Rejection, message_from_sip},
    presence::{
        CONTENT_TYPES, DEFAULT_DURATION, Device, Devices, EntityTag, OwnContact, PACKAGES,
        Registration, Second, TooMany, Watcher, event, lasts, publication_from_sip,
        registration_from_sip, second, watching_from_sip, word_from_sip,
    },
    reference::Reference,
    report::{got_at, notice, notification},
    to_sip::{Identifiers, OutgoingMessage, Route, one_line},
};

/// Whether a header is one of the content by its name (RFC 2045 §9).
fn is_content(name: &str) -> bool {
    const PREFIX: &str = "content-";
    name.get(..PREFIX.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

/// What becomes of a request that comes over UDP, for tests.
#[cfg(test)]
fn arrive(
    bytes: &rialto_sdk::prelude::Bytes,
    now: time::OffsetDateTime,
    number_domain: Option<&rialto_sdk::prelude::Domain>,
) -> Result<Incoming, Rejection> {
    let hop = crate::config::Hop {
        flow: None,
        transport: crate::config::TransportKind::Udp,
        address: ([192, 0, 2, 1], 5060).into(),
    };
    let arrival = Arrival {
        now,
        hop,
        number_domain,
        least_duration: std::time::Duration::ZERO,
    };
    let message = rialto_sip_codec::SipMessage::parse(bytes).unwrap();
    let request = rialto_sip_codec::Request::read(&message).unwrap();
    let id = || rialto_sdk::prelude::TransactionId::parse(b"1").unwrap();
    message_from_sip(&request, bytes, &arrival, id)
}

/// The same, where it is a message.
#[cfg(test)]
fn arrive_as_message(
    bytes: &rialto_sdk::prelude::Bytes,
    now: time::OffsetDateTime,
) -> Result<rialto_sdk::prelude::MessageOperation, Rejection> {
    match arrive(bytes, now, None)? {
        Incoming::Message(operation) => Ok(operation),
        Incoming::Dispositions(first, _) => panic!("this reports on {:?}", first.concerning()),
    }
}

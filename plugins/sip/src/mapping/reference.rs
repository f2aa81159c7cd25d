//! What names a MESSAGE, and what it takes to tell its sender more of it later.
//!
//! Both are parts of one text, so that a message costs one allocation for them. A line is a word and a value, and the last
//! line is the identity:
//!
//! ```text
//! hop udp:192.0.2.1:5060
//! gr yn0cl4bnw0yr3vym
//! date 2006-04-04T12:16:49-05:00
//! to im:bob@xmpp.example
//! original-to im:friends@xmpp.example
//! route im:lists@sip.example
//! automatic
//! id 1 169552701 9fxced76sl 2xTb9vxSit55XU7p8@client.example
//! ```

use std::{fmt::Write as _, net::SocketAddr};

use rialto_sdk::{
    model::{ImdnHeaders, message::CPIM_HEADERS},
    prelude::{ByteString, InstantMessage, MessageOperation},
};
use rialto_sip_codec::Request;

use crate::config::{Hop, NextHop};

/// What a MESSAGE left behind for later words to its sender. All of it may be missing.
#[derive(Debug, Default)]
pub(crate) struct Reference {
    /// Where the message came from.
    pub(crate) hop: Option<NextHop>,
    /// The sender's device.
    pub(crate) instance: Option<ByteString>,
    /// The message's Call-ID.
    pub(crate) call_id: Option<ByteString>,
    /// Whether no person wrote the message, so that no words are to answer it (RFC 3834 §2).
    pub(crate) is_automatic: bool,
    /// Its `DateTime` as written.
    pub(crate) date_time: Option<ByteString>,
    /// Whom its message/cpim was for.
    pub(crate) to: Option<ByteString>,
    /// Its `Original-To` (RFC 5438 §6.4).
    pub(crate) original_to: Option<ByteString>,
    /// Its `IMDN-Record-Route`, in order (RFC 5438 §6.5).
    pub(crate) route: Vec<ByteString>,
}

/// Gives an operation the identity and the reference of its request, unless they are longer than the gateway takes.
///
/// The identity is what RFC 3261 §8.2.2.2 takes two requests for one by, From tag, Call-ID and CSeq, and a checksum of the
/// body. The branch is no part of it: a client that goes on to another address of ours, as after our restart, changes it (RFC 3263
/// §4.3). With the checksum, a client that gives all its messages the same names loses none. Where there is no From tag
/// (RFC 2543), the branch stands in.
pub(super) fn with_reference(
    operation: MessageOperation,
    request: &Request<'_, '_>,
    hop: Hop,
) -> MessageOperation {
    let call_id = request.call_id();
    let mut text = String::with_capacity(call_id.len() + 128);
    push_hop(&mut text, hop);
    if let Some(instance) = operation.source_instance() {
        push(&mut text, GR, instance);
    }
    if is_automatic(request) {
        push(&mut text, AUTOMATIC, "");
    }
    push_origin(&mut text, operation.message());
    push(&mut text, ID, "");
    let identity = text.len();
    let tag = request.from().tag().or_else(|| request.via().branch());
    let body = crc32fast::hash(request.message().body());
    push_number(&mut text, request.cseq().number());
    text.push(' ');
    push_number(&mut text, body);
    text.extend([" ", tag.unwrap_or_default(), " ", call_id]);
    if text.len() > MessageOperation::MAX_KEPT {
        return operation;
    }
    let reference = ByteString::from(text);
    let identity = reference.get(identity..).unwrap_or_default();
    operation
        .with_identity(reference.slice_ref(identity))
        .with_reference(reference)
}

impl Reference {
    /// Reads one; what is not understood is passed over, as if it were missing.
    pub(crate) fn parse(text: &ByteString) -> Self {
        let mut reference = Self::default();
        for line in text.split('\n') {
            let (word, value) = line.split_once(' ').unwrap_or((line, ""));
            reference.take(word, || text.slice_ref(value));
        }
        reference
    }

    fn take(&mut self, word: &str, value: impl Fn() -> ByteString) {
        match word {
            HOP => self.hop = value().parse().ok(),
            GR => self.instance = Some(value()),
            AUTOMATIC => self.is_automatic = true,
            DATE => self.date_time = Some(value()),
            TO => self.to = Some(value()),
            ORIGINAL_TO => self.original_to = Some(value()),
            ROUTE => self.route.push(value()),
            ID => {
                let value = value();
                let call_id = value.rsplit(' ').next().unwrap_or_default();
                self.call_id = Some(value.slice_ref(call_id));
            }
            _ => {}
        }
    }
}

const HOP: &str = "hop";
const GR: &str = "gr";
const AUTOMATIC: &str = "automatic";
const DATE: &str = "date";
const TO: &str = "to";
const ORIGINAL_TO: &str = "original-to";
const ROUTE: &str = "route";
const ID: &str = "id";

/// Adds what a notification on the message must repeat (RFC 5438 §7.2.1, §11.1), if it asks for any.
fn push_origin(text: &mut String, message: &InstantMessage) {
    let headers = message.headers();
    if !headers.iter().any(|header| header.name == "NS") {
        return;
    }
    let Ok(imdn) = ImdnHeaders::read(headers) else {
        return;
    };
    if imdn.request.is_empty() {
        return;
    }
    if let Some(date) = headers.find(CPIM_HEADERS, "DateTime") {
        push(text, DATE, &date.value);
    }
    if let Some(to) = headers.to().next() {
        push(text, TO, to.uri());
    }
    if let Some(to) = imdn.original_to {
        push(text, ORIGINAL_TO, to.uri());
    }
    for hop in imdn.record_route {
        push(text, ROUTE, hop.uri());
    }
}

/// Writes the first line. Each message pays for it, so the usual address is written without the machinery for all.
fn push_hop(text: &mut String, hop: Hop) {
    let (SocketAddr::V4(address), None) = (hop.address, hop.flow) else {
        // A String takes all that is written.
        write!(text, "{HOP} {hop}").ok();
        return;
    };
    text.extend([HOP, " ", hop.transport.as_str()]);
    for (index, octet) in address.ip().octets().into_iter().enumerate() {
        text.push(if index == 0 { ':' } else { '.' });
        push_number(text, octet.into());
    }
    text.push(':');
    push_number(text, address.port().into());
}

/// Writes a number in decimal.
fn push_number(text: &mut String, number: u32) {
    if number >= 10 {
        push_number(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

/// Adds a line, unless its value would end it.
fn push(text: &mut String, word: &str, value: &str) {
    if !value.contains(char::is_control) {
        text.extend(["\n", word, " ", value]);
    }
}

/// Whether the request says that it was written by no person: `Auto-Submitted` (RFC 3834 §5), which notices of ours bear.
fn is_automatic(request: &Request<'_, '_>) -> bool {
    let header = request.message().extension(AUTO_SUBMITTED);
    header.is_some_and(|header| !header.value().trim_ascii().eq_ignore_ascii_case(b"no"))
}

/// The header field of what no person wrote.
pub(super) const AUTO_SUBMITTED: &str = "Auto-Submitted";

#[cfg(test)]
mod tests;

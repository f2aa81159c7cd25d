//! A message operation as a MESSAGE request (RFC 7572 §4).

use std::borrow::Cow;

use bytes::BytesMut;
use rialto_sdk::{
    model::{CpimMessage, NameAddress, cpim},
    prelude::{
        ByteString, Bytes, ContentHeader, Error, Header, InstantMessage, MessageOperation, Result,
        TransactionId,
    },
};
use rialto_sip_codec::{Date, HeaderName, MessageWriter, Method, Transport, transaction::Branch};

use super::{address::push_sip_uri, is_content};

/// What is random in a request.
///
/// The branch is another for each attempt, the rest is the operation's: a server that gets the message by two ways, since one next hop was given up for
/// another, can tell (RFC 3261 §8.2.2.2, RFC 3263 §4.3).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identifiers {
    pub(crate) branch: Branch,
    pub(crate) from_tag: u64,
    pub(crate) call_id: u128,
}

impl Identifiers {
    /// Those of an operation; the gateway's own identifiers are 128 random bits, in hexadecimal.
    pub(crate) fn new(branch: Branch, operation: &TransactionId) -> Self {
        let call_id = u128::from_str_radix(operation.as_str(), 16);
        let call_id = call_id.unwrap_or_else(|_| rand::random());
        Self {
            branch,
            from_tag: call_id as u64,
            call_id,
        }
    }
}

/// The first Via: how the request leaves, and where responses go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route<'a> {
    pub(crate) transport: Transport<'a>,
    pub(crate) sent_by: &'a str,
    pub(crate) user_agent: &'a str,
}

/// An operation in the words of SIP, to be written once its transport is known.
#[derive(Debug)]
pub(crate) struct OutgoingMessage<'o> {
    operation: &'o MessageOperation,
    request_uri: String,
    to: String,
    from: String,
    content_type: &'o str,
    content_headers: &'o [ContentHeader],
    payload: Bytes,
}

impl<'o> OutgoingMessage<'o> {
    /// Maps addresses and content.
    pub(crate) fn new(operation: &'o MessageOperation) -> Result<Self> {
        let message = operation.message();
        let (content_type, content_headers, payload) = if needs_cpim(operation) {
            let date_time = message.headers().date_time();
            let cpim = CpimMessage::from_operation(operation, date_time)
                .and_then(|cpim| match call_id(message) {
                    // Said by the Call-ID already.
                    Some(_) => CpimMessage::new(cpim.into_message().without_thread()).to_bytes(),
                    None => cpim.to_bytes(),
                })
                .map_err(|error| {
                    Error::unsupported("the message cannot be written as message/cpim")
                        .with_source(error)
                })?;
            (cpim::CONTENT_TYPE, [].as_slice(), cpim)
        } else {
            let payload = message.payload().clone().into_bytes();
            (
                &**message.content_type(),
                message.content_headers(),
                payload,
            )
        };
        let destination = operation.destination();
        let instance = operation.destination_instance();
        let mut request_uri = String::with_capacity(destination.as_str().len() + 16);
        push_sip_uri(&mut request_uri, destination, instance);
        let mut from = String::with_capacity(operation.source().as_str().len() + 48);
        push_sip_uri(&mut from, operation.source(), operation.source_instance());
        let to = match instance {
            None => request_uri.clone(),
            Some(_) => {
                let mut to = String::with_capacity(request_uri.len());
                push_sip_uri(&mut to, destination, None);
                to
            }
        };
        Ok(Self {
            operation,
            request_uri,
            to,
            from,
            content_type,
            content_headers,
            payload,
        })
    }

    /// Writes the request.
    ///
    /// The body goes byte for byte; header fields lose control characters, which would end their
    /// lines.
    pub(crate) fn write(&self, ids: &Identifiers, route: &Route<'_>) -> Result<Bytes> {
        let mut out = BytesMut::with_capacity(self.payload.len() + 768);
        let message = self.operation.message();
        let headers = message.headers();
        let name = |address: Option<NameAddress>| {
            let name = address.and_then(|address| address.display_name().cloned());
            one_line(name.as_deref().unwrap_or_default()).into_owned()
        };
        // The name of someone else, or of an address that was replaced on the way, is not the receiver's.
        let destination = self.operation.destination();
        let is_receiver = |to: &NameAddress| to.inbox().is_ok_and(|inbox| inbox == *destination);
        let (branch, tag) = (ids.branch.to_string(), format!("{:016x}", ids.from_tag));
        let mut writer = MessageWriter::request(&mut out, Method::Message, &self.request_uri)
            .via(route.transport, route.sent_by, &branch)
            .max_forwards(self.operation.max_forwards().hops())
            .from(&name(headers.from()), &self.from, &tag)
            .to(&name(headers.to().find(is_receiver)), &self.to, "");
        writer = match call_id(message) {
            Some(thread) => writer.call_id(thread),
            None => writer.call_id(&format!("{:032x}", ids.call_id)),
        };
        writer = writer
            .cseq(1, Method::Message)
            .header(HeaderName::UserAgent, route.user_agent);
        if let Some(date_time) = headers.date_time()
            && let Some(date) = Date::from_unix_seconds(date_time.unix_timestamp())
        {
            writer = writer.header(HeaderName::Date, &date.to_string());
        }
        if let Some(subject) = headers.subjects().next() {
            writer = writer.header(HeaderName::Subject, &one_line(&subject.value));
        }
        for header in self.content_headers {
            writer = match HeaderName::parse(header.name.as_bytes()) {
                HeaderName::ContentLength | HeaderName::ContentType => writer,
                HeaderName::Other => writer.extension(&header.name, &one_line(&header.value)),
                name => writer.header(name, &one_line(&header.value)),
            };
        }
        let written = writer
            .header(HeaderName::ContentType, &one_line(self.content_type))
            .finish(&self.payload);
        written.map_err(|error| {
            Error::unsupported("the message cannot be written as SIP").with_source(error)
        })?;
        Ok(out.freeze())
    }
}

/// Whether the message says what MESSAGE has no header field for (RFC 3862 §4).
///
/// A thread and one subject have theirs, and so have Content-* headers; other languages of the
/// subject are left out.
fn needs_cpim(operation: &MessageOperation) -> bool {
    let is_carried =
        |header: &Header| matches!(&*header.name, "From" | "To" | "DateTime" | "Subject");
    let headers = operation.message().headers();
    !headers.iter().all(is_carried)
        || headers.to().nth(1).is_some()
        || !operation
            .message()
            .content_headers()
            .iter()
            .all(is_header_field)
}

/// Whether a header of the content may stand among those of SIP: any other would be a header of
/// the request, of the sender's making (RFC 2045 §3).
fn is_header_field(header: &ContentHeader) -> bool {
    let stands = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    is_content(&header.name) && header.name.bytes().all(stands)
}

/// The thread, where it can be the Call-ID.
fn call_id(message: &InstantMessage) -> Option<&ByteString> {
    message.thread().filter(|thread| is_call_id(thread))
}

/// Whether a thread can be a Call-ID as it is: `word ["@" word]` (RFC 3261 §25.1).
fn is_call_id(thread: &ByteString) -> bool {
    const LONGEST: usize = 256;
    let is_word = |word: &str| {
        let stands =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~()<>:\\\"/[]?{}".contains(&byte);
        !word.is_empty() && word.bytes().all(stands)
    };
    thread.len() <= LONGEST
        && match thread.split_once('@') {
            Some((word, host)) => is_word(word) && is_word(host),
            None => is_word(thread),
        }
}

/// Makes control characters spaces.
fn one_line(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_control()) {
        Cow::Owned(text.replace(|c: char| c.is_ascii_control(), " "))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests;

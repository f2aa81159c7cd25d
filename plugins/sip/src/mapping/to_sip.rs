//! A message operation as a MESSAGE request (RFC 7572 §4).

use std::{borrow::Cow, time::Duration};

use bytes::BytesMut;
use rialto_sdk::{
    model::{CpimMessage, NameAddress, cpim},
    prelude::{
        ByteString, Bytes, ContentHeader, Error, InstantMessage, MessageOperation, Result,
        TransactionId,
    },
};
use rialto_sip_codec::{Date, HeaderName, MessageWriter, Method, Transport, transaction::Branch};
use time::OffsetDateTime;

use super::{Form, address::push_sip_uri, reference::AUTO_SUBMITTED};

/// What names a request.
///
/// The branch is another for each attempt, the rest is the operation's: a server that gets the message by two ways, since one next hop was given up for
/// another, can tell (RFC 3261 §8.2.2.2, RFC 3263 §4.3).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identifiers {
    pub(crate) branch: Branch,
    pub(crate) from_tag: u64,
    pub(crate) call_id: u128,
    /// The same content in another form is the next request (RFC 3261 §8.1.3.5).
    pub(crate) sequence: u32,
}

impl Identifiers {
    /// Those of an operation; the gateway's own identifiers are 128 random bits, in hexadecimal.
    pub(crate) fn new(branch: Branch, operation: &TransactionId, sequence: u32) -> Self {
        let call_id = u128::from_str_radix(operation.as_str(), 16);
        let call_id = call_id.unwrap_or_else(|_| rand::random());
        Self {
            branch,
            from_tag: call_id as u64,
            call_id,
            sequence,
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
    in_reply_to: Option<&'o str>,
    is_automatic: bool,
}

impl<'o> OutgoingMessage<'o> {
    /// Maps addresses and content.
    pub(crate) fn new(operation: &'o MessageOperation, form: Form) -> Result<Self> {
        let message = operation.message();
        let (content_type, content_headers, payload) = match form {
            Form::Cpim => (cpim::CONTENT_TYPE, [].as_slice(), as_cpim(operation)?),
            Form::Plain => {
                let payload = message.payload().clone().into_bytes();
                let content_type: &str = message.content_type();
                (content_type, message.content_headers(), payload)
            }
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
            in_reply_to: None,
            is_automatic: false,
        })
    }

    /// The operation that it is of.
    pub(crate) fn transaction_id(&self) -> &TransactionId {
        self.operation.transaction_id()
    }

    /// The domain that it is for.
    pub(crate) fn domain(&self) -> &str {
        self.operation.destination().domain()
    }

    /// Sends it by way of another address first (RFC 5438 §7.2.1).
    pub(crate) fn by_way_of(mut self, uri: &str) -> Self {
        uri.clone_into(&mut self.request_uri);
        uri.clone_into(&mut self.to);
        self
    }

    /// Says that no person wrote it, and by its Call-ID which message led to it.
    pub(crate) const fn automatic(mut self, in_reply_to: Option<&'o str>) -> Self {
        self.in_reply_to = in_reply_to;
        self.is_automatic = true;
        self
    }

    /// Writes the request; `now` dates a message that expires (RFC 3428 §4).
    ///
    /// The body goes byte for byte; header fields lose control characters, which would end their
    /// lines.
    pub(crate) fn write(
        &self,
        ids: &Identifiers,
        route: &Route<'_>,
        now: OffsetDateTime,
    ) -> Result<Bytes> {
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
            .cseq(ids.sequence, Method::Message)
            .header(HeaderName::UserAgent, route.user_agent);
        let time_to_live = self.operation.time_to_live();
        let date = headers.date_time().or_else(|| time_to_live.map(|_| now));
        let date = date.map(OffsetDateTime::unix_timestamp);
        if let Some(date) = date.and_then(Date::from_unix_seconds) {
            writer = writer.header(HeaderName::Date, &date.to_string());
            if let Some(time_to_live) = time_to_live {
                let expires = expires(date, now, time_to_live);
                writer = writer.header(HeaderName::Expires, &expires.to_string());
            }
        }
        if let Some(in_reply_to) = self.in_reply_to {
            writer = writer.header(HeaderName::InReplyTo, &one_line(in_reply_to));
        }
        if self.is_automatic {
            writer = writer.extension(AUTO_SUBMITTED, "auto-replied");
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

/// Headers and content in one.
fn as_cpim(operation: &MessageOperation) -> Result<Bytes> {
    let message = operation.message();
    let date_time = message.headers().date_time();
    CpimMessage::from_operation(operation, date_time)
        .and_then(|cpim| match call_id(message) {
            // Said by the Call-ID already.
            Some(_) => CpimMessage::new(cpim.into_message().without_thread()).to_bytes(),
            None => cpim.to_bytes(),
        })
        .map_err(|error| {
            Error::unsupported("the message cannot be written as message/cpim").with_source(error)
        })
}

/// What Expires counts from Date, for a message that lives that much longer from now on; whole seconds, not fewer (RFC 3428 §7).
fn expires(date: Date, now: OffsetDateTime, time_to_live: Duration) -> u32 {
    let age = now.unix_timestamp().saturating_sub(date.unix_seconds());
    let left = time_to_live.as_secs() + u64::from(time_to_live.subsec_nanos() > 0);
    let expires = i64::try_from(left).unwrap_or(i64::MAX).saturating_add(age);
    // 0 would say that it has expired.
    u32::try_from(expires.max(1)).unwrap_or(u32::MAX)
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
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_control()) {
        Cow::Owned(text.replace(|c: char| c.is_ascii_control(), " "))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests;

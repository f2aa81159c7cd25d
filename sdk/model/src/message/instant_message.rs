//! What is sent: headers and content.

use std::{
    iter,
    time::{SystemTime, UNIX_EPOCH},
};

use bytestring::ByteString;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{Header, MessageHeaders, Payload};

/// An instant message, as it crosses the gateway. RFC 3862.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstantMessage {
    headers: MessageHeaders,
    thread: Option<ByteString>,
    content_type: ByteString,
    content_headers: Vec<ContentHeader>,
    payload: Payload,
}

/// A MIME header of the content other than `Content-Type`, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContentHeader {
    /// Its name, like `Content-ID`.
    pub name: ByteString,
    /// Its value, unfolded.
    pub value: ByteString,
}

impl InstantMessage {
    /// The content type of [`text`](Self::text).
    pub const TEXT_PLAIN: &str = "text/plain;charset=utf-8";

    /// Makes a message of any content; `content_type` is the MIME type with its parameters, as written.
    pub fn new(content_type: impl Into<ByteString>, payload: impl Into<Payload>) -> Self {
        Self {
            headers: MessageHeaders::new(),
            thread: None,
            content_type: content_type.into(),
            content_headers: Vec::new(),
            payload: payload.into(),
        }
    }

    /// Makes a message of plain text in UTF-8.
    pub fn text(text: impl Into<ByteString>) -> Self {
        let payload = Payload::new(text.into().into_bytes());
        Self::new(ByteString::from_static(Self::TEXT_PLAIN), payload)
    }

    /// Sets the message headers.
    pub fn with_headers(mut self, headers: MessageHeaders) -> Self {
        self.headers = headers;
        self
    }

    /// Says when the message was sent, unless it says so itself; to the second. RFC 3862 §4.4.
    pub fn with_date_time(mut self, sent: SystemTime) -> Self {
        if self.headers.date_time().is_none()
            && let Some(header) = date_time(sent)
        {
            // In front: behind them, an `NS` may have given bare names another meaning.
            let others = self.headers.iter().cloned();
            self.headers = iter::once(header).chain(others).collect();
        }
        self
    }

    /// Names the conversation: an XMPP `<thread/>`, a SIP Call-ID (RFC 7572 §4).
    pub fn with_thread(mut self, thread: impl Into<ByteString>) -> Self {
        self.thread = Some(thread.into());
        self
    }

    /// Leaves the name of the conversation out: for what carries it elsewhere.
    pub fn without_thread(mut self) -> Self {
        self.thread = None;
        self
    }

    /// Sets the MIME headers of the content besides `Content-Type`.
    pub fn with_content_headers(mut self, content_headers: Vec<ContentHeader>) -> Self {
        self.content_headers = content_headers;
        self
    }

    /// The message headers.
    pub const fn headers(&self) -> &MessageHeaders {
        &self.headers
    }

    /// The name of the conversation, if the sender's network gave one.
    pub const fn thread(&self) -> Option<&ByteString> {
        self.thread.as_ref()
    }

    /// The MIME type of the payload with its parameters, as written.
    pub const fn content_type(&self) -> &ByteString {
        &self.content_type
    }

    /// The other MIME headers of the payload.
    pub fn content_headers(&self) -> &[ContentHeader] {
        &self.content_headers
    }

    /// The content.
    pub const fn payload(&self) -> &Payload {
        &self.payload
    }
}

/// None for a time that RFC 3339 cannot write.
fn date_time(sent: SystemTime) -> Option<Header> {
    let since = sent.duration_since(UNIX_EPOCH).ok()?;
    let seconds = i64::try_from(since.as_secs()).ok()?;
    let sent = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    Some(Header::new("DateTime", sent.format(&Rfc3339).ok()?))
}

impl ContentHeader {
    /// Makes a MIME header.
    pub fn new(name: impl Into<ByteString>, value: impl Into<ByteString>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn cpim_a_present_message_says_when_it_was_sent_and_never_otherwise_than_it_does_itself() {
        let at = |seconds: u64| UNIX_EPOCH + Duration::from_millis(seconds * 1000 + 250);
        let declared = [
            Header::new("NS", "<urn:x>"),
            Header::new("DateTime", "soon"),
        ];
        let message = InstantMessage::text("x").with_headers(declared.into_iter().collect());
        let dated = message.with_date_time(at(1_000_000_000));
        let written = dated
            .headers()
            .date_time()
            .map(OffsetDateTime::unix_timestamp);
        assert_eq!((written, dated.headers().len()), (Some(1_000_000_000), 3));
        assert_eq!(dated.clone().with_date_time(at(7)), dated);
    }

    #[test]
    fn time_that_cannot_be_written_is_left_out() {
        let undated = InstantMessage::text("x");
        for sent in [
            UNIX_EPOCH - Duration::from_secs(1),
            UNIX_EPOCH + Duration::from_secs(300_000_000_000),
        ] {
            assert_eq!(undated.clone().with_date_time(sent), undated);
        }
    }
}

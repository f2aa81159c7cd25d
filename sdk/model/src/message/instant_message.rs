//! What is sent: headers and content.

use bytestring::ByteString;

use crate::{MessageHeaders, Payload};

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

impl ContentHeader {
    /// Makes a MIME header.
    pub fn new(name: impl Into<ByteString>, value: impl Into<ByteString>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

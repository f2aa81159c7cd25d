//! Requests of ours.

use super::{Lines, Output};
use crate::{EncodeError, HeaderName, Method, Transport};

/// Appends a request to a buffer, line by line in the order of the calls.
///
/// The caller sees to it that all mandatory header fields are there; [`RequestWriter::finish`] adds
/// Content-Length. A value that could end its line makes the whole request an error.
/// RFC 3261 §8.1.1.
#[derive(Debug)]
#[must_use = "a request ends with `finish`"]
pub struct RequestWriter<'o, O: Output>(Lines<'o, O>);

impl<'o, O: Output> RequestWriter<'o, O> {
    /// Writes the request line.
    pub fn new(output: &'o mut O, method: Method<'_>, uri: &str) -> Self {
        let mut lines = Lines::new(output);
        if uri.is_empty()
            || uri
                .bytes()
                .any(|byte| byte == b' ' || byte.is_ascii_control())
        {
            lines.fail(EncodeError::RequestLine);
        }
        lines.put(method.as_str());
        lines.put(" ");
        lines.put(uri);
        lines.put(" SIP/2.0\r\n");
        Self(lines)
    }

    /// Writes a Via that asks for the source port (RFC 3581).
    pub fn via(mut self, transport: Transport<'_>, sent_by: &str, branch: &str) -> Self {
        let name = HeaderName::Via;
        self.0.put("Via: SIP/2.0/");
        self.0.put_token(name, transport.as_str());
        self.0.put(" ");
        self.0.put_value(name, sent_by);
        self.0.put(";branch=");
        self.0.put_token(name, branch);
        self.0.put(";rport\r\n");
        self
    }

    /// Writes Max-Forwards.
    pub fn max_forwards(mut self, max_forwards: u8) -> Self {
        self.0.begin(HeaderName::MaxForwards);
        self.0.put_number(u64::from(max_forwards));
        self.0.end();
        self
    }

    /// Writes From; no name is shown when `display_name` is empty.
    pub fn from(mut self, display_name: &str, uri: &str, tag: &str) -> Self {
        self.0.address(HeaderName::From, display_name, uri, tag);
        self
    }

    /// Writes To; an empty `tag` is none, as outside of a dialog.
    pub fn to(mut self, display_name: &str, uri: &str, tag: &str) -> Self {
        self.0.address(HeaderName::To, display_name, uri, tag);
        self
    }

    /// Writes Call-ID.
    pub fn call_id(mut self, call_id: &str) -> Self {
        self.0.header(HeaderName::CallId, call_id);
        self
    }

    /// Writes CSeq.
    pub fn cseq(mut self, number: u32, method: Method<'_>) -> Self {
        self.0.begin(HeaderName::CSeq);
        self.0.put_number(u64::from(number));
        self.0.put(" ");
        self.0.put(method.as_str());
        self.0.end();
        self
    }

    /// Writes any header field with its value as it goes onto the wire.
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.0.header(name, value);
        self
    }

    /// Writes a header field that [`HeaderName`] does not list.
    pub fn extension(mut self, name: &str, value: &str) -> Self {
        self.0.extension(name, value);
        self
    }

    /// Writes Content-Length and the body.
    ///
    /// # Errors
    ///
    /// The first value that may not be written; the buffer is as it was before.
    pub fn finish(self, body: &[u8]) -> Result<(), EncodeError> {
        self.0.finish(body)
    }
}

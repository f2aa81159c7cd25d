//! Requests of ours.

use super::{MessageWriter, Output};
use crate::{EncodeError, HeaderName, Method, Transport};

/// RFC 3261 §8.1.1.
impl<'o, O: Output> MessageWriter<'o, O> {
    /// Begins a request: writes the request line.
    pub fn request(output: &'o mut O, method: Method<'_>, uri: &str) -> Self {
        let mut writer = Self::begin(output);
        if uri.is_empty()
            || uri
                .bytes()
                .any(|byte| byte == b' ' || byte.is_ascii_control())
        {
            writer.fail(EncodeError::RequestLine);
        }
        writer.put(method.as_str());
        writer.put(" ");
        writer.put(uri);
        writer.put(" SIP/2.0\r\n");
        writer
    }

    /// Writes a Via that asks for the source port (RFC 3581).
    pub fn via(mut self, transport: Transport<'_>, sent_by: &str, branch: &str) -> Self {
        let name = HeaderName::Via;
        self.put("Via: SIP/2.0/");
        self.put_token(name, transport.as_str());
        self.put(" ");
        self.put_value(name, sent_by);
        self.put(";branch=");
        self.put_token(name, branch);
        self.put(";rport\r\n");
        self
    }

    /// Writes Max-Forwards.
    pub fn max_forwards(mut self, max_forwards: u8) -> Self {
        self.put_name(HeaderName::MaxForwards);
        self.put_number(u64::from(max_forwards));
        self.end();
        self
    }

    /// Writes From; no name is shown when `display_name` is empty.
    pub fn from(mut self, display_name: &str, uri: &str, tag: &str) -> Self {
        self.put_address(HeaderName::From, display_name, uri, tag);
        self
    }

    /// Writes To; an empty `tag` is none, as outside of a dialog.
    pub fn to(mut self, display_name: &str, uri: &str, tag: &str) -> Self {
        self.put_address(HeaderName::To, display_name, uri, tag);
        self
    }

    /// Writes Call-ID.
    pub fn call_id(self, call_id: &str) -> Self {
        self.header(HeaderName::CallId, call_id)
    }

    /// Writes CSeq.
    pub fn cseq(mut self, number: u32, method: Method<'_>) -> Self {
        self.put_name(HeaderName::CSeq);
        self.put_number(u64::from(number));
        self.put(" ");
        self.put(method.as_str());
        self.end();
        self
    }
}

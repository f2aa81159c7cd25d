//! Responses of ours.

use std::net::SocketAddr;

use super::{Lines, Output};
use crate::{
    EncodeError, Header, HeaderName, Host, Rport, SipMessage, StatusCode, header::first_via,
    message::text_of,
};

/// What a response says that its request did not.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// The status code.
    pub status: StatusCode,
    /// What to say to a human; empty for the registered phrase.
    pub reason: &'a str,
    /// Where the request came from, when the topmost Via shall say so (RFC 3581 §4).
    pub source: Option<SocketAddr>,
    /// The tag of To, used when the request has none; empty for none, as in a 100.
    pub to_tag: &'a str,
}

/// Appends the response to a request to a buffer.
///
/// Via, From, To, Call-ID and CSeq are copied, unfolded; what a salvaged request lacks is left
/// out. RFC 3261 §8.2.6.
#[derive(Debug)]
#[must_use = "a response ends with `finish`"]
pub struct ResponseWriter<'o, O: Output>(Lines<'o, O>);

impl<'o, O: Output> ResponseWriter<'o, O> {
    /// Writes the status line and the copied header fields.
    pub fn new(output: &'o mut O, request: &SipMessage<'_>, reply: &Reply<'_>) -> Self {
        let mut lines = Lines::new(output);
        lines.put_status(reply.status, reply.reason);
        let mut vias = request.headers_named(HeaderName::Via);
        match vias.next() {
            Some(via) => lines.put_top_via(&via, reply.source),
            None => lines.fail(EncodeError::Unanswerable {
                header: HeaderName::Via,
            }),
        }
        vias.for_each(|via| lines.put_copy(&via, ""));
        let needs_tag = || request.to().is_ok_and(|to| to.tag().is_none());
        let has_tag = reply.to_tag.is_empty() || !needs_tag();
        let copied = [
            HeaderName::From,
            HeaderName::To,
            HeaderName::CallId,
            HeaderName::CSeq,
        ];
        for name in copied {
            let tag = if name == HeaderName::To && !has_tag {
                reply.to_tag
            } else {
                ""
            };
            request
                .headers_named(name)
                .for_each(|header| lines.put_copy(&header, tag));
        }
        Self(lines)
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

impl<O: Output> Lines<'_, O> {
    fn put_status(&mut self, status: StatusCode, reason: &str) {
        self.put("SIP/2.0 ");
        self.put_number(u64::from(status.code()));
        self.put(" ");
        if reason.bytes().any(|byte| byte.is_ascii_control()) {
            self.fail(EncodeError::ReasonPhrase);
        }
        self.put(if reason.is_empty() {
            status.reason_phrase()
        } else {
            reason
        });
        self.end();
    }

    /// Copies a header line; a tag is added unless it is empty.
    fn put_copy(&mut self, header: &Header<'_>, tag: &str) {
        self.begin(header.name());
        self.put_unfolded(header.value());
        if !tag.is_empty() {
            self.put(";tag=");
            self.put_token(header.name(), tag);
        }
        self.end();
    }

    /// Copies a value; each fold becomes one space.
    fn put_unfolded(&mut self, value: &[u8]) {
        let mut rest = value;
        while let Some(at) = memchr::memchr2(b'\r', b'\n', rest) {
            let (line, folded) = rest.split_at_checked(at).unwrap_or((rest, &[]));
            self.put(line);
            self.put(" ");
            let spaces = folded
                .iter()
                .take_while(|byte| crate::lex::is_space(**byte))
                .count();
            rest = folded.get(spaces..).unwrap_or_default();
        }
        self.put(rest);
    }

    /// Copies the line of the topmost Via and adds to its first value what the source says.
    fn put_top_via(&mut self, header: &Header<'_>, source: Option<SocketAddr>) {
        let parsed = text_of(header).and_then(|text| Ok((text, first_via(header.at(), text)?)));
        let (Some(source), Ok((text, (via, length)))) = (source, parsed) else {
            return self.put_copy(header, "");
        };
        let is_rport = via.rport() != Rport::Absent;
        let is_other = via.host() != Host::Address(source.ip().to_canonical());
        if !is_rport && !is_other && via.received().is_none() {
            return self.put_copy(header, "");
        }
        self.begin(HeaderName::Via);
        let first = text.get(..length).unwrap_or_default();
        let params = via.params();
        let before = first
            .trim_end()
            .len()
            .saturating_sub(params.as_str().trim_end().len());
        self.put_unfolded(first.as_bytes().get(..before).unwrap_or_default());
        for param in params.iter() {
            let is_ours = ["received", "rport"]
                .iter()
                .any(|n| param.name.eq_ignore_ascii_case(n));
            if !is_ours {
                self.put_param(&param);
            }
        }
        self.put_source(source, is_rport);
        self.put_unfolded(text.as_bytes().get(length..).unwrap_or_default());
        self.end();
    }

    fn put_param(&mut self, param: &crate::Param<'_>) {
        self.put(";");
        self.put(param.name);
        match param.value {
            Some(crate::ParamValue::Token(text)) => {
                self.put("=");
                self.put(text);
            }
            Some(crate::ParamValue::Quoted(text)) => {
                self.put("=\"");
                self.put_unfolded(text.as_bytes());
                self.put("\"");
            }
            None => {}
        }
    }

    /// Writes `;received=address` and, when it was asked for, `;rport=port`.
    fn put_source(&mut self, source: SocketAddr, is_rport: bool) {
        use std::io::Write as _;
        let mut address = [0_u8; 48];
        let mut left = address.as_mut_slice();
        // 45 bytes hold any address, so that this cannot fail.
        let is_written = write!(left, "{}", source.ip().to_canonical()).is_ok();
        let length = 48 - left.len();
        if is_written {
            self.put(";received=");
            self.put(address.get(..length).unwrap_or_default());
        }
        if is_rport {
            self.put(";rport=");
            self.put_number(u64::from(source.port()));
        }
    }
}

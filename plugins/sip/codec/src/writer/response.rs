//! Responses of ours.

use std::net::{IpAddr, SocketAddr};

use super::{MessageWriter, Output};
use crate::{
    EncodeError, Header, HeaderName, Host, Request, Rport, SipMessage, StatusCode, Via, lex,
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

/// A request, as far as its response needs it read.
#[derive(Clone, Copy, Debug)]
pub struct Answerable<'m, 'a> {
    message: &'m SipMessage<'a>,
    /// The topmost Via value; `None` when it is malformed.
    via: Option<Via<'a>>,
    /// Whether its To lacks a tag.
    wants_tag: bool,
}

impl<'m, 'a> Answerable<'m, 'a> {
    /// The request.
    #[must_use]
    pub const fn message(&self) -> &'m SipMessage<'a> {
        self.message
    }

    /// The topmost Via value; `None` when it is malformed.
    #[must_use]
    pub const fn via(&self) -> Option<&Via<'a>> {
        self.via.as_ref()
    }
}

impl<'m, 'a> From<&Request<'m, 'a>> for Answerable<'m, 'a> {
    fn from(request: &Request<'m, 'a>) -> Self {
        Self {
            message: request.message(),
            via: Some(*request.via()),
            wants_tag: request.to().tag().is_none(),
        }
    }
}

impl<'m, 'a> From<&'m SipMessage<'a>> for Answerable<'m, 'a> {
    /// Reads what is there; the request may be a broken one.
    fn from(message: &'m SipMessage<'a>) -> Self {
        Self {
            message,
            via: message.via().ok(),
            wants_tag: message.to().is_ok_and(|to| to.tag().is_none()),
        }
    }
}

impl<'o, O: Output> MessageWriter<'o, O> {
    /// Begins the response to a request: writes the status line and the copied header fields.
    ///
    /// Via, From, To, Call-ID and CSeq are copied, unfolded; what a salvaged request lacks is left
    /// out. RFC 3261 §8.2.6.
    pub fn response<'m, 'a: 'm>(
        output: &'o mut O,
        request: impl Into<Answerable<'m, 'a>>,
        reply: &Reply<'_>,
    ) -> Self {
        let mut writer = Self::begin(output);
        let request = request.into();
        let message = request.message;
        writer.put_status(reply.status, reply.reason);
        let mut vias = message.headers_named(HeaderName::Via);
        match (vias.next(), request.via, reply.source) {
            (Some(line), Some(via), Some(source)) => writer.put_top_via(&line, &via, source),
            (Some(line), ..) => writer.put_copy(&line, ""),
            (None, ..) => writer.fail(EncodeError::Unanswerable {
                header: HeaderName::Via,
            }),
        }
        vias.for_each(|via| writer.put_copy(&via, ""));
        let tag = if request.wants_tag { reply.to_tag } else { "" };
        for (name, tag) in [
            (HeaderName::From, ""),
            (HeaderName::To, tag),
            (HeaderName::CallId, ""),
            (HeaderName::CSeq, ""),
        ] {
            let copied = message.headers_named(name);
            copied.for_each(|header| writer.put_copy(&header, tag));
        }
        writer
    }

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
        self.put_name(header.name());
        self.put_value_of(header, header.value());
        if !tag.is_empty() {
            self.put(";tag=");
            self.put_token(header.name(), tag);
        }
        self.end();
    }

    /// Copies a part of a header field's value.
    fn put_value_of(&mut self, header: &Header<'_>, part: &[u8]) {
        if header.is_folded() {
            self.put_unfolded(part);
        } else {
            self.put(part);
        }
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
                .take_while(|byte| lex::is_space(**byte))
                .count();
            rest = folded.get(spaces..).unwrap_or_default();
        }
        self.put(rest);
    }

    /// Copies the line of the topmost Via and adds to its first value what the source says.
    fn put_top_via(&mut self, header: &Header<'_>, via: &Via<'_>, source: SocketAddr) {
        let is_rport = via.rport() != Rport::Absent;
        let is_other = via.host() != Host::Address(source.ip().to_canonical());
        if !is_rport && !is_other && via.received().is_none() {
            return self.put_copy(header, "");
        }
        self.put_name(HeaderName::Via);
        self.put_value_of(header, via.before_params().as_bytes());
        for param in via.params().iter() {
            let is_ours = ["received", "rport"]
                .iter()
                .any(|name| param.name.eq_ignore_ascii_case(name));
            if !is_ours {
                self.put_param(&param);
            }
        }
        self.put_source(source, is_rport);
        let length = via.before_params().len() + via.params().as_str().len();
        let others = header.value().get(length..).unwrap_or_default();
        self.put_value_of(header, lex::trim_start(others));
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
        self.put(";received=");
        match source.ip().to_canonical() {
            // A fifth of what the formatter takes.
            IpAddr::V4(address) => {
                for (number, octet) in address.octets().into_iter().enumerate() {
                    self.put(if number == 0 { "" } else { "." });
                    self.put_number(u64::from(octet));
                }
            }
            IpAddr::V6(address) => self.put(address.to_string()),
        }
        if is_rport {
            self.put(";rport=");
            self.put_number(u64::from(source.port()));
        }
    }
}

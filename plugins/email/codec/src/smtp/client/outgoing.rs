//! What a client sends: commands with their parameters, and content.

use std::fmt::Write as _;

use bytes::{BufMut, BytesMut};

use super::Capabilities;
use crate::{
    mailbox::{Mailbox, ReversePath},
    message::Written,
    smtp::{Notify, encode_xtext},
};

/// A message for one recipient, with what is asked of its delivery.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// Where reports go.
    pub reverse_path: ReversePath,
    /// Whom it is for.
    pub recipient: Mailbox,
    /// The name that reports shall give the envelope, where reports can be asked for (ENVID).
    pub envid: Option<String>,
    /// When a report is wanted; where nothing is said, on failure.
    pub notify: Option<Notify>,
    /// Header and body.
    pub message: Written,
}

/// What a server would have to offer, or to take, and does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotCarry {
    /// SMTPUTF8.
    #[error("the next server takes no addresses or headers beyond ASCII (SMTPUTF8)")]
    Utf8,
    /// 8BITMIME; to encode the content would alter it.
    #[error("the next server takes no content beyond ASCII (8BITMIME), and it may not be encoded")]
    EightBit,
    /// SIZE.
    #[error("the next server takes at most {limit} octets")]
    Size {
        /// What it said.
        limit: usize,
    },
}

impl Delivery {
    /// A message, of which nothing special is asked.
    #[must_use]
    pub fn new(reverse_path: ReversePath, recipient: Mailbox, message: Written) -> Self {
        Self {
            reverse_path,
            recipient,
            envid: None,
            notify: None,
            message,
        }
    }

    /// Asks for reports under this name.
    #[must_use]
    pub fn with_reports(mut self, envid: &str, notify: Notify) -> Self {
        self.envid = Some(envid.to_owned());
        self.notify = Some(notify);
        self
    }

    /// Whether a server with these extensions can take the message as it is.
    ///
    /// # Errors
    /// What stands in the way.
    pub fn check(&self, server: &Capabilities) -> Result<(), CannotCarry> {
        if self.needs_smtputf8() && !server.smtputf8 {
            return Err(CannotCarry::Utf8);
        }
        if self.message.needs_8bitmime && !server.eight_bit_mime {
            return Err(CannotCarry::EightBit);
        }
        match server.max_size {
            Some(limit) if limit < self.message.octets.len() => Err(CannotCarry::Size { limit }),
            _ => Ok(()),
        }
    }

    fn needs_smtputf8(&self) -> bool {
        let reverse_path = self.reverse_path.mailbox();
        self.message.needs_smtputf8
            || self.recipient.needs_smtputf8()
            || reverse_path.is_some_and(Mailbox::needs_smtputf8)
    }

    pub(super) fn write_mail(&self, server: &Capabilities, output: &mut BytesMut) {
        let mut line = format!("MAIL FROM:{}", self.reverse_path);
        if server.size {
            write!(line, " SIZE={}", self.message.octets.len()).unwrap_or_default();
        }
        if server.eight_bit_mime && self.message.needs_8bitmime {
            line.push_str(" BODY=8BITMIME");
        }
        if server.smtputf8 && self.needs_smtputf8() {
            line.push_str(" SMTPUTF8");
        }
        if server.dsn {
            line.push_str(" RET=HDRS");
            if let Some(envid) = &self.envid {
                write!(line, " ENVID={}", encode_xtext(envid)).unwrap_or_default();
            }
        }
        put_line(output, &line);
    }

    pub(super) fn write_recipient(&self, server: &Capabilities, output: &mut BytesMut) {
        let mut line = format!("RCPT TO:<{}>", self.recipient);
        if server.dsn {
            if let Some(notify) = self.notify {
                write!(line, " NOTIFY={}", notify_words(notify)).unwrap_or_default();
            }
            if !self.recipient.needs_smtputf8() {
                let address = encode_xtext(&self.recipient.to_string());
                write!(line, " ORCPT=rfc822;{address}").unwrap_or_default();
            }
        }
        put_line(output, &line);
    }

    /// Writes the content with its dots stuffed, and the line that ends it (RFC 5321 §4.5.2).
    pub(super) fn write_content(&self, output: &mut BytesMut) {
        let mut rest = self.message.octets.as_slice();
        output.reserve(rest.len() + rest.len() / 64 + 8);
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            if line.first() == Some(&b'.') {
                output.put_u8(b'.');
            }
            output.put_slice(line);
            rest = after;
        }
        output.put_slice(b".\r\n");
    }
}

pub(super) fn put_line(output: &mut BytesMut, line: &str) {
    output.put_slice(line.as_bytes());
    output.put_slice(b"\r\n");
}

fn notify_words(notify: Notify) -> String {
    let Notify::On {
        success,
        failure,
        delay,
    } = notify
    else {
        return "NEVER".into();
    };
    let words = [(success, "SUCCESS"), (failure, "FAILURE"), (delay, "DELAY")];
    let chosen: Vec<&str> = words
        .into_iter()
        .filter_map(|(chosen, word)| chosen.then_some(word))
        .collect();
    chosen.join(",")
}

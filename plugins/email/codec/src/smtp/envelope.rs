//! Envelopes: who a message is from and for, and what was asked of its delivery (RFC 5321, 3461, 6531).

use std::fmt::Write as _;

use crate::mailbox::{ForwardPath, ReversePath};

/// What MAIL and the accepted RCPTs said.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Envelope {
    /// Where it comes from.
    pub mail_from: MailFrom,
    /// Whom it is for: the accepted ones, in their order. LMTP wants an answer for each.
    pub recipients: Vec<RcptTo>,
}

/// MAIL, with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MailFrom {
    /// Where reports go.
    pub reverse_path: ReversePath,
    /// The size that the client expects, RFC 1870.
    pub size: Option<usize>,
    /// The body's declared kind, RFC 6152.
    pub body: BodyType,
    /// Whether addresses and headers may be UTF-8, RFC 6531.
    pub smtputf8: bool,
    /// How much of the message a report of failure shall hold, RFC 3461 §4.3.
    pub ret: Option<Return>,
    /// The sender's own name for this envelope, decoded, RFC 3461 §4.4.
    pub envid: Option<String>,
}

/// RCPT, with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RcptTo {
    /// Whom it is for.
    pub forward_path: ForwardPath,
    /// When a report is wanted; where nothing is said, on failure (RFC 3461 §4.1).
    pub notify: Option<Notify>,
    /// Whom the sender meant, RFC 3461 §4.2.
    pub orcpt: Option<OriginalRecipient>,
}

/// BODY. CHUNKING without BINARYMIME leaves these two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum BodyType {
    /// 7BIT, or nothing said.
    #[default]
    SevenBit,
    /// 8BITMIME.
    EightBitMime,
}

/// RET.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Return {
    /// FULL: all of it.
    Full,
    /// HDRS: its header alone.
    Headers,
}

/// NOTIFY: never, or on one or more of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notify {
    /// Under no circumstances.
    Never,
    /// On these, at least one of them.
    On {
        /// SUCCESS.
        success: bool,
        /// FAILURE.
        failure: bool,
        /// DELAY.
        delay: bool,
    },
}

/// ORCPT: an address with the kind of address it is, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OriginalRecipient {
    /// `rfc822`.
    pub address_type: String,
    /// The address, as the sender wrote it: not necessarily a mailbox.
    pub address: String,
}

impl OriginalRecipient {
    /// An address, and what kind of address it is.
    #[must_use]
    pub fn new(address_type: String, address: String) -> Self {
        Self {
            address_type,
            address,
        }
    }
}

/// Writes a text as xtext, RFC 3461 §4.
#[must_use]
pub fn encode_xtext(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~' if byte != b'+' && byte != b'=' => output.push(char::from(byte)),
            _ => write!(output, "+{byte:02X}").unwrap_or_default(),
        }
    }
    output
}

/// Reads xtext, RFC 3461 §4; nothing if it is none, or stands for no UTF-8.
#[must_use]
pub fn decode_xtext(text: &str) -> Option<String> {
    let mut output = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => output.push(hex(bytes.next()?)? << 4 | hex(bytes.next()?)?),
            b'!'..=b'~' if byte != b'=' => output.push(byte),
            _ => return None,
        }
    }
    String::from_utf8(output).ok()
}

/// An upper-case hexadecimal digit; small letters are taken as well.
fn hex(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

//! What a server offers, as its answer to EHLO or LHLO says (RFC 5321 §4.1.1.1).

use crate::smtp::Reply;

/// The extensions of a server that this client uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Commands may be sent ahead of replies, RFC 2920.
    pub pipelining: bool,
    /// Octets that are not ASCII may stand in a message, RFC 6152.
    pub eight_bit_mime: bool,
    /// UTF-8 may stand in addresses and headers, RFC 6531.
    pub smtputf8: bool,
    /// Reports can be asked for, RFC 3461.
    pub dsn: bool,
    /// TLS can be turned on, RFC 3207.
    pub starttls: bool,
    /// PLAIN is among the ways to authenticate, RFC 4954.
    pub auth_plain: bool,
    /// Sizes can be declared, RFC 1870.
    pub size: bool,
    /// The longest message that it takes, if it says so.
    pub max_size: Option<usize>,
}

impl Capabilities {
    /// Reads a reply; its first line is a greeting. What is not known is passed by.
    pub(super) fn read(reply: &Reply) -> Self {
        let mut read = Self::default();
        for line in reply.text().skip(1) {
            let mut words = line.split_ascii_whitespace();
            let Some(keyword) = words.next() else {
                continue;
            };
            match keyword.to_ascii_uppercase().as_str() {
                "PIPELINING" => read.pipelining = true,
                "8BITMIME" => read.eight_bit_mime = true,
                "SMTPUTF8" => read.smtputf8 = true,
                "DSN" => read.dsn = true,
                "STARTTLS" => read.starttls = true,
                "AUTH" => read.auth_plain |= words.any(|way| way.eq_ignore_ascii_case("PLAIN")),
                "SIZE" => {
                    read.size = true;
                    // Zero means that there is no limit, RFC 1870 §3.
                    let octets = words.next().and_then(|octets| octets.parse().ok());
                    read.max_size = octets.filter(|octets| *octets > 0);
                }
                _ => {}
            }
        }
        read
    }
}

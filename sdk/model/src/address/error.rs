//! Why a text is no address.

use thiserror::Error;

/// Why a text is no address; each says where or what.
///
/// `at` counts bytes from the beginning of the mailbox, percent-encoding taken off, or of the header.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It does not begin with the scheme and a colon.
    #[error("the address does not begin with `{expected}:`")]
    Scheme {
        /// The scheme that belongs there.
        expected: &'static str,
    },
    /// It names nobody.
    #[error("the address has no mailbox")]
    NoMailbox,
    /// It names several mailboxes where one is needed.
    #[error("the address names {count} mailboxes where one is needed")]
    SeveralMailboxes {
        /// How many.
        count: usize,
    },
    /// A mailbox has no `@`.
    #[error("the mailbox has no `@` and so no domain")]
    NoDomain,
    /// There is nothing before the `@`.
    #[error("the mailbox has nothing before the `@`")]
    NoLocalPart,
    /// It is longer than any real one.
    #[error("the address has {len} bytes, at most {max} are taken")]
    TooLong {
        /// Its length in bytes.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// It has more parts than are taken.
    #[error("the address has more than {max} {what}")]
    TooMany {
        /// Of what: mailboxes or headers.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// A header after the `?` is not `name=value`.
    #[error("header {number} of the address has no `=`")]
    Header {
        /// Which, counted from 1.
        number: usize,
    },
    /// A dot stands first, last or beside another in a local part without quotation marks.
    #[error("the dot at byte {at} of the local part has no text on one side")]
    Dot {
        /// Its offset.
        at: usize,
    },
    /// A `%` is not followed by two hexadecimal digits.
    #[error("the percent sign at byte {at} is not followed by two hexadecimal digits")]
    Percent {
        /// Its offset.
        at: usize,
    },
    /// Percent-encoded bytes are not UTF-8.
    #[error("the percent-encoded text is not UTF-8")]
    Encoding,
    /// A character may not stand there, even encoded.
    #[error("the character {character:?} at byte {at} may not stand there")]
    Character {
        /// Which.
        character: char,
        /// Its offset.
        at: usize,
    },
    /// A quoted local part does not end where it should.
    #[error("the quoted local part does not end with a quotation mark")]
    Quote,
    /// The domain is an IP address; only domain names are permitted.
    #[error("the domain is an IP address; a fully qualified domain name is needed")]
    IpAddress,
    /// The domain has one label only.
    #[error("the domain `{domain}` is not fully qualified")]
    NotFullyQualified {
        /// As it was written.
        domain: String,
    },
    /// The domain breaks a rule of the DNS or of IDNA.
    #[error("`{domain}` is not a domain name")]
    Domain {
        /// As it was written.
        domain: String,
    },
    /// The name of a protocol in a source route is none.
    #[error("the name of the protocol is not lower-case letters, digits and `-`")]
    Protocol,
}

//! Email without sockets: SMTP and LMTP sessions, messages, reports, mailboxes.
//!
//! | part | what it does | specification |
//! |---|---|---|
//! | [`smtp::Session`] | the server's side of a session: bytes in, events and replies out | RFC 5321, 2033, 3030, 3207, 3461, 6531 |
//! | [`smtp::Client`] | the client's side: a message out, what the server made of it back | RFC 5321, 2033, 2920, 3207, 3461, 4954 |
//! | [`smtp::Reply`], [`smtp::EnhancedStatus`] | what servers answer, and what it means to a sender | RFC 5321 §4.2, RFC 2034, RFC 3463 |
//! | [`Mailbox`], [`Host`], [`LocalPart`] | addresses, in their one form | RFC 5321 §4.1.2, RFC 5890, RFC 6531 |
//! | [`message::Mail`] | reads a message: header, entity, text to show, attachments | RFC 5322, 2045 to 2047, 1847, 3676 |
//! | [`message::CutRule`] | cuts quotes and signatures from a text | – |
//! | [`message::NewMail`] | writes a message, from text or around an entity | RFC 5322, 3834 |
//! | [`report::Report`], [`report::NewDeliveryReport`] | reads and writes what became of a message | RFC 3464, 6522, 6533, 8098 |
//!
//! Nothing here waits, opens or reads a clock: the caller moves the bytes. All input is hostile;
//! what is kept of it is bounded by [`limits`], and an error names the place and never the content.

#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::indexing_slicing)]

pub mod limits;
mod mailbox;
pub mod message;
pub mod report;
pub mod smtp;

pub use mailbox::{Domain, ForwardPath, Host, LocalPart, Mailbox, MailboxError, ReversePath};

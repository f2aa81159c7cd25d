//! What is taken from the other side at most. Every buffer and count here has one of these as its bound.

/// Octets of a command line with its CRLF; RFC 5321 §4.5.3.1.4 asks for 512 and room for parameters.
pub const MAX_COMMAND_LINE: usize = 2048;

/// Octets of a reply line, and lines of a reply, that are read.
pub const MAX_REPLY_LINE: usize = 2048;
/// Lines of one reply that are read.
pub const MAX_REPLY_LINES: usize = 100;

/// Octets of a line of a message; RFC 5321 §4.5.3.1.6 asks for 1000, and much mail is worse.
pub const MAX_TEXT_LINE: usize = 65_536;

/// Octets that are read and thrown away after a message was too large, before the session ends.
pub const MAX_DISCARDED: usize = 16 * 1024 * 1024;

/// Octets of a message, unless the session is given another bound.
pub const DEFAULT_MAX_MESSAGE: usize = 50 * 1024 * 1024;

/// Recipients of one message, unless the session is given another bound; RFC 5321 §4.5.3.1.8 asks for 100.
pub const DEFAULT_MAX_RECIPIENTS: usize = 1000;

/// Refused commands in a session before it ends.
pub const MAX_ERRORS: usize = 20;

/// Commands without a message between them (NOOP, RSET, EHLO, VRFY) before the session ends.
pub const MAX_IDLE_COMMANDS: usize = 100;

/// Octets of a domain in its ASCII form, RFC 5321 §4.5.3.1.2.
pub const MAX_DOMAIN: usize = 255;
/// Octets of a mailbox: a local part of RFC 5321 §4.5.3.1.1 and a domain. Longer local parts live off what the domain leaves.
pub const MAX_MAILBOX: usize = 320;

/// Octets of a message that is parsed, whoever it came from.
pub const MAX_MESSAGE: usize = 128 * 1024 * 1024;

/// Runs of dashes in a message that is parsed: no more parts than that can be found in it.
pub const MAX_DASHES: usize = 100_000;
/// Content-Type fields in a message that is parsed, as far as text can tell: what bounds how deep it nests.
pub const MAX_CONTENT_TYPES: usize = 10_000;
/// Lines with a colon in a message that is parsed: no more header fields than that can be found in it.
pub const MAX_FIELD_LINES: usize = 300_000;
/// Octets of a message times its multiparts: what a search for boundaries that never come can cost.
pub const MAX_BOUNDARY_SEARCH: usize = 2 * 1024 * 1024 * 1024;

/// Message identifiers that are read from a header field: the first ones of a thread, and the latest.
pub const MAX_REFERENCES: usize = 100;
/// Octets of a message identifier.
pub const MAX_MESSAGE_ID: usize = 900;
/// Mailboxes that are read from a header field.
pub const MAX_ADDRESSES: usize = 1000;

/// Octets of text that a chat is shown; the rest stays in the message, and is said to.
pub const MAX_TEXT: usize = 1024 * 1024;

/// Recipients that are read from a delivery report.
pub const MAX_REPORT_RECIPIENTS: usize = 1000;
/// Octets in which the fields of a report, and the header of what it returns, are looked for.
pub const MAX_REPORT: usize = 1024 * 1024;
/// Octets in which a bounce that follows no format is searched for what it says.
pub const MAX_BOUNCE_TEXT: usize = 64 * 1024;

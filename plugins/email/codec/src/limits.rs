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

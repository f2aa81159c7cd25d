//! What the session itself answers: every code and status that it gives, in one place.

use super::Protocol;
use crate::smtp::{
    Reply,
    status::{
        EnhancedStatus,
        StatusClass::{self, Permanent, PersistentTransient, Success},
    },
};

pub(in crate::smtp) fn unknown_command() -> Reply {
    make(500, Permanent, 5, 1, "command not recognised")
}

pub(in crate::smtp) fn syntax(text: &str) -> Reply {
    make(501, Permanent, 5, 2, text)
}

pub(in crate::smtp) fn not_implemented() -> Reply {
    make(502, Permanent, 5, 1, "command not implemented")
}

pub(in crate::smtp) fn bad_parameter(name: &str) -> Reply {
    make(
        501,
        Permanent,
        5,
        4,
        &format!("the value of {name} is not valid"),
    )
}

pub(in crate::smtp) fn unknown_parameter() -> Reply {
    make(
        555,
        Permanent,
        5,
        4,
        "a parameter is not recognised, or was not offered",
    )
}

pub(in crate::smtp) fn bad_mailbox(text: &str) -> Reply {
    make(501, Permanent, 1, 3, text)
}

pub(in crate::smtp) fn needs_smtputf8() -> Reply {
    make(
        553,
        Permanent,
        6,
        7,
        "a mailbox beyond ASCII needs SMTPUTF8",
    )
}

pub(super) fn ok() -> Reply {
    make(250, Success, 0, 0, "ok")
}

pub(super) fn chunk(octets: usize) -> Reply {
    make(250, Success, 0, 0, &format!("{octets} octets received"))
}

pub(super) fn start_tls() -> Reply {
    make(220, Success, 0, 0, "go ahead")
}

pub(super) fn goodbye() -> Reply {
    make(221, Success, 0, 0, "goodbye")
}

pub(super) fn cannot_verify() -> Reply {
    make(
        252,
        Success,
        5,
        0,
        "send some mail, and its delivery will tell",
    )
}

pub(super) fn help() -> Reply {
    make(214, Success, 0, 0, "RFC 5321 and RFC 2033 say it all")
}

pub(super) fn send_data() -> Reply {
    make(354, None, 0, 0, "end with a line that holds a dot alone")
}

pub(super) fn out_of_order(text: &str) -> Reply {
    make(503, Permanent, 5, 1, text)
}

/// RFC 2033 §4.2 wants 503 where RFC 5321 §3.3 leaves the choice; pipelining clients know 554 (RFC 2920 §3.1).
pub(super) fn no_recipient(protocol: Protocol) -> Reply {
    let code = match protocol {
        Protocol::Smtp => 554,
        Protocol::Lmtp => 503,
    };
    make(code, Permanent, 5, 1, "no recipient was accepted")
}

pub(super) fn needs_tls() -> Reply {
    make(530, Permanent, 7, 0, "say STARTTLS first")
}

pub(super) fn too_large(limit: usize) -> Reply {
    make(
        552,
        Permanent,
        3,
        4,
        &format!("a message has at most {limit} octets here"),
    )
}

pub(super) fn line_too_long() -> Reply {
    make(
        554,
        Permanent,
        6,
        0,
        "the message has a line that is too long",
    )
}

pub(super) fn too_many_recipients() -> Reply {
    make(
        452,
        PersistentTransient,
        5,
        3,
        "too many recipients for one message",
    )
}

pub(super) fn command_too_long() -> Reply {
    make(500, Permanent, 5, 2, "the command line is too long")
}

pub(super) fn bare_line_end() -> Reply {
    make(
        521,
        Permanent,
        5,
        2,
        "CR and LF stand together or not at all, and NUL nowhere",
    )
}

pub(super) fn too_many_errors() -> Reply {
    make(421, PersistentTransient, 7, 0, "too many errors")
}

pub(super) fn too_many_idle_commands() -> Reply {
    make(
        421,
        PersistentTransient,
        7,
        0,
        "too many commands without a message",
    )
}

/// A reply whose parts are constants that agree; the greeting's and 354 have no status (RFC 2034 §3).
fn make(
    code: u16,
    class: impl Into<Option<StatusClass>>,
    subject: u16,
    detail: u16,
    text: &str,
) -> Reply {
    let status = class
        .into()
        .map(|class| EnhancedStatus::new(class, subject, detail));
    Reply::new(code, status, text).expect("code and class are constants above that agree")
}

//! What the session itself answers: every code and status that it gives, in one place.

use super::Protocol;
use crate::{
    smtp::{Reply, ReplyCode},
    smtp_reply,
};

pub(in crate::smtp) fn unknown_command() -> Reply {
    smtp_reply!(500, 5, 1, "command not recognised")
}

pub(in crate::smtp) fn syntax(text: &str) -> Reply {
    smtp_reply!(501, 5, 2, text)
}

pub(in crate::smtp) fn not_implemented() -> Reply {
    smtp_reply!(502, 5, 1, "command not implemented")
}

pub(in crate::smtp) fn bad_parameter(name: &str) -> Reply {
    smtp_reply!(501, 5, 4, &format!("the value of {name} is not valid"),)
}

pub(in crate::smtp) fn unknown_parameter() -> Reply {
    smtp_reply!(
        555,
        5,
        4,
        "a parameter is not recognised, or was not offered",
    )
}

pub(in crate::smtp) fn bad_mailbox(text: &str) -> Reply {
    smtp_reply!(501, 1, 3, text)
}

pub(in crate::smtp) fn needs_smtputf8() -> Reply {
    smtp_reply!(553, 6, 7, "a mailbox beyond ASCII needs SMTPUTF8",)
}

pub(super) fn ok() -> Reply {
    smtp_reply!(250, 0, 0, "ok")
}

pub(super) fn chunk(octets: usize) -> Reply {
    smtp_reply!(250, 0, 0, &format!("{octets} octets received"))
}

pub(super) fn start_tls() -> Reply {
    smtp_reply!(220, 0, 0, "go ahead")
}

pub(super) fn goodbye() -> Reply {
    smtp_reply!(221, 0, 0, "goodbye")
}

pub(super) fn cannot_verify() -> Reply {
    smtp_reply!(252, 5, 0, "send some mail, and its delivery will tell",)
}

pub(super) fn help() -> Reply {
    smtp_reply!(214, 0, 0, "RFC 5321 and RFC 2033 say it all")
}

pub(super) fn send_data() -> Reply {
    let code = const { ReplyCode::without_status(354) };
    Reply::with(code, "end with a line that holds a dot alone")
}

pub(super) fn out_of_order(text: &str) -> Reply {
    smtp_reply!(503, 5, 1, text)
}

/// RFC 2033 §4.2 wants 503 where RFC 5321 §3.3 leaves the choice; pipelining clients know 554 (RFC 2920 §3.1).
pub(super) fn no_recipient(protocol: Protocol) -> Reply {
    let text = "no recipient was accepted";
    match protocol {
        Protocol::Smtp => smtp_reply!(554, 5, 1, text),
        Protocol::Lmtp => smtp_reply!(503, 5, 1, text),
    }
}

pub(super) fn needs_tls() -> Reply {
    smtp_reply!(530, 7, 0, "say STARTTLS first")
}

pub(super) fn too_large(limit: usize) -> Reply {
    smtp_reply!(
        552,
        3,
        4,
        &format!("a message has at most {limit} octets here"),
    )
}

pub(super) fn line_too_long() -> Reply {
    smtp_reply!(554, 6, 0, "the message has a line that is too long",)
}

pub(super) fn too_many_recipients() -> Reply {
    smtp_reply!(452, 5, 3, "too many recipients for one message",)
}

pub(super) fn command_too_long() -> Reply {
    smtp_reply!(500, 5, 2, "the command line is too long")
}

pub(super) fn bare_line_end() -> Reply {
    smtp_reply!(
        521,
        5,
        2,
        "CR and LF stand together or not at all, and NUL nowhere",
    )
}

pub(super) fn too_many_errors() -> Reply {
    smtp_reply!(421, 7, 0, "too many errors")
}

pub(super) fn too_many_idle_commands() -> Reply {
    smtp_reply!(421, 7, 0, "too many commands without a message",)
}

//! Commands, from whole lines. `smtp-proto` reads verbs and parameters; paths are read here.
//!
//! Its reader of addresses drops quotes, knows no address literals, and gives `<>` and `<Postmaster>` the same
//! empty text.

use smtp_proto::{
    MAIL_BODY_7BIT, MAIL_BODY_8BITMIME, MAIL_RET_FULL, MAIL_RET_HDRS, MAIL_SMTPUTF8,
    RCPT_NOTIFY_DELAY, RCPT_NOTIFY_FAILURE, RCPT_NOTIFY_NEVER, RCPT_NOTIFY_SUCCESS, Request,
    request::parser::Rfc5321Parser,
};

use super::{
    envelope::{BodyType, MailFrom, Notify, OriginalRecipient, RcptTo, Return},
    reply::Reply,
    session::reply,
};
use crate::mailbox::{ForwardPath, MailboxError, ReversePath, split_path};

/// A command that this server knows.
#[derive(Debug, PartialEq)]
pub(super) enum Command {
    Helo { client: String },
    Ehlo { client: String },
    Lhlo { client: String },
    Mail(MailFrom),
    Rcpt(RcptTo),
    Data,
    Bdat { size: usize, last: bool },
    StartTls,
    Reset,
    Noop,
    Quit,
    Verify,
    Help,
}

impl Command {
    /// Reads a line, its CRLF included.
    ///
    /// # Errors
    /// The reply that says what is wrong.
    pub(super) fn parse(line: &[u8]) -> Result<Self, Reply> {
        if let Some(rest) = after_verb(line, "MAIL FROM:") {
            return parse_mail(rest).map(Self::Mail);
        }
        if let Some(rest) = after_verb(line, "RCPT TO:") {
            return parse_rcpt(rest).map(Self::Rcpt);
        }
        match Request::parse(&mut line.iter()).map_err(|error| refusal(&error))? {
            Request::Helo { host } => Ok(Self::Helo {
                client: host.into_owned(),
            }),
            Request::Ehlo { host } => Ok(Self::Ehlo {
                client: host.into_owned(),
            }),
            Request::Lhlo { host } => Ok(Self::Lhlo {
                client: host.into_owned(),
            }),
            Request::Data => Ok(Self::Data),
            Request::Bdat {
                chunk_size,
                is_last,
            } => Ok(Self::Bdat {
                size: chunk_size,
                last: is_last,
            }),
            Request::StartTls => Ok(Self::StartTls),
            Request::Rset => Ok(Self::Reset),
            Request::Noop { .. } => Ok(Self::Noop),
            Request::Quit => Ok(Self::Quit),
            Request::Vrfy { .. } => Ok(Self::Verify),
            Request::Help { .. } => Ok(Self::Help),
            // In a form that `after_verb` did not take: "MAIL  FROM", "RCPT TO :".
            Request::Mail { .. } => Err(reply::syntax("say MAIL FROM:<reverse-path>")),
            Request::Rcpt { .. } => Err(reply::syntax("say RCPT TO:<forward-path>")),
            Request::Auth { .. }
            | Request::Expn { .. }
            | Request::Etrn { .. }
            | Request::Atrn { .. }
            | Request::Burl { .. } => Err(reply::not_implemented()),
        }
    }
}

/// What follows a verb, whatever its case; clients that put a space there are understood.
fn after_verb<'a>(line: &'a [u8], verb: &str) -> Option<&'a [u8]> {
    let (head, rest) = line.split_at_checked(verb.len())?;
    head.eq_ignore_ascii_case(verb.as_bytes())
        .then(|| rest.trim_ascii_start())
}

fn parse_mail(rest: &[u8]) -> Result<MailFrom, Reply> {
    let (path, parameters) = path_and_parameters(rest)?;
    let reverse_path = ReversePath::parse(path).map_err(bad_path)?;
    let parsed = Rfc5321Parser::new(&mut parameters.as_bytes().iter())
        .mail_from_parameters("".into())
        .map_err(|error| refusal(&error))?;
    let known = MAIL_BODY_7BIT | MAIL_BODY_8BITMIME | MAIL_RET_FULL | MAIL_RET_HDRS | MAIL_SMTPUTF8;
    let others = parsed.by != 0
        || parsed.hold_for != 0
        || parsed.hold_until != 0
        || parsed.mt_priority != 0
        || [&parsed.trans_id, &parsed.solicit, &parsed.auth]
            .iter()
            .any(|value| value.is_some())
        || parsed.mtrk.is_some();
    if parsed.flags & !known != 0 || others {
        return Err(reply::unknown_parameter());
    }
    let smtputf8 = parsed.flags & MAIL_SMTPUTF8 != 0;
    if !smtputf8
        && reverse_path
            .mailbox()
            .is_some_and(|mailbox| mailbox.needs_smtputf8())
    {
        return Err(reply::needs_smtputf8());
    }
    let envid = parsed.env_id.map(std::borrow::Cow::into_owned);
    if envid.as_deref().is_some_and(|envid| !is_printable(envid)) {
        return Err(reply::bad_parameter("ENVID"));
    }
    Ok(MailFrom {
        reverse_path,
        size: (parsed.size != 0).then_some(parsed.size),
        body: match parsed.flags & MAIL_BODY_8BITMIME {
            0 => BodyType::SevenBit,
            _ => BodyType::EightBitMime,
        },
        smtputf8,
        ret: return_of(parsed.flags),
        envid,
    })
}

fn parse_rcpt(rest: &[u8]) -> Result<RcptTo, Reply> {
    let (path, parameters) = path_and_parameters(rest)?;
    let forward_path = ForwardPath::parse(path).map_err(bad_path)?;
    let parsed = Rfc5321Parser::new(&mut parameters.as_bytes().iter())
        .rcpt_to_parameters("".into())
        .map_err(|error| refusal(&error))?;
    let notify = notify_of(parsed.flags)?;
    let known = RCPT_NOTIFY_NEVER | RCPT_NOTIFY_SUCCESS | RCPT_NOTIFY_FAILURE | RCPT_NOTIFY_DELAY;
    if parsed.flags & !known != 0 || parsed.rrvs != 0 {
        return Err(reply::unknown_parameter());
    }
    let orcpt = match parsed.orcpt {
        Some(address) if is_printable(&address) => Some(OriginalRecipient {
            address_type: "rfc822".into(),
            address: address.into_owned(),
        }),
        Some(_) => return Err(reply::bad_parameter("ORCPT")),
        None => None,
    };
    Ok(RcptTo {
        forward_path,
        notify,
        orcpt,
    })
}

/// `<path>`, then the line's end or a space and parameters.
fn path_and_parameters(rest: &[u8]) -> Result<(&str, &str), Reply> {
    let rest = std::str::from_utf8(rest).map_err(|_| reply::syntax("addresses are UTF-8"))?;
    let (path, parameters) = split_path(rest).ok_or_else(|| bad_path(MailboxError::Path))?;
    match parameters.as_bytes().first() {
        Some(b' ' | b'\r') => Ok((path, parameters)),
        _ => Err(reply::syntax(
            "a space goes between the path and its parameters",
        )),
    }
}

fn return_of(flags: u64) -> Option<Return> {
    if flags & MAIL_RET_FULL != 0 {
        Some(Return::Full)
    } else {
        (flags & MAIL_RET_HDRS != 0).then_some(Return::Headers)
    }
}

/// NEVER stands alone, RFC 3461 §4.1.
fn notify_of(flags: u64) -> Result<Option<Notify>, Reply> {
    let success = flags & RCPT_NOTIFY_SUCCESS != 0;
    let failure = flags & RCPT_NOTIFY_FAILURE != 0;
    let delay = flags & RCPT_NOTIFY_DELAY != 0;
    match (flags & RCPT_NOTIFY_NEVER != 0, success || failure || delay) {
        (true, true) => Err(reply::bad_parameter("NOTIFY")),
        (true, false) => Ok(Some(Notify::Never)),
        (false, true) => Ok(Some(Notify::On {
            success,
            failure,
            delay,
        })),
        (false, false) => Ok(None),
    }
}

/// ENVID and ORCPT stand in reports, as printable ASCII (RFC 3461 §4.2, §4.4).
fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn bad_path(error: MailboxError) -> Reply {
    reply::bad_mailbox(&error.to_string())
}

fn refusal(error: &smtp_proto::Error) -> Reply {
    use smtp_proto::Error;
    match error {
        Error::UnknownCommand => reply::unknown_command(),
        Error::InvalidParameter { param } => reply::bad_parameter(param),
        Error::UnsupportedParameter { .. } => reply::unknown_parameter(),
        Error::SyntaxError { syntax } => reply::syntax(syntax),
        _ => reply::syntax("this is no command"),
    }
}

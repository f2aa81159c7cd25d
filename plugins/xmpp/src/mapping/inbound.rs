//! A `<message/>` to a message operation (RFC 7572 §4, RFC 3922 §4.1).

use rialto_sdk::model::{
    Authentication, ByteString, ContentHeader, DispositionOperation, Failure, FailureReason,
    Header, InstantInbox, InstantMessage, MaxForwards, MessageHeaders, MessageOperation,
    TransactionId,
};
use rialto_xmpp_codec::{Condition, Hint, Jid, LangText, Message, MessageType, StanzaError};

use super::address::{destination_inbox, source_inbox};
use super::content::{is_language, one_line, unsupported};
use super::reference::Reference;
use super::report::{is_report, reports};
use super::requests::with_requests;
use super::{delay, nick, typing};

/// What a `<message/>` is to the gateway.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// An instant message.
    Instant(MessageOperation),
    /// That somebody is typing, or is not: never answered.
    Typing(MessageOperation),
    /// What became of messages, as far as they can be this gateway's: never answered.
    Reports(Vec<DispositionOperation>),
    /// The message with this id was not taken.
    Error { id: ByteString, error: StanzaError },
    /// Must be answered with this failure.
    Refused(Failure),
    /// Says nothing that the gateway carries, as an error without id.
    Silent,
}

/// Says what to do with a message; what becomes an operation gets an `id` each.
pub(crate) fn classify(message: &Message, id: impl Fn() -> TransactionId) -> Incoming {
    match message.type_ {
        MessageType::Error => error(message),
        MessageType::Groupchat => groupchat(message),
        _ => match body(message) {
            None if is_report(message) => Incoming::Reports(reports(message, id)),
            _ if is_sealed(message) => Incoming::Refused(unsupported(
                "xmpp: what is encrypted or signed in an extension is not carried",
            )),
            Some(body) => {
                operation(message, body, id()).map_or_else(Incoming::Refused, Incoming::Instant)
            }
            None => without_text(message, id),
        },
    }
}

/// One that says nothing of its cause is an error all the same.
fn error(message: &Message) -> Incoming {
    let Some(id) = message.id.clone() else {
        return Incoming::Silent;
    };
    let error = message.error.clone();
    Incoming::Error {
        id,
        error: error.unwrap_or_else(|| Condition::UndefinedCondition.into()),
    }
}

/// Receipts and chat states of a room are answered as little as those of users.
fn groupchat(message: &Message) -> Incoming {
    if body(message).is_none() {
        return Incoming::Silent;
    }
    let failure = Failure::new(FailureReason::UnsupportedService);
    Incoming::Refused(failure.with_detail("xmpp: groupchat is not carried"))
}

fn without_text(message: &Message, id: impl Fn() -> TransactionId) -> Incoming {
    let typing = typing::composing(message).and_then(|instant| {
        let parties = Parties::of(message).ok()?;
        let operation = operation_with(message, id(), parties, with_thread(instant, message));
        Some(operation.into_ephemeral())
    });
    typing.map_or(Incoming::Silent, Incoming::Typing)
}

/// Whether the content is in an extension, where only the receiver can read or verify it.
///
/// A body beside it is no more than an excuse for clients that cannot; to deliver that would be no success.
fn is_sealed(message: &Message) -> bool {
    let mut extensions = message.other.iter();
    extensions.any(|child| SEALS.contains(&child.namespace()))
}

const SEALS: [&str; 8] = [
    // RFC 3923.
    "urn:ietf:params:xml:ns:xmpp-e2e",
    // XEP-0380 names whatever method there is.
    "urn:xmpp:eme:0",
    // XEP-0373.
    "urn:xmpp:openpgp:0",
    // XEP-0384, as it is in use, and its later versions.
    "eu.siacs.conversations.axolotl",
    "urn:xmpp:omemo:1",
    "urn:xmpp:omemo:2",
    // XEP-0027.
    "jabber:x:encrypted",
    "jabber:x:signed",
];

fn operation(
    message: &Message,
    body: &LangText,
    id: TransactionId,
) -> Result<MessageOperation, Failure> {
    let parties = Parties::of(message)?;
    let instant = instant(message, body, id, &parties.source);
    let operation = operation_with(message, id, parties, instant);
    let reference = Reference::of(message).ok_or_else(|| {
        Failure::new(FailureReason::TooLarge)
            .with_detail("xmpp: the addresses and the id are too long to be kept")
    })?;
    let operation = operation.with_reference(reference);
    let operation = match identity(message) {
        Some(identity) => operation.with_identity(identity),
        None => operation,
    };
    Ok(if is_for_now(message) {
        operation.into_ephemeral()
    } else {
        operation
    })
}

/// The sender's account, and the origin id that its client gave (XEP-0359 §3.2).
///
/// The one name that is the same when a client sends again what it does not know to have arrived, be it under another resource. The
/// stanza's `id` need be unique within one stream only (RFC 6120 §8.1.3): a client that counts from 1 each time would lose messages
/// by it. And a server's `stanza-id` names one passage, so that what is sent again has another.
fn identity(message: &Message) -> Option<String> {
    const SPACE: &str = " "; // in no address
    let origin_id = message.origin_id.as_deref()?;
    let from = message.from.as_deref()?;
    let account = from.split_once('/').map_or(from, |(account, _)| account);
    let identity = [account, SPACE, origin_id].concat();
    (identity.len() <= MessageOperation::MAX_KEPT).then_some(identity)
}

/// Whether the sender wants it stored nowhere, not even on its way (XEP-0334 §4.2).
fn is_for_now(message: &Message) -> bool {
    let mut hints = message.payloads::<Hint>().flatten();
    hints.any(|hint| hint == Hint::NoStore)
}

/// Who writes to whom: devices, and the inboxes that they are of.
struct Parties {
    from: Jid,
    to: Jid,
    source: InstantInbox,
    destination: InstantInbox,
}

impl Parties {
    fn of(message: &Message) -> Result<Self, Failure> {
        let from = jid(message.from.as_ref(), FailureReason::InvalidSource)?;
        let to = jid(message.to.as_ref(), FailureReason::InvalidDestination)?;
        Ok(Self {
            source: source_inbox(&from)?,
            destination: destination_inbox(&to)?,
            from,
            to,
        })
    }
}

fn operation_with(
    message: &Message,
    id: TransactionId,
    parties: Parties,
    instant: InstantMessage,
) -> MessageOperation {
    // The server has stamped `from`, or checked it against the server that did (RFC 6120 §8.1.2.1, §8.1.2.2).
    let mut operation = MessageOperation::new(id, parties.source, parties.destination, instant)
        .with_authentication(Authentication::Network);
    if let Some(hops) = message.max_forwards {
        operation = operation.with_max_forwards(MaxForwards::new(hops));
    }
    if let Some(resource) = parties.from.resource() {
        operation = operation.with_source_instance(resource);
    }
    if let Some(resource) = parties.to.resource() {
        operation = operation.with_destination_instance(resource);
    }
    operation
}

fn instant(
    message: &Message,
    body: &LangText,
    id: TransactionId,
    source: &InstantInbox,
) -> InstantMessage {
    let mut instant = with_thread(InstantMessage::text(body.text.clone()), message);
    if !message.subjects.is_empty() || !message.other.is_empty() {
        instant = instant.with_headers(headers(message, id, source));
    }
    let lang = body.lang.as_ref().or(message.lang.as_ref());
    if let Some(lang) = lang.filter(|lang| is_language(lang)) {
        let header = ContentHeader::new(CONTENT_LANGUAGE, lang.clone());
        instant = instant.with_content_headers(vec![header]);
    }
    instant
}

const CONTENT_LANGUAGE: &str = "Content-Language";

fn with_thread(instant: InstantMessage, message: &Message) -> InstantMessage {
    let thread = message.thread.as_ref().map(|thread| &thread.id);
    match thread.filter(|id| !id.is_empty() && !id.contains(char::is_control)) {
        Some(id) => instant.with_thread(id.clone()),
        None => instant,
    }
}

fn headers(message: &Message, id: TransactionId, source: &InstantInbox) -> MessageHeaders {
    let from = nick::from(message, source).into_iter();
    let subjects = message.subjects.iter().filter_map(subject);
    let headers = from.chain(subjects).chain(delay::date_time(message));
    with_requests(headers.collect(), message, id)
}

/// The body in the message's own language, or else the first (RFC 6121 §5.2.3); an empty one is
/// none.
fn body(message: &Message) -> Option<&LangText> {
    let mut bodies = message.bodies.iter().filter(|body| !body.text.is_empty());
    let first = bodies.clone().next();
    bodies
        .find(|body| body.lang.is_none() || body.lang == message.lang)
        .or(first)
}

/// A subject becomes a header: one line.
fn subject(subject: &LangText) -> Option<Header> {
    if subject.text.is_empty() {
        return None;
    }
    let header = Header::new(SUBJECT, one_line(&subject.text));
    Some(
        match subject.lang.as_ref().filter(|lang| is_language(lang)) {
            Some(lang) => header.with_language(lang.clone()),
            None => header,
        },
    )
}

const SUBJECT: &str = "Subject";

fn jid(text: Option<&ByteString>, invalid: FailureReason) -> Result<Jid, Failure> {
    let text =
        text.ok_or_else(|| Failure::new(invalid).with_detail("xmpp: an address is missing"))?;
    Jid::parse(text).map_err(|error| Failure::new(invalid).with_detail(format!("xmpp: {error}")))
}

#[cfg(test)]
mod tests;

//! A `<message/>` to a message operation (RFC 7572 §4, RFC 3922 §4.1).

use rialto_sdk::model::{
    Authentication, ByteString, ContentHeader, Failure, FailureReason, Header, InstantMessage,
    MaxForwards, MessageOperation, TransactionId,
};
use rialto_xmpp_codec::{Condition, Jid, LangText, Message, MessageType, StanzaError};

use super::address::{destination_inbox, source_inbox};
use super::content::{is_language, unsupported};

/// What a `<message/>` is to the gateway.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// An instant message.
    Instant(MessageOperation),
    /// The report that the message with this id was not taken.
    Report { id: ByteString, error: StanzaError },
    /// Must be answered with this failure.
    Refused(Failure),
    /// Says nothing that the gateway carries: a chat state, a receipt, an error without id.
    Silent,
}

/// Says what to do with a message, under `id` if it is an instant message.
pub(crate) fn classify(message: &Message, id: impl FnOnce() -> TransactionId) -> Incoming {
    match message.type_ {
        MessageType::Error => match &message.id {
            // One that says nothing of its cause is an error all the same.
            Some(id) => Incoming::Report {
                id: id.clone(),
                error: message
                    .error
                    .clone()
                    .unwrap_or_else(|| Condition::UndefinedCondition.into()),
            },
            None => Incoming::Silent,
        },
        MessageType::Groupchat => {
            let failure = Failure::new(FailureReason::UnsupportedService);
            Incoming::Refused(failure.with_detail("xmpp: groupchat is not carried"))
        }
        _ if is_sealed(message) => Incoming::Refused(unsupported(
            "xmpp: what is encrypted or signed in an extension is not carried",
        )),
        _ => match body(message) {
            Some(body) => {
                operation(message, body, id).map_or_else(Incoming::Refused, Incoming::Instant)
            }
            None => Incoming::Silent,
        },
    }
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
    id: impl FnOnce() -> TransactionId,
) -> Result<MessageOperation, Failure> {
    let from = jid(message.from.as_ref(), FailureReason::InvalidSource)?;
    let to = jid(message.to.as_ref(), FailureReason::InvalidDestination)?;
    let (source, destination) = (source_inbox(&from)?, destination_inbox(&to)?);
    // The server has stamped `from`, or checked it against the server that did (RFC 6120 §8.1.2.1, §8.1.2.2).
    let mut operation = MessageOperation::new(id(), source, destination, instant(message, body))
        .with_authentication(Authentication::Network);
    if let Some(hops) = message.max_forwards {
        operation = operation.with_max_forwards(MaxForwards::new(hops));
    }
    if let Some(resource) = from.resource() {
        operation = operation.with_source_instance(resource);
    }
    if let Some(resource) = to.resource() {
        operation = operation.with_destination_instance(resource);
    }
    Ok(operation)
}

fn instant(message: &Message, body: &LangText) -> InstantMessage {
    let mut instant = InstantMessage::text(body.text.clone());
    if message
        .subjects
        .iter()
        .any(|subject| !subject.text.is_empty())
    {
        instant = instant.with_headers(message.subjects.iter().filter_map(subject).collect());
    }
    let thread = message.thread.as_ref().map(|thread| &thread.id);
    if let Some(id) = thread.filter(|id| !id.is_empty() && !id.contains(char::is_control)) {
        instant = instant.with_thread(id.clone());
    }
    let lang = body.lang.as_ref().or(message.lang.as_ref());
    if let Some(lang) = lang.filter(|lang| is_language(lang)) {
        let header = ContentHeader::new(CONTENT_LANGUAGE, lang.clone());
        instant = instant.with_content_headers(vec![header]);
    }
    instant
}

const CONTENT_LANGUAGE: &str = "Content-Language";

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
    let value = if subject.text.contains(char::is_control) {
        subject.text.replace(char::is_control, " ").into()
    } else {
        subject.text.clone()
    };
    let header = Header::new(SUBJECT, value);
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
mod tests {
    use rialto_xmpp_codec::Thread;

    use super::*;

    fn id() -> TransactionId {
        TransactionId::parse(b"t1").unwrap()
    }

    fn chat() -> Message {
        Message {
            from: Some("juliet@example.com/balcony".into()),
            to: Some("romeo@sip.example.net/orchard".into()),
            type_: MessageType::Chat,
            bodies: vec![LangText::new("Art thou not Romeo?")],
            ..Message::default()
        }
    }

    fn instant(message: &Message) -> MessageOperation {
        match classify(message, id) {
            Incoming::Instant(operation) => operation,
            other => panic!("not an instant message: {other:?}"),
        }
    }

    fn refused(message: &Message) -> FailureReason {
        match classify(message, id) {
            Incoming::Refused(failure) => failure.reason(),
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn rfc2779_5_4_3_sender_is_vouched_for_by_the_server() {
        let authentication = instant(&chat()).authentication();
        assert_eq!(authentication, Authentication::Network);
    }

    #[test]
    fn message_keeps_both_resources_beside_the_addresses() {
        let operation = instant(&chat());
        assert_eq!(operation.source().as_str(), "im:juliet@example.com");
        assert_eq!(operation.source_instance().unwrap(), "balcony");
        assert_eq!(operation.destination().as_str(), "im:romeo@sip.example.net");
        assert_eq!(operation.destination_instance().unwrap(), "orchard");
        assert_eq!(
            operation.message().content_type(),
            InstantMessage::TEXT_PLAIN
        );
        assert_eq!(
            operation.message().payload().as_bytes(),
            b"Art thou not Romeo?"
        );
    }

    #[test]
    fn message_keeps_subjects_thread_and_language() {
        let subject = LangText {
            lang: Some("cs".into()),
            text: "Ahoj\nty".into(),
        };
        let message = Message {
            subjects: vec![LangText::new("Hi!"), subject, LangText::new("")],
            thread: Some(Thread {
                id: "th".into(),
                parent: None,
            }),
            lang: Some("en".into()),
            ..chat()
        };
        let operation = instant(&message);
        let headers: Vec<_> = operation.message().headers().iter().cloned().collect();
        let second = Header::new("Subject", "Ahoj ty").with_language("cs");
        assert_eq!(headers, [Header::new("Subject", "Hi!"), second]);
        assert_eq!(operation.message().thread().unwrap(), "th");
        let language = operation.message().content_headers();
        assert_eq!(language, [ContentHeader::new("Content-Language", "en")]);
    }

    #[test]
    fn body_is_the_one_in_the_messages_own_language() {
        let text = |lang: &'static str, text: &'static str| LangText {
            lang: Some(lang.into()),
            text: text.into(),
        };
        let bodies = vec![text("cs", "ahoj"), text("en", "hi")];
        let message = Message {
            bodies,
            lang: Some("en".into()),
            ..chat()
        };
        assert_eq!(instant(&message).message().payload().as_bytes(), b"hi");
        let unknown = Message {
            lang: None,
            ..message
        };
        let operation = instant(&unknown);
        assert_eq!(operation.message().payload().as_bytes(), b"ahoj");
        let language = operation.message().content_headers();
        assert_eq!(language, [ContentHeader::new("Content-Language", "cs")]);
    }

    #[test]
    fn cpim_2_4_2_hop_count_of_a_stanza_is_the_operations() {
        let hops = |max_forwards| {
            let message = Message {
                max_forwards,
                ..chat()
            };
            instant(&message).max_forwards()
        };
        assert_eq!(hops(Some(0)), MaxForwards::new(0));
        assert_eq!(hops(None), MaxForwards::DEFAULT);
    }

    #[test]
    fn hostile_language_and_thread_never_become_headers() {
        let message = Message {
            lang: Some("en\r\nX: y".into()),
            thread: Some(Thread {
                id: "a\r\nX: y".into(),
                parent: None,
            }),
            ..chat()
        };
        let operation = instant(&message);
        assert_eq!(operation.message().thread(), None);
        assert_eq!(operation.message().content_headers(), []);
    }

    #[test]
    fn message_without_text_is_silent() {
        for bodies in [vec![], vec![LangText::new("")]] {
            assert!(matches!(
                classify(&Message { bodies, ..chat() }, id),
                Incoming::Silent
            ));
        }
    }

    #[test]
    fn groupchat_is_refused() {
        let message = Message {
            type_: MessageType::Groupchat,
            ..chat()
        };
        assert_eq!(refused(&message), FailureReason::UnsupportedService);
    }

    #[test]
    fn cpim_2_4_1_1_address_that_is_none_is_refused() {
        let source = |from: Option<&'static str>| Message {
            from: from.map(Into::into),
            ..chat()
        };
        assert_eq!(refused(&source(None)), FailureReason::InvalidSource);
        assert_eq!(
            refused(&source(Some("a b@c"))),
            FailureReason::InvalidSource
        );
        assert_eq!(
            refused(&source(Some("a@localhost"))),
            FailureReason::InvalidSource
        );
        let destination = |to: &'static str| Message {
            to: Some(to.into()),
            ..chat()
        };
        assert_eq!(
            refused(&destination("@x")),
            FailureReason::InvalidDestination
        );
        assert_eq!(
            refused(&destination("sip.example.net")),
            FailureReason::NoSuchInbox
        );
    }

    #[test]
    fn error_is_a_report_and_never_an_instant_message() {
        let error = StanzaError::from(Condition::ItemNotFound);
        let message = Message {
            type_: MessageType::Error,
            error: Some(error),
            ..chat()
        };
        assert!(
            matches!(classify(&message, id), Incoming::Silent),
            "no id: nobody waits for it"
        );
        let message = Message {
            id: Some("t1".into()),
            ..message
        };
        assert!(matches!(classify(&message, id), Incoming::Report { id, .. } if id == "t1"));
        let unexplained = Message {
            error: None,
            ..message
        };
        assert!(
            matches!(classify(&unexplained, id), Incoming::Report { error, .. }
                if error.condition == Condition::UndefinedCondition)
        );
    }
}

//! A message operation to a `<message/>` (RFC 7572 §5, RFC 3922 §4.2).

use rialto_sdk::model::{
    ByteString, Failure, FailureReason, Header, InstantMessage, MessageOperation,
};
use rialto_xmpp_codec::{Hint, LangText, Message, Payload, Thread};
use time::OffsetDateTime;

use super::address::destination_jid;
use super::content::{is_language, language, text, unwritable};
use super::typing::is_composing;
use super::{OwnDomains, delay, nick, requests, typing};

/// Makes the stanza that carries an operation's message.
///
/// Its ids are the transaction's, so that a retry can be recognised; it has no type, which means
/// `normal`: RFC 7572 §5 allows no other. Chat states alone are of type `chat` (XEP-0085 §5.4).
pub(crate) fn stanza_from_operation(
    operation: &MessageOperation,
    own: &OwnDomains,
    now: impl FnOnce() -> OffsetDateTime,
) -> Result<Message, Failure> {
    let message = operation.message();
    check_required(message)?;
    let to = destination_jid(operation.destination(), operation.destination_instance())?;
    let from = own.source_jid(operation.source(), operation.source_instance())?;
    let id = ByteString::from(operation.transaction_id().as_str());
    let mut stanza = Message {
        from: Some(from.into_text()),
        to: Some(to.into_text()),
        id: Some(id.clone()),
        thread: message.thread().map(|id| Thread {
            id: id.clone(),
            parent: None,
        }),
        max_forwards: Some(operation.max_forwards().hops()),
        ..Message::default()
    };
    if is_composing(message) {
        typing::say(message, &mut stanza)?;
        return Ok(stanza);
    }
    stanza.lang = language(message);
    stanza.subjects = message.headers().subjects().map(subject).collect();
    stanza.bodies = vec![LangText {
        lang: None,
        text: text(message)?,
    }];
    stanza.origin_id = Some(id);
    if !message.headers().is_empty() {
        nick::say(message.headers(), &mut stanza).map_err(unwritable)?;
        requests::ask(message.headers(), &mut stanza).map_err(unwritable)?;
        delay::say(message.headers(), own.first(), now, &mut stanza).map_err(unwritable)?;
    }
    if operation.is_ephemeral() {
        stanza
            .other
            .push(Hint::NoStore.to_element().map_err(unwritable)?);
    }
    Ok(stanza)
}

fn subject(header: &Header) -> LangText {
    let lang = header.language.clone().filter(|lang| is_language(lang));
    LangText {
        lang,
        text: header.value.clone(),
    }
}

/// The recipient would have to understand what `Require` names, and XMPP cannot ask (RFC 3922
/// §4.2.7).
fn check_required(message: &InstantMessage) -> Result<(), Failure> {
    let required = message
        .headers()
        .iter()
        .any(|header| header.name == "Require");
    if required {
        Err(FailureReason::UnknownRequiredHeader.into())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rialto_sdk::model::{Domain, InstantInbox, MessageHeaders, TransactionId};
    use rialto_xmpp_codec::{ContentNamespace, Limits, Stanza, StreamEvent, StreamReader};
    use time::macros::datetime;

    use super::*;

    fn stanza(message: InstantMessage) -> Result<Message, Failure> {
        let inbox = |uri| InstantInbox::parse(uri).unwrap();
        let (from, to) = (
            inbox("im:romeo@sip.example.com"),
            inbox("im:juliet@example.com"),
        );
        let id = TransactionId::parse(b"t1").unwrap();
        let own = OwnDomains::new(Domain::parse("sip.example.com").unwrap(), []);
        stanza_from_operation(
            &MessageOperation::new(id, from, to, message),
            &own,
            || datetime!(2002-09-10 23:08:25 UTC),
        )
    }

    #[test]
    fn cpim_a_require_message_with_a_requirement_is_refused() {
        let headers: MessageHeaders = [Header::new("Require", "MyFeatures.Vital")]
            .into_iter()
            .collect();
        let failure = stanza(InstantMessage::text("x").with_headers(headers)).unwrap_err();
        assert_eq!(failure.reason(), FailureReason::UnknownRequiredHeader);
    }

    #[test]
    fn subject_thread_and_language_go_along() {
        let subject = Header::new("Subject", "Ahoj").with_language("cs");
        let odd = Header::new("Subject", "Hi").with_language("e'n");
        let message = InstantMessage::text("x")
            .with_headers(
                [subject, odd, Header::new("DateTime", "x")]
                    .into_iter()
                    .collect(),
            )
            .with_thread("th");
        let stanza = stanza(message).unwrap();
        let czech = LangText {
            lang: Some("cs".into()),
            text: "Ahoj".into(),
        };
        assert_eq!(stanza.subjects, [czech, LangText::new("Hi")]);
        assert_eq!(stanza.thread.unwrap().id, "th");
        assert_eq!(stanza.lang, None);
    }

    #[test]
    fn cpim_4_3_text_arrives_as_it_was_sent() {
        let long = "x".repeat(8192);
        for text in [
            "two\r\nlines\n\ttab",
            "a < b & c > d ' \"",
            "🙂🏽 👩‍👩‍👧",
            "שלום עולם",
            "]]>",
            &long,
        ] {
            let message = stanza(InstantMessage::text(text.to_owned())).unwrap();
            assert_eq!(over_the_wire(message).bodies[0].text, text);
        }
    }

    /// What a server reads of what this component writes.
    fn over_the_wire(message: Message) -> Message {
        let mut out = Vec::new();
        let header = b"<stream:stream xmlns='jabber:component:accept' \
            xmlns:stream='http://etherx.jabber.org/streams' id='1'>";
        crate::mapping::test_writer()
            .write(&message.into(), &mut out)
            .unwrap();
        let mut reader = StreamReader::new(ContentNamespace::Component, Limits::default());
        reader.read(&mut &header[..]).unwrap();
        match reader.read(&mut &out[..]).unwrap() {
            Some(StreamEvent::Stanza(Stanza::Message(message))) => message,
            other => panic!("no message: {other:?}"),
        }
    }
}

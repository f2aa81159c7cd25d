//! What becomes of messages from XMPP.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_oneof, proptest};
use proptest::sample::select;
use rialto_sdk::model::ImdnHeaders;
use rialto_xmpp_codec::{Element, Thread, namespace};

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

/// RFC 2779 §4.3.1 by XEP-0359: what is sent again under another resource is the same message.
#[test]
fn identity_is_the_account_and_the_origin_id_and_never_the_stanzas_own_id() {
    let identity = |from: &'static str, origin_id: Option<&'static str>| {
        let message = Message {
            from: Some(from.into()),
            id: Some("1".into()),
            origin_id: origin_id.map(Into::into),
            ..chat()
        };
        instant(&message).identity().map(ToString::to_string)
    };
    let juliets = "juliet@example.com de305d54";
    for resource in ["balcony", "chamber", "a/b", "juliet@example.com x"] {
        let from = format!("juliet@example.com/{resource}").leak();
        assert_eq!(identity(from, Some("de305d54")).as_deref(), Some(juliets));
    }
    let nurses = identity("nurse@example.com/x", Some("de305d54"));
    assert_ne!(nurses.as_deref(), Some(juliets));
    assert_eq!(identity("juliet@example.com/balcony", None), None);
    let long = "i".repeat(MessageOperation::MAX_KEPT).leak();
    assert_eq!(identity("juliet@example.com/balcony", Some(long)), None);
}

#[test]
fn message_whose_sender_could_not_be_told_later_is_refused() {
    let message = Message {
        id: Some("i".repeat(MessageOperation::MAX_KEPT).into()),
        ..chat()
    };
    assert_eq!(refused(&message), FailureReason::TooLarge);
}

#[test]
fn time_of_a_message_that_was_kept_on_its_way_is_its_date_time() {
    let stamp = "2002-09-10T23:08:25Z";
    let delay = Element::new("urn:xmpp:delay", "delay").unwrap();
    let message = Message {
        other: vec![delay.with_attribute("stamp", stamp).unwrap()],
        subjects: vec![LangText::new("Hi!")],
        ..chat()
    };
    let operation = instant(&message);
    let headers: Vec<_> = operation.message().headers().iter().cloned().collect();
    let both = [
        Header::new("Subject", "Hi!"),
        Header::new("DateTime", stamp),
    ];
    assert_eq!(headers, both);
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
    assert!(matches!(classify(&message, id), Incoming::Error { id, .. } if id == "t1"));
    let unexplained = Message {
        error: None,
        ..message
    };
    assert!(
        matches!(classify(&unexplained, id), Incoming::Error { error, .. }
            if error.condition == Condition::UndefinedCondition)
    );
}

/// Elements of the extensions that mean something here, sound or not.
fn extension() -> impl Strategy<Value = Element> {
    let namespaces = select(vec![
        namespace::RECEIPTS,
        namespace::CHAT_MARKERS,
        namespace::CHAT_STATES,
        namespace::DELAY,
        namespace::HINTS,
        "urn:xmpp:openpgp:0",
    ]);
    let names = select(vec![
        "request",
        "received",
        "markable",
        "displayed",
        "composing",
        "gone",
        "delay",
        "no-store",
        "openpgp",
    ]);
    let value = prop_oneof!["[ -~]{0,50}", Just("2002-09-10T23:08:25Z".to_owned())];
    (namespaces, names, select(vec!["id", "stamp"]), value).prop_map(
        |(namespace, name, attribute, value)| {
            let element = Element::new(namespace, name).unwrap();
            element.with_attribute(attribute, value).unwrap()
        },
    )
}

proptest! {
    /// A report on a report, or on a chat state, could go round for ever.
    #[test]
    fn what_reports_or_has_no_text_but_a_seal_is_never_refused(
        other in vec(extension(), 0..5),
        body in option::of("[a-z]{1,3}"),
        groupchat in any::<bool>(),
    ) {
        let message = Message {
            type_: if groupchat { MessageType::Groupchat } else { MessageType::Chat },
            id: Some("m1".into()),
            bodies: body.iter().map(|body| LangText::new(body.clone())).collect(),
            other,
            ..chat()
        };
        let is_sealed = message.other.iter().any(|child| child.namespace() == "urn:xmpp:openpgp:0");
        match classify(&message, id) {
            Incoming::Refused(_) => prop_assert!(groupchat && body.is_some() || !groupchat && is_sealed),
            Incoming::Instant(operation) => {
                prop_assert!(body.is_some());
                let headers = operation.message().headers();
                prop_assert!(headers.date_time().is_some() || headers.find("urn:ietf:params:cpim-headers:", "DateTime").is_none());
                prop_assert!(ImdnHeaders::read(headers).is_ok());
            }
            Incoming::Typing(operation) => prop_assert!(body.is_none() && operation.is_ephemeral()),
            Incoming::Reports(reports) => prop_assert!(body.is_none() && reports.len() <= 2),
            Incoming::Silent => prop_assert!(body.is_none()),
            Incoming::Error { .. } => prop_assert!(false, "it is none"),
        }
    }
}

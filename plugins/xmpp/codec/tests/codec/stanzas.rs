//! Stanzas as they come and as they are written.

use crate::support::{read, read_stanza, written};
use rialto_xmpp_codec::{
    Condition, DiscoInfo, ErrorType, Identity, Iq, IqPayload, IqType, LangText, Message,
    MessageType, Presence, PresenceType, Receipt, Show, Stanza, StanzaError, StreamEvent, Thread,
    WriteError, namespace,
};

fn message(text: &str) -> Message {
    match read_stanza(text) {
        Stanza::Message(message) => message,
        other => panic!("no message: {other:?}"),
    }
}

fn iq(text: &str) -> Iq {
    match read_stanza(text) {
        Stanza::Iq(iq) => iq,
        other => panic!("no iq: {other:?}"),
    }
}

#[test]
fn message_has_all_its_parts_when_it_is_read() {
    let message = message(
        "<message from='juliet@example.com/balcony' to='romeo@example.net' id='m1' type='chat' xml:lang='en'>\
         <subject>Hi!</subject><subject xml:lang='cs'>Ahoj!</subject>\
         <body>a &lt; b &amp; c</body><body xml:lang='cs'>  tělo\n<![CDATA[<x/>]]> </body>\
         <thread parent='t0'>t1</thread><active xmlns='http://jabber.org/protocol/chatstates'/></message>",
    );
    assert_eq!(message.from.as_deref(), Some("juliet@example.com/balcony"));
    assert_eq!(message.to.as_deref(), Some("romeo@example.net"));
    assert_eq!(message.id.as_deref(), Some("m1"));
    assert_eq!(message.type_, MessageType::Chat);
    assert_eq!(message.lang.as_deref(), Some("en"));
    let text = |lang: Option<&str>, text: &str| LangText {
        lang: lang.map(Into::into),
        text: text.into(),
    };
    assert_eq!(
        message.subjects,
        [text(None, "Hi!"), text(Some("cs"), "Ahoj!")]
    );
    assert_eq!(
        message.bodies,
        [text(None, "a < b & c"), text(Some("cs"), "  tělo\n<x/> ")]
    );
    let thread = Thread {
        id: "t1".into(),
        parent: Some("t0".into()),
    };
    assert_eq!(message.thread, Some(thread));
    assert!(
        message
            .other
            .first()
            .unwrap()
            .is(namespace::CHAT_STATES, "active")
    );
}

#[test]
fn message_type_is_normal_when_there_is_none_or_an_unknown_one() {
    assert_eq!(message("<message/>").type_, MessageType::Normal);
    assert_eq!(message("<message type='x'/>").type_, MessageType::Normal);
}

#[test]
fn message_keeps_foreign_children_whole() {
    let element = "<a xmlns='urn:a' k='1' xml:lang='de'>t<b xmlns='urn:b'><c/></b>&lt;<a>u</a></a>";
    let message = message(&format!("<message><body>x</body>{element}</message>"));
    assert_eq!(message.other.first().unwrap().to_xml().unwrap(), element);
    assert_eq!(
        written(&message.into()),
        format!("<message><body>x</body>{element}</message>")
    );
}

#[test]
fn message_resolves_prefixes_wherever_they_were_declared() {
    let message = message(
        "<message xmlns:r='urn:xmpp:receipts'><r:request xmlns:q='urn:q' q:k='v'/>\
         <x:body xmlns:x='jabber:component:accept'>text</x:body><body xmlns='urn:other'/></message>",
    );
    assert_eq!(message.payload(), Ok(Some(Receipt::Request)));
    assert_eq!(message.bodies, [LangText::new("text")]);
    let request = message.other.first().unwrap();
    assert_eq!(request.attributes().first().unwrap().namespace(), "urn:q");
    assert_eq!(
        request.to_xml().unwrap(),
        "<request xmlns='urn:xmpp:receipts' xmlns:n0='urn:q' n0:k='v'/>"
    );
    assert!(message.other.get(1).unwrap().is("urn:other", "body"));
}

#[test]
fn message_is_written_in_one_form() {
    let message = Message {
        from: Some("o\\27malley@sip.example".into()),
        to: Some("juliet@example.com".into()),
        id: Some("1\"2'3".into()),
        type_: MessageType::Chat,
        lang: Some("en".into()),
        subjects: vec![LangText::new("Hi!")],
        bodies: vec![
            LangText::new("a < b\r\nc"),
            LangText {
                lang: Some("cs".into()),
                text: "d".into(),
            },
        ],
        thread: Some(Thread {
            id: "t".into(),
            parent: None,
        }),
        ..Message::default()
    };
    assert_eq!(
        written(&message.into()),
        "<message from='o\\27malley@sip.example' to='juliet@example.com' id='1&quot;2&apos;3' type='chat' \
         xml:lang='en'><subject>Hi!</subject><body>a &lt; b&#xD;\nc</body><body xml:lang='cs'>d</body>\
         <thread>t</thread></message>"
    );
}

#[test]
fn message_leaves_the_buffer_as_it_was_when_it_cannot_be_written() {
    let mut out = b"before".to_vec();
    let message = Message {
        bodies: vec![LangText::new("bell \u{7}")],
        ..Message::default()
    };
    let error = crate::support::writer()
        .write(&message.into(), &mut out)
        .unwrap_err();
    assert_eq!(
        error,
        WriteError::Character {
            code_point: 7,
            offset: 5
        }
    );
    assert_eq!(out, b"before");
}

#[test]
fn error_reply_swaps_addresses_and_repeats_the_id() {
    let message = message(
        "<message from='a@example.com/r' to='b@sip.example.net' id='7'><body>secret</body></message>",
    );
    let error = StanzaError::from(Condition::ItemNotFound).with_text(LangText::new("no such user"));
    let reply = message.error_reply(error).unwrap();
    assert_eq!(
        written(&reply.clone().into()),
        "<message from='b@sip.example.net' to='a@example.com/r' id='7' type='error'><error type='cancel'>\
         <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
         <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>no such user</text></error></message>"
    );
    assert_eq!(
        reply.error_reply(Condition::BadRequest.into()),
        None,
        "no error for an error"
    );
}

#[test]
fn error_reply_is_never_made_for_an_answer() {
    for type_ in ["result", "error"] {
        let iq = iq(&format!("<iq type='{type_}' id='1'/>"));
        assert_eq!(iq.error_reply(Condition::BadRequest.into()), None);
        assert_eq!(iq.result(IqPayload::None), None);
    }
    let Stanza::Presence(presence) = read_stanza("<presence type='error'/>") else {
        panic!()
    };
    assert_eq!(presence.reply(PresenceType::Unsubscribed), None);
}

#[test]
fn stanza_error_is_read_with_all_it_says() {
    let message = message(
        "<message type='error' id='1'><body>copy</body><error type='modify' by='example.com' code='302'>\
         <redirect xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:b@example.com</redirect>\
         <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>moved</text>\
         <x xmlns='urn:x'/></error></message>",
    );
    let error = message.error.unwrap();
    assert_eq!(error.type_, ErrorType::Modify);
    assert_eq!(error.by.as_deref(), Some("example.com"));
    assert_eq!(
        error.condition,
        Condition::Redirect(Some("xmpp:b@example.com".into()))
    );
    let text = LangText {
        lang: Some("en".into()),
        text: "moved".into(),
    };
    assert_eq!(error.text, Some(text));
}

#[test]
fn stanza_error_is_undefined_when_it_says_nothing_known() {
    let error = |inside: &str| {
        message(&format!(
            "<message type='error'><error>{inside}</error></message>"
        ))
        .error
        .unwrap()
    };
    assert_eq!(error("").condition, Condition::UndefinedCondition);
    assert_eq!(error("").type_, ErrorType::Cancel);
    let payment = error("<payment-required xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>");
    assert_eq!(
        payment.condition,
        Condition::Other("payment-required".into())
    );
    let gone = error("<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>");
    assert_eq!(gone.condition, Condition::Gone(None));
}

#[test]
fn error_element_is_no_error_when_the_type_does_not_say_so() {
    let message = message("<message><error type='cancel'/></message>");
    assert_eq!(message.error, None);
    assert_eq!(message.other.len(), 1);
}

#[test]
fn all_conditions_of_rfc_6120_survive_the_wire() {
    for condition in conditions() {
        let error = StanzaError::from(condition.clone());
        let stanza = Stanza::from(Message {
            type_: MessageType::Error,
            error: Some(error),
            ..Message::default()
        });
        assert_eq!(
            read_stanza(&written(&stanza)),
            stanza,
            "{}",
            condition.name()
        );
    }
}

/// RFC 6120 §8.3.3.1 to §8.3.3.22.
fn conditions() -> Vec<Condition> {
    use Condition::*;
    vec![
        BadRequest,
        Conflict,
        FeatureNotImplemented,
        Forbidden,
        Gone(Some("xmpp:a@b".into())),
        InternalServerError,
        ItemNotFound,
        JidMalformed,
        NotAcceptable,
        NotAllowed,
        NotAuthorized,
        PolicyViolation,
        RecipientUnavailable,
        Redirect(Some("xmpp:a@b".into())),
        RegistrationRequired,
        RemoteServerNotFound,
        RemoteServerTimeout,
        ResourceConstraint,
        ServiceUnavailable,
        SubscriptionRequired,
        UndefinedCondition,
        UnexpectedRequest,
    ]
}

#[test]
fn iq_knows_pings_and_discovery() {
    assert_eq!(
        iq("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>").payload,
        IqPayload::Ping
    );
    let info = iq(
        "<iq type='get' id='1'><query xmlns='http://jabber.org/protocol/disco#info' node='n'/></iq>",
    );
    let asked = DiscoInfo {
        node: Some("n".into()),
        ..DiscoInfo::default()
    };
    assert_eq!(info.payload, IqPayload::DiscoInfo(asked));
    let items =
        iq("<iq type='get' id='1'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>");
    assert_eq!(items.payload, IqPayload::DiscoItems { node: None });
    let other = iq("<iq type='set' id='1'><query xmlns='jabber:iq:roster'/></iq>");
    assert!(
        matches!(other.payload, IqPayload::Other(element) if element.is("jabber:iq:roster", "query"))
    );
    assert_eq!(iq("<iq id='1'/>").type_, IqType::Other("".into()));
}

#[test]
fn message_with_names_in_the_namespace_of_xml_itself_is_written_as_it_was_read() {
    for child in [
        "<xml:a/>",
        "<xml:a xml:b='1'><c/>x<xml:d/></xml:a>",
        "<a xmlns='urn:x' xml:b='1'><xml:c/></a>",
    ] {
        let message = read_stanza(&format!("<message>{child}</message>"));
        assert_eq!(read_stanza(&written(&message)), message, "{child}");
    }
}

#[test]
fn iq_result_answers_its_question() {
    let question = iq(
        "<iq type='get' id='1' from='a@example.com/r' to='sip.example.net'>\
        <query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
    );
    let info = DiscoInfo {
        node: None,
        identities: vec![Identity {
            category: "gateway".into(),
            type_: "sip".into(),
            name: Some("Rialto".into()),
        }],
        features: vec!["urn:xmpp:ping".into()],
    };
    let result = question.result(IqPayload::DiscoInfo(info)).unwrap();
    assert_eq!(
        written(&result.into()),
        "<iq from='sip.example.net' to='a@example.com/r' id='1' type='result'>\
         <query xmlns='http://jabber.org/protocol/disco#info'>\
         <identity category='gateway' type='sip' name='Rialto'/><feature var='urn:xmpp:ping'/></query></iq>"
    );
    let ping = Iq::ping("a".into(), "b".into(), "1".into());
    assert_eq!(
        written(&ping.into()),
        "<iq from='a' to='b' id='1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>"
    );
}

#[test]
fn presence_is_read_as_rfc_6121_has_it() {
    let Stanza::Presence(presence) = read_stanza(
        "<presence xml:lang='en'><show> dnd </show><status>Wooing Juliet</status>\
         <status xml:lang='cs'>Ja dvo&#x159;&#xED;m Juliet</status><priority> -1 </priority>\
         <c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/></presence>",
    ) else {
        panic!()
    };
    assert_eq!(presence.show, Some(Show::Dnd));
    assert_eq!(presence.lang.as_deref(), Some("en"));
    assert_eq!(presence.statuses[0], LangText::new("Wooing Juliet"));
    assert_eq!(presence.statuses[1].lang.as_deref(), Some("cs"));
    assert_eq!(presence.priority, Some(-1));
    assert_eq!(presence.other.len(), 1, "capabilities are kept, unread");
}

#[test]
fn presence_that_says_what_it_may_not_says_less() {
    let Stanza::Presence(presence) = read_stanza(
        "<presence><show/><show>away</show><show>xa</show><priority>200</priority>\
         <priority>3</priority><priority>4</priority><error/></presence>",
    ) else {
        panic!()
    };
    assert_eq!(
        presence.show,
        Some(Show::Away),
        "the first that says something"
    );
    assert_eq!(presence.priority, Some(3));
    assert_eq!(presence.error, None, "it is of no type `error`");
    assert_eq!(Show::parse(&"brb".into()), Some(Show::Other("brb".into())));
}

#[test]
fn presence_keeps_its_envelope() {
    let stanza = read_stanza(
        "<presence from='alice@localhost' to='bob@sip.localhost' id='1' type='subscribe'><status>x</status></presence>",
    );
    let Stanza::Presence(presence) = &stanza else {
        panic!()
    };
    assert_eq!(presence.type_, PresenceType::Subscribe);
    let reply = presence.reply(PresenceType::Unsubscribed).unwrap();
    assert_eq!(
        written(&reply.into()),
        "<presence from='bob@sip.localhost' to='alice@localhost' id='1' type='unsubscribed'/>"
    );
    let odd = read_stanza("<presence type='odd'/>");
    let expected = Presence {
        type_: PresenceType::Other("odd".into()),
        ..Presence::default()
    };
    assert_eq!(odd, Stanza::Presence(expected));
}

#[test]
fn element_is_no_stanza_when_its_namespace_is_another() {
    let events = read("<message xmlns='jabber:client'/><iq xmlns='urn:x'/><features/>").unwrap();
    assert_eq!(events.len(), 3);
    assert!(
        events
            .iter()
            .all(|event| matches!(event, StreamEvent::Element(_)))
    );
}

#[test]
fn hop_count_is_taken_from_headers_that_say_nothing_else() {
    let read = |headers: &str| {
        let shim = "http://jabber.org/protocol/shim";
        let xml = format!("<message><headers xmlns='{shim}'>{headers}</headers></message>");
        let Stanza::Message(message) = read_stanza(&xml) else {
            panic!("no message");
        };
        (message.max_forwards, message.other.len())
    };
    assert_eq!(read("<header name='Max-Forwards'>7</header>"), (Some(7), 0));
    for other in [
        "",
        "<header name='Max-Forwards'>256</header>",
        "<header name='Max-Forwards'>-1</header>",
        "<header name='Urgency'>7</header>",
        "<header name='Max-Forwards'>7</header><header name='Urgency'>high</header>",
    ] {
        assert_eq!(read(other), (None, 1), "{other}");
    }
}

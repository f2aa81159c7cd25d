//! What one user sends is no danger to the others.

use rialto_tests::{
    peers::{self, Ejabberd, Prosody, Transport, XmppServer, sipp::Outgoing},
    world::{ALICE, ALICE_SEEN, JULIET_SEEN, World, WorldSettings},
};

#[test]
fn stanza_beyond_the_limits_gets_an_error_through_prosody_and_disturbs_nobody() {
    stanza_beyond_the_limits_gets_an_error_and_disturbs_nobody::<Prosody>();
}

#[test]
fn stanza_beyond_the_limits_gets_an_error_through_ejabberd_and_disturbs_nobody() {
    stanza_beyond_the_limits_gets_an_error_and_disturbs_nobody::<Ejabberd>();
}

fn stanza_beyond_the_limits_gets_an_error_and_disturbs_nobody<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<S>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    let mut benvolio = world.login("benvolio");
    let texts: Vec<String> = (0..30).map(|number| format!("number {number}")).collect();
    let to_juliet = |text| Outgoing::text(ALICE, JULIET_SEEN, text);
    let messages: Vec<_> = texts.iter().map(|text| to_juliet(text)).collect();
    let under_way = world.sip_client(Transport::Udp).begin(&messages);
    for (name, content) in too_much() {
        juliet.send(ALICE_SEEN, name);
        benvolio.write(&format!(
            "<message to='{ALICE_SEEN}' id='{name}' type='chat'>{content}<body>x</body></message>"
        ));
        let error = benvolio.receive();
        assert_eq!(
            (error.kind(), error.id(), error.error_condition()),
            ("error", Some(name), Some("policy-violation")),
            "{}",
            error.xml()
        );
        assert_eq!(error.bare_from(), ALICE_SEEN);
        assert_eq!(world.sip.receive(Transport::Udp).body(), name.as_bytes());
    }
    for (text, answer) in texts.iter().zip(under_way.finish()) {
        assert_eq!(answer.status(), Some(200), "{text}");
        assert_eq!(juliet.receive().body(), Some(&**text));
    }
    assert!(juliet.unread().is_empty() && benvolio.unread().is_empty());
    assert_eq!(world.sip.received().len(), too_much().len(), "and no more");
    let log = String::from_utf8_lossy(&world.gateway.process().stderr().bytes()).into_owned();
    assert!(log.contains("refused a stanza unread"), "{log}");
    assert!(!log.contains("the server is away"), "{log}");
}

/// More than the gateway takes, and less than what servers stop.
fn too_much() -> [(&'static str, String); 3] {
    [
        ("children", "<a xmlns='urn:x'/>".repeat(5000)),
        (
            "depth",
            format!(
                "<a xmlns='urn:x'>{}{}</a>",
                "<a>".repeat(40),
                "</a>".repeat(40)
            ),
        ),
        (
            "attribute",
            format!("<a xmlns='urn:x' b='{}'/>", "x".repeat(9 * 1024)),
        ),
    ]
}

#[test]
fn odd_xml_from_one_user_through_prosody_ends_no_stream() {
    odd_xml_from_one_user_ends_no_stream::<Prosody>();
}

#[test]
fn odd_xml_from_one_user_through_ejabberd_ends_no_stream() {
    odd_xml_from_one_user_ends_no_stream::<Ejabberd>();
}

fn odd_xml_from_one_user_ends_no_stream<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<S>::start(&WorldSettings::default());
    let mut benvolio = world.login("benvolio");
    for odd in ODD {
        benvolio.write(&format!(
            "<message to='{ALICE_SEEN}' type='chat'>{odd}<body>odd</body></message>"
        ));
    }
    benvolio.write(&format!(
        "<message to='{ALICE_SEEN}' type='chat' xml:b='1'><body>odd</body></message>"
    ));
    benvolio.send(ALICE_SEEN, "done");
    while world.sip.receive(Transport::Udp).body() != b"done" {}
    let log = String::from_utf8_lossy(&world.gateway.process().stderr().bytes()).into_owned();
    assert!(!log.contains("the server is away"), "{log}");
}

/// What servers let their users send, and some write otherwise when they pass it on.
const ODD: [&str; 18] = [
    "<odd:a/>",
    "<a xmlns='urn:x' odd:b='1'/>",
    "<xml:a/>",
    "<a xmlns='urn:x'><xml:b c='/>'>text<d/></xml:b></a>",
    "<a xmlns='urn:x' xml:b='1'/>",
    "<a xmlns='urn:x' xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
    "<b:a xmlns:b='urn:x' b:c='1' c='1' xmlns:c='urn:y' c:d='2'/>",
    "<a:b xmlns:a='urn:x' xmlns:c='urn:x' a:d='1'/>",
    "<a xmlns=''/>",
    "<a xmlns='urn:x'><b xmlns=''/></a>",
    "<a xmlns='urn:x' b:c='1' xmlns:b='urn:&lt;x&apos;&quot;&amp;'/>",
    "<a xmlns='urn:x'>]]&gt;<![CDATA[<x>&amp;]]></a>",
    "<a xmlns='urn:x' b='&#9;&#10;&#13;&lt;&gt;&quot;&apos;'>&#13;&#x7f;&#x85;&#xfdd0;&#x1fffe;</a>",
    "<a xmlns='urn:x'>\u{FDD0}\u{1FFFE}\u{7F}\u{85}\u{2028}</a>",
    "<\u{E9}\u{300} xmlns='urn:\u{E9} x' \u{4E00}='1'/>",
    "<stream:a/>",
    "<message xmlns='jabber:client'/>",
    "<a xmlns='jabber:component:accept'/>",
];

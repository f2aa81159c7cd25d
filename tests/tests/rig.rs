//! The rig itself: each peer does with its own kind what the gateway's tests need of it.

use std::net::{IpAddr, SocketAddr};

use rialto_tests::{
    peers::{
        self, Baresip, Ejabberd, Prosody, Reply, SippClient, SippServer, Transport, XmppServer,
        XmppSettings, baresip,
        sipp::{Outgoing, SIP_HOST, SIP_HOST_V6},
        slixmpp::Draft,
    },
    ports::Port,
    texts::{self, with_line_feeds},
};

const ALICE: &str = "sip:alice@sip.example";
const ROMEO: &str = "sip:romeo@xmpp.example";

#[test]
fn sipp_carries_every_text_byte_for_byte_over_udp() {
    sipp_carries_every_text(SIP_HOST, Transport::Udp);
}

#[test]
fn sipp_carries_every_text_byte_for_byte_over_tcp() {
    sipp_carries_every_text(SIP_HOST, Transport::Tcp);
}

#[test]
fn sipp_carries_every_text_byte_for_byte_over_ipv6() {
    sipp_carries_every_text(SIP_HOST_V6, Transport::Udp);
    sipp_carries_every_text(SIP_HOST_V6, Transport::Tcp);
}

fn sipp_carries_every_text(host: IpAddr, transport: Transport) {
    if !peers::are_wanted() {
        return;
    }
    let mut server = SippServer::start(host, &Reply::Status("200 OK"));
    let client = SippClient::new(host, transport, server.address());
    let texts = texts::all();
    let messages: Vec<Outgoing<'_>> = texts
        .iter()
        .map(|text| Outgoing::text(ALICE, ROMEO, &text.text))
        .collect();
    let answers = client.send_all(&messages);
    for (text, answer) in texts.iter().zip(&answers) {
        assert_eq!(answer.status(), Some(200), "{}", text.name);
        let message = server.receive(transport);
        assert_eq!(message.body(), text.text.as_bytes(), "{}", text.name);
        assert_eq!(message.uri("From"), Some(ALICE));
    }
}

#[test]
fn sipp_server_answers_as_it_is_told() {
    if !peers::are_wanted() {
        return;
    }
    let reply = Reply::StatusAndHeader("503 Service Unavailable", "Retry-After: 7");
    let server = SippServer::start(SIP_HOST, &reply);
    let client = SippClient::new(SIP_HOST, Transport::Udp, server.address());
    let answer = client.send(Outgoing::text(ALICE, ROMEO, "hi"));
    assert_eq!(
        (answer.status(), answer.header("Retry-After")),
        (Some(503), Some("7"))
    );
}

#[test]
fn prosody_delivers_refuses_and_comes_back() {
    server_delivers_refuses_and_comes_back::<Prosody>();
}

#[test]
fn ejabberd_delivers_refuses_and_comes_back() {
    server_delivers_refuses_and_comes_back::<Ejabberd>();
}

fn server_delivers_refuses_and_comes_back<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let mut server = S::start(XmppSettings::new("sip.example"));
    for _start in 0..2 {
        let mut romeo = server.login("romeo");
        let mut juliet = server.login("juliet");
        for text in texts::all() {
            let draft = Draft {
                to: "juliet@xmpp.example",
                body: &text.text,
                subject: Some("a subject"),
                thread: Some("a-thread"),
                lang: Some("it"),
                ..Draft::default()
            };
            romeo.send_draft(&draft);
            let stanza = juliet.receive();
            assert_eq!(
                stanza.body(),
                Some(&*with_line_feeds(&text.text)),
                "{}",
                text.name
            );
            assert_eq!(stanza.from(), romeo.jid());
            assert_eq!(
                (stanza.subject(), stanza.thread()),
                (draft.subject, draft.thread)
            );
            assert_eq!(stanza.lang(), Some("it"));
        }
        let sent = romeo.send("nobody@xmpp.example", "hi");
        let error = romeo.receive();
        assert_eq!((error.kind(), error.id()), ("error", Some(&*sent)));
        assert_eq!(error.error_condition(), Some("service-unavailable"));
        drop((romeo, juliet));
        server.stop();
        server.start_again();
    }
}

#[test]
fn baresip_sends_and_shows_every_text() {
    if !peers::are_wanted() {
        return;
    }
    let mut server = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let juliet = "sip:juliet@xmpp.example";
    let mut phone = Baresip::start(Port::take(), ALICE, server.address(), &[ROMEO, juliet]);
    let to_phone = SippClient::new(SIP_HOST, Transport::Udp, phone.address());
    let contact = format!("sip:alice@{}", SocketAddr::to_string(&phone.address()));
    for text in texts::no_longer_than(baresip::LONGEST_TEXT) {
        phone.send(juliet, &text.text);
        let message = server.receive(Transport::Udp);
        let typed = baresip::typed(&text.text);
        assert_eq!(message.body(), typed.as_bytes(), "{}", text.name);
        assert_eq!(message.uri("To"), Some(juliet));
        assert_eq!(message.uri("From"), Some(ALICE));

        let answer = to_phone.send(Outgoing::text(ROMEO, &contact, &text.text));
        assert_eq!(answer.status(), Some(200), "{}", text.name);
        assert_eq!(phone.await_text(&text.text), ROMEO, "{}", text.name);
    }
}

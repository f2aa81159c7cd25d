//! Users of SIP and XMPP converse through the gateway, in real clients and servers.

use rialto_tests::{
    networks::{Networks, Shown},
    peers::{
        self, Baresip, Ejabberd, Prosody, SlixmppClient, Transport, XmppServer, baresip,
        sipp::{Outgoing, SIP_HOST, SIP_HOST_V6},
        slixmpp::Draft,
    },
    ports::Port,
    raw_sip::RawSip,
    sip_message::SipMessage,
    texts::{self, Text, with_line_feeds},
    world::{ALICE, ALICE_SEEN, JULIET_SEEN, World, WorldSettings},
};

#[test]
fn rfc2779_4_1_6_prosody_and_sipp_exchange_texts_of_every_script_over_udp() {
    exchange_every_text::<Prosody>(&WorldSettings::default());
}

#[test]
fn prosody_and_sipp_exchange_every_text_over_tcp() {
    exchange_every_text::<Prosody>(&over_tcp());
}

#[test]
fn prosody_and_sipp_exchange_every_text_over_ipv6() {
    let udp = WorldSettings {
        sip_host: SIP_HOST_V6,
        ..WorldSettings::default()
    };
    exchange_every_text::<Prosody>(&udp);
    exchange_every_text::<Prosody>(&WorldSettings {
        sip_host: SIP_HOST_V6,
        ..over_tcp()
    });
}

#[test]
fn ejabberd_and_sipp_exchange_every_text() {
    exchange_every_text::<Ejabberd>(&WorldSettings::default());
}

fn exchange_every_text<S: XmppServer>(settings: &WorldSettings) {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<S>::start(settings);
    let mut juliet = world.login("juliet");
    let texts = texts::all();
    sip_texts_arrive(&world, &mut juliet, settings.transport, &texts);
    xmpp_texts_arrive(&mut world, &mut juliet, settings.transport, &texts);
    assert!(
        juliet.unread().is_empty(),
        "nothing comes twice, and no error"
    );
}

fn sip_texts_arrive<S: XmppServer>(
    world: &World<S>,
    juliet: &mut SlixmppClient,
    transport: Transport,
    texts: &[Text],
) {
    let to_juliet = |text| Outgoing::text(ALICE, JULIET_SEEN, text);
    let messages: Vec<_> = texts.iter().map(|text| to_juliet(&text.text)).collect();
    let answers = world.sip_client(transport).send_all(&messages);
    for (Text { name, text }, answer) in texts.iter().zip(&answers) {
        assert_eq!(answer.status(), Some(200), "{name}");
        let stanza = juliet.receive();
        assert_eq!(stanza.body(), Some(&*with_line_feeds(text)), "{name}");
        assert_eq!(stanza.bare_from(), ALICE_SEEN, "{name}");
        assert_ne!(stanza.kind(), "error", "{name}");
    }
}

fn xmpp_texts_arrive<S: XmppServer>(
    world: &mut World<S>,
    juliet: &mut SlixmppClient,
    transport: Transport,
    texts: &[Text],
) {
    for Text { name, text } in texts {
        juliet.send(ALICE_SEEN, text);
        let message = world.sip.receive(transport_for(text, transport));
        assert_eq!(message.body(), with_line_feeds(text).as_bytes(), "{name}");
        assert_is_to_alice_from_juliet(&message);
    }
}

/// A request near the limit of a datagram goes over TCP (RFC 3261 §18.1.1).
fn transport_for(text: &str, transport: Transport) -> Transport {
    if text.len() > 1300 {
        Transport::Tcp
    } else {
        transport
    }
}

fn assert_is_to_alice_from_juliet(message: &SipMessage) {
    assert_eq!(message.request_uri(), Some(ALICE));
    assert_eq!(message.uri("To"), Some(ALICE));
    let from = message.uri("From").and_then(|uri| uri.split(';').next());
    assert_eq!(from, Some(JULIET_SEEN));
}

fn over_tcp() -> WorldSettings {
    WorldSettings {
        transport: Transport::Tcp,
        ..WorldSettings::default()
    }
}

#[test]
fn rfc2779_5_4_4_reply_to_the_shown_address_comes_back_to_each_side() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");

    assert_eq!(
        world.send_from_sip(JULIET_SEEN, "Juliet?").status(),
        Some(200)
    );
    let shown_on_xmpp = juliet.receive().from().to_owned();
    juliet.send(&shown_on_xmpp, "Yes?");
    let at_sip = world.sip.receive(Transport::Udp);
    assert_eq!(
        (at_sip.body(), at_sip.uri("To")),
        (&b"Yes?"[..], Some(ALICE))
    );

    let shown_on_sip = at_sip.uri("From").expect("a request has a From").to_owned();
    assert_eq!(
        world.send_from_sip(&shown_on_sip, "Good night").status(),
        Some(200)
    );
    let again = juliet.receive();
    assert_eq!(
        (again.body(), again.bare_from()),
        (Some("Good night"), ALICE_SEEN)
    );
}

#[test]
fn rfc2779_4_1_3_native_reply_to_the_shown_address_comes_home_over_every_ordered_pair() {
    if !peers::are_wanted() {
        return;
    }
    Networks::start().for_every_ordered_pair(|writer, reader, to| {
        let between = format!("from {} to {}", writer.inbox, reader.inbox);
        let text = format!("Is it you? {between}");
        writer.send(to, &text);
        let question = reader.receive();
        assert_eq!(question.text, text);

        let text = format!("It is, 今. {between}");
        reader.send(&question.from, &text);
        let Shown { from, text: reply } = writer.receive();
        assert_eq!(reply, text);
        assert!(from.starts_with(to), "{from}, not {to}, answers {between}");
    });
}

#[test]
fn cpim_e_2_hide_users_with_aliases_know_each_other_by_plain_addresses_over_every_ordered_pair() {
    if !peers::are_wanted() {
        return;
    }
    Networks::start_with_aliases().for_every_ordered_pair(|writer, reader, to| {
        let between = format!("from {} to {}", writer.inbox, reader.inbox);
        // A source route has a `=` before its `@`.
        let is_plain = |address: &str| !address.split('@').next().unwrap_or_default().contains('=');
        assert!(is_plain(to), "{to}, {between}");
        writer.send(to, &between);
        let question = reader.receive();
        assert_eq!(question.text, between);
        assert!(is_plain(&question.from), "{question:?}, {between}");

        reader.send(&question.from, "Good night");
        let Shown { from, text } = writer.receive();
        assert_eq!(text, "Good night");
        assert!(from.starts_with(to), "{from}, not {to}, answers {between}");
    });
}

#[test]
fn reply_to_a_sip_user_with_capitals_reaches_this_user_through_prosody() {
    reply_to_a_sip_user_with_capitals_reaches_this_user::<Prosody>();
}

#[test]
fn reply_to_a_sip_user_with_capitals_reaches_this_user_through_ejabberd() {
    reply_to_a_sip_user_with_capitals_reaches_this_user::<Ejabberd>();
}

fn reply_to_a_sip_user_with_capitals_reaches_this_user<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<S>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    for user in [
        "sip:Alice@sip.example",
        "sip:ALICE@sip.example",
        "sip:O'Malley+4F@sip.example",
        "sip:%2541lice@sip.example",
        ALICE,
    ] {
        let message = Outgoing::text(user, JULIET_SEEN, "Juliet?");
        let answer = world.sip_client(Transport::Udp).send(message);
        assert_eq!(answer.status(), Some(200), "{user}");
        let shown = juliet.receive().from().to_owned();
        juliet.send(&shown, "Yes?");
        let reply = world.sip.receive(Transport::Udp);
        assert_eq!(reply.request_uri(), Some(user), "shown as {shown}");
        assert_eq!(reply.uri("To"), Some(user));
    }
    assert!(juliet.unread().is_empty(), "no error has come");
}

#[test]
fn user_of_xmpp_is_found_whatever_the_case_of_her_name() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    let answer = world.send_from_sip("sip:Juliet@xmpp.example", "Juliet?");
    assert_eq!(answer.status(), Some(200));
    assert_eq!(juliet.receive().body(), Some("Juliet?"));
}

#[test]
fn rfc2779_5_4_8_texts_of_every_kind_are_shown_over_every_ordered_pair() {
    if !peers::are_wanted() {
        return;
    }
    let texts = texts::no_longer_than(1000);
    Networks::start().for_every_ordered_pair(|writer, reader, to| {
        writer.send_all(to, texts.iter().map(|text| &*text.text));
        for Text { name, text } in &texts {
            let shown = with_line_feeds(&reader.receive().text);
            assert_eq!(shown, with_line_feeds(text), "{name}, to {to}");
        }
    });
}

#[test]
fn cpim_e_2_hide_baresip_and_prosody_users_exchange_every_text_by_plain_addresses() {
    if !peers::are_wanted() {
        return;
    }
    let port = Port::take();
    let next_hop = Some(format!("udp:{SIP_HOST}:{}", port.number()));
    let world = World::<Prosody>::start(&WorldSettings {
        next_hop,
        ..WorldSettings::default()
    });
    let mut juliet = world.login("juliet");
    let mut phone = Baresip::start(port, ALICE, world.gateway_sip(), &[JULIET_SEEN]);
    for Text { name, text } in texts::no_longer_than(baresip::LONGEST_TEXT) {
        phone.send(JULIET_SEEN, &text);
        let stanza = juliet.receive();
        let typed = with_line_feeds(baresip::typed(&text));
        assert_eq!(stanza.body(), Some(&*typed), "{name}");
        assert_eq!(stanza.bare_from(), ALICE_SEEN, "{name}");

        juliet.send(stanza.from(), &text);
        let from = phone.await_text(&with_line_feeds(&text));
        assert_eq!(from.split(';').next(), Some(JULIET_SEEN), "{name}");
    }
}

#[test]
fn rfc2779_4_1_7_subject_thread_and_language_cross_to_sip_and_back() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    let draft = Draft {
        to: ALICE_SEEN,
        body: "Wherefore art thou?",
        subject: Some("A question, 今"),
        thread: Some("e0ffe42b28561960c6b12b944a092794b9683a38"),
        lang: Some("it"),
        ..Draft::default()
    };
    juliet.send_draft(&draft);
    let message = world.sip.receive(Transport::Udp);
    assert_eq!(message.header("Subject"), draft.subject);
    assert_eq!(message.header("Content-Language"), draft.lang);
    let call_id = message.header("Call-ID").expect("a request has a Call-ID");
    assert_eq!(Some(call_id), draft.thread);

    let headers = ["Subject: An answer, 今", "Content-Language: fr"];
    let answer = Outgoing {
        headers: &headers,
        ..Outgoing::text(ALICE, JULIET_SEEN, "Ici")
    };
    assert_eq!(
        world.sip_client(Transport::Udp).send(answer).status(),
        Some(200)
    );
    let stanza = juliet.receive();
    assert_eq!(
        (stanza.subject(), stanza.lang()),
        (Some("An answer, 今"), Some("fr"))
    );
    assert!(stanza.thread().is_some(), "the Call-ID is the thread");
}

#[test]
fn rfc2779_5_4_2_burst_arrives_once_and_in_order() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&over_tcp());
    let mut juliet = world.login("juliet");
    let texts: Vec<String> = (0..100).map(|number| format!("number {number}")).collect();
    for text in &texts {
        juliet.send(ALICE_SEEN, text);
    }
    let arrived: Vec<_> = texts
        .iter()
        .map(|_| String::from_utf8_lossy(world.sip.receive(Transport::Tcp).body()).into_owned())
        .collect();
    assert_eq!(arrived, texts);
    assert_eq!(world.send_from_sip(JULIET_SEEN, "done").status(), Some(200));
    assert_eq!(juliet.receive().body(), Some("done"), "no error has come");
    assert_eq!(world.sip.received().len(), texts.len());
}

#[test]
fn rfc2779_5_4_2_retransmitted_request_is_delivered_once() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    let alice = RawSip::new();
    for _copy in 0..3 {
        alice.send(
            world.gateway_sip(),
            ALICE,
            JULIET_SEEN,
            "text/plain",
            b"once",
        );
    }
    assert_eq!(alice.receive().status(), Some(200));
    assert_eq!(world.send_from_sip(JULIET_SEEN, "done").status(), Some(200));
    let bodies =
        [juliet.receive(), juliet.receive()].map(|stanza| stanza.body().map(str::to_owned));
    assert_eq!(bodies, [Some("once".to_owned()), Some("done".to_owned())]);
    assert!(juliet.unread().is_empty());
}

#[test]
fn rfc2779_4_1_9_each_message_has_an_identifier_of_its_own_that_nobody_can_guess() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    let ids = ["the same", "the same"].map(|text| {
        assert_eq!(world.send_from_sip(JULIET_SEEN, text).status(), Some(200));
        juliet.receive().id().unwrap_or_default().to_owned()
    });
    assert_ne!(ids[0], ids[1]);
    let is_random = |id: &String| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
    assert!(ids.iter().all(is_random), "{ids:?}");

    // An XMPP client may give two messages one id; they are two messages all the same.
    let via = ["one", "two"].map(|body| {
        let id = Some("1");
        let to = ALICE_SEEN;
        juliet.send_draft(&Draft {
            to,
            body,
            id,
            ..Draft::default()
        });
        let message = world.sip.receive(Transport::Udp);
        assert_eq!(message.body(), body.as_bytes());
        message.header("Via").map(str::to_owned)
    });
    assert_ne!(via[0], via[1], "the branch names the message");
}

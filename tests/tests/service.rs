//! What the message service answers, and that it does no more than that (RFC 3860 §3.4).

use rialto_tests::{
    peers::{
        self, Prosody, Reply, SippClient, SippServer, Transport,
        sipp::{Outgoing, SIP_HOST},
    },
    raw_sip::RawSip,
    relay::{BOB, Relay},
    world::{ALICE, ALICE_SEEN, JULIET_SEEN, World, WorldSettings},
};

#[test]
fn cpim_2_4_1_3b_expired_message_is_refused_to_its_sip_sender() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    let expired = Outgoing {
        headers: &["Date: Sat, 13 Nov 2010 23:29:00 GMT", "Expires: 60"],
        ..Outgoing::text(ALICE, JULIET_SEEN, "too late")
    };
    let answer = world.sip_client(Transport::Udp).send(expired);
    assert_eq!(answer.status(), Some(480), "{}", answer.head());
    let warning = answer.header("Warning").unwrap_or_default();
    assert!(warning.contains("had expired"), "{warning}");
    assert_eq!(world.send_from_sip(JULIET_SEEN, "now").status(), Some(200));
    assert_eq!(juliet.receive().body(), Some("now"));
}

#[test]
fn cpim_2_4_1_3c_message_that_was_only_accepted_is_only_accepted_for_its_sip_sender() {
    if !peers::are_wanted() {
        return;
    }
    let mut bob = SippServer::start(SIP_HOST, &Reply::Status("202 Accepted"));
    let relay = Relay::start(&bob.next_hop(Transport::Udp));
    let alice = SippClient::new(SIP_HOST, Transport::Udp, relay.listen);
    let answer = alice.send(Outgoing::text(ALICE, BOB, "pass it on"));
    assert_eq!(answer.status(), Some(202), "{}", answer.head());
    assert_eq!(bob.receive(Transport::Udp).body(), b"pass it on");
}

#[test]
fn cpim_2_2_1_destination_that_is_no_domain_name_or_has_no_way_is_refused_and_not_sent() {
    if !peers::are_wanted() {
        return;
    }
    // Whom nobody vouches for does not even get to know that there is no way.
    let world = World::<Prosody>::start(&WorldSettings {
        sip_lines: &["trusted = [\"127.0.0.0/8\"]"],
        ..WorldSettings::default()
    });
    let mut juliet = world.login("juliet");
    for (host, status, why) in [
        (
            "localhost",
            400,
            "destination is not a valid instant inbox: the domain `localhost` is not fully",
        ),
        (
            "192.0.2.1",
            400,
            "destination is not a valid instant inbox: the domain is an IP address",
        ),
        (
            "[2001:db8::1]",
            400,
            "destination is not a valid instant inbox: the domain is an IP address",
        ),
        ("nowhere.example", 404, "no way"),
    ] {
        // SIPp takes brackets for its own.
        let alice = RawSip::new();
        let to = format!("sip:juliet@{host}");
        alice.send(world.gateway_sip(), ALICE, &to, "text/plain", b"anyone?");
        let answer = alice.receive();
        assert_eq!(answer.status(), Some(status), "{host}");
        let warning = answer.header("Warning").unwrap_or_default();
        assert!(warning.contains(why), "{host}: {warning}");
    }
    assert_eq!(
        world.send_from_sip(JULIET_SEEN, "after").status(),
        Some(200)
    );
    assert_eq!(juliet.receive().body(), Some("after"), "no more has come");
    assert!(world.sip.received().is_empty());
}

#[test]
fn cpim_2_4_1_3c_sip_202_gives_the_xmpp_sender_no_error_and_no_receipt() {
    if !peers::are_wanted() {
        return;
    }
    let reply = Reply::Status("202 Accepted");
    let mut world = World::<Prosody>::start(&WorldSettings {
        reply,
        ..WorldSettings::default()
    });
    let mut juliet = world.login("juliet");
    juliet.send(ALICE_SEEN, "Later will do");
    world.sip.receive(Transport::Udp);
    // What comes after on the same stream proves that nothing came before.
    assert_eq!(world.send_from_sip(JULIET_SEEN, "done").status(), Some(200));
    assert_eq!(juliet.receive().body(), Some("done"));
}

//! What one side must not learn of the other.

use rialto_tests::{
    peers::{self, Prosody, Reply, Transport},
    world::{ALICE_SEEN, JULIET_SEEN, World, WorldSettings},
};

#[test]
fn rfc2779_5_4_5_no_address_of_one_side_is_shown_to_the_other() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");

    let answer = world.send_from_sip(JULIET_SEEN, "hello");
    let stanza = juliet.receive();
    juliet.send(stanza.from(), "hello");
    let message = world.sip.receive(Transport::Udp);

    let sip_port = world.sip.address().port().to_string();
    for hidden in ["127.0.0.", "::1", &sip_port, "SIPp", "UDP"] {
        assert!(
            !stanza.xml().contains(hidden),
            "{hidden} in {}",
            stanza.xml()
        );
    }
    for head in [answer.head(), message.head()] {
        for hidden in ["127.0.0.12", "balcony", "slixmpp"] {
            let shown = head
                .lines()
                .find(|line| line.contains(hidden) && !is_gruu(line));
            assert_eq!(shown, None, "{hidden}");
        }
    }
}

/// The resource is a user's own instance, and RFC 7572 §4 carries it as a GRUU where it is shown.
fn is_gruu(line: &str) -> bool {
    line.contains(";gr=balcony")
}

#[test]
fn rfc2779_5_4_5_no_address_is_shown_in_an_error() {
    if !peers::are_wanted() {
        return;
    }
    let reply = Reply::StatusAndHeader(
        "404 Nobody at 127.0.0.11",
        "Warning: 399 127.0.0.11 \"not at 127.0.0.11\"",
    );
    let world = World::<Prosody>::start(&WorldSettings {
        reply,
        ..WorldSettings::default()
    });
    let mut juliet = world.login("juliet");
    juliet.send(ALICE_SEEN, "hello");
    let error = juliet.receive();
    assert_eq!(error.kind(), "error");
    assert!(!error.xml().contains("127.0.0."), "{}", error.xml());

    let answer = world.send_from_sip("sip:nobody@xmpp.example", "hello");
    assert!(!answer.head().contains("127.0.0.12"), "{}", answer.head());
}

#[test]
fn sips_destination_is_refused_and_nothing_of_the_message_goes_on_unsecured() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    let answer = world.send_from_sip("sips:juliet@xmpp.example", "between us");
    assert_eq!(answer.status(), Some(416), "{}", answer.head());
    let after = world.send_from_sip(JULIET_SEEN, "for all to hear");
    assert_eq!(after.status(), Some(200));
    assert_eq!(juliet.receive().body(), Some("for all to hear"));
}

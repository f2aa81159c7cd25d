//! What becomes of messages for XMPP while its server goes and comes.

use std::collections::HashMap;

use rialto_tests::{
    peers::{self, Prosody, SlixmppClient, XmppServer},
    raw_sip::RawSip,
    world::{ALICE, JULIET_SEEN, World, WorldSettings},
};

/// SIP senders are not told of what may pass: the gateway tries again.
const KEEPING: &[&str] = &["[adapters.sip.custody]", "temporary_failures = \"keep\""];

const BEFORE: usize = 20;
const MEANWHILE: usize = 20;

#[test]
fn cpim_3_4_persist_messages_arrive_in_order_after_prosody_was_away_or_their_failure_is_told() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings {
        sip_lines: KEEPING,
        ..WorldSettings::default()
    });
    let mut juliet = world.login("juliet");
    // Some are on their way when the server stops.
    let before: Vec<_> = (0..BEFORE).map(|number| send(&world, number)).collect();
    juliet.receive();
    world.xmpp.stop();
    let meanwhile: Vec<_> = (0..MEANWHILE)
        .map(|number| send(&world, BEFORE + number))
        .collect();
    for alice in &before {
        assert!(final_status(alice).is_some(), "each is answered");
    }
    for alice in &meanwhile {
        assert_eq!(final_status(alice), Some(202), "kept, and not sent yet");
    }
    world.xmpp.start_again();
    let mut juliet = world.login("juliet");
    let last = send(&world, LAST);
    assert!(matches!(final_status(&last), Some(200 | 202)));

    let shown = shown_until_last(&mut juliet);
    let arrived: Vec<_> = shown.iter().filter(|number| **number >= BEFORE).collect();
    assert!(arrived.is_sorted(), "{shown:?}");
    for (number, alice) in meanwhile.iter().enumerate() {
        if !shown.contains(&(BEFORE + number)) {
            // It was tried before Juliet was there again, and she was refused it.
            let told = alice.receive();
            assert_eq!(
                told.header("Auto-Submitted"),
                Some("auto-replied"),
                "{number}"
            );
        }
    }
}

const LAST: usize = BEFORE + MEANWHILE;

/// Sends a number from a socket of its own, which gets all that is said of it.
fn send(world: &World<Prosody>, number: usize) -> RawSip {
    let (alice, text) = (RawSip::new(), number.to_string());
    let gateway = world.gateway_sip();
    alice.send(gateway, ALICE, JULIET_SEEN, "text/plain", text.as_bytes());
    alice
}

/// What is said in the end of what was sent; before that comes 100 if it takes long (RFC 4320 §4.1).
fn final_status(alice: &RawSip) -> Option<u16> {
    loop {
        match alice.receive().status() {
            Some(100) => {}
            status => return status,
        }
    }
}

/// What a client shows that knows a message again by its id.
fn shown_until_last(client: &mut SlixmppClient) -> Vec<usize> {
    let (mut ids, mut shown) = (HashMap::new(), Vec::new());
    while shown.last() != Some(&LAST) {
        let stanza = client.receive();
        let number = stanza.body().and_then(|body| body.parse().ok());
        let number: usize = number.expect("only numbers are sent");
        let id = stanza.id().unwrap_or_default().to_owned();
        let known = *ids.entry(id).or_insert(number);
        assert_eq!(known, number, "one id for two messages");
        if !shown.contains(&number) {
            shown.push(number);
        }
        assert_eq!(ids.len(), shown.len(), "two ids for one message");
    }
    shown
}

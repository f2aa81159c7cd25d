//! What SIP senders hear of messages that the gateway keeps.

use rialto_tests::{
    peers::{self, Reply, SippServer, Transport, sipp::SIP_HOST},
    raw_sip::RawSip,
    relay::{BOB, Relay},
    world::ALICE,
};

/// Each message of the near network is kept first.
const KEPT: &[&str] = &["[adapters.near.custody]", "patience = \"0s\""];

#[test]
fn rfc2779_4_2_1_sender_whose_message_was_kept_hears_in_words_that_it_failed() {
    if !peers::are_wanted() {
        return;
    }
    let bob = SippServer::start(SIP_HOST, &Reply::Status("404 Not Found"));
    let relay = Relay::start_with(&bob.next_hop(Transport::Udp), KEPT);
    let alice = RawSip::new();
    send(&alice, &relay, "the content");
    assert_eq!(alice.receive().status(), Some(202));
    let told = alice.receive();
    assert_eq!(told.uri("From"), Some(BOB));
    assert_eq!(told.uri("To"), Some(ALICE));
    assert_eq!(told.header("Auto-Submitted"), Some("auto-replied"));
    let words = String::from_utf8_lossy(told.body()).into_owned();
    let end = "to sip:bob@other.example was not delivered: there is no such instant inbox.";
    assert!(words.ends_with(end), "{words}");
}

/// The gateway may not have written down yet that Bob has the message; what it then sends again is the same request to him.
#[test]
fn cpim_3_4_persist_request_that_is_sent_again_after_a_crash_is_no_new_message() {
    if !peers::are_wanted() {
        return;
    }
    let bob = RawSip::new();
    let mut relay = Relay::start_with(&format!("udp:{}", bob.address()), KEPT);
    let alice = RawSip::new();
    send(&alice, &relay, "once");
    assert_eq!(alice.receive().status(), Some(202));
    let first = bob.receive();
    assert_eq!(first.body(), b"once");

    relay.crash_and_start_again();
    send(&alice, &relay, "once");
    assert_eq!(alice.receive().status(), Some(202));
    let carol = RawSip::new();
    send(&carol, &relay, "twice");
    assert_eq!(carol.receive().status(), Some(202));
    let rest = std::iter::repeat_with(|| bob.receive());
    for again in rest.take_while(|message| message.body() != b"twice") {
        assert_eq!(
            again.header("From"),
            first.header("From"),
            "the tag is another"
        );
    }
}

fn send(sender: &RawSip, relay: &Relay, text: &str) {
    sender.send(relay.listen, ALICE, BOB, "text/plain", text.as_bytes());
}

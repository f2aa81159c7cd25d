//! Principals write their rules themselves.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use rialto_model::{
    Authentication, FailureReason, MessageOperation, PublishOperation, ResponseStatus,
    TransactionId,
};
use rialto_router::{AdapterId, Ground, RulesChange, Ruling};

use self::support::{
    SIP, XMPP,
    gallery::{ALICE, BOB, Gallery, HELEN, pidf, presentity, seconds, sid, subscribe, text},
    operation,
};

const REFUSED: Ruling = Ruling::Denied(Ground::Recipient);

fn first(rule: &str) -> RulesChange {
    RulesChange::First(rule.parse().unwrap())
}

fn message(source: &str, destination: &str) -> MessageOperation {
    operation(source, destination).with_authentication(Authentication::Network)
}

fn rules_of(gallery: &Gallery, presentity: &str) -> String {
    let rules = gallery
        .service
        .rules(&support::gallery::presentity(presentity));
    rules.map(ToString::to_string).unwrap_or_default()
}

#[test]
fn rfc2779_5_4_10_rule_that_the_recipient_wrote_keeps_a_sender_out_over_a_restart_until_taken_back()
{
    let mut gallery = Gallery::new();
    let from_alice = message("im:Alice@voice.example", "im:bob@jabber.example");
    let from_carol = message("im:carol@voice.example", "im:bob@jabber.example");
    assert!(matches!(
        gallery.judge(SIP, &from_alice),
        Ruling::Allowed(_)
    ));
    gallery.change_rules(BOB, first("refuse messages from alice@voice.example"));
    gallery.restart();
    assert_eq!(gallery.judge(SIP, &from_alice), REFUSED);
    // By whatever name she writes to him.
    let by_route = message(
        "im:alice@voice.example",
        "im:xmpp=jabber.example/BOB@relay.example",
    );
    assert_eq!(gallery.judge(SIP, &by_route), REFUSED);
    assert!(matches!(
        gallery.judge(SIP, &from_carol),
        Ruling::Allowed(_)
    ));
    // It is about his inbox; who watches him is another matter.
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s1"));
    assert_eq!(gallery.asked.len(), 1);
    let without = RulesChange::Without("alice@voice.example".parse().unwrap());
    gallery.change_rules(BOB, without);
    assert!(matches!(
        gallery.judge(SIP, &from_alice),
        Ruling::Allowed(_)
    ));
    for operation in [from_alice, from_carol, by_route] {
        drop(operation.respond(ResponseStatus::Indeterminant));
    }
}

#[test]
fn rfc2779_2_3_5_principal_takes_messages_of_those_only_whom_it_names_and_of_the_gateway() {
    let mut gallery = Gallery::new();
    gallery.change_rules(BOB, first("refuse messages from anyone"));
    gallery.change_rules(BOB, first("accept messages from alice@voice.example"));
    let judged = |from: AdapterId, source: &str, authentication| {
        let message = message(source, "im:bob@jabber.example").with_authentication(authentication);
        let ruling = gallery.judge(from, &message);
        drop(message.respond(ResponseStatus::Indeterminant));
        ruling
    };
    let (network, nobody) = (Authentication::Network, Authentication::None);
    let alice = "im:alice@voice.example";
    assert!(matches!(judged(SIP, alice, network), Ruling::Allowed(_)));
    assert_eq!(judged(SIP, alice, nobody), REFUSED);
    assert_eq!(judged(SIP, "im:carol@voice.example", network), REFUSED);
    assert_eq!(judged(SIP, "im:eve@far.example", network), REFUSED);
    let own = judged(AdapterId::GATEWAY, "im:gateway@relay.example", nobody);
    assert!(matches!(own, Ruling::Allowed(_)));
}

#[test]
fn rule_that_accepts_lifts_nothing_that_the_operator_denies() {
    let mut gallery = Gallery::new();
    gallery.change_rules(BOB, first("accept messages from unauthenticated"));
    // By another network than its own.
    let forged = operation("im:carol@voice.example", "im:bob@jabber.example");
    assert!(
        matches!(gallery.judge(XMPP, &forged), Ruling::Denied(ground) if ground != Ground::Recipient)
    );
    drop(forged.respond(ResponseStatus::Indeterminant));
}

#[test]
fn rfc2779_2_3_1_rules_hold_however_the_presentity_s_name_is_written() {
    for [target, written] in [
        [BOB, "pres:BOB@jabber.example"],
        [BOB, "pres:xmpp=jabber.example/Bob@relay.example"],
        [HELEN, "pres:Helen@home.example"],
    ] {
        let mut gallery = Gallery::new();
        gallery.change_rules(target, first("block alice@voice.example"));
        gallery.subscribe(SIP, subscribe(ALICE, written, "s1"));
        assert_eq!(
            gallery.last_failure(),
            FailureReason::NotPermitted,
            "{written}"
        );
        gallery.subscribe(
            SIP,
            subscribe(ALICE, written, "f1").with_duration(seconds(0)),
        );
        assert_eq!(
            gallery.last_failure(),
            FailureReason::NotPermitted,
            "{written}"
        );
        assert!(gallery.asked.is_empty() && gallery.told.is_empty());
    }
}

#[test]
fn publication_is_shown_however_publisher_and_watcher_write_the_presentity_s_name() {
    let mut gallery = Gallery::new();
    let capital = "pres:Helen@home.example";
    let operation = PublishOperation::new(
        TransactionId::parse(b"p").unwrap(),
        sid("phone"),
        presentity(capital),
        presentity(capital),
    );
    let operation = operation.with_document(pidf(capital, "open", "here"));
    gallery.publish(
        SIP,
        operation
            .with_version(1)
            .with_authentication(Authentication::Network),
    );
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    assert!(text(gallery.take_told()[0].document()).contains("here"));
}

#[test]
fn principal_sees_itself_however_its_name_is_written() {
    let mut gallery = Gallery::new();
    gallery.change_rules(HELEN, first("block anyone"));
    gallery.subscribe(
        SIP,
        subscribe("pres:HELEN@home.example", "pres:Helen@home.example", "s1"),
    );
    assert_eq!(*gallery.last_response().status(), ResponseStatus::Success);
}

#[test]
fn changes_of_rules_are_made_one_after_the_other() {
    let mut gallery = Gallery::new();
    gallery.is_slow = true;
    for rule in [
        "block a@a.example",
        "block b@a.example",
        "block c@a.example",
    ] {
        gallery.change_rules(HELEN, first(rule));
    }
    assert_eq!(
        (gallery.writes.len(), rules_of(&gallery, HELEN)),
        (1, String::new())
    );
    gallery.write();
    assert_eq!(rules_of(&gallery, HELEN), "block a@a.example\n");
    // A change that the disk does not take is none, for the next one too.
    gallery.is_full = true;
    gallery.write();
    gallery.is_full = false;
    while !gallery.writes.is_empty() {
        gallery.write();
    }
    assert_eq!(
        rules_of(&gallery, HELEN),
        "block c@a.example\nblock a@a.example\n"
    );
    let set: Vec<_> = gallery.rules_set.iter().map(Result::is_ok).collect();
    assert_eq!(set, [true, false, true]);
    gallery.restart();
    assert_eq!(
        rules_of(&gallery, HELEN),
        "block c@a.example\nblock a@a.example\n"
    );
}

#[test]
fn change_that_changes_nothing_is_made_without_the_disk() {
    let mut gallery = Gallery::new();
    gallery.change_rules(HELEN, first("block a@a.example"));
    gallery.is_slow = true;
    gallery.change_rules(HELEN, first("block a@a.example"));
    gallery.change_rules(BOB, RulesChange::Without("a@a.example".parse().unwrap()));
    assert!(gallery.writes.is_empty());
    assert_eq!(gallery.rules_set, [Ok(()), Ok(()), Ok(())]);
    assert_eq!(gallery.service.rules(&presentity(BOB)), None);
}

#[test]
fn changes_that_wait_are_bounded_and_each_is_answered() {
    let mut gallery = Gallery::new();
    gallery.is_slow = true;
    for number in 0..30 {
        gallery.change_rules(HELEN, first(&format!("block a{number}@a.example")));
    }
    let refused = gallery.rules_set.len();
    assert_eq!(refused, 30 - 1 - 16);
    while !gallery.writes.is_empty() {
        gallery.write();
    }
    assert_eq!(gallery.rules_set.len(), 30);
    assert_eq!(
        gallery.rules_set.iter().filter(|set| set.is_err()).count(),
        refused
    );
    assert_eq!(rules_of(&gallery, HELEN).lines().count(), 17);
}

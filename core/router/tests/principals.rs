//! Principals write their rules themselves.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use rialto_model::{
    Authentication, FailureReason, MessageOperation, PublishOperation, ResponseStatus,
    SubscriptionState, TerminationReason, TransactionId,
};
use rialto_router::{AdapterId, Ground, RulesChange, Ruling};

use self::support::{
    SIP, XMPP,
    gallery::{
        ALICE, BOB, CAROL, Gallery, HELEN, pidf, presentity, publish, seconds, sid, subscribe, text,
    },
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

#[test]
fn rfc2779_2_3_1_and_2_3_3_principal_rules_by_writing_to_the_gateway() {
    let mut gallery = Gallery::new();
    gallery.publish(
        SIP,
        publish("phone", 1, pidf(HELEN, "open", "in the garden")),
    );
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    gallery.take_told();
    let said = gallery.command(HELEN, "Show status-only to alice@voice.example");
    assert_eq!(said, "Done: show status-only to alice@voice.example");
    let told = gallery.take_told();
    let shown = text(told[0].document());
    assert!(
        shown.contains("open") && !shown.contains("garden"),
        "{shown}"
    );
    gallery.command(HELEN, "block alice@voice.example");
    let rejected = SubscriptionState::terminated(TerminationReason::Rejected);
    assert_eq!(gallery.take_told()[0].state(), rejected);
    assert_eq!(
        gallery.command(HELEN, "rules"),
        "These rules hold:\nblock alice@voice.example"
    );
    assert_eq!(
        gallery.command(HELEN, "set rules"),
        "Done: you have no rules."
    );
    let none = "You have no such rules: those of the gateway and of your network hold.";
    assert_eq!(gallery.command(HELEN, "who may watch"), none);
    gallery.is_full = true;
    let said = gallery.command(HELEN, "block anyone");
    assert_eq!(said, "the gateway cannot write it down now");
}

#[test]
fn rfc2779_5_1_11_and_5_1_12_principal_reads_who_watches_it_and_whether_that_is_sure() {
    let mut gallery = Gallery::new();
    assert_eq!(gallery.command(HELEN, "watchers"), "Nobody watches you.");
    gallery.command(
        HELEN,
        "set rules\npolite-block eve@voice.example\nconfirm carol@voice.example\nshow nothing to unauthenticated",
    );
    let watchers = [ALICE, CAROL, "pres:eve@voice.example"];
    for watcher in watchers {
        gallery.subscribe(SIP, subscribe(watcher, HELEN, "s1"));
    }
    let stranger = subscribe("pres:x@far.example", HELEN, "s1");
    gallery.subscribe(SIP, stranger.with_authentication(Authentication::None));
    let said = gallery.command(HELEN, "watchers");
    let mut lines: Vec<_> = said.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "They watch you:",
            "alice@voice.example sees all",
            "carol@voice.example waits for you to decide",
            "eve@voice.example sees you offline",
            "x@far.example sees nothing; nobody vouches for that name",
        ]
    );
}

#[test]
fn rfc2779_5_1_16_principal_ends_a_subscription_without_a_rule_and_the_watcher_is_told() {
    let mut gallery = Gallery::watched();
    assert_eq!(
        gallery.command(BOB, "end alice@voice.example"),
        "Done: alice@voice.example has been told that it does not watch you any more."
    );
    let told = gallery.take_told();
    let rejected = SubscriptionState::terminated(TerminationReason::Rejected);
    assert_eq!(told[0].state(), rejected);
    let said = gallery.command(BOB, "end alice@voice.example");
    assert_eq!(said, "Done: alice@voice.example did not watch you.");
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s2"));
    assert!(!matches!(
        gallery.last_response().status(),
        ResponseStatus::Failure(_)
    ));
}

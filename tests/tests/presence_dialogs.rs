//! Dialogs of SIP watchers through the real gateway, byte by byte: who is told what, within which, and over the gateway's death too.

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    phone_world::{ALICE, ALICE_WATCHED, BOB_SEEN, CAROL, PhoneWorld, pidf, sequence},
    ports::Port,
    sip_presence::SipWatcher,
};

#[test]
fn cpim_3_4_persist_sip_watcher_is_told_within_its_dialog_after_a_crash_too() {
    let alice = SipWatcher::new(ALICE, BOB_SEEN);
    let mut world = PhoneWorld::start(alice.address(), "");
    let answer = alice.subscribe(world.listen, "");
    let asked = world.far.next_of("asked");
    world.far.notify(&asked, "active", Some(&pidf("open")));
    assert_eq!(answer.status(), Some(200));
    let before = alice.next_with("<basic>open</basic>");
    world.gateway.kill();
    world.gateway.start_again();
    world.far.take_connection();
    let again = world.far.next_of("asked");
    world.far.notify(&again, "active", Some(&pidf("closed")));
    let after = alice.next_with("<basic>closed</basic>");
    for name in ["From", "To", "Call-ID", "Event"] {
        assert_eq!(after.header(name), before.header(name), "{name}");
    }
    assert!(sequence(&after) > sequence(&before));
    assert_eq!(before.body(), pidf("open").as_bytes(), "byte for byte");
}

/// Alice has two phones, and one subscription.
#[test]
fn rfc3859_both_phones_of_a_sip_watcher_are_told_within_their_dialogs_after_a_crash_too() {
    let phones = [(); 2].map(|()| SipWatcher::new(ALICE, BOB_SEEN));
    let [desk, mobile] = &phones;
    let mut world = PhoneWorld::start(desk.address(), "");
    assert_eq!(desk.subscribe(world.listen, "").status(), Some(200));
    let asked = world.far.next_of("asked");
    world.far.notify(&asked, "active", Some(&pidf("open")));
    desk.next_with("<basic>open</basic>");
    mobile.ask(world.listen, "");
    // The desk phone shows that it is there still.
    desk.next_with("<basic>open</basic>");
    assert_eq!(mobile.final_answer().status(), Some(200));
    mobile.next_with("<basic>open</basic>");
    world.far.notify(&asked, "active", Some(&pidf("closed")));
    let before = phones
        .each_ref()
        .map(|phone| phone.next_with("<basic>closed</basic>"));
    world.gateway.kill();
    world.gateway.start_again();
    world.far.take_connection();
    let again = world.far.next_of("asked");
    assert_eq!(again["id"], asked["id"], "there is one subscription");
    world.far.notify(&again, "active", Some(&pidf("open")));
    let after = phones
        .each_ref()
        .map(|phone| phone.next_with("<basic>open</basic>"));
    for (before, after) in before.iter().zip(&after) {
        for name in ["From", "To", "Call-ID", "Event"] {
            assert_eq!(after.header(name), before.header(name), "{name}");
        }
        assert!(sequence(after) > sequence(before));
    }
    assert_ne!(before[0].header("Call-ID"), before[1].header("Call-ID"));
}

#[test]
fn rfc2779_5_1_16_and_5_1_13_sip_watcher_who_is_blocked_is_told_the_end_and_cannot_subscribe_again()
{
    let alice = SipWatcher::new(ALICE, BOB_SEEN);
    let mut world = PhoneWorld::start(alice.address(), "");
    alice.subscribe(world.listen, "");
    let asked = world.far.next_of("asked");
    world.far.notify(&asked, "active", Some(&pidf("open")));
    alice.next_with("<basic>open</basic>");
    world
        .gateway
        .say(&["rules", "block", "bob@far.example", "alice@sip.example"]);
    let end = alice.end();
    assert_eq!(
        end.header("Subscription-State"),
        Some("terminated;reason=rejected")
    );
    assert_eq!(alice.subscribe(world.listen, "").status(), Some(403));
}

#[test]
fn rfc2779_5_1_14_sip_watcher_for_whom_nobody_vouches_cannot_subscribe() {
    let alice = SipWatcher::new(ALICE, BOB_SEEN);
    let world = PhoneWorld::start_with(alice.address(), "", "trusted = []");
    assert_eq!(alice.subscribe(world.listen, "").status(), Some(403));
}

#[test]
fn cpim_3_4_4_sip_watcher_fetches_and_is_told_once() {
    let alice = SipWatcher::new(ALICE, BOB_SEEN);
    let mut world = PhoneWorld::start(alice.address(), "");
    alice.ask(world.listen, "Expires: 0\r\n");
    let asked = world.far.next_of("asked");
    assert_eq!(asked["duration"], 0);
    world.far.notify(&asked, "timeout", Some(&pidf("open")));
    let answer = alice.final_answer();
    assert_eq!(
        (answer.status(), answer.header("Expires")),
        (Some(200), Some("0"))
    );
    let told = alice.end();
    assert_eq!(told.body(), pidf("open").as_bytes());
}

/// Alice's gateway knows the far network by another gateway alone, which it reaches by SIP.
#[test]
fn rfc2779_2_4_1_and_2_4_2_subscription_its_notifications_and_its_end_pass_two_gateways() {
    let alice = SipWatcher::new(ALICE, BOB_SEEN);
    let mut world = PhoneWorld::start_with(alice.address(), "", "trusted = [\"127.0.0.0/8\"]");
    let ports = [Port::take(), Port::take()];
    let [near, beyond] = ports.each_ref().map(gateway::address);
    let hers = GatewayConfig::new()
        .with_sip("near", &[near], &["far.example"])
        .with_settings(&["trusted = [\"127.0.0.0/8\"]"])
        .with_sip("beyond", &[beyond], &["sip.example"])
        .with_settings(&["trusted = [\"127.0.0.0/8\"]"])
        .with_route(
            "sip.example",
            "near",
            Some(&format!("udp:{}", alice.address())),
        )
        .with_route(
            "far.example",
            "beyond",
            Some(&format!("udp:{}", world.listen)),
        );
    let _gateway = Gateway::start(&hers);
    world.listen = near;
    let answer = alice.subscribe(world.listen, "");
    assert_eq!(answer.status(), Some(200));
    let asked = world.far.next_of("asked");
    assert_eq!(asked["watcher"], ALICE_WATCHED);
    world.far.notify(&asked, "active", Some(&pidf("open")));
    let told = alice.next_with("<basic>open</basic>");
    assert_eq!(told.body(), pidf("open").as_bytes());
    alice.ask_within(world.listen, &answer, "Expires: 0\r\n");
    let parting = world.far.next_of("asked");
    assert_eq!(
        (&parting["id"], &parting["duration"]),
        (&asked["id"], &0.into())
    );
    let last = alice.end();
    assert_eq!(
        last.header("Subscription-State"),
        Some("terminated;reason=timeout")
    );
}

/// Bob blocks Alice politely, and is offline; Carol may watch him.
#[test]
fn rfc2779_5_1_15_politely_blocked_sip_watcher_is_told_what_a_watcher_of_one_who_is_offline_is_told()
 {
    let [alice, carol] = [ALICE, CAROL].map(|user| SipWatcher::new(user, BOB_SEEN));
    let mut world = PhoneWorld::start(alice.address(), "");
    let rule = [
        "rules",
        "polite-block",
        "bob@far.example",
        "alice@sip.example",
    ];
    world.gateway.say(&rule);
    carol.ask(world.listen, "");
    let asked = world.far.next_of("asked");
    assert_eq!(asked["watcher"], "pres:carol@sip.example");
    let closed = pidf("closed");
    world.far.notify(&asked, "active", Some(&closed));
    alice.ask(world.listen, "");
    let seen = [&alice, &carol].map(|watcher| {
        let answer = watcher.final_answer();
        let told = watcher.next_with("closed");
        let answered = ["Expires", "Server"].map(|name| answer.header(name).map(str::to_owned));
        let headers = ["Event", "Content-Type", "User-Agent", "Max-Forwards"];
        let shown = headers.map(|name| told.header(name).map(str::to_owned));
        let state = told.header("Subscription-State").unwrap_or_default();
        let (state, _) = state.split_once(';').unwrap_or_default();
        (
            answer.status(),
            answered,
            shown,
            state.to_owned(),
            told.body().to_vec(),
        )
    });
    assert_eq!(seen[0], seen[1]);
}

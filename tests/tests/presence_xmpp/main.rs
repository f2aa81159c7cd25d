//! Presence between XMPP users, on Prosody and ejabberd with slixmpp, and a network that the test plays.

use rialto_tests::{
    gateway::{Gateway, GatewayConfig},
    peers::{
        self, Ejabberd, Prosody, SlixmppClient, XmppServer, XmppSettings, xmpp_server::XMPP_DOMAIN,
    },
    stage::Stage,
};
use serde_json::Value;

mod outages;
mod polite;

const ALICE: &str = "pres:alice@near.example";
const ALICE_SEEN: &str = "alice@near.example";
const JULIET: &str = "pres:juliet@xmpp.example";

/// A gateway between an XMPP server and the network of Alice.
struct World<S> {
    gateway: Gateway,
    near: Stage,
    xmpp: S,
}

impl<S: XmppServer> World<S> {
    fn start() -> Self {
        let xmpp = S::start(XmppSettings::new("near.example"));
        let mut near = Stage::new();
        let config = GatewayConfig::new()
            .with_xmpp("xmpp", &xmpp.link(), &["near.example"])
            .with_settings(&["reconnect_min = \"50ms\"", "reconnect_max = \"500ms\""])
            .with_route(XMPP_DOMAIN, "xmpp", None);
        let config = near.add(config, "near", &[XMPP_DOMAIN], &[]);
        let gateway = Gateway::start(&config);
        near.take_connection();
        Self {
            gateway,
            near,
            xmpp,
        }
    }

    /// Has Juliet watch Alice, who is away: what Alice's network was asked.
    fn juliet_watches(&mut self, juliet: &mut SlixmppClient) -> Value {
        juliet.write(&format!("<presence to='{ALICE_SEEN}' type='subscribe'/>"));
        let asked = self.near.next_of("asked");
        self.near.notify(&asked, "active", Some(&away("at lunch")));
        juliet.presence_until(ALICE_SEEN, "subscribed");
        // Before that, perhaps, that nothing is known yet.
        let here = juliet.presence_until(ALICE_SEEN, "available");
        assert_eq!(here.from(), "alice@near.example/desk");
        assert_eq!(
            (here.show(), here.status()),
            (Some("away"), Some("at lunch"))
        );
        asked
    }

    /// Has Alice watch Juliet, who lets her.
    fn alice_watches(&mut self, juliet: &mut SlixmppClient) {
        let subscribed = self.near.subscribe("s1", ALICE, JULIET, 600);
        juliet.presence_until(ALICE_SEEN, "subscribe");
        assert_eq!(self.near.answer(subscribed)["status"], "indeterminant");
        juliet.write(&format!("<presence to='{ALICE_SEEN}' type='subscribed'/>"));
        self.told("ID-balcony");
    }

    /// The next that Alice is told in which this stands.
    fn told(&mut self, text: &str) -> String {
        loop {
            let told = self.near.next_of("told");
            assert_eq!(told["id"], "s1");
            if says(&told, text) {
                return told["document"].as_str().unwrap_or_default().to_owned();
            }
        }
    }

    /// Kills the gateway, does something meanwhile, and starts the gateway again.
    fn crash(&mut self, meanwhile: impl FnOnce()) {
        self.gateway.kill();
        meanwhile();
        self.gateway.start_again();
        self.near.take_connection();
    }
}

fn pidf(status: &str, note: &str) -> String {
    format!(
        "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='{ALICE}'><tuple id='ID-desk'>\
         <status>{status}</status><note>{note}</note></tuple></presence>"
    )
}

fn away(note: &str) -> String {
    pidf(
        "<basic>open</basic><show xmlns='jabber:client'>away</show>",
        note,
    )
}

fn closed(note: &str) -> String {
    pidf("<basic>closed</basic>", note)
}

fn xmpp_user_watches<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<S>::start();
    let mut juliet = world.xmpp.login("juliet");
    let asked = world.juliet_watches(&mut juliet);
    assert_eq!(
        (&asked["watcher"], &asked["target"]),
        (&JULIET.into(), &ALICE.into())
    );

    world
        .near
        .notify(&asked, "active", Some(&closed("gone home")));
    let gone = juliet.presence_of(ALICE_SEEN);
    assert_eq!(
        (gone.kind(), gone.from()),
        ("unavailable", "alice@near.example/desk")
    );
    assert_eq!(gone.status(), Some("gone home"));

    world.near.notify(&asked, "active", Some(&away("back")));
    assert_eq!(juliet.presence_of(ALICE_SEEN).status(), Some("back"));

    // Juliet comes back with nothing in her client's memory; her server asks for what it is to show.
    drop(juliet);
    let mut juliet = world.xmpp.login("juliet");
    assert_eq!(
        juliet.presence_until(ALICE_SEEN, "available").status(),
        Some("back")
    );

    juliet.write(&format!("<presence to='{ALICE_SEEN}' type='unsubscribe'/>"));
    let mut end = world.near.next_of("asked");
    while end["id"] != asked["id"] {
        end = world.near.next_of("asked");
    }
    assert_eq!(end["duration"], 0, "{end}");
    juliet.presence_until(ALICE_SEEN, "unavailable");
    let late = world.near.notify(&asked, "active", Some(&away("too late")));
    assert_eq!(world.near.answer(late)["reason"], "NoPresentity");
}

fn xmpp_user_is_watched<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<S>::start();
    let mut juliet = world.xmpp.login("juliet");
    world.alice_watches(&mut juliet);

    juliet.write("<presence><show>dnd</show><status>feeling &amp; fine</status><priority>13</priority></presence>");
    let told = world.told("feeling");
    for part in [
        "feeling &amp; fine",
        ">dnd<",
        "busy",
        "0.102",
        "ID-balcony",
        JULIET,
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }

    drop(juliet);
    let told = world.told("closed");
    assert!(!told.contains("open"), "{told}");
    let mut juliet = world.xmpp.login("juliet");
    world.told("open");

    juliet.write(&format!(
        "<presence to='{ALICE_SEEN}' type='unsubscribed'/>"
    ));
    let mut last = world.near.next_of("told");
    while last["state"] == "active" {
        last = world.near.next_of("told");
    }
    assert_eq!(last["state"], "rejected");
}

#[test]
fn rfc2779_3_2_3_xmpp_user_on_prosody_watches_and_every_change_is_told_until_it_ends() {
    xmpp_user_watches::<Prosody>();
}

#[test]
fn rfc2779_3_2_3_xmpp_user_on_ejabberd_watches_and_every_change_is_told_until_it_ends() {
    xmpp_user_watches::<Ejabberd>();
}

#[test]
fn rfc2779_3_2_3_xmpp_user_on_prosody_is_watched_with_show_status_and_priority() {
    xmpp_user_is_watched::<Prosody>();
}

#[test]
fn rfc2779_3_2_3_xmpp_user_on_ejabberd_is_watched_with_show_status_and_priority() {
    xmpp_user_is_watched::<Ejabberd>();
}

#[test]
fn contact_whom_the_watcher_writes_in_two_ways_is_one_on_prosody_and_watched_on() {
    contact_in_two_ways_is_one_and_watched_on::<Prosody>();
}

#[test]
fn contact_whom_the_watcher_writes_in_two_ways_is_one_on_ejabberd_and_watched_on() {
    contact_in_two_ways_is_one_and_watched_on::<Ejabberd>();
}

fn contact_in_two_ways_is_one_and_watched_on<S: XmppServer>() {
    const PHONE: &str = "pres:juliet/user=phone@xmpp.example";
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<S>::start();
    let mut juliet = world.xmpp.login("juliet");
    world.alice_watches(&mut juliet);
    let second = world.near.subscribe("s2", ALICE, PHONE, 600);
    assert_eq!(world.near.answer(second)["reason"], "AlreadySubscribed");

    let fetch = world.near.subscribe("f1", ALICE, PHONE, 0);
    assert_eq!(world.near.answer(fetch)["status"], "success");
    let mut told = world.near.next_of("told");
    while told["id"] != "f1" {
        told = world.near.next_of("told");
    }
    assert!(says(&told, "ID-balcony"), "{told}");
    assert_eq!(
        (&told["target"], &told["state"]),
        (&PHONE.into(), &"timeout".into())
    );
    juliet.write("<presence><status>still watched</status></presence>");
    world.told("still watched");
}

fn says(told: &Value, text: &str) -> bool {
    told["document"]
        .as_str()
        .is_some_and(|document| document.contains(text))
}

#[test]
fn rfc2779_5_1_5_user_of_prosody_is_told_that_it_was_refused() {
    user_is_told_that_it_was_refused::<Prosody>();
}

#[test]
fn rfc2779_5_1_5_user_of_ejabberd_is_told_that_it_was_refused() {
    user_is_told_that_it_was_refused::<Ejabberd>();
}

fn user_is_told_that_it_was_refused<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<S>::start();
    let mut juliet = world.xmpp.login("juliet");
    juliet.write(&format!("<presence to='{ALICE_SEEN}' type='subscribe'/>"));
    let asked = world.near.next_of("asked");
    world.near.notify(&asked, "rejected", None);
    juliet.presence_until(ALICE_SEEN, "unsubscribed");
}

#[test]
fn cpim_3_4_4_user_of_prosody_is_fetched_by_one_who_may_see_it_and_by_nobody_else() {
    user_is_fetched::<Prosody>();
}

#[test]
fn cpim_3_4_4_user_of_ejabberd_is_fetched_by_one_who_may_see_it_and_by_nobody_else() {
    user_is_fetched::<Ejabberd>();
}

fn user_is_fetched<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<S>::start();
    let mut juliet = world.xmpp.login("juliet");
    let fetch = world.near.subscribe("f1", ALICE, JULIET, 0);
    assert_eq!(world.near.answer(fetch)["status"], "success");
    let told = world.near.next_of("told");
    assert!(
        told["document"].is_null(),
        "her server tells her nothing: {told}"
    );

    world.alice_watches(&mut juliet);
    let end = world.near.subscribe("s1", ALICE, JULIET, 0);
    assert_eq!(world.near.answer(end)["status"], "success");
    let fetch = world.near.subscribe("f2", ALICE, JULIET, 0);
    assert_eq!(world.near.answer(fetch)["status"], "success");
    let mut told = world.near.next_of("told");
    while told["id"] != "f2" {
        told = world.near.next_of("told");
    }
    assert_eq!(told["state"], "timeout", "it is over with that");
    let document = told["document"].as_str().unwrap_or_default();
    assert!(document.contains("ID-balcony"), "{told}");
}

/// Each server has the other's domain as its component.
#[test]
fn rfc2779_3_2_3_users_of_two_servers_watch_each_other_device_by_device() {
    if !peers::are_wanted() {
        return;
    }
    let prosody = Prosody::start(XmppSettings::new("four.example").with_domain("three.example"));
    let ejabberd = Ejabberd::start(XmppSettings::new("three.example").with_domain("four.example"));
    let config = GatewayConfig::new()
        .with_xmpp("three", &prosody.link(), &["four.example"])
        .with_xmpp("four", &ejabberd.link(), &["three.example"])
        .with_route("three.example", "three", None)
        .with_route("four.example", "four", None);
    let _gateway = Gateway::start(&config);
    let (mut juliet, mut romeo) = (prosody.login("juliet"), ejabberd.login("romeo"));
    let (three, four) = ("juliet@three.example", "romeo@four.example");

    juliet.write(&format!("<presence to='{four}' type='subscribe'/>"));
    romeo.presence_until(three, "subscribe");
    romeo.write(&format!("<presence to='{three}' type='subscribed'/>"));
    juliet.presence_until(four, "subscribed");
    let here = juliet.presence_until(four, "available");
    assert_eq!(here.from(), "romeo@four.example/balcony");

    romeo.write(
        "<presence><show>xa</show><status>in Mantua</status><priority>7</priority></presence>",
    );
    let far = juliet.presence_until(four, "available");
    assert_eq!((far.show(), far.status()), (Some("xa"), Some("in Mantua")));
    assert!(
        far.xml().contains("<priority>7</priority>"),
        "{}",
        far.xml()
    );

    romeo.write(&format!("<presence to='{three}' type='unsubscribed'/>"));
    juliet.presence_until(four, "unavailable");
    juliet.presence_until(four, "unsubscribed");
}

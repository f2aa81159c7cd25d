//! The server dies, the gateway dies, the adapter starts again: what was to be told is told.

use rialto_tests::peers::{self, Ejabberd, Prosody, XmppServer};

use super::{ALICE_SEEN, World, away};

#[test]
fn rfc2779_3_2_5_death_of_prosody_is_told_as_closed_and_its_users_are_asked_for_again() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start();
    let mut juliet = world.xmpp.login("juliet");
    world.alice_watches(&mut juliet);
    world.xmpp.kill();
    let told = world.told("closed");
    assert!(!told.contains("open"), "{told}");
    world.xmpp.start_again();
    let mut juliet = world.xmpp.login("juliet");
    world.told("ID-balcony");
    juliet.write("<presence><status>alive</status></presence>");
    world.told("alive");
}

#[test]
fn subscriptions_on_prosody_survive_a_crash_and_what_changed_meanwhile_is_told() {
    subscriptions_survive_a_crash::<Prosody>();
}

#[test]
fn subscriptions_on_ejabberd_survive_a_crash_and_what_changed_meanwhile_is_told() {
    subscriptions_survive_a_crash::<Ejabberd>();
}

fn subscriptions_survive_a_crash<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<S>::start();
    let mut juliet = world.xmpp.login("juliet");
    let asked = world.juliet_watches(&mut juliet);
    world.alice_watches(&mut juliet);
    world.crash(|| juliet.write("<presence><status>changed meanwhile</status></presence>"));

    let again = world.near.next_of("asked");
    assert_eq!(again["id"], asked["id"], "it is the same, and there is one");
    world.near.notify(&again, "active", Some(&away("moved on")));
    let mut news = juliet.presence_until(ALICE_SEEN, "available");
    while news.status() != Some("moved on") {
        news = juliet.presence_until(ALICE_SEEN, "available");
    }
    world.told("changed meanwhile");
}

#[test]
fn subscriptions_on_prosody_survive_a_restart_of_their_adapter_alone() {
    subscriptions_survive_a_restart_of_their_adapter::<Prosody>();
}

#[test]
fn subscriptions_on_ejabberd_survive_a_restart_of_their_adapter_alone() {
    subscriptions_survive_a_restart_of_their_adapter::<Ejabberd>();
}

fn subscriptions_survive_a_restart_of_their_adapter<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<S>::start();
    let mut juliet = world.xmpp.login("juliet");
    let asked = world.juliet_watches(&mut juliet);
    world.alice_watches(&mut juliet);
    world.gateway.say(&["adapters", "restart", "xmpp"]);
    world.near.notify(&asked, "active", Some(&away("moved on")));
    let mut news = juliet.presence_until(ALICE_SEEN, "available");
    while news.status() != Some("moved on") {
        news = juliet.presence_until(ALICE_SEEN, "available");
    }
    juliet.write("<presence><status>still here</status></presence>");
    world.told("still here");
}

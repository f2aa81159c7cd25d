//! Presence between SIP and XMPP, with real phones, servers and clients on both sides: each watches the other.

use std::net::SocketAddr;

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    peers::{
        self, Baresip, Ejabberd, Linphone, Prosody, XmppServer, XmppSettings,
        baresip::{Presence, Shown},
        sipp::SIP_HOST,
        xmpp_server::XMPP_DOMAIN,
    },
    ports::Port,
    sip_presence::{SipPresentity, SipWatcher},
    world::{ALICE, ALICE_SEEN, JULIET_SEEN, SIP_DOMAIN},
};

/// A gateway between an XMPP server, whose component it is, and what a SIP user has.
struct World<S> {
    gateway: Gateway,
    xmpp: S,
    listen: SocketAddr,
    _port: Port,
}

impl<S: XmppServer> World<S> {
    /// With requests for SIP users going here.
    fn start(phone: SocketAddr) -> Self {
        let xmpp = S::start(XmppSettings::new(SIP_DOMAIN));
        let port = Port::take();
        let listen = gateway::address(&port);
        let config = GatewayConfig::new()
            .with_sip("sip", &[listen], &[XMPP_DOMAIN])
            .with_settings(&[&format!("trusted = [\"{SIP_HOST}\"]")])
            .with_xmpp("xmpp", &xmpp.link(), &[SIP_DOMAIN])
            .with_route(XMPP_DOMAIN, "xmpp", None)
            .with_route(SIP_DOMAIN, "sip", Some(&format!("udp:{phone}")));
        Self {
            gateway: Gateway::start(&config),
            xmpp,
            listen,
            _port: port,
        }
    }
}

#[test]
fn rfc2779_3_2_3_and_4_4_2_baresip_is_shown_each_change_between_open_and_closed_of_a_user_on_prosody()
 {
    baresip_watches_an_xmpp_user::<Prosody>();
}

#[test]
fn rfc2779_3_2_3_and_4_4_2_baresip_is_shown_each_change_between_open_and_closed_of_a_user_on_ejabberd()
 {
    baresip_watches_an_xmpp_user::<Ejabberd>();
}

fn baresip_watches_an_xmpp_user<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let port = Port::take();
    let world = World::<S>::start(SocketAddr::new(SIP_HOST, port.number()));
    let mut juliet = world.xmpp.login("juliet");
    let contacts = [JULIET_SEEN];
    let mut alice = Baresip::start_with(port, ALICE, world.listen, &contacts, &Presence::Shown);
    juliet.presence_until(ALICE_SEEN, "subscribe");
    juliet.write(&format!("<presence to='{ALICE_SEEN}' type='subscribed'/>"));
    alice.await_contact(JULIET_SEEN, "Online");
    juliet.write("<presence><show>dnd</show></presence>");
    alice.await_contact(JULIET_SEEN, "Busy");
    drop(juliet);
    alice.await_contact(JULIET_SEEN, "Offline");
    let _back = world.xmpp.login("juliet");
    alice.await_contact(JULIET_SEEN, "Online");
}

#[test]
fn rfc2779_3_2_3_and_4_4_2_user_on_prosody_is_shown_each_change_between_open_and_closed_of_baresip()
{
    baresip_is_watched_by_an_xmpp_user::<Prosody>();
}

#[test]
fn rfc2779_3_2_3_and_4_4_2_user_on_ejabberd_is_shown_each_change_between_open_and_closed_of_baresip()
 {
    baresip_is_watched_by_an_xmpp_user::<Ejabberd>();
}

fn baresip_is_watched_by_an_xmpp_user<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let port = Port::take();
    let world = World::<S>::start(SocketAddr::new(SIP_HOST, port.number()));
    let mut alice = Baresip::start_with(port, ALICE, world.listen, &[], &Presence::Shown);
    alice.show(Shown::Online);
    let mut juliet = world.xmpp.login("juliet");
    juliet.write(&format!("<presence to='{ALICE_SEEN}' type='subscribe'/>"));
    juliet.presence_until(ALICE_SEEN, "subscribed");
    juliet.presence_until(ALICE_SEEN, "available");
    alice.show(Shown::Offline);
    juliet.presence_until(ALICE_SEEN, "unavailable");
    alice.show(Shown::Online);
    juliet.presence_until(ALICE_SEEN, "available");
}

#[test]
fn rfc2779_3_2_3_linphone_watches_a_user_on_prosody_and_sees_each_change() {
    linphone_watches_an_xmpp_user::<Prosody>();
}

#[test]
fn rfc2779_3_2_3_linphone_watches_a_user_on_ejabberd_and_sees_each_change() {
    linphone_watches_an_xmpp_user::<Ejabberd>();
}

fn linphone_watches_an_xmpp_user<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let port = Port::take();
    let world = World::<S>::start(SocketAddr::new(SIP_HOST, port.number()));
    let mut juliet = world.xmpp.login("juliet");
    let mut alice = Linphone::start(port, ALICE, world.listen, &[JULIET_SEEN]);
    juliet.presence_until(ALICE_SEEN, "subscribe");
    juliet.write(&format!("<presence to='{ALICE_SEEN}' type='subscribed'/>"));
    alice.await_friend(JULIET_SEEN, "Online");
    juliet.write("<presence><show>dnd</show></presence>");
    alice.await_friend(JULIET_SEEN, "Busy");
    drop(juliet);
    alice.await_friend(JULIET_SEEN, "Offline");
    let _back = world.xmpp.login("juliet");
    alice.await_friend(JULIET_SEEN, "Online");
}

#[test]
fn rfc2779_3_2_3_linphone_is_watched_by_a_user_on_prosody_as_long_as_it_runs() {
    linphone_is_watched_by_an_xmpp_user::<Prosody>();
}

#[test]
fn rfc2779_3_2_3_linphone_is_watched_by_a_user_on_ejabberd_as_long_as_it_runs() {
    linphone_is_watched_by_an_xmpp_user::<Ejabberd>();
}

fn linphone_is_watched_by_an_xmpp_user<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let port = Port::take();
    let world = World::<S>::start(SocketAddr::new(SIP_HOST, port.number()));
    let mut juliet = world.xmpp.login("juliet");
    let mut alice = Linphone::start(port, ALICE, world.listen, &[JULIET_SEEN]);
    juliet.presence_until(ALICE_SEEN, "subscribe");
    juliet.write(&format!("<presence to='{ALICE_SEEN}' type='subscribed'/>"));
    alice.await_friend(JULIET_SEEN, "Online");
    juliet.write(&format!("<presence to='{ALICE_SEEN}' type='subscribe'/>"));
    juliet.presence_until(ALICE_SEEN, "subscribed");
    juliet.presence_until(ALICE_SEEN, "available");
    // It says good-bye only once what it said before is answered, which this comes after.
    juliet.write("<presence><show>dnd</show></presence>");
    alice.await_friend(JULIET_SEEN, "Busy");
    alice.quit();
    juliet.presence_until(ALICE_SEEN, "unavailable");
}

/// It has lost its dialog, and the gateway has not.
#[test]
fn linphone_that_was_killed_and_started_again_watches_a_user_on_prosody_again() {
    if !peers::are_wanted() {
        return;
    }
    let port = Port::take();
    let world = World::<Prosody>::start(SocketAddr::new(SIP_HOST, port.number()));
    let mut juliet = world.xmpp.login("juliet");
    let mut alice = Linphone::start(port, ALICE, world.listen, &[JULIET_SEEN]);
    juliet.presence_until(ALICE_SEEN, "subscribe");
    juliet.write(&format!("<presence to='{ALICE_SEEN}' type='subscribed'/>"));
    alice.await_friend(JULIET_SEEN, "Online");
    let port = alice.kill();
    let mut alice = Linphone::start(port, ALICE, world.listen, &[JULIET_SEEN]);
    alice.await_friend(JULIET_SEEN, "Online");
    juliet.write("<presence><show>dnd</show></presence>");
    alice.await_friend(JULIET_SEEN, "Busy");
}

/// She has a desk phone and a mobile: one subscription of hers, as she has one on XMPP, and two dialogs.
#[test]
fn rfc3859_both_phones_of_a_sip_user_watch_a_user_on_prosody() {
    if !peers::are_wanted() {
        return;
    }
    let [desk, mobile] = [Port::take(), Port::take()];
    let world = World::<Prosody>::start(SocketAddr::new(SIP_HOST, desk.number()));
    let mut juliet = world.xmpp.login("juliet");
    let contacts = [JULIET_SEEN];
    let mut desk = Baresip::start_with(desk, ALICE, world.listen, &contacts, &Presence::Shown);
    juliet.presence_until(ALICE_SEEN, "subscribe");
    juliet.write(&format!("<presence to='{ALICE_SEEN}' type='subscribed'/>"));
    desk.await_contact(JULIET_SEEN, "Online");
    let mut mobile = Linphone::start(mobile, ALICE, world.listen, &contacts);
    mobile.await_friend(JULIET_SEEN, "Online");
    juliet.write("<presence><show>dnd</show></presence>");
    desk.await_contact(JULIET_SEEN, "Busy");
    mobile.await_friend(JULIET_SEEN, "Busy");
    mobile.quit();
    juliet.write("<presence/>");
    desk.await_contact(JULIET_SEEN, "Online");
}

#[test]
fn rfc2779_3_1_1_status_note_and_away_cross_from_prosody_to_sip() {
    if !peers::are_wanted() {
        return;
    }
    let alice = SipWatcher::new(ALICE, JULIET_SEEN);
    let world = World::<Prosody>::start(alice.address());
    let mut juliet = world.xmpp.login("juliet");
    alice.ask(world.listen, "");
    juliet.presence_until(ALICE_SEEN, "subscribe");
    juliet.write(&format!("<presence to='{ALICE_SEEN}' type='subscribed'/>"));
    juliet.write("<presence><show>away</show><status>at lunch</status></presence>");
    let told = alice.next_with("at lunch");
    let document = String::from_utf8_lossy(told.body()).into_owned();
    for part in ["<basic>open</basic>", "at lunch", ">away<", "away/>"] {
        assert!(document.contains(part), "{part}: {document}");
    }
    assert_eq!(told.header("Content-Type"), Some("application/pidf+xml"));
}

#[test]
fn rfc2779_3_1_1_status_note_and_away_cross_from_sip_to_prosody_and_over_a_crash() {
    if !peers::are_wanted() {
        return;
    }
    let alice = SipPresentity::new(ALICE);
    let mut world = World::<Prosody>::start(alice.address());
    let mut juliet = world.xmpp.login("juliet");
    juliet.write(&format!("<presence to='{ALICE_SEEN}' type='subscribe'/>"));
    let asked = alice.grant(world.listen);
    alice.notify(world.listen, &asked, &pidf("<rpid:away/>", "at lunch"));
    juliet.presence_until(ALICE_SEEN, "subscribed");
    let here = juliet.presence_until(ALICE_SEEN, "available");
    assert_eq!(
        (here.show(), here.status()),
        (Some("away"), Some("at lunch"))
    );
    world.gateway.kill();
    world.gateway.start_again();
    let again = alice.grant(world.listen);
    assert_ne!(again.header("Call-ID"), asked.header("Call-ID"));
    alice.notify(world.listen, &again, &pidf("", "back"));
    let mut back = juliet.presence_until(ALICE_SEEN, "available");
    while back.status() != Some("back") {
        back = juliet.presence_until(ALICE_SEEN, "available");
    }
    assert_eq!(back.show(), None);
}

fn pidf(activity: &str, note: &str) -> String {
    format!(
        "<?xml version='1.0' encoding='UTF-8'?>\
         <presence xmlns='urn:ietf:params:xml:ns:pidf' xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model' \
         xmlns:rpid='urn:ietf:params:xml:ns:pidf:rpid' entity='{ALICE}'>\
         <tuple id='desk'><status><basic>open</basic></status><note>{note}</note></tuple>\
         <dm:person id='p1'><rpid:activities>{activity}</rpid:activities></dm:person></presence>"
    )
}

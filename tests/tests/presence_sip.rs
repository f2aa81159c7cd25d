//! Presence of SIP users by their real phones, and by SIPp, through the real gateway.

use std::net::SocketAddr;

use rialto_tests::{
    peers::{
        self, Baresip,
        baresip::{Presence, Shown},
        sipp::{self, Publication, SIP_HOST, SippWatcher},
    },
    phone_world::{ALICE, ALICE_WATCHED, BOB, BOB_SEEN, CAROL, PhoneWorld, pidf, sequence},
    ports::Port,
    raw_sip::RawSip,
    sip_message::SipMessage,
};

#[test]
fn rfc2779_3_1_1_baresip_watches_a_user_of_another_network_and_sees_each_change() {
    if !peers::are_wanted() {
        return;
    }
    let port = Port::take();
    let phone = SocketAddr::new(SIP_HOST, port.number());
    let mut world = PhoneWorld::start(phone, "");
    let mut alice = Baresip::start_with(port, ALICE, world.listen, &[BOB_SEEN], &Presence::Shown);
    let asked = world.far.next_of("asked");
    assert_eq!(asked["watcher"], ALICE_WATCHED);
    assert_eq!(asked["target"], BOB);
    world.far.notify(&asked, "active", Some(&pidf("open")));
    alice.await_contact(BOB_SEEN, "Online");
    world.far.notify(&asked, "active", Some(&pidf("closed")));
    alice.await_contact(BOB_SEEN, "Offline");
}

#[test]
fn rfc2779_3_1_1_baresip_is_watched_by_a_user_of_another_network_who_sees_each_change() {
    if !peers::are_wanted() {
        return;
    }
    let port = Port::take();
    let phone = SocketAddr::new(SIP_HOST, port.number());
    let mut world = PhoneWorld::start(phone, "");
    let mut alice = Baresip::start_with(port, ALICE, world.listen, &[BOB_SEEN], &Presence::Shown);
    let subscribed = world.far.subscribe("s1", BOB, ALICE_WATCHED, 600);
    assert_eq!(world.far.answer(subscribed)["status"], "success");
    alice.show(Shown::Online);
    world.told("<basic>open</basic>");
    alice.show(Shown::Offline);
    world.told("<basic>closed</basic>");
    let ended = world.far.subscribe("s1", BOB, ALICE_WATCHED, 0);
    assert_eq!(world.far.answer(ended)["status"], "success");
}

/// Its subscription is refreshed in an hour.
#[test]
fn rfc2779_3_2_5_death_of_baresip_over_tcp_is_told_as_closed_at_once() {
    if !peers::are_wanted() {
        return;
    }
    let port = Port::take();
    let phone = SocketAddr::new(SIP_HOST, port.number());
    let lines = format!("trusted = [\"{SIP_HOST}\"]");
    let mut world = PhoneWorld::start_by(&format!("tcp:{phone}"), "", &lines);
    let contacts = [BOB_SEEN];
    let mut alice = Baresip::start_over_tcp(port, ALICE, world.listen, &contacts, &Presence::Shown);
    let subscribed = world.far.subscribe("s1", BOB, ALICE_WATCHED, 600);
    assert_eq!(world.far.answer(subscribed)["status"], "success");
    alice.show(Shown::Online);
    world.told("<basic>open</basic>");
    drop(alice);
    world.told("<basic>closed</basic>");
}

#[test]
fn rfc2779_3_2_3_baresip_publishes_and_whoever_watches_the_hosted_presentity_is_told() {
    if !peers::are_wanted() {
        return;
    }
    let port = Port::take();
    let phone = SocketAddr::new(SIP_HOST, port.number());
    let mut world = PhoneWorld::start(phone, "[presence]\nhosted = [\"sip.example\"]\n");
    let subscribed = world.far.subscribe("s1", BOB, ALICE_WATCHED, 600);
    assert_eq!(world.far.answer(subscribed)["status"], "success");
    let mut alice = Baresip::start_with(port, ALICE, world.listen, &[], &Presence::Published);
    alice.show(Shown::Online);
    world.told("<basic>open</basic>");
    alice.show(Shown::Offline);
    world.told("<basic>closed</basic>");
}

/// Each thing that RFC 3903 has a status of its own for, between things that go well.
#[test]
fn rfc2779_3_2_3_publication_of_sipp_is_made_replaced_refreshed_and_removed_and_what_is_wrong_is_said()
 {
    if !peers::are_wanted() {
        return;
    }
    let alice = RawSip::new();
    let mut world = PhoneWorld::start(alice.address(), "[presence]\nhosted = [\"sip.example\"]\n");
    let subscribed = world.far.subscribe("s1", BOB, ALICE_WATCHED, 600);
    assert_eq!(world.far.answer(subscribed)["status"], "success");
    let [open, closed] = ["open", "closed"].map(of_alice);
    let publication = |status, headers, body| Publication {
        headers,
        body,
        status,
    };
    let document = "Content-Type: application/pidf+xml";
    let answers = sipp::publish(
        world.listen,
        ALICE,
        &[
            publication(200, &["Event: presence", "Expires: 600", document], &open),
            publication(
                200,
                &["Event: presence", "SIP-If-Match: [$1]", document],
                &closed,
            ),
            publication(
                412,
                &["Event: presence", "SIP-If-Match: [$1]", document],
                &open,
            ),
            publication(
                412,
                &["Event: presence", "SIP-If-Match: dx200xyz", document],
                &open,
            ),
            publication(489, &["Event: dialog", document], &open),
            publication(489, &[document], &open),
            publication(423, &["Event: presence", "Expires: 5", document], &open),
            publication(
                415,
                &["Event: presence", "Content-Type: text/plain"],
                "open",
            ),
            publication(400, &["Event: presence"], ""),
            publication(
                200,
                &["Event: presence", "SIP-If-Match: [$2]", "Expires: 120"],
                "",
            ),
            publication(
                200,
                &["Event: presence", "SIP-If-Match: [$10]", "Expires: 0"],
                "",
            ),
            publication(
                412,
                &["Event: presence", "SIP-If-Match: [$10]", "Expires: 0"],
                "",
            ),
        ],
    );
    assert_eq!(answers.len(), 12);
    let says = |number: usize, name| answers.get(number).and_then(|answer| answer.header(name));
    assert_eq!(says(0, "Expires"), Some("600"));
    assert_eq!(says(4, "Allow-Events"), Some("presence, presence.winfo"));
    assert_eq!(says(6, "Min-Expires"), Some("60"));
    assert!(says(7, "Accept").is_some_and(|types| types.contains("application/pidf+xml")));
    assert_eq!(says(10, "Expires"), Some("0"));
    world.told("<basic>open</basic>");
    world.told("<basic>closed</basic>");
}

fn of_alice(basic: &str) -> String {
    format!(
        "<?xml version='1.0' encoding='UTF-8'?><presence xmlns='urn:ietf:params:xml:ns:pidf' entity='{ALICE_WATCHED}'>\
         <tuple id='mobile'><status><basic>{basic}</basic></status></tuple></presence>"
    )
}

#[test]
fn rfc2779_5_1_11_sipp_is_told_by_winfo_who_watches_its_user_and_who_no_longer_does() {
    if !peers::are_wanted() {
        return;
    }
    let alice = RawSip::new();
    let mut world = PhoneWorld::start(alice.address(), "[presence]\nhosted = [\"sip.example\"]\n");
    let mut winfo = SippWatcher::start(world.listen, ALICE, ALICE, "presence.winfo");
    assert_eq!(winfo.answer().status(), Some(200));
    let nobody = told_of_watchers(&mut winfo, |list| !list.contains("bob"));
    assert_eq!(nobody.header("Event"), Some("presence.winfo"));
    let content_type = nobody.header("Content-Type");
    assert_eq!(content_type, Some("application/watcherinfo+xml"));
    let subscribed = world.far.subscribe("s1", BOB, ALICE_WATCHED, 600);
    assert_eq!(world.far.answer(subscribed)["status"], "success");
    let watched = told_of_watchers(&mut winfo, |list| {
        let parts = ["bob@far.example", "status='active'", "package='presence'"];
        list.contains("state='full'") && parts.iter().all(|part| list.contains(part))
    });
    let ended = world.far.subscribe("s1", BOB, ALICE_WATCHED, 0);
    assert_eq!(world.far.answer(ended)["status"], "success");
    let alone = told_of_watchers(&mut winfo, |list| !list.contains("bob"));
    assert!(sequence(&nobody) < sequence(&watched) && sequence(&watched) < sequence(&alone));
}

/// The next list of watchers that is like this.
fn told_of_watchers(winfo: &mut SippWatcher, is_it: impl Fn(&str) -> bool) -> SipMessage {
    loop {
        let told = winfo.told();
        if is_it(&String::from_utf8_lossy(told.body())) {
            return told;
        }
    }
}

#[test]
fn rfc3857_4_6_nobody_but_the_user_is_told_by_winfo_who_watches() {
    if !peers::are_wanted() {
        return;
    }
    let alice = RawSip::new();
    let world = PhoneWorld::start(alice.address(), "[presence]\nhosted = [\"sip.example\"]\n");
    let winfo = SippWatcher::start(world.listen, CAROL, ALICE, "presence.winfo");
    assert_eq!(winfo.answer().status(), Some(403));
}

#[test]
fn baresip_that_registers_with_the_gateway_is_open_to_whoever_watches() {
    if !peers::are_wanted() {
        return;
    }
    let port = Port::take();
    let phone = SocketAddr::new(SIP_HOST, port.number());
    let lines = format!("trusted = [\"{SIP_HOST}\"]\nregistrations = true");
    let hosted = "[presence]\nhosted = [\"sip.example\"]\n";
    let mut world = PhoneWorld::start_with(phone, hosted, &lines);
    let subscribed = world.far.subscribe("s1", BOB, ALICE_WATCHED, 600);
    assert_eq!(world.far.answer(subscribed)["status"], "success");
    let _alice = Baresip::start_with(port, ALICE, world.listen, &[], &Presence::Registered);
    let told = world.told("<basic>open</basic>");
    assert!(!told.to_string().contains(&SIP_HOST.to_string()), "{told}");
}

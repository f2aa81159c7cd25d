//! Presence of SIP users through the real gateway: they watch users of another network, and are watched by them.

use std::net::SocketAddr;

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    peers::{
        self, Baresip,
        baresip::{Presence, Shown},
        sipp::{self, Publication, SIP_HOST, SippWatcher},
    },
    ports::Port,
    raw_sip::RawSip,
    sip_message::SipMessage,
    sip_presence::SipWatcher,
    stage::Stage,
};
use serde_json::Value;

const ALICE: &str = "sip:alice@sip.example";
const ALICE_WATCHED: &str = "pres:alice@sip.example";
const CAROL: &str = "sip:carol@sip.example";
const BOB: &str = "pres:bob@far.example";
const BOB_SEEN: &str = "sip:bob@far.example";

/// A gateway between a SIP network with one phone, of Alice, and a network that the test plays.
struct World {
    gateway: Gateway,
    far: Stage,
    listen: SocketAddr,
    _port: Port,
}

impl World {
    /// Where requests for SIP users go, and further sections.
    fn start(phone: SocketAddr, sections: &str) -> Self {
        Self::start_with(phone, sections, &format!("trusted = [\"{SIP_HOST}\"]"))
    }

    /// The same, with these lines of the SIP adapter's own.
    fn start_with(phone: SocketAddr, sections: &str, lines: &str) -> Self {
        Self::start_by(&format!("udp:{phone}"), sections, lines)
    }

    /// The same, by this next hop.
    fn start_by(next_hop: &str, sections: &str, lines: &str) -> Self {
        let (mut far, port) = (Stage::new(), Port::take());
        let listen = gateway::address(&port);
        let config = GatewayConfig::new()
            .with_sip("sip", &[listen], &["far.example"])
            .with_settings(&[lines])
            .with_route("sip.example", "sip", Some(next_hop));
        let config = far.add(config, "far", &["sip.example"], &[]);
        let gateway = Gateway::start(&config.with_sections(sections));
        far.take_connection();
        Self {
            gateway,
            far,
            listen,
            _port: port,
        }
    }
}

fn pidf(basic: &str) -> String {
    format!(
        "<?xml version='1.0' encoding='UTF-8'?><presence xmlns='urn:ietf:params:xml:ns:pidf' entity='{BOB}'>\
         <tuple id='desk'><status><basic>{basic}</basic></status><note>at my desk</note></tuple></presence>"
    )
}

/// The next that the far network is told whose document holds this.
fn told(far: &mut Stage, text: &str) -> Value {
    loop {
        let told = far.next_of("told");
        let document = told["document"].as_str().unwrap_or_default();
        if document.contains(text) {
            return told;
        }
    }
}

#[test]
fn rfc2779_3_1_1_baresip_watches_a_user_of_another_network_and_sees_each_change() {
    if !peers::are_wanted() {
        return;
    }
    let port = Port::take();
    let phone = SocketAddr::new(SIP_HOST, port.number());
    let mut world = World::start(phone, "");
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
    let mut world = World::start(phone, "");
    let mut alice = Baresip::start_with(port, ALICE, world.listen, &[BOB_SEEN], &Presence::Shown);
    let subscribed = world.far.subscribe("s1", BOB, ALICE_WATCHED, 600);
    assert_eq!(world.far.answer(subscribed)["status"], "success");
    alice.show(Shown::Online);
    told(&mut world.far, "<basic>open</basic>");
    alice.show(Shown::Offline);
    told(&mut world.far, "<basic>closed</basic>");
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
    let mut world = World::start_by(&format!("tcp:{phone}"), "", &lines);
    let contacts = [BOB_SEEN];
    let mut alice = Baresip::start_over_tcp(port, ALICE, world.listen, &contacts, &Presence::Shown);
    let subscribed = world.far.subscribe("s1", BOB, ALICE_WATCHED, 600);
    assert_eq!(world.far.answer(subscribed)["status"], "success");
    alice.show(Shown::Online);
    told(&mut world.far, "<basic>open</basic>");
    drop(alice);
    told(&mut world.far, "<basic>closed</basic>");
}

#[test]
fn rfc2779_3_2_3_baresip_publishes_and_whoever_watches_the_hosted_presentity_is_told() {
    if !peers::are_wanted() {
        return;
    }
    let port = Port::take();
    let phone = SocketAddr::new(SIP_HOST, port.number());
    let mut world = World::start(phone, "[presence]\nhosted = [\"sip.example\"]\n");
    let subscribed = world.far.subscribe("s1", BOB, ALICE_WATCHED, 600);
    assert_eq!(world.far.answer(subscribed)["status"], "success");
    let mut alice = Baresip::start_with(port, ALICE, world.listen, &[], &Presence::Published);
    alice.show(Shown::Online);
    told(&mut world.far, "<basic>open</basic>");
    alice.show(Shown::Offline);
    told(&mut world.far, "<basic>closed</basic>");
}

/// Each thing that RFC 3903 has a status of its own for, between things that go well.
#[test]
fn rfc2779_3_2_3_publication_of_sipp_is_made_replaced_refreshed_and_removed_and_what_is_wrong_is_said()
 {
    if !peers::are_wanted() {
        return;
    }
    let alice = RawSip::new();
    let mut world = World::start(alice.address(), "[presence]\nhosted = [\"sip.example\"]\n");
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
    told(&mut world.far, "<basic>open</basic>");
    told(&mut world.far, "<basic>closed</basic>");
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
    let mut world = World::start(alice.address(), "[presence]\nhosted = [\"sip.example\"]\n");
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
    let world = World::start(alice.address(), "[presence]\nhosted = [\"sip.example\"]\n");
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
    let mut world = World::start_with(phone, hosted, &lines);
    let subscribed = world.far.subscribe("s1", BOB, ALICE_WATCHED, 600);
    assert_eq!(world.far.answer(subscribed)["status"], "success");
    let _alice = Baresip::start_with(port, ALICE, world.listen, &[], &Presence::Registered);
    let told = told(&mut world.far, "<basic>open</basic>");
    assert!(!told.to_string().contains(&SIP_HOST.to_string()), "{told}");
}

#[test]
fn cpim_3_4_persist_sip_watcher_is_told_within_its_dialog_after_a_crash_too() {
    let alice = SipWatcher::new(ALICE, BOB_SEEN);
    let mut world = World::start(alice.address(), "");
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
    let mut world = World::start(desk.address(), "");
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

fn sequence(message: &SipMessage) -> u32 {
    let value = message.header("CSeq").unwrap_or_default();
    value
        .split(' ')
        .next()
        .unwrap_or_default()
        .parse()
        .unwrap_or_default()
}

#[test]
fn rfc2779_5_1_16_and_5_1_13_sip_watcher_who_is_blocked_is_told_the_end_and_cannot_subscribe_again()
{
    let alice = SipWatcher::new(ALICE, BOB_SEEN);
    let mut world = World::start(alice.address(), "");
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
    let world = World::start_with(alice.address(), "", "trusted = []");
    assert_eq!(alice.subscribe(world.listen, "").status(), Some(403));
}

#[test]
fn cpim_3_4_4_sip_watcher_fetches_and_is_told_once() {
    let alice = SipWatcher::new(ALICE, BOB_SEEN);
    let mut world = World::start(alice.address(), "");
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
    let mut world = World::start_with(alice.address(), "", "trusted = [\"127.0.0.0/8\"]");
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
    let mut world = World::start(alice.address(), "");
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

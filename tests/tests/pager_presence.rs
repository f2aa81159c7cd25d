//! Presence over a vendor's plugin in C: pager users watch users of SIP and XMPP, are watched by them, and hear that mail users have none.

use std::net::SocketAddr;

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    peers::{
        self, Baresip, PagerServer, PagerUser, Prosody, XmppServer, XmppSettings,
        baresip::{Presence, Shown},
        pager::{PAGER_DOMAIN, pager_plugin},
        sipp::SIP_HOST,
        xmpp_server::XMPP_DOMAIN,
    },
    ports::Port,
};

const ALICE: &str = "sip:alice@sip.example";
const ALICE_SEEN: &str = "alice@sip.example";
const DAVE: &str = "dave@pager.example";
const DAVE_SEEN: &str = "sip:dave@pager.example";

/// A gateway between Dave's pager, Alice's phone, an XMPP server, and mailboxes.
struct World {
    gateway: Gateway,
    pagers: PagerServer,
    dave: PagerUser,
    xmpp: Prosody,
    listen: SocketAddr,
    phone: Option<Port>,
    _ports: [Port; 2],
}

impl World {
    fn start(config: GatewayConfig) -> Self {
        let (pagers, phone) = (PagerServer::start(), Port::take());
        let ports = [(); 2].map(|()| Port::take());
        let [listen, lmtp] = ports.each_ref().map(gateway::address);
        let xmpp = Prosody::start(XmppSettings::new(PAGER_DOMAIN));
        let next_hop = format!("udp:{}", SocketAddr::new(SIP_HOST, phone.number()));
        let others = [XMPP_DOMAIN, "sip.example", "mail.example"];
        let config = config
            .with_sip("sip", &[listen], &[PAGER_DOMAIN])
            .with_settings(&[&format!("trusted = [\"{SIP_HOST}\"]")])
            .with_xmpp("xmpp", &xmpp.link(), &[PAGER_DOMAIN])
            .with_email(
                "mail",
                &[format!("lmtp:{lmtp}")],
                &[PAGER_DOMAIN],
                "127.0.0.1:1",
            )
            .with_plugin("pager", &pager_plugin(), &others, &pagers.lines())
            .with_route(XMPP_DOMAIN, "xmpp", None)
            .with_route("sip.example", "sip", Some(&next_hop))
            .with_route("mail.example", "mail", None)
            .with_route(PAGER_DOMAIN, "pager", None);
        let gateway = Gateway::start(&config);
        pagers.await_login(1);
        let dave = pagers.user("dave");
        Self {
            gateway,
            pagers,
            dave,
            xmpp,
            listen,
            phone: Some(phone),
            _ports: ports,
        }
    }

    /// Alice's phone, on which Dave is a contact.
    fn alice(&mut self) -> Baresip {
        let port = self.phone.take().expect("she has one phone");
        Baresip::start_with(port, ALICE, self.listen, &[DAVE_SEEN], &Presence::Shown)
    }
}

#[test]
fn rfc2779_4_4_2_sip_and_xmpp_users_are_shown_open_and_closed_of_a_pager_user() {
    if !peers::are_wanted() {
        return;
    }
    for config in [GatewayConfig::new(), GatewayConfig::new().isolated()] {
        let mut world = World::start(config);
        let mut juliet = world.xmpp.login("juliet");
        juliet.write(&format!("<presence to='{DAVE}' type='subscribe'/>"));
        juliet.presence_until(DAVE, "subscribed");
        let mut alice = world.alice();

        world.dave.shows("on", "caf\u{e9} & <tea>");
        let here = juliet.presence_until(DAVE, "available");
        assert_eq!(here.status(), Some("caf\u{e9} & <tea>"));
        alice.await_contact(DAVE_SEEN, "Online");

        world.dave.shows("off", "");
        juliet.presence_until(DAVE, "unavailable");
        alice.await_contact(DAVE_SEEN, "Offline");
        assert_eq!(world.dave.watchers(), 2, "one for each watcher");

        // The pager network breaks away, and comes back: nobody has to ask again.
        world.pagers.hang_up();
        world.pagers.await_login(2);
        world.dave.shows("on", "back");
        let back = juliet.presence_until(DAVE, "available");
        assert_eq!(back.status(), Some("back"));
        assert_eq!(world.gateway.terminate(), Some(0));
    }
}

#[test]
fn rfc2779_4_4_2_pager_user_is_shown_open_and_closed_of_sip_and_xmpp_users() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::start(GatewayConfig::new());
    let mut juliet = world.xmpp.login("juliet");
    let address = juliet.bare_jid().to_owned();
    // Nobody has decided whether he may.
    assert_eq!(world.dave.watch("j1", &address, 600), "ACK kept");
    juliet.presence_until(DAVE, "subscribe");
    juliet.write(&format!("<presence to='{DAVE}' type='subscribed'/>"));
    juliet.write("<presence><status>feeling &amp; fine</status></presence>");
    let mut seen = world.dave.sees_until("on");
    while seen.note != "feeling & fine" {
        seen = world.dave.sees();
    }
    assert_eq!((&*seen.subscription, &*seen.from), ("j1", &*address));
    drop(juliet);
    assert_eq!(world.dave.sees_until("off").phase, "live");
    assert_eq!(world.dave.watch("j1", &address, 0), "GRANT 0");

    let mut alice = world.alice();
    let granted = world.dave.watch("a1", ALICE_SEEN, 600);
    assert!(
        granted.starts_with("GRANT ") || granted == "ACK kept",
        "{granted}"
    );
    alice.show(Shown::Online);
    let seen = world.dave.sees_until("on");
    assert_eq!((&*seen.subscription, &*seen.from), ("a1", ALICE_SEEN));
    alice.show(Shown::Offline);
    world.dave.sees_until("off");
}

#[test]
fn pager_user_hears_why_somebody_cannot_be_watched() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::start(GatewayConfig::new());
    let mailbox = world.dave.watch("m1", "mercutio@mail.example", 600);
    assert_eq!(mailbox, "NAK nouser", "a mailbox has no presence");
    let nowhere = world.dave.watch("m2", "who@nowhere.invalid", 600);
    assert_eq!(nowhere, "NAK noway");
    // The server speaks for its own users, and for nobody else.
    for line in [
        "WATCH w1 x1 juliet@xmpp.example dave@pager.example 600",
        "STATUS w1 x1 juliet@xmpp.example dave@pager.example live on ",
    ] {
        assert_eq!(world.pagers.asks("w1", line), "NAK from");
    }
    let unasked = "STATUS w2 x1 dave@pager.example juliet@xmpp.example live on ";
    assert_eq!(
        world.pagers.asks("w2", unasked),
        "NAK nouser",
        "nobody watches"
    );
}

//! Users whose addresses are more than user and domain converse, and each reply comes home.

use std::net::SocketAddr;

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    peers::{
        self, Ejabberd, Prosody, Reply, SippClient, SippServer, SlixmppClient, Transport,
        XmppServer, XmppSettings,
        sipp::{Outgoing, SIP_HOST},
        xmpp_server::XMPP_DOMAIN,
    },
    ports::Port,
    world::{JULIET_SEEN, SIP_DOMAIN, World, WorldSettings},
};

/// What a sender's From holds, whom a reply must name, and the local part that XMPP users see.
struct Sender {
    from: &'static str,
    reply_to: &'static str,
    seen: &'static str,
}

const NUMBER: Sender = Sender {
    from: "sip:+12015550123@sip.example;user=phone",
    reply_to: "sip:+12015550123@sip.example;user=phone",
    seen: "+12015550123\\2fuser=phone",
};

const TEL: Sender = Sender {
    from: "tel:+1-201-555-0123",
    ..NUMBER
};

const LOCAL_TEL: Sender = Sender {
    from: "tel:70-42;ext=5;phone-context=Example.com",
    reply_to: "sip:7042;ext=5;phone-context=example.com@sip.example;user=phone",
    seen: "7042\\2fext=5\\2fphone-context=example.com\\2fuser=phone",
};

/// Names that hold what has a meaning on one of the ways.
const NAMES: [Sender; 4] = [
    Sender {
        from: "sip:fred%20smith@sip.example",
        reply_to: "sip:fred%20smith@sip.example",
        seen: "fred\\20smith",
    },
    Sender {
        from: "sip:a/b=50%25%22@sip.example",
        reply_to: "sip:a/b=50%25%22@sip.example",
        seen: "a\\2fb=50%\\22",
    },
    Sender {
        from: "sip:a/user=phone@sip.example",
        reply_to: "sip:a/user=phone@sip.example",
        seen: "a%2fuser=phone",
    },
    Sender {
        from: "sip:Fred@sip.example:5070;transport=udp;user=IP",
        reply_to: "sip:Fred@sip.example;user=IP",
        seen: "%46red\\2fuser=%49%50",
    },
];

#[test]
fn cpim_e_1_number_of_sip_and_resource_of_xmpp_converse_through_prosody() {
    number_and_resource_converse::<Prosody>();
}

#[test]
fn cpim_e_1_number_of_sip_and_resource_of_xmpp_converse_through_ejabberd() {
    number_and_resource_converse::<Ejabberd>();
}

fn number_and_resource_converse<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<S>::start(&WorldSettings {
        sip_lines: &["number_domain = \"sip.example\""],
        ..WorldSettings::default()
    });
    let mut juliet = world.login("juliet");
    let alice = world.sip_client(Transport::Udp);
    for sender in [NUMBER, TEL, LOCAL_TEL].iter().chain(&NAMES) {
        let seen = format!("{}@{SIP_DOMAIN}", sender.seen);
        converse(sender, &seen, &alice, &mut world.sip, &mut juliet);
    }
    assert!(juliet.unread().is_empty(), "nothing comes twice");
}

#[test]
fn cpim_e_2_map_numbers_and_odd_names_come_home_from_their_source_routes() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = RoutedWorld::start();
    let mut juliet = world.xmpp.login("juliet");
    let alice = SippClient::new(SIP_HOST, Transport::Udp, world.listen);
    for sender in [NUMBER, LOCAL_TEL].iter().chain(&NAMES) {
        let seen = format!("sip={SIP_DOMAIN}\\2f{}@{RELAY}", sender.seen);
        converse(sender, &seen, &alice, &mut world.sip, &mut juliet);
    }
    assert!(juliet.unread().is_empty(), "nothing comes twice");
}

#[test]
fn xmpp_user_who_is_dialled_as_a_number_is_reached_by_name() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    let dialled = format!("{JULIET_SEEN};user=phone");
    assert_eq!(world.send_from_sip(&dialled, "Juliet?").status(), Some(200));
    let stanza = juliet.receive();
    assert_eq!(stanza.body(), Some("Juliet?"));
    juliet.send(stanza.from(), "Yes?");
    let reply = world.sip.receive(Transport::Udp);
    let from = reply.uri("From").and_then(|uri| uri.split(';').next());
    assert_eq!(from, Some(JULIET_SEEN));
}

#[test]
fn number_is_refused_where_numbers_have_no_domain() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<Prosody>::start(&WorldSettings::default());
    let alice = world.sip_client(Transport::Udp);
    let answer = alice.send(Outgoing::text(TEL.from, JULIET_SEEN, "Juliet?"));
    assert_eq!(answer.status(), Some(400));
}

/// A message to Juliet, her reply to whom she sees, and an answer to the device that she wrote from.
fn converse(
    sender: &Sender,
    seen: &str,
    alice: &SippClient,
    sip: &mut SippServer,
    juliet: &mut SlixmppClient,
) {
    let Sender { from, reply_to, .. } = *sender;
    let sent = alice.send(Outgoing::text(from, JULIET_SEEN, "Juliet?"));
    assert_eq!(sent.status(), Some(200), "{from}");
    let stanza = juliet.receive();
    assert_eq!((stanza.bare_from(), stanza.body()), (seen, Some("Juliet?")));

    juliet.send(stanza.from(), "Yes?");
    let reply = sip.receive(Transport::Udp);
    assert_eq!(reply.request_uri(), Some(reply_to), "{from}");
    assert_eq!(reply.uri("To"), Some(reply_to));
    assert_eq!(reply.body(), b"Yes?");

    let device = reply.uri("From").expect("a request has a From");
    let resource = juliet.jid().rsplit('/').next().unwrap_or_default();
    assert_eq!(device, format!("{JULIET_SEEN};gr={resource}"));
    let answered = alice.send(Outgoing::text(from, device, "Good night"));
    assert_eq!(answered.status(), Some(200));
    let again = juliet.receive();
    assert_eq!(
        (again.bare_from(), again.body()),
        (seen, Some("Good night"))
    );
}

/// The gateway's own domain on XMPP.
const RELAY: &str = "relay.example";

/// A world whose XMPP users do not reach the domain of the SIP users, and see source routes.
struct RoutedWorld {
    _gateway: Gateway,
    sip: SippServer,
    xmpp: Prosody,
    listen: SocketAddr,
    _port: Port,
}

impl RoutedWorld {
    fn start() -> Self {
        let xmpp = Prosody::start(XmppSettings::new(RELAY));
        let sip = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
        let port = Port::take();
        let listen = gateway::address(&port);
        let config = GatewayConfig::new()
            .with_relay_domains(&[RELAY])
            .with_sip("sip", &[listen], &[XMPP_DOMAIN])
            .with_settings(&["number_domain = \"sip.example\""])
            .with_xmpp("xmpp", &xmpp.link(), &[RELAY])
            .with_route(XMPP_DOMAIN, "xmpp", None)
            .with_route(SIP_DOMAIN, "sip", Some(&sip.next_hop(Transport::Udp)));
        Self {
            _gateway: Gateway::start(&config),
            sip,
            xmpp,
            listen,
            _port: port,
        }
    }
}

//! Gateways that find each other, and their users, by DNS alone.

use std::{
    io::Read,
    net::{SocketAddr, TcpListener, UdpSocket},
    thread,
};

use rialto_tests::{
    certificates::Authority,
    dns::{DnsProxy, Nsd, Plan, hosts, servers_are_wanted, srv},
    gateway::{self, ComponentLink, Gateway, GatewayConfig},
    peers::{
        self, Prosody, Reply, SippClient, SippServer, TlsServer, Transport, XmppServer,
        XmppSettings,
        sipp::{Outgoing, SIP_HOST},
        xmpp_server::XMPP_DOMAIN,
    },
    ports::Port,
    raw_sip::RawSip,
    sip_message::SipMessage,
    world::{ALICE, JULIET_SEEN, SIP_DOMAIN},
};

/// The relay domain of the gateway behind which Juliet is.
const RELAY: &str = "relay.example";
/// Without it, nobody vouches for Alice, and nothing of hers leaves for foreign domains.
const TRUSTED: &str = "trusted = [\"127.0.0.0/8\"]";

#[test]
fn rfc2779_2_2_1_gateways_that_know_nothing_of_each_other_converse_by_srv_records() {
    if !peers::are_wanted() || !servers_are_wanted() {
        return;
    }
    let prosody = Prosody::start(XmppSettings::new(RELAY));
    let mut alice = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let ports = [Port::take(), Port::take()];
    let [near, far] = ports.each_ref().map(gateway::address);
    let dns = Nsd::start(&[
        (SIP_DOMAIN, &sip_gateway(near)),
        (XMPP_DOMAIN, &sip_gateway(far)),
    ]);
    let of_alice = GatewayConfig::new()
        .with_relay_domains(&["alices.example"])
        .with_sip("sip", &[near], &[])
        .with_settings(&[TRUSTED])
        .with_route(SIP_DOMAIN, "sip", Some(&alice.next_hop(Transport::Udp)))
        .with_resolver(&dns.resolver());
    let of_juliet = GatewayConfig::new()
        .with_sip("sip", &[far], &[XMPP_DOMAIN])
        .with_xmpp("xmpp", &prosody.link(), &[RELAY])
        .with_route(XMPP_DOMAIN, "xmpp", None)
        .with_resolver(&format!("{}\nadapters = [\"sip\"]", dns.resolver()));
    let _gateways = [Gateway::start(&of_alice), Gateway::start(&of_juliet)];
    let mut juliet = prosody.login("juliet");

    let answer = send(near, JULIET_SEEN, "found by name");
    assert_eq!(answer.status(), Some(200), "{}", answer.head());
    let stanza = juliet.receive();
    assert_eq!(stanza.body(), Some("found by name"));
    juliet.send(stanza.from(), "so were you");
    let reply = alice.receive(Transport::Udp);
    assert_eq!(
        (reply.body(), reply.uri("To")),
        (&b"so were you"[..], Some(ALICE))
    );

    let nobody = send(near, "sip:bob@nowhere.xmpp.example", "anyone?");
    assert_eq!(nobody.status(), Some(404), "{}", nobody.head());
}

#[test]
fn cpim_4_1_whom_nobody_vouches_for_makes_the_gateway_ask_nothing_of_dns() {
    let dns = DnsProxy::start(Plan::Silent);
    let port = Port::take();
    let near = gateway::address(&port);
    let config = GatewayConfig::new()
        .with_relay_domains(&[RELAY])
        .with_sip("sip", &[near], &[])
        .with_route(SIP_DOMAIN, "sip", Some("udp:127.0.0.1:9"))
        .with_resolver(&format!("name_servers = [\"{}\"]", dns.address()));
    let gateway = Gateway::start(&config);
    // A port that is used again would make a message a retransmission.
    let mut senders = Vec::new();
    for number in 0..50 {
        for from in [ALICE, "sip:eve@strange.example"] {
            for to in [
                format!("sip:bob@d{number}.example"),
                format!("sip:sip=d{number}.example/bob@{RELAY}"),
            ] {
                let sender = RawSip::new();
                sender.send(near, from, &to, "text/plain", b"spam");
                assert_eq!(sender.receive().status(), Some(403), "{from} to {to}");
                senders.push(sender);
            }
        }
    }
    assert_eq!(dns.asked(), []);
    assert_eq!(counted(&gateway, "resolutions"), 0);
    assert_eq!(counted(&gateway, "not_permitted"), 200);
}

#[test]
fn cpim_2_2_4_each_address_is_tried_until_one_takes_the_message() {
    if !peers::are_wanted() || !servers_are_wanted() {
        return;
    }
    let mut bob = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let busy = SippServer::start(SIP_HOST, &Reply::Status("503 Service Unavailable"));
    // Nobody reads what comes here.
    let silent = UdpSocket::bind((SIP_HOST, 0)).expect("a port");
    let silent = silent.local_addr().expect("its address");
    let refusing = Port::take();
    let dns = Nsd::start(&[(
        "bob.example",
        &[
            im(10, gateway::address(&refusing)),
            im(20, silent),
            im(30, busy.address()),
            im(40, bob.address()),
            hosts(),
        ]
        .join("\n"),
    )]);
    let port = Port::take();
    let near = gateway::address(&port);
    let resolver = format!("{}\nattempt_timeout = \"1s\"", dns.resolver());
    let gateway = Gateway::start(&sip_alone(near, &resolver));

    let answer = send(near, "sip:bob@bob.example", "the fourth has it");
    assert_eq!(answer.status(), Some(200), "{}", answer.head());
    let message = bob.receive(Transport::Udp);
    assert_eq!(message.body(), b"the fourth has it");
    let [failovers, successes] = ["failovers", "successes"].map(|name| counted(&gateway, name));
    assert_eq!((failovers, successes), (3, 1));

    // They rest now: the next message goes where the last one went.
    let answer = send(near, "sip:bob@bob.example", "at once");
    assert_eq!(answer.status(), Some(200), "{}", answer.head());
    assert_eq!(bob.receive(Transport::Udp).body(), b"at once");
    assert_eq!(counted(&gateway, "failovers"), 3);
}

#[test]
fn cpim_2_2_4_each_stream_that_breaks_gives_way_to_the_next_address() {
    if !peers::are_wanted() || !servers_are_wanted() {
        return;
    }
    let mut bob = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let breaking = TcpListener::bind((SIP_HOST, 0)).expect("a port");
    let breaks_at = breaking.local_addr().expect("its address");
    let taken = thread::spawn(move || {
        let (mut stream, _) = breaking.accept().expect("a connection");
        stream.read(&mut [0; 2048]).expect("a message")
    });
    let records = [
        srv("_sip._tcp", 10, breaks_at),
        srv("_sip._tcp", 20, bob.address()),
        hosts(),
    ];
    let dns = Nsd::start(&[("bob.example", &records.join("\n"))]);
    let port = Port::take();
    let near = gateway::address(&port);
    let gateway = Gateway::start(&sip_alone(near, &dns.resolver()));

    let answer = send(near, "sip:bob@bob.example", "once more");
    assert_eq!(answer.status(), Some(200), "{}", answer.head());
    assert_eq!(bob.receive(Transport::Tcp).body(), b"once more");
    assert_ne!(taken.join().expect("it has ended"), 0);
    assert_eq!(counted(&gateway, "failovers"), 1);
}

/// RFC 5922 §7.3: whoever can forge what DNS says must not become the domain.
#[test]
fn cpim_4_2_secured_records_are_followed_to_who_has_a_certificate_for_the_domain_and_not_for_its_host()
 {
    if !peers::are_wanted() || !servers_are_wanted() {
        return;
    }
    let authority = Authority::new();
    let host = format!(
        "host-{}.eve.example",
        SIP_HOST.to_string().replace('.', "-")
    );
    let [bob, eve] = ["bob.example", &*host].map(|name| authority.certify(&[name]));
    let (bob, eve) = (TlsServer::start(&bob), TlsServer::start(&eve));
    // What there is besides TLS is there for those who have none.
    let open = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let records = |secured: SocketAddr| {
        [
            srv("_sips._tcp", 10, secured),
            srv("_sip._udp", 10, open.address()),
            hosts(),
        ]
        .join("\n")
    };
    let dns = Nsd::start(&[
        ("bob.example", &records(bob.address())),
        ("eve.example", &records(eve.address())),
    ]);
    let ports = [Port::take(), Port::take()];
    let [near, secured] = ports.each_ref().map(gateway::address);
    let own = authority.certify(&["gw.example"]);
    let config = GatewayConfig::new()
        .with_sip("home", &[near], &[])
        .with_settings(&[TRUSTED])
        .with_secured_sip("sip", secured, &[SIP_DOMAIN], (&authority, &own), "")
        .with_route(SIP_DOMAIN, "home", Some("udp:127.0.0.1:9"))
        .with_resolver(&format!("{}\nadapters = [\"sip\"]", dns.resolver()));
    let _gateway = Gateway::start(&config);
    let sender = RawSip::new();
    sender.send(near, ALICE, "sip:bob@bob.example", "text/plain", b"for Bob");
    bob.await_text("for Bob");
    let sender = RawSip::new();
    sender.send(
        near,
        ALICE,
        "sip:eve@eve.example",
        "text/plain",
        b"not for Eve",
    );
    assert_eq!(sender.receive().status(), Some(504));
    assert!(!eve.has_read("SIP"));
    assert!(open.received().is_empty(), "nothing went in the clear");
}

#[test]
fn refusal_of_the_first_address_is_the_answer_and_no_other_is_tried() {
    if !peers::are_wanted() || !servers_are_wanted() {
        return;
    }
    let refusing = SippServer::start(SIP_HOST, &Reply::Status("404 Not Found"));
    let other = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let records = [im(10, refusing.address()), im(20, other.address()), hosts()];
    let dns = Nsd::start(&[("bob.example", &records.join("\n"))]);
    let port = Port::take();
    let near = gateway::address(&port);
    let _gateway = Gateway::start(&sip_alone(near, &dns.resolver()));

    let answer = send(near, "sip:bob@bob.example", "no such user");
    assert_eq!(answer.status(), Some(404), "{}", answer.head());
    assert!(other.received().is_empty());
}

#[test]
fn cpim_2_2_2_no_a_record_is_tried_when_the_hosts_of_srv_are_dead() {
    if !peers::are_wanted() || !servers_are_wanted() {
        return;
    }
    let alive = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let dead = Port::take();
    let records = [
        im(10, gateway::address(&dead)),
        hosts(),
        format!("@ IN A {}", alive.address().ip()),
    ];
    let dns = Nsd::start(&[("bob.example", &records.join("\n"))]);
    let port = Port::take();
    let near = gateway::address(&port);
    let _gateway = Gateway::start(&sip_alone(near, &dns.resolver()));

    let answer = send(near, "sip:bob@bob.example", "to the dead");
    assert_eq!(answer.status(), Some(504), "{}", answer.head());
    assert!(alive.received().is_empty());
}

#[test]
fn resolve_prints_what_dns_said_and_each_next_hop() {
    if !servers_are_wanted() {
        return;
    }
    let port = Port::take();
    let near = gateway::address(&port);
    let first: SocketAddr = "127.0.0.31:5070".parse().expect("an address");
    let records = [im(20, near), im(10, first), hosts()];
    let dns = Nsd::start(&[("bob.example", &records.join("\n"))]);
    let gateway = Gateway::start(&sip_alone(near, &dns.resolver()));
    let steps = steps(&gateway, "im:bob@bob.example");
    let at = |wanted: &str| steps.iter().position(|step| step.contains(wanted));
    let order = [
        "no static route: DNS names the next hops",
        "DNS: SRV _im._sip.bob.example",
        "next hop 1: adapter sip, 127.0.0.31:5070",
        &format!("next hop 2: adapter sip, {near}"),
        "way back",
    ]
    .map(|line| at(line).unwrap_or_else(|| panic!("{line} is not in {steps:#?}")));
    assert!(order.is_sorted(), "{steps:#?}");
}

#[test]
fn cpim_2_2_2_cname_of_a_domain_leads_a_message_on() {
    if !peers::are_wanted() || !servers_are_wanted() {
        return;
    }
    let mut bob = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let records = [
        "alias IN CNAME users".to_owned(),
        srv("_im._sip.users", 10, bob.address()),
        hosts(),
    ];
    let dns = Nsd::start(&[("bob.example", &records.join("\n"))]);
    let port = Port::take();
    let near = gateway::address(&port);
    let _gateway = Gateway::start(&sip_alone(near, &dns.resolver()));

    let answer = send(near, "sip:bob@alias.bob.example", "by another name");
    assert_eq!(answer.status(), Some(200), "{}", answer.head());
    let message = bob.receive(Transport::Udp);
    assert_eq!(message.request_uri(), Some("sip:bob@alias.bob.example"));
}

#[test]
fn cpim_2_2_2_implicit_record_is_the_address_on_the_default_port_of_sip() {
    if !servers_are_wanted() {
        return;
    }
    let dns = Nsd::start(&[("bob.example", "@ IN A 127.0.0.40\n@ IN AAAA ::40")]);
    let port = Port::take();
    let config = sip_alone(gateway::address(&port), &dns.resolver());
    let steps = steps(&Gateway::start(&config), "im:bob@bob.example");
    assert_eq!(
        next_hops(&steps),
        ["adapter sip, 127.0.0.40:5060", "adapter sip, [::40]:5060"]
    );
}

#[test]
fn cpim_2_2_3_order_of_adapters_decides_between_sip_and_xmpp() {
    if !servers_are_wanted() {
        return;
    }
    let prosody_is_elsewhere = Port::take();
    let port = Port::take();
    let at = gateway::address(&port);
    let records = [im(20, at), srv("_im._xmpp", 10, at), hosts()];
    let dns = Nsd::start(&[("bob.example", &records.join("\n"))]);
    let link = ComponentLink {
        endpoint: gateway::address(&prosody_is_elsewhere),
        domain: RELAY.to_owned(),
        secret: "unused".to_owned(),
        server: XMPP_DOMAIN.to_owned(),
    };
    let (sip, xmpp) = (format!("adapter sip, {at}"), "adapter xmpp".to_owned());
    for (order, expected) in [
        ("[\"sip\", \"xmpp\"]", [&sip, &xmpp]),
        ("[\"xmpp\", \"sip\"]", [&xmpp, &sip]),
    ] {
        let resolver = format!("{}\nadapters = {order}", dns.resolver());
        let config = sip_alone(at, &resolver).with_xmpp("xmpp", &link, &[RELAY]);
        let steps = steps(&Gateway::start(&config), "im:bob@bob.example");
        assert_eq!(next_hops(&steps), expected);
    }
}

#[test]
fn cpim_2_2_4_limit_of_alternates_is_kept_for_a_message() {
    if !peers::are_wanted() || !servers_are_wanted() {
        return;
    }
    let third = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let dead = [Port::take(), Port::take()];
    let records = [
        im(10, gateway::address(&dead[0])),
        im(20, gateway::address(&dead[1])),
        im(30, third.address()),
        hosts(),
    ];
    let dns = Nsd::start(&[("bob.example", &records.join("\n"))]);
    for (alternates, status) in [(2, 504), (3, 200)] {
        let port = Port::take();
        let near = gateway::address(&port);
        let resolver = format!("{}\nalternates = {alternates}", dns.resolver());
        let _gateway = Gateway::start(&sip_alone(near, &resolver));
        let answer = send(near, "sip:bob@bob.example", "how far");
        assert_eq!(answer.status(), Some(status), "{}", answer.head());
    }
}

#[test]
fn cpim_2_2_4_sort_decides_and_the_addresses_of_a_host_keep_their_order() {
    if !servers_are_wanted() {
        return;
    }
    let records = [
        "_im._sip IN SRV 20 0 5061 two",
        "_im._sip IN SRV 10 0 5062 one",
        "one IN A 127.0.0.41",
        "one IN AAAA ::41",
        "two IN A 127.0.0.42",
    ];
    let dns = Nsd::start(&[("bob.example", &records.join("\n"))]);
    let port = Port::take();
    let config = sip_alone(gateway::address(&port), &dns.resolver());
    let steps = steps(&Gateway::start(&config), "im:bob@bob.example");
    assert_eq!(
        next_hops(&steps),
        [
            "adapter sip, 127.0.0.41:5062",
            "adapter sip, [::41]:5062",
            "adapter sip, 127.0.0.42:5061"
        ]
    );
}

/// A gateway between SIP users of its own and whatever DNS leads to.
fn sip_alone(listen: SocketAddr, resolver: &str) -> GatewayConfig {
    GatewayConfig::new()
        .with_sip("sip", &[listen], &[])
        .with_settings(&[TRUSTED])
        .with_route(SIP_DOMAIN, "sip", Some("udp:127.0.0.1:9"))
        .with_resolver(resolver)
}

/// What `rialto resolve` says of a message from Alice, line by line.
fn steps(gateway: &Gateway, destination: &str) -> Vec<String> {
    let alice = ALICE.replace("sip:", "im:");
    let asked = ["resolve", destination, "--source", &alice, "--from", "sip"];
    let explained = gateway.ask(&asked);
    let steps = explained[0]["steps"].as_array().into_iter().flatten();
    let steps = steps.filter_map(|step| step.as_str().map(str::to_owned));
    steps.collect()
}

fn next_hops(steps: &[String]) -> Vec<&str> {
    let hop = |step: &'_ String| step.starts_with("next hop ");
    steps
        .iter()
        .filter(|step| hop(step))
        .filter_map(|step| Some(step.split_once(": ")?.1))
        .collect()
}

/// The records of a domain whose users are behind a gateway that speaks SIP.
fn sip_gateway(at: SocketAddr) -> String {
    [im(10, at), hosts()].join("\n")
}

/// A record of the message service over SIP.
fn im(preference: u16, at: SocketAddr) -> String {
    srv("_im._sip", preference, at)
}

fn counted(gateway: &Gateway, name: &str) -> u64 {
    let status = gateway.ask(&["status"]);
    status["router"][name].as_u64().expect("a number")
}

/// Sends a text from Alice, and returns the final response.
fn send(gateway: SocketAddr, to: &str, text: &str) -> SipMessage {
    SippClient::new(SIP_HOST, Transport::Udp, gateway).send(Outgoing::text(ALICE, to, text))
}

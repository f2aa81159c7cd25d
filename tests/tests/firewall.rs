//! What a firewall in front of the gateway sees.

use std::{fs, path::Path};

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    peers::{self, Prosody, Transport, XmppServer, XmppSettings},
    ports::Port,
    sockets::{self, Socket},
    world::{ALICE_SEEN, JULIET_SEEN, SIP_DOMAIN, World, WorldSettings},
};

#[test]
fn rfc2779_2_4_4_gateway_opens_the_sockets_that_are_configured_and_no_other() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    assert_eq!(world.send_from_sip(JULIET_SEEN, "hi").status(), Some(200));
    for (text, transport) in [
        ("short", Transport::Udp),
        (&*"long ".repeat(400), Transport::Tcp),
    ] {
        juliet.send(ALICE_SEEN, text);
        world.sip.receive(transport);
    }
    let listen = world.gateway_sip();
    let sockets = sockets::of(world.gateway.process());
    let listening = sockets.iter().filter(|socket| socket.remote.is_none());
    let listening: Vec<_> = listening
        .map(|socket| (socket.transport, socket.local))
        .collect();
    assert_eq!(
        listening,
        [(Transport::Udp, listen), (Transport::Tcp, listen)]
    );

    let mut connected: Vec<_> = sockets
        .iter()
        .filter_map(|socket| Some((socket.transport, socket.remote?)))
        .collect();
    let expected = [world.xmpp.link().endpoint, world.sip.address()];
    let mut expected = expected.map(|remote| (Transport::Tcp, remote));
    connected.sort_by_key(|(_, remote)| *remote);
    expected.sort_by_key(|(_, remote)| *remote);
    assert_eq!(connected, expected, "{sockets:?}");
}

#[test]
fn rfc2779_2_4_4_transport_that_is_not_configured_has_no_socket() {
    let port = Port::take();
    let listen = gateway::address(&port);
    for (named, transport) in [("udp", Transport::Udp), ("tcp", Transport::Tcp)] {
        let only = [format!("{named}:{listen}")];
        let gateway = Gateway::start(&GatewayConfig::new().with_sip_at("sip", &only, &[]));
        let socket = Socket {
            transport,
            local: listen,
            remote: None,
        };
        assert_eq!(sockets::of(gateway.process()), [socket]);
    }
}

#[test]
fn rfc2779_2_4_4_protocol_that_is_not_configured_has_no_socket() {
    if !peers::are_wanted() {
        return;
    }
    let prosody = Prosody::start(XmppSettings::new(SIP_DOMAIN));
    let config = GatewayConfig::new().with_xmpp("xmpp", &prosody.link(), &[SIP_DOMAIN]);
    let gateway = Gateway::start(&config);
    let sockets = sockets::of(gateway.process());
    let remotes: Vec<_> = sockets.iter().map(|socket| socket.remote).collect();
    assert_eq!(remotes, [Some(prosody.link().endpoint)]);
}

/// Each key of the full configuration that shows an address with a port.
#[test]
fn rfc2779_2_4_4_table_of_ports_has_every_key_that_opens_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let read = |file| fs::read_to_string(root.expect("it is in the workspace").join(file));
    let manual = read("README.md").expect("there is a manual");
    let (_, table) = manual.split_once("## Ports").expect("it has a table");
    let (table, _) = table.split_once("\n## ").expect("the table ends");
    let full = read("examples/config/full.toml").expect("there is an example");
    let mut keys: Vec<&str> = full
        .lines()
        .filter(|line| has_port(line))
        .filter_map(|line| line.trim_start_matches("# ").split_once(" = "))
        .map(|(key, _)| key)
        .collect();
    keys.sort_unstable();
    keys.dedup();
    assert!(keys.len() >= 4, "{keys:?}");
    for key in keys {
        assert!(table.contains(&format!("`{key}`")), "{key} is not in it");
    }
}

/// Whether the line shows an address with a port: a colon between digits, or behind a bracket.
fn has_port(line: &str) -> bool {
    line.match_indices(':').any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let after = line.get(at + 1..).and_then(|after| after.chars().next());
        let is_end = |c: char| c.is_ascii_digit() || c == ']';
        before.is_some_and(is_end) && after.is_some_and(|c| c.is_ascii_digit())
    })
}

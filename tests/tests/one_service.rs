//! Gateways that give messages alone, or presence alone (RFC 2779 §2.1.1).

use std::net::SocketAddr;

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    peers::sipp::SIP_HOST,
    ports::Port,
    raw_sip::RawSip,
    sip_presence::{SipPresentity, SipWatcher},
    world::{ALICE, SIP_DOMAIN},
};

const BOB: &str = "sip:bob@far.example";
const DOCUMENT: &str = "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='pres:bob@far.example'>\
     <tuple id='desk'><status><basic>open</basic></status></tuple></presence>";
/// The gateway does not do that (RFC 3261 §21.5.2).
const NOT_IMPLEMENTED: Option<u16> = Some(501);

/// A gateway between two SIP networks, with one user each.
struct World {
    _gateway: Gateway,
    alice: SipWatcher,
    bob: SipPresentity,
    listen: SocketAddr,
    _port: Port,
}

impl World {
    fn start(sections: &str) -> Self {
        let (alice, bob) = (SipWatcher::new(ALICE, BOB), SipPresentity::new(BOB));
        let port = Port::take();
        let listen = gateway::address(&port);
        let [hers, his] = [alice.address(), bob.address()].map(|at| format!("udp:{at}"));
        let config = GatewayConfig::new()
            .with_sip("sip", &[listen], &[])
            .with_settings(&[&format!("trusted = [\"{SIP_HOST}\"]")])
            .with_route(SIP_DOMAIN, "sip", Some(&hers))
            .with_route("far.example", "sip", Some(&his))
            .with_sections(sections);
        Self {
            _gateway: Gateway::start(&config),
            alice,
            bob,
            listen,
            _port: port,
        }
    }

    /// Writes to Bob from a socket of its own.
    fn write(&self) -> RawSip {
        let writer = RawSip::new();
        writer.send(self.listen, ALICE, BOB, "text/plain", b"Hello?");
        writer
    }
}

#[test]
fn rfc2779_2_1_1_gateway_that_gives_messages_alone_passes_them_on_and_refuses_to_be_asked_of_presence()
 {
    for sections in [
        "[presence]\nenabled = false\n",
        "[store]\nenabled = false\n",
    ] {
        let world = World::start(sections);
        let writer = world.write();
        assert_eq!(world.bob.socket.receive().body(), b"Hello?");
        assert_eq!(writer.receive().status(), Some(200), "{sections}");
        let refused = world.alice.subscribe(world.listen, "");
        assert_eq!(refused.status(), NOT_IMPLEMENTED, "{sections}");
    }
}

#[test]
fn rfc2779_2_1_1_gateway_that_gives_presence_alone_tells_watchers_and_refuses_messages() {
    let world = World::start("[messages]\nenabled = false\n");
    world.alice.ask(world.listen, "");
    let asked = world.bob.grant(world.listen);
    world.bob.notify(world.listen, &asked, DOCUMENT);
    world.alice.next_with("<basic>open</basic>");

    assert_eq!(world.write().receive().status(), NOT_IMPLEMENTED);
    let after = world.bob.socket.poll();
    assert!(after.is_none(), "nothing of the message came: {after:?}");
}

//! A gateway between a SIP network with one user's phone and a network that the test plays, for what either is told of the other.

use std::net::SocketAddr;

use serde_json::Value;

use crate::{
    gateway::{self, Gateway, GatewayConfig},
    peers::sipp::SIP_HOST,
    ports::Port,
    sip_message::SipMessage,
    stage::Stage,
};

/// The SIP user.
pub const ALICE: &str = "sip:alice@sip.example";
/// The same as a presentity.
pub const ALICE_WATCHED: &str = "pres:alice@sip.example";
/// Another one.
pub const CAROL: &str = "sip:carol@sip.example";
/// A user of the network that the test plays.
pub const BOB: &str = "pres:bob@far.example";
/// The same as SIP users see him.
pub const BOB_SEEN: &str = "sip:bob@far.example";

/// The gateway and what is on both sides of it.
#[derive(Debug)]
pub struct PhoneWorld {
    /// The gateway; declared first, so that it is gone before its peers are.
    pub gateway: Gateway,
    /// The network that the test plays.
    pub far: Stage,
    /// Where the gateway takes SIP.
    pub listen: SocketAddr,
    _port: Port,
}

impl PhoneWorld {
    /// Where requests for SIP users go, and further sections.
    pub fn start(phone: SocketAddr, sections: &str) -> Self {
        Self::start_with(phone, sections, &format!("trusted = [\"{SIP_HOST}\"]"))
    }

    /// The same, with these lines of the SIP adapter's own.
    pub fn start_with(phone: SocketAddr, sections: &str, lines: &str) -> Self {
        Self::start_by(&format!("udp:{phone}"), sections, lines)
    }

    /// The same, by this next hop.
    pub fn start_by(next_hop: &str, sections: &str, lines: &str) -> Self {
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

    /// The next that the far network is told whose document holds this.
    pub fn told(&mut self, text: &str) -> Value {
        loop {
            let told = self.far.next_of("told");
            let document = told["document"].as_str().unwrap_or_default();
            if document.contains(text) {
                return told;
            }
        }
    }
}

/// A document of Bob.
pub fn pidf(basic: &str) -> String {
    format!(
        "<?xml version='1.0' encoding='UTF-8'?><presence xmlns='urn:ietf:params:xml:ns:pidf' entity='{BOB}'>\
         <tuple id='desk'><status><basic>{basic}</basic></status><note>at my desk</note></tuple></presence>"
    )
}

/// The number of CSeq.
pub fn sequence(message: &SipMessage) -> u32 {
    let value = message.header("CSeq").unwrap_or_default();
    let number = value.split(' ').next().unwrap_or_default();
    number.parse().unwrap_or_default()
}

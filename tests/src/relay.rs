//! A gateway between two SIP networks.

use std::net::SocketAddr;

use crate::{
    gateway::{self, Gateway, GatewayConfig},
    ports::Port,
};

/// A user of the far network.
pub const BOB: &str = "sip:bob@other.example";

/// A running gateway that sends whatever is for Bob's domain to one next hop.
#[derive(Debug)]
pub struct Relay {
    /// Where it takes SIP of the near network.
    pub listen: SocketAddr,
    /// Where it takes SIP of the far one.
    pub far: SocketAddr,
    gateway: Gateway,
    _ports: [Port; 2],
}

impl Relay {
    /// Starts it.
    pub fn start(next_hop: &str) -> Self {
        Self::start_with(next_hop, &[])
    }

    /// Starts it with further lines for the adapter `near`.
    pub fn start_with(next_hop: &str, near_lines: &[&str]) -> Self {
        let ports = [Port::take(), Port::take()];
        let [near, far] = ports.each_ref().map(gateway::address);
        let config = GatewayConfig::new()
            .with_sip("near", &[near], &["other.example"])
            .with_settings(near_lines)
            .with_sip("far", &[far], &["sip.example"])
            .with_route("other.example", "far", Some(next_hop));
        Self {
            listen: near,
            far,
            gateway: Gateway::start(&config),
            _ports: ports,
        }
    }

    /// Kills it, and starts it with what it left on its disk.
    pub fn crash_and_start_again(&mut self) {
        self.gateway.kill();
        self.gateway.start_again();
    }
}

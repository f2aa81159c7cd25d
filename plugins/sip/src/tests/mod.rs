//! The whole adapter over loopback sockets, with a gateway of the test's own.

pub(crate) mod authority;
mod composing;
mod gateway;
mod inbound;
mod notifications;
mod outbound;
mod peer;
mod presentities;
mod publications;
mod registrations;
mod reports;
mod secured;
mod streams;
mod timers;
mod torture;
mod watchers;

use crate::{
    adapter::Adapter,
    config::{Config, TransportKind},
};

use self::{
    gateway::Fake,
    peer::{Peer, StreamPeer},
};

/// An adapter that listens on IPv4, UDP and TCP, on ports of the system's choice.
fn start(gateway: &Fake) -> Adapter {
    start_with(gateway, "{}")
}

/// As [`start`], with more configuration; `listen` stays unless it is given.
fn start_with(gateway: &Fake, json: &str) -> Adapter {
    let mut json: serde_json::Value = serde_json::from_str(json).unwrap();
    if json.get("listen").is_none() {
        json["listen"] = serde_json::json!(["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]);
    }
    let config: Config = serde_json::from_value(json).unwrap();
    Adapter::start(&config, gateway, rialto_sdk::Succession::First).unwrap()
}

fn address(adapter: &Adapter, transport: TransportKind) -> std::net::SocketAddr {
    let mut addresses = adapter.addresses().iter();
    addresses
        .find(|listen| listen.transport == transport)
        .unwrap()
        .address
}

fn udp(adapter: &Adapter) -> std::net::SocketAddr {
    address(adapter, TransportKind::Udp)
}

fn tcp(adapter: &Adapter) -> std::net::SocketAddr {
    address(adapter, TransportKind::Tcp)
}

/// A request with a branch of its own; `more` are lines of header fields.
fn request(method: &str, branch: &str, more: &str, body: &str) -> String {
    format!(
        "{method} sip:juliet@xmpp.example SIP/2.0\r\n\
         Via: SIP/2.0/UDP client.example:5099;branch=z9hG4bK{branch};rport\r\n\
         From: <sip:romeo@sip.example>;tag=f{branch}\r\nTo: <sip:juliet@xmpp.example>\r\n\
         Call-ID: call-{branch}\r\nCSeq: 1 {method}\r\n{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn message(branch: &str, body: &str) -> String {
    request(
        "MESSAGE",
        branch,
        "Max-Forwards: 70\r\nContent-Type: text/plain\r\n",
        body,
    )
}

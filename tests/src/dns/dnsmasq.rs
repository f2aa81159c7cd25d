//! dnsmasq, from its Debian package: what stands between many a machine and the DNS.

use std::net::SocketAddr;

use super::{DNS_HOST, DNSMASQ};
use crate::{
    ports::{Port, Transport, is_listening},
    process::{Process, tethered},
};

/// A running dnsmasq.
#[derive(Debug)]
pub struct Dnsmasq {
    _process: Process,
    address: SocketAddr,
    _port: Port,
}

impl Dnsmasq {
    /// Answers from its own options, as `--address=/host.test/192.0.2.1`; else by way of the other server, if there is one.
    ///
    /// # Panics
    /// When it is not installed, or does not like an option.
    pub fn start(upstream: Option<SocketAddr>, options: &[&str]) -> Self {
        let port = Port::take();
        let address = SocketAddr::new(DNS_HOST, port.number());
        let mut command = tethered(DNSMASQ);
        command
            .args([
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--no-resolv",
            ])
            .args(["--no-hosts", "--bind-interfaces", "--user=", "--pid-file="])
            .args(["--log-facility=-", "--cache-size=1000"])
            .arg(format!("--listen-address={}", address.ip()))
            .arg(format!("--port={}", address.port()))
            .args(upstream.map(|server| format!("--server={}#{}", server.ip(), server.port())))
            .args(options);
        let process = Process::spawn("dnsmasq", command);
        for transport in [Transport::Udp, Transport::Tcp] {
            process.await_state("listener", || is_listening(transport, port.number()));
        }
        Self {
            _process: process,
            address,
            _port: port,
        }
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

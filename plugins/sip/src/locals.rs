//! Own addresses, as they stand in what is sent.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::config::{Config, Hop, ListenAddress, TransportKind};

/// The addresses that are listened on.
#[derive(Debug)]
pub(crate) struct Locals {
    /// In the order of the sockets.
    udp: Vec<Local>,
    tcp: Vec<Local>,
    tls: Vec<Local>,
}

/// One own address and how Via shows it.
#[derive(Debug)]
struct Local {
    address: SocketAddr,
    sent_by: String,
    /// Whether `sent_by` names no host: any address of this machine's is listened on, and none is advertised.
    is_nameless: bool,
}

impl Locals {
    pub(crate) fn new(config: &Config, addresses: &[ListenAddress]) -> Self {
        let of = |kind| {
            let of_kind = addresses.iter().filter(|listen| listen.transport == kind);
            let local = |listen: &ListenAddress| Local {
                address: listen.address,
                sent_by: sent_by(config.advertise.as_deref(), listen.address),
                is_nameless: config.advertise.is_none() && listen.address.ip().is_unspecified(),
            };
            of_kind.map(local).collect()
        };
        Self {
            udp: of(TransportKind::Udp),
            tcp: of(TransportKind::Tcp),
            tls: of(TransportKind::Tls),
        }
    }

    /// The socket by which a request leaves, and its sent-by; `None` when there is none that leads there.
    pub(crate) fn towards(&self, hop: Hop) -> Option<(usize, &str)> {
        let is_ipv4 = hop.address.is_ipv4();
        let mut locals = self.of(hop.transport).iter().enumerate();
        let local = locals.find(|(_, local)| local.address.is_ipv4() == is_ipv4);
        match (local, hop.transport) {
            (Some((port, local)), _) => Some((port, &local.sent_by)),
            // A response over a connection needs no address of ours: it comes by that.
            (None, TransportKind::Tcp | TransportKind::Tls) => Some((0, NO_ADDRESS)),
            (None, TransportKind::Udp) => None,
        }
    }

    /// The URI by which a peer reaches a user here, for Contact; the user part is escaped already.
    pub(crate) fn contact(&self, user: &str, hop: Hop) -> String {
        let is_ipv4 = hop.address.is_ipv4();
        let kinds: &[_] = match hop.transport {
            TransportKind::Udp => &[TransportKind::Udp, TransportKind::Tcp],
            TransportKind::Tcp => &[TransportKind::Tcp, TransportKind::Udp],
            // What is secured stays so.
            TransportKind::Tls => &[TransportKind::Tls],
        };
        let mut found = kinds.iter().filter_map(|&kind| {
            let mut locals = self.of(kind).iter();
            let local = locals.find(|local| local.address.is_ipv4() == is_ipv4)?;
            Some((kind, local.host_for(hop.address)))
        });
        let (kind, host) = match found.next() {
            Some(found) => found,
            None => (hop.transport, NO_ADDRESS.to_owned()),
        };
        let at = if user.is_empty() { "" } else { "@" };
        match kind {
            TransportKind::Udp => format!("sip:{user}{at}{host}"),
            kind => format!("sip:{user}{at}{host};transport={kind}"),
        }
    }

    fn of(&self, kind: TransportKind) -> &[Local] {
        match kind {
            TransportKind::Udp => &self.udp,
            TransportKind::Tcp => &self.tcp,
            TransportKind::Tls => &self.tls,
        }
    }
}

impl Local {
    /// Host and port, as this peer reaches them.
    fn host_for(&self, peer: SocketAddr) -> String {
        let address = self.is_nameless.then(|| address_towards(peer)).flatten();
        match address {
            Some(ip) => SocketAddr::new(ip, self.address.port()).to_string(),
            None => self.sent_by.clone(),
        }
    }
}

/// The address of this machine's that the system would send from to a peer; nothing is sent.
fn address_towards(peer: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = match peer {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(peer).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_unspecified()).then_some(address)
}

/// The sent-by of Via: the configured host, or the address that is listened on.
///
/// An address like 0.0.0.0 is none; responses then follow `received` and `rport`.
fn sent_by(advertise: Option<&str>, address: SocketAddr) -> String {
    let port = address.port();
    match (advertise, address.ip()) {
        (Some(host), _) => format!("{host}:{port}"),
        (None, ip) if ip.is_unspecified() => format!("{NO_ADDRESS}:{port}"),
        (None, IpAddr::V4(ip)) => format!("{ip}:{port}"),
        (None, IpAddr::V6(ip)) => format!("[{ip}]:{port}"),
    }
}

/// A host that nobody can send to (RFC 2606 §2).
const NO_ADDRESS: &str = "rialto.invalid";

#[cfg(test)]
mod tests {
    use super::*;

    fn locals(config: &str, addresses: &[&str]) -> Locals {
        let config: Config = serde_json::from_str(config).unwrap();
        let addresses: Vec<_> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        Locals::new(&config, &addresses)
    }

    fn hop(transport: TransportKind, address: &str) -> Hop {
        Hop::new(transport, address.parse().unwrap())
    }

    #[test]
    fn contact_is_the_address_of_the_peers_transport_and_family() {
        let all = [
            "udp:192.0.2.1:5060",
            "tcp:192.0.2.2:5070",
            "udp:[2001:db8::1]:5060",
        ];
        let locals = locals("{}", &all);
        let contact = |kind, peer| locals.contact("u%40d", hop(kind, peer));
        let (udp, tcp) = (TransportKind::Udp, TransportKind::Tcp);
        assert_eq!(contact(udp, "192.0.2.9:1"), "sip:u%40d@192.0.2.1:5060");
        let over_tcp = "sip:u%40d@192.0.2.2:5070;transport=tcp";
        assert_eq!(contact(tcp, "192.0.2.9:1"), over_tcp);
        assert_eq!(contact(tcp, "[::1]:1"), "sip:u%40d@[2001:db8::1]:5060");
        assert_eq!(
            locals.contact("", hop(udp, "192.0.2.9:1")),
            "sip:192.0.2.1:5060"
        );
    }

    #[test]
    fn contact_of_a_peer_over_tls_leads_over_tls_or_nowhere() {
        let peer = hop(TransportKind::Tls, "192.0.2.9:1");
        let secured = locals("{}", &["udp:192.0.2.1:5060", "tls:192.0.2.1:5061"]);
        let over_tls = "sip:u@192.0.2.1:5061;transport=tls";
        assert_eq!(secured.contact("u", peer), over_tls);
        let open = locals("{}", &["udp:192.0.2.1:5060"]);
        let nowhere = "sip:u@rialto.invalid;transport=tls";
        assert_eq!(open.contact("u", peer), nowhere);
    }

    #[test]
    fn contact_of_a_socket_for_all_addresses_is_the_one_on_the_way_unless_a_host_is_advertised() {
        let loopback = hop(TransportKind::Udp, "127.0.0.1:9");
        let any = locals("{}", &["udp:0.0.0.0:5062"]);
        assert_eq!(any.contact("u", loopback), "sip:u@127.0.0.1:5062");
        let named = locals(r#"{"advertise": "gw.example"}"#, &["udp:0.0.0.0:5062"]);
        assert_eq!(named.contact("u", loopback), "sip:u@gw.example:5062");
    }
}

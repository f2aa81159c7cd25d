//! Addresses with a transport: `udp:192.0.2.1:5060`.

use std::{fmt, net::SocketAddr, str::FromStr};

use rialto_sdk::serde::{Deserialize, Deserializer, de};
use rialto_sip_codec::{Host, Uri};

/// A transport that this adapter has.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum TransportKind {
    Udp,
    Tcp,
}

impl TransportKind {
    /// What stands for it before an address.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }
}

/// One address to listen on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ListenAddress {
    pub(crate) transport: TransportKind,
    pub(crate) address: SocketAddr,
}

/// Where requests go: over UDP, over TCP, or over either, as their size demands.
///
/// Written `udp:192.0.2.1:5060`, `tcp:[2001:db8::1]:5060`, or `192.0.2.1:5060` for either; or as the URI of a proxy,
/// `sip:192.0.2.1:5060;transport=tcp` (RFC 3261 §19.1.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NextHop {
    udp: Option<SocketAddr>,
    tcp: Option<SocketAddr>,
}

/// The next hop of one request.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Hop {
    pub(crate) transport: TransportKind,
    pub(crate) address: SocketAddr,
}

impl NextHop {
    /// The longest request that may go over UDP (RFC 3261 §18.1.1, RFC 3428 §8).
    pub(crate) const MAX_OVER_UDP: usize = 1300;

    /// The hop that a SIP URI names by its address; `None` where that is a host's name, or there is another transport to it.
    pub(crate) fn of_uri(uri: &str) -> Option<Self> {
        let (transport, address) = proxy(uri).ok()?;
        // Without a transport an address means UDP (RFC 3263 §4.1).
        let transport = transport.unwrap_or(TransportKind::Udp);
        Some(Hop { transport, address }.into())
    }

    /// Takes from the other what this one lacks.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            udp: self.udp.or(other.udp),
            tcp: self.tcp.or(other.tcp),
        }
    }

    /// The hop of a request that is small enough for any.
    pub(crate) fn preferred(&self) -> Option<Hop> {
        self.udp
            .map(|address| Hop {
                transport: TransportKind::Udp,
                address,
            })
            .or_else(|| self.congestion_controlled())
    }

    /// The hop of a request of any size.
    pub(crate) fn congestion_controlled(&self) -> Option<Hop> {
        self.tcp.map(|address| Hop {
            transport: TransportKind::Tcp,
            address,
        })
    }
}

impl From<Hop> for NextHop {
    fn from(hop: Hop) -> Self {
        let Hop { transport, address } = hop;
        let over = |kind| (transport == kind).then_some(address);
        Self {
            udp: over(TransportKind::Udp),
            tcp: over(TransportKind::Tcp),
        }
    }
}

impl FromStr for NextHop {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (transport, address) = if text.starts_with("sip:") {
            proxy(text)?
        } else {
            split(text)?
        };
        let over = |kind| transport.is_none_or(|only| only == kind).then_some(address);
        Ok(Self {
            udp: over(TransportKind::Udp),
            tcp: over(TransportKind::Tcp),
        })
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (transport, address) = split(text)?;
        let transport =
            transport.ok_or_else(|| format!("`{text}` does not begin with `udp:` or `tcp:`"))?;
        Ok(Self { transport, address })
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { transport, address } = self;
        write!(formatter, "{transport}:{address}")
    }
}

/// Writes what a [`NextHop`] is read from.
impl fmt::Display for Hop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { transport, address } = self;
        write!(formatter, "{transport}:{address}")
    }
}

impl fmt::Display for TransportKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for NextHop {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for ListenAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

fn split(text: &str) -> Result<(Option<TransportKind>, SocketAddr), String> {
    let (transport, address) = match text.split_once(':') {
        Some(("udp", rest)) => (Some(TransportKind::Udp), rest),
        Some(("tcp", rest)) => (Some(TransportKind::Tcp), rest),
        _ => (None, text),
    };
    let address = address.parse().map_err(|_| {
        format!(
            "`{text}` is not an address: write `udp:192.0.2.1:5060` or `tcp:[2001:db8::1]:5060`"
        )
    })?;
    Ok((transport, address))
}

/// Reads the URI of a proxy: an address, a port unless it is SIP's own, perhaps a transport.
fn proxy(text: &str) -> Result<(Option<TransportKind>, SocketAddr), String> {
    let Ok(Uri::Sip(uri)) = Uri::parse(text) else {
        return Err(format!("`{text}` is not a SIP URI"));
    };
    let Host::Address(address) = uri.host() else {
        return Err(format!(
            "`{text}` has no address: write it like `sip:192.0.2.1:5060`"
        ));
    };
    let transport = match uri.param("transport").map(Option::unwrap_or_default) {
        None => None,
        Some(name) if name.eq_ignore_ascii_case("udp") => Some(TransportKind::Udp),
        Some(name) if name.eq_ignore_ascii_case("tcp") => Some(TransportKind::Tcp),
        Some(name) => {
            return Err(format!(
                "`{text}` asks for the transport `{name}`: there are udp and tcp"
            ));
        }
    };
    Ok((
        transport,
        SocketAddr::new(address, uri.port().unwrap_or(SIP_PORT)),
    ))
}

/// The default port (RFC 3261 §19.1.2).
const SIP_PORT: u16 = 5060;

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(text: &str) -> NextHop {
        text.parse().unwrap()
    }

    #[test]
    fn next_hop_without_a_transport_is_udp_first_and_tcp_for_large_requests() {
        let hop = hop("[::1]:5070");
        assert_eq!(hop.preferred().unwrap().transport, TransportKind::Udp);
        assert_eq!(
            hop.congestion_controlled().unwrap().address,
            "[::1]:5070".parse().unwrap()
        );
    }

    #[test]
    fn next_hop_with_a_transport_is_that_and_no_other() {
        assert_eq!(hop("udp:127.0.0.1:5070").congestion_controlled(), None);
        assert_eq!(
            hop("tcp:127.0.0.1:5070").preferred(),
            hop("tcp:127.0.0.1:5070").congestion_controlled()
        );
    }

    #[test]
    fn next_hop_may_be_the_uri_of_a_proxy() {
        assert_eq!(hop("sip:127.0.0.1:5070"), hop("127.0.0.1:5070"));
        assert_eq!(hop("sip:[::1];transport=TCP"), hop("tcp:[::1]:5060"));
        for wrong in [
            "sip:example.com",
            "sips:127.0.0.1",
            "sip:127.0.0.1;transport=tls",
            "sip:",
        ] {
            assert!(wrong.parse::<NextHop>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn next_hops_of_two_transports_make_one() {
        let both = hop("udp:127.0.0.1:1").or(hop("tcp:127.0.0.1:2"));
        assert_eq!(both.preferred().unwrap().address.port(), 1);
        assert_eq!(both.congestion_controlled().unwrap().address.port(), 2);
    }

    #[test]
    fn listening_needs_a_transport_and_an_address() {
        for wrong in [
            "127.0.0.1:5060",
            "tls:127.0.0.1:5061",
            "udp:example.com:5060",
            "udp:127.0.0.1",
        ] {
            assert!(wrong.parse::<ListenAddress>().is_err(), "{wrong}");
        }
    }
}

//! Addresses with a transport: `udp:192.0.2.1:5060`.

use std::{fmt, net::SocketAddr, str::FromStr};

use rialto_sdk::{
    prelude::Domain,
    serde::{Deserialize, Deserializer, de},
};
use rialto_sip_codec::{Host, Uri, uri::Security};

/// A transport that this adapter has.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum TransportKind {
    Udp,
    Tcp,
    /// TLS over TCP.
    Tls,
}

impl TransportKind {
    const ALL: [Self; 3] = [Self::Udp, Self::Tcp, Self::Tls];

    /// What stands for it before an address.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }

    /// The port where none is said (RFC 3261 §19.1.2).
    const fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.as_str().eq_ignore_ascii_case(text))
    }
}

/// One address to listen on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ListenAddress {
    pub(crate) transport: TransportKind,
    pub(crate) address: SocketAddr,
}

/// Where requests go: over UDP, over TCP, over either as their size demands, or over TLS.
///
/// Written `udp:192.0.2.1:5060`, `tcp:[2001:db8::1]:5060`, `tls:192.0.2.1:5061`, or `192.0.2.1:5060` for UDP or TCP; or as the URI of a proxy,
/// `sip:192.0.2.1:5060;transport=tcp` (RFC 3261 §19.1.1). What answers over TLS has to be the domain that a request is for, or the one that
/// stands before the address: `tls:proxy.example@192.0.2.1:5061`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct NextHop {
    udp: Option<SocketAddr>,
    tcp: Option<SocketAddr>,
    tls: Option<SecuredHop>,
}

/// A hop over TLS.
#[derive(Clone, Debug, Eq, PartialEq)]
struct SecuredHop {
    address: SocketAddr,
    /// Whom to expect there, if not the domain that a request is for.
    domain: Option<Domain>,
    flow: Option<Flow>,
}

/// The next hop of one request.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Hop {
    pub(crate) transport: TransportKind,
    pub(crate) address: SocketAddr,
    /// Over TLS, the connection by which its other end came. While that is open, it is the way to whoever is there, who mostly
    /// has no certificate to be called by (RFC 5626 §5.3).
    pub(crate) flow: Option<Flow>,
}

/// The number of a connection that is never given again, in this process or another.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Flow(pub(crate) u64);

impl NextHop {
    /// The longest request that may go over UDP (RFC 3261 §18.1.1, RFC 3428 §8).
    pub(crate) const MAX_OVER_UDP: usize = 1300;

    /// The hop that a SIP URI names by its address; `None` where that is a host's name, or there is another transport to it.
    pub(crate) fn of_uri(uri: &str) -> Option<Self> {
        let (transport, address) = proxy(uri).ok()?;
        // Without a transport an address means UDP (RFC 3263 §4.1).
        let transport = transport.unwrap_or(TransportKind::Udp);
        Some(Hop::new(transport, address).into())
    }

    /// Takes from the other what this one lacks.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            udp: self.udp.or(other.udp),
            tcp: self.tcp.or(other.tcp),
            tls: self.tls.or(other.tls),
        }
    }

    /// The hop of a request that is small enough for any.
    pub(crate) fn preferred(&self) -> Option<Hop> {
        let udp = self
            .udp
            .map(|address| Hop::new(TransportKind::Udp, address));
        self.secured().or(udp).or_else(|| self.over_tcp())
    }

    /// The hop of a request of any size.
    pub(crate) fn congestion_controlled(&self) -> Option<Hop> {
        self.secured().or_else(|| self.over_tcp())
    }

    /// The hop over TLS; whoever has one is sent nothing over another.
    pub(crate) fn secured(&self) -> Option<Hop> {
        let SecuredHop { address, flow, .. } = self.tls.as_ref()?;
        Some(Hop {
            flow: *flow,
            ..Hop::new(TransportKind::Tls, *address)
        })
    }

    /// Goes by the connection of that one first, while it is open.
    pub(crate) fn by_the_flow_of(mut self, other: &Self) -> Self {
        if let (Some(own), Some(other)) = (&mut self.tls, &other.tls) {
            own.flow = own.flow.or(other.flow);
        }
        self
    }

    /// Whether what goes this way is as secure as what goes that way.
    pub(crate) const fn is_as_safe_as(&self, other: &Self) -> bool {
        self.tls.is_some() || other.tls.is_none()
    }

    /// Whom to expect at the hop over TLS, if not the domain that a request is for.
    pub(crate) fn domain(&self) -> Option<&Domain> {
        self.tls.as_ref()?.domain.as_ref()
    }

    fn over_tcp(&self) -> Option<Hop> {
        self.tcp
            .map(|address| Hop::new(TransportKind::Tcp, address))
    }
}

impl Hop {
    pub(crate) const fn new(transport: TransportKind, address: SocketAddr) -> Self {
        Self {
            transport,
            address,
            flow: None,
        }
    }
}

impl From<Hop> for NextHop {
    fn from(hop: Hop) -> Self {
        let Hop {
            transport,
            address,
            flow,
        } = hop;
        let over = |kind| (transport == kind).then_some(address);
        Self {
            udp: over(TransportKind::Udp),
            tcp: over(TransportKind::Tcp),
            tls: over(TransportKind::Tls).map(|address| SecuredHop {
                address,
                domain: None,
                flow,
            }),
        }
    }
}

impl FromStr for NextHop {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(place) = text.strip_prefix("tls:") {
            let tls = Some(secured(place).ok_or_else(|| no_address(text))?);
            return Ok(Self {
                tls,
                ..Self::default()
            });
        }
        let (transport, address) = match text.split_once(':') {
            Some(("sip" | "sips", _)) => proxy(text)?,
            _ => split(text)?,
        };
        Ok(match transport {
            Some(transport) => Hop::new(transport, address).into(),
            None => Self {
                udp: Some(address),
                tcp: Some(address),
                tls: None,
            },
        })
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (transport, address) = split(text)?;
        let transport = transport
            .ok_or_else(|| format!("`{text}` does not begin with `udp:`, `tcp:` or `tls:`"))?;
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
        let Self {
            transport,
            address,
            flow,
        } = self;
        match flow {
            Some(Flow(number)) => write!(formatter, "{transport}:{FLOW}{number:x}@{address}"),
            None => write!(formatter, "{transport}:{address}"),
        }
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

/// What stands before the number of a flow; no domain begins so.
const FLOW: &str = "flow=";

/// Reads what follows `tls:`, an address, and perhaps whom to expect there.
fn secured(place: &str) -> Option<SecuredHop> {
    let (before, address) = match place.split_once('@') {
        Some((before, address)) => (Some(before), address),
        None => (None, place),
    };
    let (mut domain, mut flow) = (None, None);
    match before.map(|before| before.strip_prefix(FLOW).ok_or(before)) {
        None => {}
        Some(Ok(number)) => flow = Some(Flow(u64::from_str_radix(number, 16).ok()?)),
        Some(Err(name)) => domain = Some(Domain::parse(name).ok()?),
    }
    Some(SecuredHop {
        address: address.parse().ok()?,
        domain,
        flow,
    })
}

fn split(text: &str) -> Result<(Option<TransportKind>, SocketAddr), String> {
    let known = text.split_once(':').and_then(|(before, address)| {
        let mut all = TransportKind::ALL.into_iter();
        Some((all.find(|kind| kind.as_str() == before)?, address))
    });
    let (transport, address) = match known {
        Some((transport, address)) => (Some(transport), address),
        None => (None, text),
    };
    let address = address.parse().map_err(|_| no_address(text))?;
    Ok((transport, address))
}

fn no_address(text: &str) -> String {
    format!(
        "`{text}` is not an address: write `udp:192.0.2.1:5060`, `tcp:[2001:db8::1]:5060` or `tls:proxy.example@192.0.2.1:5061`"
    )
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
    let named = uri.param("transport").map(Option::unwrap_or_default);
    let transport = match (named, uri.security()) {
        // RFC 3261 §26.2.2: over TLS, whatever stream it names.
        (None, Security::Sips) => Some(TransportKind::Tls),
        (Some(name), Security::Sips) => match TransportKind::parse(name) {
            Some(TransportKind::Tcp | TransportKind::Tls) => Some(TransportKind::Tls),
            _ => return Err(format!("`{text}` asks for another transport than TLS")),
        },
        (None, Security::Sip) => None,
        (Some(name), Security::Sip) => Some(TransportKind::parse(name).ok_or_else(|| {
            format!("`{text}` asks for the transport `{name}`: there are udp, tcp and tls")
        })?),
    };
    let port = transport.map_or(SIP_PORT, TransportKind::default_port);
    Ok((
        transport,
        SocketAddr::new(address, uri.port().unwrap_or(port)),
    ))
}

/// The default port without a transport (RFC 3261 §19.1.2).
const SIP_PORT: u16 = TransportKind::Udp.default_port();

#[cfg(test)]
mod tests;

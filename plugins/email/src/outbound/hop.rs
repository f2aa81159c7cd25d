//! Next hops: where mail is sent.

use std::{fmt, net::IpAddr, net::SocketAddr, str::FromStr};

use rialto_email_codec::{Domain, smtp::Protocol};
use rialto_sdk::serde::{Deserialize, Deserializer, de};

/// A server: `192.0.2.1:25`, as DNS leads to it, or `mail.example:587`, `lmtp:mail.example:24` as a route names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NextHop {
    pub(crate) protocol: HopProtocol,
    pub(crate) server: Server,
    pub(crate) port: u16,
}

/// What is spoken there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum HopProtocol {
    Smtp,
    Lmtp,
}

/// A host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Server {
    Address(IpAddr),
    Name(Domain),
}

/// A text that is no next hop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no next hop: write one like mail.example:25, 192.0.2.1:25 or lmtp:mail.example:24"
)]
pub(crate) struct NoHop(String);

impl From<HopProtocol> for Protocol {
    fn from(protocol: HopProtocol) -> Self {
        match protocol {
            HopProtocol::Smtp => Self::Smtp,
            HopProtocol::Lmtp => Self::Lmtp,
        }
    }
}

impl NextHop {
    /// A server of SMTP.
    pub(crate) fn smtp(address: SocketAddr) -> Self {
        Self {
            protocol: HopProtocol::Smtp,
            server: Server::Address(address.ip()),
            port: address.port(),
        }
    }
}

impl FromStr for NextHop {
    type Err = NoHop;

    fn from_str(text: &str) -> Result<Self, NoHop> {
        let no_hop = || NoHop(text.chars().take(100).collect());
        let (protocol, place) = match text.split_once(':') {
            Some(("smtp", place)) => (HopProtocol::Smtp, place),
            Some(("lmtp", place)) => (HopProtocol::Lmtp, place),
            _ => (HopProtocol::Smtp, text),
        };
        if let Ok(address) = place.parse::<SocketAddr>() {
            return Ok(Self {
                protocol,
                server: Server::Address(address.ip()),
                port: address.port(),
            });
        }
        let (name, port) = place.rsplit_once(':').ok_or_else(no_hop)?;
        let name = name.parse().map_err(|_| no_hop())?;
        Ok(Self {
            protocol,
            server: Server::Name(name),
            port: port.parse().map_err(|_| no_hop())?,
        })
    }
}

impl fmt::Display for NextHop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.server {
            Server::Address(address) => SocketAddr::new(*address, self.port).fmt(f),
            Server::Name(name) => write!(f, "{name}:{}", self.port),
        }
    }
}

impl<'de> Deserialize<'de> for NextHop {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_hop_is_an_address_or_a_name_with_its_port() {
        for (text, protocol, shown) in [
            ("192.0.2.1:25", HopProtocol::Smtp, "192.0.2.1:25"),
            ("[2001:db8::1]:25", HopProtocol::Smtp, "[2001:db8::1]:25"),
            (
                "smtp:mail.example:587",
                HopProtocol::Smtp,
                "mail.example:587",
            ),
            ("lmtp:localhost:24", HopProtocol::Lmtp, "localhost:24"),
        ] {
            let hop: NextHop = text.parse().unwrap();
            assert_eq!((hop.protocol, hop.to_string().as_str()), (protocol, shown));
        }
        for text in [
            "",
            "mail.example",
            "mail.example:x",
            "a b:25",
            "udp:mail.example:25",
            ":25",
        ] {
            assert!(text.parse::<NextHop>().is_err(), "{text}");
        }
    }
}

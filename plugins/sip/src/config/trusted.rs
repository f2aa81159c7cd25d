//! Peers whose word about senders is taken.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;
use rialto_sdk::serde::{Deserialize, Deserializer, de};

/// Addresses of proxies that authenticate their users and see that From is theirs: a trust domain (RFC 3325 §2).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct TrustedPeers(Vec<IpNet>);

impl TrustedPeers {
    /// Whether a request from this address is from one of them.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        // A socket for both families shows IPv4 inside IPv6.
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// A list of addresses and networks, like `192.0.2.1` and `2001:db8::/32`.
impl<'de> Deserialize<'de> for TrustedPeers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let network = |text: &String| {
            IpAddr::from_str(text)
                .map(IpNet::from)
                .or_else(|_| IpNet::from_str(text))
                .map_err(|_| {
                    de::Error::custom(format!(
                        "`{text}` is no address or network: write one like 192.0.2.1 or 192.0.2.0/24"
                    ))
                })
        };
        texts
            .iter()
            .map(network)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusts(list: &str, address: &str) -> bool {
        let peers: TrustedPeers = serde_json::from_str(list).unwrap();
        peers.contains(address.parse().unwrap())
    }

    #[test]
    fn address_and_network_are_trusted_and_no_other() {
        let list = r#"["192.0.2.1", "198.51.100.0/24", "2001:db8::/32"]"#;
        for address in [
            "192.0.2.1",
            "::ffff:192.0.2.1",
            "198.51.100.7",
            "2001:db8::5",
        ] {
            assert!(trusts(list, address), "{address}");
        }
        for address in ["192.0.2.2", "198.51.101.7", "2001:db9::1", "::1"] {
            assert!(!trusts(list, address), "{address}");
        }
        assert!(!trusts("[]", "192.0.2.1"));
    }

    #[test]
    fn what_is_no_network_is_refused_and_named() {
        for text in ["proxy.example", "192.0.2.0/33", "192.0.2", ""] {
            let error = serde_json::from_str::<TrustedPeers>(&format!("[{text:?}]")).unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}

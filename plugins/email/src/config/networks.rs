//! Hosts, by their addresses.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;
use rialto_sdk::serde::{Deserialize, Deserializer, de};

/// A list of addresses and networks, like `192.0.2.1` and `2001:db8::/32`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Networks(Vec<IpNet>);

impl Networks {
    /// Whether this address is among them.
    pub(crate) fn contain(&self, address: IpAddr) -> bool {
        // A socket for both families shows IPv4 inside IPv6.
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl<'de> Deserialize<'de> for Networks {
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

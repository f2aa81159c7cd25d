//! Where mail comes in.

use std::{fmt, net::SocketAddr, str::FromStr};

use rialto_email_codec::smtp::Protocol;
use rialto_sdk::serde::{Deserialize, Deserializer, de};

/// A protocol and an address: `smtp:0.0.0.0:25`, `lmtp:127.0.0.1:24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListenAddress {
    pub(crate) protocol: Protocol,
    pub(crate) address: SocketAddr,
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let problem = || {
            format!("`{text}` is no place to listen: write smtp:0.0.0.0:25 or lmtp:127.0.0.1:24")
        };
        let (protocol, address) = text.split_once(':').ok_or_else(problem)?;
        let protocol = match protocol {
            "smtp" => Protocol::Smtp,
            "lmtp" => Protocol::Lmtp,
            _ => return Err(problem()),
        };
        let address = address.parse().map_err(|_| problem())?;
        Ok(Self { protocol, address })
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Smtp => "smtp",
            Protocol::Lmtp => "lmtp",
        };
        write!(f, "{protocol}:{}", self.address)
    }
}

impl<'de> Deserialize<'de> for ListenAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

//! Whether senders are checked, and who is asked.

use std::net::SocketAddr;

use rialto_sdk::{schemars::JsonSchema, serde::Deserialize};

/// What SPF, DKIM and DMARC are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", rename_all = "snake_case")]
#[schemars(crate = "rialto_sdk::schemars")]
pub(crate) enum AuthenticationMode {
    /// What their owners want refused is refused (RFC 7489 §6.6.2, RFC 7208 §8.4).
    #[default]
    Enforce,
    /// They say who vouches for a sender, and nothing is refused.
    Check,
    /// DNS is not asked: nobody vouches for anyone but `trusted` relays.
    Off,
}

/// The section `authentication`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields, default)]
#[schemars(crate = "rialto_sdk::schemars")]
pub(crate) struct AuthenticationConfig {
    /// What is done with what DNS says.
    pub(crate) mode: AuthenticationMode,
    /// Who is asked; if there is none, those of `/etc/resolv.conf`.
    pub(crate) name_servers: Vec<SocketAddr>,
}

//! Keys and certificates, which stand in files.

use std::path::PathBuf;

use rialto_sdk::{schemars::JsonSchema, serde::Deserialize};

/// The section `tls`: for those who connect.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields)]
#[schemars(crate = "rialto_sdk::schemars")]
pub(crate) struct TlsConfig {
    /// The certificate and those behind it, PEM.
    pub(crate) certificate: PathBuf,
    /// Its key, PEM.
    pub(crate) key: PathBuf,
    /// Whether mail is taken over TLS alone. Not for a server that is found by MX (RFC 3207 §4).
    #[serde(default)]
    pub(crate) required: bool,
}

/// The section `dkim`: signs what is sent (RFC 6376).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields)]
#[schemars(crate = "rialto_sdk::schemars")]
pub(crate) struct DkimConfig {
    /// Whose signature it is; with the selector it names the record in DNS.
    pub(crate) domain: String,
    /// Which key of that domain.
    pub(crate) selector: String,
    /// The private key, RSA or Ed25519, PEM.
    pub(crate) key: PathBuf,
}

//! TLS: certificates, and whom to believe.

use std::path::PathBuf;

use rialto_sdk::prelude::{Deserialize, Error, JsonSchema, Result};

use super::{Config, TransportKind};
use crate::transport::Tls;

/// The section `tls` (RFC 3261 §26.2).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields, default)]
#[schemars(crate = "rialto_sdk::schemars")]
pub(crate) struct TlsConfig {
    /// The certificate and those behind it, PEM: shown to those who connect, and to next hops that ask for one.
    pub(crate) certificate: Option<PathBuf>,
    /// Its key, PEM.
    pub(crate) key: Option<PathBuf>,
    /// Certificates of those who vouch for others, PEM; if there is no file, the system's.
    pub(crate) authorities: Option<PathBuf>,
    /// Whether those who connect are asked for a certificate.
    pub(crate) clients: ClientCertificates,
    /// Whether requests are taken and sent over TLS alone.
    pub(crate) required: bool,
}

/// Whether those who connect have to show who they are.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", rename_all = "snake_case")]
#[schemars(crate = "rialto_sdk::schemars")]
pub(crate) enum ClientCertificates {
    /// They are not asked: phones have none, or one that nobody vouches for.
    #[default]
    Off,
    /// Who shows a certificate is authenticated for its domains, and who shows none is not; one that is not valid ends the connection.
    Optional,
    /// Who shows none is not let in.
    Required,
}

impl Config {
    /// Reads the files, and refuses what cannot be meant.
    pub(crate) fn tls(&self) -> Result<Tls> {
        let tls = Tls::new(&self.tls)?;
        let listens = |secured: bool| {
            let is_secured = |kind| (kind == TransportKind::Tls) == secured;
            let mut listen = self.listen.iter();
            listen.find(|listen| is_secured(listen.transport))
        };
        if let (Some(listen), None) = (listens(true), tls.identity()) {
            return Err(Error::config(format!(
                "tls.certificate: is missing, and `listen` has {listen}: name the files of a certificate and of its key"
            )));
        }
        if let (Some(listen), true) = (listens(false), self.tls.required) {
            return Err(Error::config(format!(
                "tls.required: is true, and `listen` has {listen}: leave out the one or the other"
            )));
        }
        Ok(tls)
    }
}

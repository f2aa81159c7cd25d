//! TLS towards servers (RFC 3207, RFC 7435).

use std::{fmt, io, sync::Arc};

use rialto_sdk::{
    Error, Result,
    tokio::io::{AsyncRead, AsyncWrite},
};
use rialto_tls::{Rule, Shown, Verifier};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::config::{OutgoingConfig, OutgoingTls};

/// Turns TLS on, as the operator wants it.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(crate) mode: OutgoingTls,
    tls: TlsConnector,
}

impl Connector {
    pub(crate) fn new(config: &OutgoingConfig) -> Result<Self> {
        let builder = ClientConfig::builder_with_provider(rialto_tls::provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::internal("email: TLS cannot be set up").with_source(error))?;
        let client = match config.tls {
            OutgoingTls::Verified => builder
                .with_root_certificates(authorities(config)?)
                .with_no_client_auth(),
            _ => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Verifier::new(AnyServer)))
                .with_no_client_auth(),
        };
        Ok(Self {
            mode: config.tls,
            tls: TlsConnector::from(Arc::new(client)),
        })
    }

    /// Does the handshake with the server of this name.
    pub(super) async fn connect<W: AsyncRead + AsyncWrite + Unpin>(
        &self,
        name: &str,
        wire: W,
    ) -> io::Result<TlsStream<W>> {
        let name = ServerName::try_from(name.to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        self.tls.connect(name, wire).await
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

/// Those who vouch for servers: of the file that is named, else of the system.
fn authorities(config: &OutgoingConfig) -> Result<RootCertStore> {
    let store = match &config.authorities {
        Some(path) => rialto_tls::authorities(path).map_err(|error| {
            Error::config("outgoing.authorities: cannot be used").with_source(error)
        })?,
        None => rialto_tls::system_authorities(),
    };
    if store.is_empty() {
        return Err(Error::config(
            "outgoing.authorities: nobody is there to vouch for servers; name a file of certificates",
        ));
    }
    Ok(store)
}

/// Takes any certificate: against who only listens, encryption alone helps, and mail by MX has no name to check (RFC 7435).
#[derive(Debug)]
struct AnyServer;

impl Rule for AnyServer {
    fn judge(&self, _: &Shown<'_>) -> std::result::Result<(), rustls::Error> {
        Ok(())
    }
}

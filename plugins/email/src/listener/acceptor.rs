//! TLS for those who connect (RFC 3207).

use std::{fmt, io, sync::Arc};

use rialto_email_codec::smtp::StartTls;
use rialto_sdk::{Error, Result};
use rialto_tls::{Identity, provider};
use tokio_rustls::TlsAcceptor;

use crate::{config::TlsConfig, wire::Wire};

/// Turns TLS on for those who connect.
#[derive(Clone)]
pub(crate) struct Acceptor {
    tls: TlsAcceptor,
    required: bool,
}

impl Acceptor {
    /// Reads certificate and key.
    pub(crate) fn new(config: &TlsConfig) -> Result<Self> {
        let identity = Identity::read(&config.certificate, &config.key)
            .map_err(|error| Error::config("tls.certificate: cannot be used").with_source(error))?;
        let server = rustls::ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::internal("email: TLS cannot be set up").with_source(error))?
            .with_no_client_auth()
            .with_cert_resolver(identity.resolver());
        Ok(Self {
            tls: TlsAcceptor::from(Arc::new(server)),
            required: config.required,
        })
    }

    /// What a session says of it.
    pub(crate) fn starttls(&self) -> StartTls {
        if self.required {
            StartTls::Required
        } else {
            StartTls::Offered
        }
    }

    /// Does the handshake.
    pub(super) async fn accept(&self, wire: Box<dyn Wire>) -> io::Result<Box<dyn Wire>> {
        Ok(Box::new(self.tls.accept(wire).await?))
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor")
            .field("required", &self.required)
            .finish_non_exhaustive()
    }
}

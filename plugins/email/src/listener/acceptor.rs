//! TLS for those who connect (RFC 3207).

use std::{fmt, io, sync::Arc};

use rialto_email_codec::smtp::StartTls;
use rialto_sdk::{Error, Result};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
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
        let wrong = |key: &str, path: &std::path::Path| {
            Error::config(format!(
                "tls.{key}: {} is no PEM file of that",
                path.display()
            ))
        };
        let certificates = CertificateDer::pem_file_iter(&config.certificate)
            .and_then(|certificates| certificates.collect::<std::result::Result<Vec<_>, _>>())
            .map_err(|error| wrong("certificate", &config.certificate).with_source(error))?;
        let key = PrivateKeyDer::from_pem_file(&config.key)
            .map_err(|error| wrong("key", &config.key).with_source(error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(certificates, key)
            })
            .map_err(|error| {
                Error::config("tls: certificate and key do not make a server").with_source(error)
            })?;
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

//! What is shown, and who is believed.

use std::{
    fmt, io,
    sync::{Arc, OnceLock},
};

use rialto_sdk::{
    prelude::{Error, Result},
    tracing,
};
use rialto_tls::{FileError, Identity, Verifier, authorities, provider, system_authorities};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{ServerName, UnixTime},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::{Domains, verifier::OfDomain};
use crate::{
    config::{ClientCertificates, TlsConfig},
    transport::wire::{Inlet, Outlet, hurry, secured},
};

/// TLS of one adapter, in both directions.
#[derive(Clone)]
pub(crate) struct Tls(Arc<Settings>);

struct Settings {
    identity: Option<Identity>,
    /// Of the file; if none is named, the system's are read when they are needed.
    authorities: Option<RootCertStore>,
    acceptor: Option<TlsAcceptor>,
    connector: OnceLock<TlsConnector>,
}

impl Tls {
    /// Reads the files; an error names the key, the file, and what to do.
    pub(crate) fn new(config: &TlsConfig) -> Result<Self> {
        let wrong = |key: &str| {
            let key = key.to_owned();
            move |error: FileError| {
                Error::config(format!("tls.{key}: cannot be used")).with_source(error)
            }
        };
        let identity = match (&config.certificate, &config.key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => {
                let identity = Identity::read(certificate, key).map_err(wrong("certificate"))?;
                Some(identity)
            }
            _ => {
                let problem = "tls.certificate: it and `tls.key` stand together, or not at all";
                return Err(Error::config(problem));
            }
        };
        let authorities = config.authorities.as_deref().map(authorities);
        let authorities = authorities.transpose().map_err(wrong("authorities"))?;
        let acceptor = match &identity {
            Some(identity) => Some(acceptor(identity, authorities.as_ref(), config.clients)?),
            None => None,
        };
        Ok(Self(Arc::new(Settings {
            identity,
            authorities,
            acceptor,
            connector: OnceLock::new(),
        })))
    }

    /// The certificate that is shown.
    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.0.identity.as_ref()
    }

    /// Says in the log what others will refuse our certificate for.
    pub(crate) fn warn_of_flaw(&self) {
        let identity = self.0.identity.as_ref();
        if let Some(flaw) = identity.and_then(|identity| identity.flaw(UnixTime::now())) {
            tracing::warn!(%flaw, "others will refuse the certificate of tls.certificate");
        }
    }

    /// Does the handshake with who has connected; says which domains its certificate is for.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<(Domains, (Inlet, Outlet))> {
        let Some(acceptor) = &self.0.acceptor else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        hurry(&stream);
        let (stream, connection) = acceptor.accept(stream).await?.into_inner();
        let shown = connection.peer_certificates().and_then(<[_]>::first);
        let domains = shown.map(Domains::of).unwrap_or_default();
        Ok((domains, secured(stream, connection)))
    }

    /// Does the handshake with a server, which has to be the domain that is expected.
    pub(crate) async fn connect(
        &self,
        stream: TcpStream,
        expected: &Domains,
    ) -> io::Result<(Inlet, Outlet)> {
        let domain = expected.iter().next().unwrap_or_default();
        let name = ServerName::try_from(domain.to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let connector = self.0.connector().map_err(io::Error::other)?;
        hurry(&stream);
        let (stream, connection) = connector.connect(name, stream).await?.into_inner();
        Ok(secured(stream, connection))
    }
}

impl Settings {
    /// What connects; made when it is needed first, as most adapters without TLS never do.
    fn connector(&self) -> Result<&TlsConnector, rustls::Error> {
        if let Some(connector) = self.connector.get() {
            return Ok(connector);
        }
        let authorities = self.authorities.clone();
        let authorities = authorities.unwrap_or_else(system_authorities);
        let verifier = Verifier::new(OfDomain::new(authorities));
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let client = match &self.identity {
            Some(identity) => builder.with_client_cert_resolver(identity.resolver()),
            None => builder.with_no_client_auth(),
        };
        let made = TlsConnector::from(Arc::new(client));
        Ok(self.connector.get_or_init(|| made))
    }
}

/// What accepts those who connect.
fn acceptor(
    identity: &Identity,
    authorities: Option<&RootCertStore>,
    clients: ClientCertificates,
) -> Result<TlsAcceptor> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal("TLS cannot be set up").with_source(error))?;
    let builder = match clients {
        ClientCertificates::Off => builder.with_no_client_auth(),
        clients => builder.with_client_cert_verifier(client_verifier(authorities, clients)?),
    };
    let server = builder.with_cert_resolver(identity.resolver());
    Ok(TlsAcceptor::from(Arc::new(server)))
}

/// Who sees whether clients' certificates are valid.
fn client_verifier(
    authorities: Option<&RootCertStore>,
    clients: ClientCertificates,
) -> Result<Arc<dyn ClientCertVerifier>> {
    let authorities = authorities.cloned().unwrap_or_else(system_authorities);
    // The list of all who are believed would be longer than the rest of the handshake.
    let builder = WebPkiClientVerifier::builder_with_provider(authorities.into(), provider())
        .clear_root_hint_subjects();
    let builder = match clients {
        ClientCertificates::Required => builder,
        _ => builder.allow_unauthenticated(),
    };
    builder.build().map_err(|error| {
        let problem =
            "tls.clients: nobody is there to vouch for clients; name a file in `tls.authorities`";
        Error::config(problem).with_source(error)
    })
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("identity", &self.0.identity)
            .finish_non_exhaustive()
    }
}

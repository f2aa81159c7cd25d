//! Who vouches for domains in a test, and both ends of TLS by its word.

use std::{io::Write as _, net::SocketAddr, path::Path, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType, date_time_ymd};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
};
use tempfile::NamedTempFile;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector, client::TlsStream};

use super::StreamPeer;
use crate::{config::Config, transport::Tls};

/// An authority; its certificate is in a file.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    file: NamedTempFile,
}

/// A certificate with its key, in files.
pub(crate) struct Certified {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    certificate_file: NamedTempFile,
    key_file: NamedTempFile,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            file: file(&certificate.pem()),
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// A certificate for a domain.
    pub(crate) fn certify(&self, domain: &str) -> Certified {
        self.certify_with(&[domain], |_| {})
    }

    /// One whose time is over.
    pub(super) fn certify_expired(&self, domain: &str) -> Certified {
        self.certify_with(&[domain], |params| {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2002, 1, 1);
        })
    }

    /// One with these names, some of which may be URIs.
    pub(super) fn certify_with(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Certified {
        let mut params = CertificateParams::default();
        let named = |name: &&str| match name.contains(':') {
            true => SanType::URI((*name).try_into().unwrap()),
            false => SanType::DnsName((*name).try_into().unwrap()),
        };
        params.subject_alt_names = names.iter().map(named).collect();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Certified {
            certificate_file: file(&certificate.pem()),
            key_file: file(&key.serialize_pem()),
            chain: vec![certificate.der().clone()],
            key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        }
    }

    /// Connects as a client, who shows this certificate if there is one.
    pub(super) async fn connect(
        &self,
        to: SocketAddr,
        domain: &str,
        shown: Option<&Certified>,
    ) -> StreamPeer {
        let stream = TcpStream::connect(to).await.unwrap();
        StreamPeer::of(self.secure(stream, domain, shown).await)
    }

    /// Does a client's handshake.
    pub(crate) async fn secure(
        &self,
        stream: TcpStream,
        domain: &str,
        shown: Option<&Certified>,
    ) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(rialto_tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match shown {
            None => builder.with_no_client_auth(),
            Some(shown) => builder
                .with_client_auth_cert(shown.chain.clone(), shown.key.clone_key())
                .unwrap(),
        };
        let name = ServerName::try_from(domain.to_owned()).unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(name, stream).await.unwrap()
    }
}

impl Certified {
    /// The section `tls` of an adapter that shows it, and believes whom this authority vouches for.
    pub(crate) fn section(&self, authority: &Authority, more: &str) -> String {
        let (certificate, key) = (self.certificate_file.path(), self.key_file.path());
        let authority = authority.path();
        format!(
            r#""tls": {{"certificate": {certificate:?}, "key": {key:?}, "authorities": {authority:?}{more}}}"#
        )
    }

    /// What an adapter makes of it.
    pub(crate) fn tls(&self, authority: &Authority) -> Tls {
        let section = format!("{{{}}}", self.section(authority, ""));
        let config: Config = serde_json::from_str(&section).unwrap();
        config.tls().unwrap()
    }

    /// Accepts a connection as a server; none where the client goes.
    pub(super) async fn accept(&self, listener: &TcpListener) -> Option<StreamPeer> {
        let config = ServerConfig::builder_with_provider(rialto_tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key())
            .unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let accepted = TlsAcceptor::from(Arc::new(config)).accept(stream).await;
        accepted.ok().map(StreamPeer::of)
    }
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

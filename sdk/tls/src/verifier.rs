//! Whom a client believes, by a protocol's own rule.

use std::{fmt, sync::Arc};

use rustls::{
    DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor,
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use crate::provider;

/// Decides whether a server is the one that is meant. That it has the key of its certificate is seen to elsewhere.
pub trait Rule: fmt::Debug + Send + Sync {
    /// Takes the server, or says why not.
    ///
    /// # Errors
    ///
    /// What is wrong with its certificate.
    fn judge(&self, shown: &Shown<'_>) -> Result<(), Error>;
}

/// What a server has shown.
#[derive(Debug)]
#[non_exhaustive]
pub struct Shown<'a> {
    /// Its own certificate.
    pub certificate: &'a CertificateDer<'a>,
    /// Those behind it.
    pub intermediates: &'a [CertificateDer<'a>],
    /// Who is meant.
    pub expected: &'a ServerName<'a>,
    /// When.
    pub now: UnixTime,
}

impl Shown<'_> {
    /// Sees whether one of these authorities vouches for the certificate, and it is valid for a server; whose it is, is another question.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn is_vouched_for(&self, authorities: &RootCertStore) -> Result<(), Error> {
        let certificate = ParsedCertificate::try_from(self.certificate)?;
        let algorithms = provider().signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(
            &certificate,
            authorities,
            self.intermediates,
            self.now,
            algorithms,
        )
    }
}

/// A rule, as `rustls` asks for it.
#[derive(Debug)]
pub struct Verifier<R> {
    rule: R,
    provider: Arc<CryptoProvider>,
}

impl<R: Rule> Verifier<R> {
    /// Verifies servers by this rule.
    pub fn new(rule: R) -> Self {
        Self {
            rule,
            provider: provider(),
        }
    }
}

impl<R: Rule> ServerCertVerifier for Verifier<R> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judged = self.rule.judge(&Shown {
            certificate: end_entity,
            intermediates,
            expected: server_name,
            now,
        });
        judged.map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

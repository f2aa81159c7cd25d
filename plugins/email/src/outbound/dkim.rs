//! Signs what is sent (RFC 6376).

use std::fmt;

use mail_auth::{
    common::{
        crypto::{Ed25519Key, RsaKey, Sha256},
        headers::HeaderWriter,
    },
    dkim::{DkimSigner, Done},
};
use rialto_sdk::{Error, Result};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};

use crate::config::{DkimConfig, read_file};

/// A key with its name in DNS.
pub(crate) struct Signer(Key);

enum Key {
    Rsa(DkimSigner<RsaKey<Sha256>, Done>),
    Ed25519(DkimSigner<Ed25519Key, Done>),
}

/// What a reader sees, and what threads hang on; those that servers add or change are left out (RFC 6376 §5.4.1).
const SIGNED: [&str; 12] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Language",
    "Auto-Submitted",
];

impl Signer {
    /// Reads the key.
    pub(crate) fn new(config: &DkimConfig) -> Result<Self> {
        let wrong = || {
            let path = config.key.display();
            Error::config(format!(
                "dkim.key: {path} is no private key of RSA or Ed25519 in PEM"
            ))
        };
        let pem = read_file("dkim.key", &config.key)?;
        let key =
            PrivateKeyDer::from_pem_slice(&pem).map_err(|error| wrong().with_source(error))?;
        if let PrivateKeyDer::Pkcs8(der) = &key
            && let Ok(key) = Ed25519Key::from_pkcs8_maybe_unchecked_der(der.secret_pkcs8_der())
        {
            let signer = DkimSigner::from_key(key)
                .domain(&config.domain)
                .selector(&config.selector)
                .headers(SIGNED);
            return Ok(Self(Key::Ed25519(signer)));
        }
        let key =
            RsaKey::<Sha256>::from_key_der(key).map_err(|error| wrong().with_source(error))?;
        let signer = DkimSigner::from_key(key)
            .domain(&config.domain)
            .selector(&config.selector)
            .headers(SIGNED);
        Ok(Self(Key::Rsa(signer)))
    }

    /// Puts a signature before a message.
    pub(crate) fn sign(&self, octets: &[u8]) -> Result<Vec<u8>> {
        let signed = match &self.0 {
            Key::Rsa(signer) => signer.sign(octets),
            Key::Ed25519(signer) => signer.sign(octets),
        };
        let signature = signed.map_err(|error| {
            Error::internal("email: the mail cannot be signed").with_source(error)
        })?;
        let mut message = signature.to_header().into_bytes();
        message.extend_from_slice(octets);
        Ok(message)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

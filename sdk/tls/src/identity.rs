//! One's own certificate and its key.

use std::{fmt, fs, path::Path, sync::Arc};

use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
    sign::{CertifiedKey, SingleCertAndKey},
};
use webpki::{EndEntityCert, KeyUsage};

use crate::{FileError, provider};

/// A certificate with those behind it, and its key; shown nowhere.
#[derive(Clone)]
pub struct Identity(Arc<CertifiedKey>);

/// What others will refuse a certificate for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Flaw {
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It is not for servers.
    NotForServers,
    /// It is not of this kind, or of no version that is in use.
    Malformed,
}

impl Identity {
    /// Reads certificate and key, both PEM, and sees that they belong together.
    ///
    /// # Errors
    ///
    /// One of the files cannot be used, or not with the other.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, FileError> {
        let chain = certificates(certificate)?;
        let private = PrivateKeyDer::from_pem_slice(&read(key)?);
        let private = private.map_err(|_| FileError::NoKey {
            path: key.to_owned(),
        })?;
        match CertifiedKey::from_der(chain, private, &provider()) {
            Ok(certified) => Ok(Self(Arc::new(certified))),
            Err(rustls::Error::InconsistentKeys(_)) => Err(FileError::NotTogether {
                certificate: certificate.to_owned(),
                key: key.to_owned(),
            }),
            Err(_) => Err(FileError::NoKey {
                path: key.to_owned(),
            }),
        }
    }

    /// What is wrong with the certificate itself at this time, whoever vouches for it.
    pub fn flaw(&self, now: UnixTime) -> Option<Flaw> {
        let Some(Ok(certificate)) = self.0.cert.first().map(EndEntityCert::try_from) else {
            return Some(Flaw::Malformed);
        };
        let algorithms = provider().signature_verification_algorithms.all;
        // What is its own is looked at first; of those who vouch for it none is known here.
        let looked_at = certificate.verify_for_usage(
            algorithms,
            &[],
            &[],
            now,
            KeyUsage::server_auth(),
            None,
            None,
        );
        match looked_at.err()? {
            webpki::Error::CertExpired { .. } => Some(Flaw::Expired),
            webpki::Error::CertNotValidYet { .. } => Some(Flaw::NotYetValid),
            webpki::Error::RequiredEkuNotFoundContext(_) => Some(Flaw::NotForServers),
            _ => None,
        }
    }

    /// Shows it to whoever asks, as a server and as a client.
    pub fn resolver(&self) -> Arc<SingleCertAndKey> {
        Arc::new(Arc::clone(&self.0).into())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// What an operator reads.
impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "it has expired: renew it",
            Self::NotYetValid => "it is not valid yet: compare its dates with the system's clock",
            Self::NotForServers => {
                "its extended key usage leaves servers out: ask for one for TLS servers"
            }
            Self::Malformed => "it is no certificate of X.509 version 3",
        })
    }
}

/// All certificates of a file in PEM; one at least.
pub(crate) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let text = read(file)?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        _ => Err(FileError::NoCertificate {
            path: file.to_owned(),
        }),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(file).map_err(|error| FileError::Unreadable {
        path: file.to_owned(),
        reason: error.kind(),
    })
}

#[cfg(test)]
mod tests;

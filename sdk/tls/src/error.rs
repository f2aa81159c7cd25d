//! What is wrong with a file.

use std::{io, path::PathBuf};

/// Why a file cannot be used; says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It is not there, or not for the gateway's user.
    #[error("{} cannot be read: see that it is there, and readable by the gateway's user", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No certificates in PEM.
    #[error("{} holds no certificate in PEM, which begins with `-----BEGIN CERTIFICATE-----`", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// No private key in PEM.
    #[error("{} holds no private key in PEM, unencrypted, which begins with `-----BEGIN PRIVATE KEY-----`", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The key is of another certificate, or of a kind that is not supported.
    #[error("{} is not the key of the first certificate in {}: name the two that were made together, the server's own certificate first", key.display(), certificate.display())]
    NotTogether {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What does not fit.
        source: rustls::Error,
    },
    /// A certificate cannot vouch for others.
    #[error("{} holds a certificate that cannot vouch for others", path.display())]
    NoAuthority {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

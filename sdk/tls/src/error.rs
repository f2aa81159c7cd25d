//! What is wrong with a file.

use std::{io, path::PathBuf};

/// Why a file cannot be used; ends with what to do, in brackets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It is not there, or not for the gateway's user.
    #[error("{} cannot be read: {reason} (see that it is there, and that the gateway's user may read it)", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::ErrorKind,
    },
    /// No certificates in PEM.
    #[error("{} holds no certificate in PEM (it begins with `-----BEGIN CERTIFICATE-----`)", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// No private key in PEM, or one of a kind that is not supported.
    #[error("{} holds no private key in PEM (it begins with `-----BEGIN PRIVATE KEY-----`, is not encrypted, and is of RSA, ECDSA or Ed25519)", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The key is of another certificate.
    #[error("{} is not the key of the first certificate in {} (name two files that were made together, the server's own certificate first)", key.display(), certificate.display())]
    NotTogether {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// A certificate cannot vouch for others.
    #[error("{} holds a certificate that is malformed (let `openssl x509 -in FILE -text` show it)", path.display())]
    NoAuthority {
        /// The file.
        path: PathBuf,
    },
}

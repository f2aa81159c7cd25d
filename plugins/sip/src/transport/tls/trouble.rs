//! Why TLS with a peer did not come about.

use std::io;

use rustls::{AlertDescription, CertificateError, Error};

/// What is wrong between the two ends; nothing was said to the peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trouble {
    Expired,
    NotYetValid,
    /// Nobody whom we know vouches for it.
    UnknownIssuer,
    /// It is for another domain.
    OtherDomain,
    OtherwiseInvalid,
    /// The peer wants a certificate of ours, or another.
    OwnCertificate,
    /// There is something else than TLS, or no version of it in common.
    NoTls,
}

impl Trouble {
    /// What an error of a handshake says; `None` where it is one of the connection.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        match error.get_ref()?.downcast_ref::<Error>()? {
            Error::InvalidCertificate(certificate) => Some(Self::of_certificate(certificate)),
            Error::NoCertificatesPresented => Some(Self::OtherwiseInvalid),
            Error::AlertReceived(alert) => Some(Self::of_alert(*alert)),
            _ => Some(Self::NoTls),
        }
    }

    const fn of_certificate(error: &CertificateError) -> Self {
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownIssuer,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::OtherDomain
            }
            _ => Self::OtherwiseInvalid,
        }
    }

    const fn of_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::CertificateRequired
            | AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied => Self::OwnCertificate,
            _ => Self::NoTls,
        }
    }

    /// What it is, and what to do.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Expired => "the next hop's certificate has expired: its operator has to renew it",
            Self::NotYetValid => {
                "the next hop's certificate is not valid yet: compare its dates with the clock here"
            }
            Self::UnknownIssuer => {
                "nobody who is known here vouches for the next hop's certificate: `tls.authorities` is to name who does"
            }
            Self::OtherDomain => {
                "the next hop's certificate is for another domain: `tls:DOMAIN@ADDRESS:PORT` says whom to expect there"
            }
            Self::OtherwiseInvalid => {
                "the next hop's certificate is not valid for a server: it is an authority's own, or for other uses"
            }
            Self::OwnCertificate => {
                "the next hop refuses our certificate, or wants one: see `tls.certificate`"
            }
            Self::NoTls => "the next hop speaks no TLS 1.2 or 1.3 there",
        }
    }
}

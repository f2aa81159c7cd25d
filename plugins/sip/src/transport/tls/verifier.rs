//! Whether a server is the domain that is meant (RFC 5922 §7.3).

use rialto_tls::{Rule, Shown};
use rustls::{CertificateError, Error, RootCertStore, pki_types::ServerName};

use super::Domains;

/// Takes the certificates of SIP domains, which wildcards name none of.
#[derive(Debug)]
pub(super) struct OfDomain {
    authorities: RootCertStore,
}

impl OfDomain {
    pub(super) const fn new(authorities: RootCertStore) -> Self {
        Self { authorities }
    }
}

impl Rule for OfDomain {
    fn judge(&self, shown: &Shown<'_>) -> Result<(), Error> {
        shown.is_vouched_for(&self.authorities)?;
        let domains = Domains::of(shown.certificate);
        match shown.expected {
            ServerName::DnsName(domain) if domains.contains(domain.as_ref()) => Ok(()),
            expected => Err(CertificateError::NotValidForNameContext {
                expected: expected.to_owned(),
                presented: domains.iter().map(str::to_owned).collect(),
            }
            .into()),
        }
    }
}

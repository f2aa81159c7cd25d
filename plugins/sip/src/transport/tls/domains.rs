//! The SIP domains that a certificate is for (RFC 5922 §7.1, §7.2).

use std::sync::Arc;

use rialto_sdk::tracing;
use rialto_sip_codec::{Host, Uri};
use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

/// Domains for which somebody has a certificate, or none.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct Domains(Arc<[Box<str>]>);

impl Domains {
    /// Those of a certificate: the hosts of its `sip:` URIs; only where it has none of these, its DNS names. Never its common name.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Self {
        let certificate = match EndEntityCert::try_from(certificate) {
            Ok(certificate) => certificate,
            Err(error) => {
                tracing::debug!(%error, "a certificate cannot be read");
                return Self::default();
            }
        };
        let uris: Vec<_> = certificate
            .valid_uri_names()
            .filter_map(domain_of)
            .collect();
        let names = match uris.is_empty() {
            true => certificate.valid_dns_names().map(Box::from).collect(),
            false => uris,
        };
        Self(names.into())
    }

    /// The one that a server must show a certificate for.
    pub(crate) fn one(domain: &str) -> Self {
        Self([domain.into()].into())
    }

    /// Whether this is one of them, whole: no wildcard and no suffix counts (RFC 5922 §7.2).
    pub(crate) fn contains(&self, domain: &str) -> bool {
        self.0.iter().any(|name| name.eq_ignore_ascii_case(domain))
    }

    pub(in crate::transport) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

/// The domain that a `sip:` URI without a user names.
fn domain_of(uri: &str) -> Option<Box<str>> {
    let (scheme, _) = uri.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("sip") || uri.contains('@') {
        return None;
    }
    match Uri::parse(uri) {
        Ok(Uri::Sip(uri)) => match uri.host() {
            Host::Name(name) => Some(name.into()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::*;

    /// The domains of a certificate with these alternative names and this common name.
    fn domains(names: &[SanType], common_name: &str) -> Domains {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names.to_vec();
        params
            .distinguished_name
            .push(DnType::CommonName, common_name);
        let key = KeyPair::generate().unwrap();
        Domains::of(params.self_signed(&key).unwrap().der())
    }

    fn dns(name: &str) -> SanType {
        SanType::DnsName(name.try_into().unwrap())
    }

    fn uri(uri: &str) -> SanType {
        SanType::URI(uri.try_into().unwrap())
    }

    #[test]
    fn rfc5922_7_1_sip_uri_is_the_domain_and_dns_names_count_only_without_one() {
        let both = domains(&[dns("b.example"), uri("SIP:a.example")], "c.example");
        assert_eq!(both, Domains::one("a.example"));
        let only = domains(&[dns("b.example")], "c.example");
        assert_eq!(only, Domains::one("b.example"));
    }

    #[test]
    fn rfc5922_7_1_uri_with_a_user_or_another_scheme_is_no_domain() {
        for other in [
            "sip:fred@a.example",
            "sips:a.example",
            "https://a.example",
            "sip:192.0.2.1",
        ] {
            let named = domains(&[uri(other), dns("b.example")], "");
            assert_eq!(named, Domains::one("b.example"), "{other}");
        }
    }

    #[test]
    fn rfc5922_7_1_common_name_and_addresses_are_no_domains() {
        let address = SanType::IpAddress([192, 0, 2, 1].into());
        assert_eq!(domains(&[], "a.example"), Domains::default());
        assert_eq!(domains(&[address], "a.example"), Domains::default());
    }

    #[test]
    fn rfc5922_7_2_domains_are_compared_whole_and_without_case() {
        let named = domains(&[dns("*.a.example"), dns("b.example")], "");
        assert!(named.contains("B.Example"));
        for other in ["x.a.example", "a.example", "x.b.example", "example", ""] {
            assert!(!named.contains(other), "{other}");
        }
    }
}

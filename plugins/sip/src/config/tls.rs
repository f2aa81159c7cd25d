//! TLS: certificates, and whom to believe.

use std::path::PathBuf;

use rialto_sdk::prelude::{Deserialize, Error, JsonSchema, Result};

use super::{Config, TransportKind};
use crate::transport::Tls;

/// The section `tls` (RFC 3261 §26.2).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields, default)]
#[schemars(crate = "rialto_sdk::schemars")]
pub(crate) struct TlsConfig {
    /// The certificate and those behind it, PEM: shown to those who connect, and to next hops that ask for one.
    pub(crate) certificate: Option<PathBuf>,
    /// Its key, PEM.
    pub(crate) key: Option<PathBuf>,
    /// Certificates of those who vouch for others, PEM; if there is no file, the system's.
    pub(crate) authorities: Option<PathBuf>,
    /// Whether those who connect are asked for a certificate.
    pub(crate) clients: ClientCertificates,
    /// Whether requests are taken and sent over TLS alone.
    pub(crate) required: bool,
}

/// Whether those who connect have to show who they are.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", rename_all = "snake_case")]
#[schemars(crate = "rialto_sdk::schemars")]
pub(crate) enum ClientCertificates {
    /// They are not asked: phones have none, or one that nobody vouches for.
    #[default]
    Off,
    /// Who shows a certificate is authenticated for its domains, and who shows none is not; one that is not valid ends the connection.
    Optional,
    /// Who shows none is not let in.
    Required,
}

impl Config {
    /// Reads the files, and refuses what cannot be meant.
    pub(crate) fn tls(&self) -> Result<Tls> {
        let tls = Tls::new(&self.tls)?;
        let listens = |secured: bool| {
            let is_secured = |kind| (kind == TransportKind::Tls) == secured;
            let mut listen = self.listen.iter();
            listen.find(|listen| is_secured(listen.transport))
        };
        if let (Some(listen), None) = (listens(true), tls.identity()) {
            return Err(Error::config(format!(
                "tls.certificate: is missing, and `listen` has {listen}: name the files of a certificate and of its key"
            )));
        }
        if let (Some(listen), true) = (listens(false), self.tls.required) {
            return Err(Error::config(format!(
                "tls.required: is true, and `listen` has {listen}: leave out the one or the other"
            )));
        }
        let outbound = self.default_hop();
        if outbound.is_some_and(|hop| self.tls.required && hop.secured().is_none()) {
            return Err(Error::config(
                "tls.required: is true, and `outbound` has no `tls:`: leave out the one or the other",
            ));
        }
        Ok(tls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::authority::Authority;

    fn refused(json: &str) -> String {
        let config: Config = serde_json::from_str(json).unwrap();
        config.check().unwrap_err().to_string()
    }

    #[test]
    fn listening_over_tls_needs_a_certificate_with_its_key() {
        let listen = r#""listen": ["tls:127.0.0.1:5061"]"#;
        let missing = refused(&format!("{{{listen}}}"));
        assert!(
            missing.starts_with("tls.certificate: is missing"),
            "{missing}"
        );
        for half in [r#"{"certificate": "a.pem"}"#, r#"{"key": "a.pem"}"#] {
            let alone = refused(&format!(r#"{{{listen}, "tls": {half}}}"#));
            assert!(alone.starts_with("tls.certificate: it and"), "{alone}");
        }
    }

    #[test]
    fn what_tls_is_required_for_may_not_be_in_the_clear() {
        let open = refused(r#"{"tls": {"required": true}}"#);
        assert!(open.contains("udp:0.0.0.0:5060"), "{open}");
        let authority = Authority::new();
        let own = authority.certify("gw.example");
        let section = own.section(&authority, r#", "required": true"#);
        let with = |outbound: &str| {
            let listen = r#""listen": ["tls:127.0.0.1:0"]"#;
            format!(r#"{{{listen}, "outbound": [{outbound}], {section}}}"#)
        };
        let open = refused(&with(r#""tcp:192.0.2.1:5060""#));
        assert!(open.contains("`outbound`"), "{open}");
        for sound in ["", r#""tls:192.0.2.1:5061""#] {
            let config: Config = serde_json::from_str(&with(sound)).unwrap();
            assert!(config.check().is_ok());
        }
    }
}

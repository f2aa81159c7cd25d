//! How mail is sent.

use std::{path::PathBuf, time::Duration};

use rialto_sdk::{
    config::{Secret, Span},
    schemars::JsonSchema,
    serde::Deserialize,
};

use super::ConfigError;
use crate::outbound::NextHop;
use rialto_email_codec::smtp::sasl_plain;

/// The section `outgoing`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields, default)]
#[schemars(crate = "rialto_sdk::schemars")]
pub(crate) struct OutgoingConfig {
    /// Where everything goes that no route sends elsewhere; without it, to the MX of each domain.
    #[schemars(with = "Option<String>")]
    pub(crate) smart_host: Option<NextHop>,
    /// How this system names itself to the smart host.
    username: Option<String>,
    password: Option<Secret<String>>,
    /// Whether connections are encrypted.
    pub(crate) tls: OutgoingTls,
    /// Certificates of those who vouch for servers; if there is no file, the system's.
    pub(crate) authorities: Option<PathBuf>,
    /// Connections to one next hop at a time.
    pub(crate) connections: usize,
    /// Messages that wait for a connection to one next hop.
    pub(crate) queue: usize,
    /// How long a connection is kept for the next message.
    idle: Span,
    /// How long connecting may take, TLS and greetings included.
    connect_timeout: Span,
    /// How long a server may take for a reply.
    reply_timeout: Span,
    /// The domain of the reverse-paths, where reports come back; without it, the sender's own address.
    pub(crate) bounce_domain: Option<String>,
    /// The subject of a message that has none.
    pub(crate) subject: String,
}

/// Whether connections to servers are encrypted (RFC 3207).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", rename_all = "snake_case")]
#[schemars(crate = "rialto_sdk::schemars")]
pub(crate) enum OutgoingTls {
    /// Never.
    Off,
    /// Where the server offers it, whoever it is (RFC 7435).
    #[default]
    Opportunistic,
    /// Always, whoever the server is.
    Required,
    /// Always, and the server's certificate must be for its name.
    Verified,
}

impl Default for OutgoingConfig {
    fn default() -> Self {
        Self {
            smart_host: None,
            username: None,
            password: None,
            tls: OutgoingTls::default(),
            authorities: None,
            connections: 8,
            queue: 1000,
            idle: Span::new(Duration::from_secs(30)),
            connect_timeout: Span::new(Duration::from_secs(15)),
            reply_timeout: Span::new(Duration::from_secs(60)),
            bounce_domain: None,
            subject: "Message from {sender}".into(),
        }
    }
}

impl OutgoingConfig {
    /// What this system says to authenticate itself to the smart host: SASL PLAIN in base64 (RFC 4616).
    pub(crate) fn plain(&self) -> Option<String> {
        let password = self.password.as_ref()?.expose();
        Some(sasl_plain(self.username.as_deref()?, password))
    }

    /// How long a connection is kept for the next message.
    pub(crate) fn idle(&self) -> Duration {
        self.idle.duration()
    }

    /// How long connecting may take.
    pub(crate) fn connect_timeout(&self) -> Duration {
        self.connect_timeout.duration()
    }

    /// How long a server may take for a reply.
    pub(crate) fn reply_timeout(&self) -> Duration {
        self.reply_timeout.duration()
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let times = [self.idle(), self.connect_timeout(), self.reply_timeout()];
        if [self.connections, self.queue].contains(&0) || times.iter().any(Duration::is_zero) {
            return Err(ConfigError::Zero);
        }
        if self.username.is_some() != self.password.is_some()
            || (self.username.is_some() && self.smart_host.is_none())
        {
            return Err(ConfigError::Credentials);
        }
        // Whoever can stand between can also show a certificate.
        if self.username.is_some() && self.tls != OutgoingTls::Verified {
            return Err(ConfigError::UnguardedPassword);
        }
        Ok(())
    }
}

//! The `[adapters.<name>.config]` table of an email adapter.

mod authentication;
mod content;
mod limits;
mod listen;
mod networks;
mod outgoing;
mod secure;

use std::path::Path;

use rialto_email_codec as codec;
use rialto_sdk::{
    Error, Result,
    model::{Domain, InstantInbox},
    schemars::JsonSchema,
    serde::Deserialize,
};

pub(crate) use authentication::{AuthenticationConfig, AuthenticationMode};
pub(crate) use content::{AttachmentRule, BodyRule, ContentRule, ContentRules};
pub(crate) use limits::Limits;
pub(crate) use listen::ListenAddress;
pub(crate) use networks::Networks;
pub(crate) use outgoing::{OutgoingConfig, OutgoingTls};
pub(crate) use secure::{DkimConfig, TlsConfig};

/// Says where to listen, what mail to take, and how to send.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", try_from = "Table")]
#[schemars(crate = "rialto_sdk::schemars", into = "Table")]
pub struct Config {
    table: Table,
    hostname: codec::Domain,
    domains: Vec<Domain>,
    postmaster: InstantInbox,
}

/// The keys as they are written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields)]
#[schemars(crate = "rialto_sdk::schemars")]
struct Table {
    /// What this system calls itself, in greetings and identifiers.
    hostname: String,
    /// Where mail comes in.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    listen: Vec<ListenAddress>,
    /// The domains for which mail is taken from everybody.
    #[serde(default)]
    domains: Vec<String>,
    /// Relays that see to it that senders are who they say they are.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    trusted: Networks,
    /// Relays that hand on what others sent: what SPF says of their addresses means nothing.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    relays: Networks,
    /// Who reads what is for the postmaster; if nobody is named, `postmaster` at the first of `domains`, or at `hostname`.
    postmaster: Option<String>,
    /// TLS for those who connect.
    tls: Option<TlsConfig>,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    authentication: AuthenticationConfig,
    #[serde(default)]
    outgoing: OutgoingConfig,
    /// Signs what is sent.
    dkim: Option<DkimConfig>,
    /// How mail becomes a message of other networks; the first rule that fits the destination counts.
    #[serde(default)]
    content: ContentRules,
}

/// Says which value cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("`hostname` is no fully qualified domain name")]
    Hostname,
    #[error("one of `domains` is no fully qualified domain name")]
    Domains,
    #[error("`postmaster` is no address like alice@example.com")]
    Postmaster,
    #[error(
        "`listen` names addresses and `domains` is empty: name the domains that mail is taken for"
    )]
    NoDomains,
    #[error("counts, sizes and times of `limits` and `outgoing` must be more than nothing")]
    Zero,
    #[error(
        "`outgoing.username` and `outgoing.password` stand together, with `smart_host`, or not at all"
    )]
    Credentials,
    #[error(
        "`outgoing.username` needs `outgoing.tls` to be \"verified\": else anybody between could ask for the password"
    )]
    UnguardedPassword,
}

impl Config {
    /// What this system calls itself.
    pub(crate) fn hostname(&self) -> &codec::Domain {
        &self.hostname
    }

    /// Where mail comes in.
    pub(crate) fn listen(&self) -> &[ListenAddress] {
        &self.table.listen
    }

    /// The domains for which mail is taken from everybody.
    pub(crate) fn domains(&self) -> &[Domain] {
        &self.domains
    }

    pub(crate) fn trusted(&self) -> &Networks {
        &self.table.trusted
    }

    pub(crate) fn relays(&self) -> &Networks {
        &self.table.relays
    }

    /// Who reads what is for the postmaster.
    pub(crate) fn postmaster(&self) -> &InstantInbox {
        &self.postmaster
    }

    pub(crate) fn tls(&self) -> Option<&TlsConfig> {
        self.table.tls.as_ref()
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.table.limits
    }

    pub(crate) fn authentication(&self) -> &AuthenticationConfig {
        &self.table.authentication
    }

    pub(crate) fn outgoing(&self) -> &OutgoingConfig {
        &self.table.outgoing
    }

    pub(crate) fn dkim(&self) -> Option<&DkimConfig> {
        self.table.dkim.as_ref()
    }

    pub(crate) fn content(&self) -> &ContentRules {
        &self.table.content
    }
}

impl TryFrom<Table> for Config {
    type Error = ConfigError;

    fn try_from(table: Table) -> Result<Self, ConfigError> {
        // Of two labels at least: it stands in identifiers, which are to be unique in the world.
        let name = Domain::parse(&table.hostname).map_err(|_| ConfigError::Hostname)?;
        let hostname = name.as_str().parse().map_err(|_| ConfigError::Hostname)?;
        let domains = table.domains.iter().map(|domain| Domain::parse(domain));
        let domains = domains
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| ConfigError::Domains)?;
        if domains.is_empty() && !table.listen.is_empty() {
            return Err(ConfigError::NoDomains);
        }
        let postmaster = match &table.postmaster {
            Some(address) => InstantInbox::parse(&format!("im:{address}")),
            None => InstantInbox::new("postmaster", domains.first().unwrap_or(&name)),
        };
        let postmaster = postmaster.map_err(|_| ConfigError::Postmaster)?;
        table.limits.check()?;
        table.outgoing.check()?;
        Ok(Self {
            table,
            hostname,
            domains,
            postmaster,
        })
    }
}

/// Reads a file that a key names.
pub(crate) fn read_file(key: &str, path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        Error::config(format!("{key}: {} cannot be read", path.display())).with_source(error)
    })
}

#[cfg(test)]
mod tests;

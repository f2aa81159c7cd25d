//! The `[adapters.<name>.config]` table of an XMPP component.

use std::time::Duration;

use rialto_sdk::config::{ByteSize, Secret, Span};
use rialto_sdk::model::{Domain, InstantInbox};
use rialto_sdk::schemars::JsonSchema;
use rialto_sdk::serde::Deserialize;
use rialto_xmpp_codec::{Jid, Limits};

use crate::mapping::OwnDomains;
use crate::outbox::OutboxLimits;

/// Says which server to join, as what, and how much to take.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", try_from = "Table")]
#[schemars(crate = "rialto_sdk::schemars", into = "Table")]
pub struct Config {
    table: Table,
    domain: Domain,
    domains: OwnDomains,
    server: String,
    hosts: Vec<Domain>,
    inbox: Option<InstantInbox>,
}

/// The keys as they are written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields)]
#[schemars(crate = "rialto_sdk::schemars")]
struct Table {
    /// The component's domain; XMPP users see it behind the `@` of everyone else.
    domain: String,
    /// What the server knows the component by.
    secret: Secret<String>,
    /// Where the server listens for components.
    #[serde(default = "default_endpoint")]
    endpoint: String,
    /// Whom to ping; if there is none, `domain` without its first label.
    server: Option<String>,
    /// Further domains that the server hands to this component.
    #[serde(default)]
    domains: Vec<String>,
    /// The gateway's own inbox, which has this name in `[inbox]` as well: users rule by XMPP's own ways then.
    inbox: Option<String>,
    /// The domains whose users this very server serves; if there is no such list, `server`.
    hosts: Option<Vec<String>>,
    /// What service discovery calls the network behind the gateway.
    #[serde(default = "default_network")]
    network: String,
    /// Messages that are queued or not proven yet.
    #[serde(default = "default_queue_messages")]
    queue_messages: usize,
    /// Bytes that are queued.
    #[serde(default = "default_queue_bytes")]
    queue_bytes: ByteSize,
    /// Messages from XMPP that wait for their responses.
    #[serde(default = "default_inbound_messages")]
    inbound_messages: usize,
    /// Subscriptions that are known at a time, each way.
    #[serde(default = "default_subscriptions")]
    subscriptions: usize,
    /// Bytes of one stanza, both ways.
    #[serde(default = "default_stanza_bytes")]
    stanza_bytes: ByteSize,
    /// How long connecting and the handshake may take.
    #[serde(default = "default_connect_timeout")]
    connect_timeout: Span,
    /// How long the stream may be idle before it is pinged.
    #[serde(default = "default_ping_interval")]
    ping_interval: Span,
    /// How long the server may take to answer a ping, or to take a batch.
    #[serde(default = "default_ping_timeout")]
    ping_timeout: Span,
    /// The first wait before connecting again; it doubles.
    #[serde(default = "default_reconnect_min")]
    reconnect_min: Span,
    /// The longest wait before connecting again.
    #[serde(default = "default_reconnect_max")]
    reconnect_max: Span,
}

/// Says which value cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("`domain` is not a fully qualified domain name")]
    Domain,
    #[error("one of `domains` is not a fully qualified domain name")]
    Domains,
    #[error("one of `hosts` is not a fully qualified domain name")]
    Hosts,
    #[error("`inbox` is no address: write one of `[inbox]`, as im:user@domain")]
    Inbox,
    #[error("`server` is not a domain; write it down, if `domain` has no parent domain")]
    Server,
    #[error("`secret` is empty")]
    Secret,
    #[error("`endpoint` is not host:port")]
    Endpoint,
    #[error(
        "`queue_messages`, `queue_bytes`, `inbound_messages` and `subscriptions` must be at least 1"
    )]
    Queue,
    #[error("`stanza_bytes` must be at least 10000, as RFC 6120 asks of servers")]
    StanzaBytes,
    #[error("time-outs and waits must be longer than nothing")]
    Zero,
}

impl Config {
    /// Where the server listens for components.
    pub(crate) fn endpoint(&self) -> &str {
        &self.table.endpoint
    }

    /// The component's domain.
    pub(crate) fn domain(&self) -> &Domain {
        &self.domain
    }

    /// All that the component speaks for.
    pub(crate) fn domains(&self) -> &OwnDomains {
        &self.domains
    }

    /// Whom to ping.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// Whether the joined server serves the users of a domain itself, so that what it has taken for them is with them.
    pub(crate) fn is_served(&self, domain: &str) -> bool {
        self.hosts.iter().any(|host| host.as_str() == domain)
    }

    /// The gateway's own inbox, if users may rule by it.
    pub(crate) fn inbox(&self) -> Option<&InstantInbox> {
        self.inbox.as_ref()
    }

    pub(crate) fn secret(&self) -> &str {
        self.table.secret.expose()
    }

    /// What service discovery calls the network behind the gateway.
    pub(crate) fn network(&self) -> &str {
        &self.table.network
    }

    pub(crate) fn outbox(&self) -> OutboxLimits {
        OutboxLimits {
            messages: self.table.queue_messages,
            bytes: self.table.queue_bytes.bytes(),
            stanza_bytes: self.table.stanza_bytes.bytes(),
        }
    }

    /// Messages from XMPP that may wait for their responses.
    pub(crate) fn inbound_messages(&self) -> usize {
        self.table.inbound_messages
    }

    /// Subscriptions that may be known at a time, each way.
    pub(crate) fn subscriptions(&self) -> usize {
        self.table.subscriptions
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits {
            stanza_bytes: self.table.stanza_bytes.bytes(),
            ..Limits::default()
        }
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        self.table.connect_timeout.duration()
    }

    pub(crate) fn ping_interval(&self) -> Duration {
        self.table.ping_interval.duration()
    }

    pub(crate) fn ping_timeout(&self) -> Duration {
        self.table.ping_timeout.duration()
    }

    pub(crate) fn reconnect_min(&self) -> Duration {
        self.table.reconnect_min.duration()
    }

    pub(crate) fn reconnect_max(&self) -> Duration {
        self.table.reconnect_max.duration()
    }
}

impl TryFrom<Table> for Config {
    type Error = ConfigError;

    fn try_from(table: Table) -> Result<Self, ConfigError> {
        table.check_values()?;
        let domain = Domain::parse(&table.domain).map_err(|_| ConfigError::Domain)?;
        let further = domains(&table.domains).ok_or(ConfigError::Domains)?;
        let server = table.server.as_deref().or_else(|| domain.parent());
        let server = server.and_then(server_domain).ok_or(ConfigError::Server)?;
        let hosts = match &table.hosts {
            Some(hosts) => domains(hosts).ok_or(ConfigError::Hosts)?,
            // One of a single label has no users that the gateway could write to.
            None => Domain::parse(&server).into_iter().collect(),
        };
        let inbox = table.inbox.as_deref().map(InstantInbox::parse);
        let inbox = inbox.transpose().map_err(|_| ConfigError::Inbox)?;
        let domains = OwnDomains::new(domain.clone(), further);
        Ok(Self {
            table,
            domain,
            domains,
            server,
            hosts,
            inbox,
        })
    }
}

impl Table {
    fn check_values(&self) -> Result<(), ConfigError> {
        let port = self
            .endpoint
            .rsplit_once(':')
            .map(|(_, port)| port.parse::<u16>());
        if !matches!(port, Some(Ok(1..))) {
            return Err(ConfigError::Endpoint);
        }
        if self.secret.expose().is_empty() {
            return Err(ConfigError::Secret);
        }
        if [
            self.queue_messages,
            self.queue_bytes.bytes(),
            self.inbound_messages,
            self.subscriptions,
        ]
        .contains(&0)
        {
            return Err(ConfigError::Queue);
        }
        if self.stanza_bytes.bytes() < LEAST_STANZA {
            return Err(ConfigError::StanzaBytes);
        }
        let spans = [
            self.connect_timeout,
            self.ping_interval,
            self.ping_timeout,
            self.reconnect_min,
            self.reconnect_max,
        ];
        if spans.iter().any(|span| span.duration().is_zero()) {
            return Err(ConfigError::Zero);
        }
        Ok(())
    }
}

fn domains(names: &[String]) -> Option<Vec<Domain>> {
    names.iter().map(|name| Domain::parse(name).ok()).collect()
}

/// A server's name: a JID that is only a domain; one label will do.
fn server_domain(name: &str) -> Option<String> {
    let jid = Jid::parse(name).ok()?;
    (jid.local().is_none() && jid.resource().is_none()).then(|| jid.as_str().to_owned())
}

/// RFC 6120 §13.12.
const LEAST_STANZA: usize = 10_000;

fn default_endpoint() -> String {
    "127.0.0.1:5347".into()
}

fn default_network() -> String {
    "im".into()
}

fn default_queue_messages() -> usize {
    8192
}

fn default_queue_bytes() -> ByteSize {
    ByteSize::new(8 * 1024 * 1024)
}

fn default_inbound_messages() -> usize {
    4096
}

fn default_subscriptions() -> usize {
    100_000
}

fn default_stanza_bytes() -> ByteSize {
    ByteSize::new(256 * 1024)
}

fn default_connect_timeout() -> Span {
    Span::new(Duration::from_secs(10))
}

fn default_ping_interval() -> Span {
    Span::new(Duration::from_secs(60))
}

fn default_ping_timeout() -> Span {
    Span::new(Duration::from_secs(20))
}

fn default_reconnect_min() -> Span {
    Span::new(Duration::from_millis(500))
}

fn default_reconnect_max() -> Span {
    Span::new(Duration::from_secs(60))
}

#[cfg(test)]
mod tests {
    use rialto_sdk::serde_json::{self, json};

    use super::*;

    fn parse(table: serde_json::Value) -> Result<Config, String> {
        serde_json::from_value(table).map_err(|error| error.to_string())
    }

    #[test]
    fn two_keys_are_enough() {
        let config = parse(json!({ "domain": "sip.example.com", "secret": "s" })).unwrap();
        assert_eq!(config.endpoint(), "127.0.0.1:5347");
        assert_eq!(config.server(), "example.com");
        assert_eq!(config.ping_timeout(), Duration::from_secs(20));
        assert_eq!(config.reconnect_min(), Duration::from_millis(500));
    }

    /// Every row of the README's table, with the default that it names.
    #[test]
    fn readme_names_every_key_and_its_default() {
        let readme = include_str!("../README.md");
        let rows = readme
            .lines()
            .skip_while(|line| !line.starts_with("| key |"))
            .skip(2);
        let mut table = json!({ "domain": "sip.example.com", "secret": "s" });
        let mut keys = 0;
        for row in rows.take_while(|line| line.starts_with('|')) {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            let list = |cell: &str| -> Vec<String> {
                cell.split(", ")
                    .map(|part| part.trim_matches('`').to_owned())
                    .collect()
            };
            for (key, default) in list(cells[1]).into_iter().zip(list(cells[2])) {
                keys += 1;
                if let Ok(value) = serde_json::from_str(&default) {
                    table[key] = value;
                }
            }
        }
        assert_eq!(keys, 18, "keys of the configuration");
        let written = parse(table).unwrap();
        let plain = parse(json!({ "domain": "sip.example.com", "secret": "s" })).unwrap();
        assert_eq!(format!("{written:?}"), format!("{plain:?}"));
    }

    #[test]
    fn secret_is_never_shown() {
        let config = parse(json!({ "domain": "sip.example.com", "secret": "hunter2" })).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn value_that_cannot_be_used_is_named() {
        let with = |key: &str, value: serde_json::Value| {
            let mut table = json!({ "domain": "sip.example.com", "secret": "s" });
            table[key] = value;
            parse(table).unwrap_err()
        };
        assert!(with("domain", json!("localhost")).contains("`domain`"));
        assert!(with("domains", json!(["a b"])).contains("`domains`"));
        assert!(with("hosts", json!(["localhost"])).contains("`hosts`"));
        assert!(with("server", json!("a@b")).contains("`server`"));
        assert!(with("secret", json!("")).contains("`secret`"));
        for endpoint in ["localhost", "localhost:0", "localhost:x"] {
            assert!(with("endpoint", json!(endpoint)).contains("`endpoint`"));
        }
        assert!(with("queue_messages", json!(0)).contains("`queue_messages`"));
        assert!(with("stanza_bytes", json!(9999)).contains("`stanza_bytes`"));
        assert!(with("ping_timeout", json!("0s")).contains("longer"));
        assert!(with("ping_timeout", json!("20")).contains("`20`"));
        assert!(with("ping_timout", json!("20s")).contains("unknown field"));
    }
}

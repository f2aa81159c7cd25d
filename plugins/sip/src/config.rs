//! The `[adapters.<name>]` table.

mod next_hop;
mod reports;
mod tls;
mod trusted;

pub(crate) use self::{
    next_hop::{Flow, Hop, ListenAddress, NextHop, TransportKind},
    reports::ImdnUse,
    tls::{ClientCertificates, TlsConfig},
    trusted::TrustedPeers,
};

use std::time::Duration;

use rialto_sdk::{
    config::{ByteSize, Span},
    prelude::*,
};
use rialto_sip_codec::{
    Host as SipHost, limits,
    transaction::{Timers, TimersError},
};

/// The configuration of a SIP adapter; every key has a default.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields, default)]
#[schemars(crate = "rialto_sdk::schemars")]
pub(crate) struct Config {
    /// Where to listen: `udp:address:port`, `tcp:address:port` or `tls:address:port`.
    #[schemars(with = "Vec<String>")]
    pub(crate) listen: Vec<ListenAddress>,
    /// The host that own Via header fields show; by default the listening address.
    pub(crate) advertise: Option<String>,
    /// Where messages go that no route gives a next hop; the first of each transport counts.
    #[schemars(with = "Vec<String>")]
    pub(crate) outbound: Vec<NextHop>,
    /// The domain of the numbers of `tel:` URIs; without one they are refused.
    number_domain: Option<String>,
    /// Proxies that vouch for the senders of what they send here.
    #[schemars(with = "Vec<String>")]
    pub(crate) trusted: TrustedPeers,
    pub(crate) tls: TlsConfig,
    /// Whether messages whose senders ask for dispositions go out as message/cpim.
    pub(crate) imdn: ImdnUse,
    /// What senders are told of a failure who asked for no notification.
    pub(crate) failure_notice: String,
    /// The language of that text.
    pub(crate) failure_notice_language: String,
    /// The most such texts to one sender.
    pub(crate) failure_notices_per_minute: u32,
    /// For how long one subscribes or publishes at least.
    shortest_subscription: Span,
    /// How long the gateway's own subscriptions to presentities of this network last at most.
    longest_own_subscription: Span,
    /// Whether who registers here is open as long as it lasts.
    pub(crate) registrations: bool,
    /// The most subscriptions to presentities of this network.
    pub(crate) max_subscriptions: usize,
    /// What Server, User-Agent and Warning say we are; a token.
    pub(crate) user_agent: String,
    /// The estimate of the round-trip time (RFC 3261 §17.1.1.1).
    t1: Span,
    /// The longest interval between retransmissions.
    t2: Span,
    /// How long a message may stay in the network.
    t4: Span,
    /// The longest message taken.
    max_message_size: ByteSize,
    /// The most requests that are remembered, in each direction.
    pub(crate) max_transactions: usize,
    /// The most requests that wait for the gateway's response.
    pub(crate) max_pending: usize,
    /// The most connections, over TCP and TLS.
    pub(crate) max_connections: usize,
    /// When a silent connection is closed.
    idle_timeout: Span,
    /// How long the parts of one message may take to arrive over a connection.
    message_timeout: Span,
    /// How long opening a connection may take, and a handshake of TLS.
    connect_timeout: Span,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: ["udp:0.0.0.0:5060", "tcp:0.0.0.0:5060"]
                .iter()
                .filter_map(|text| text.parse().ok())
                .collect(),
            advertise: None,
            outbound: Vec::new(),
            number_domain: None,
            trusted: TrustedPeers::default(),
            tls: TlsConfig::default(),
            imdn: ImdnUse::default(),
            failure_notice: reports::FAILURE_NOTICE.to_owned(),
            failure_notice_language: "en".to_owned(),
            failure_notices_per_minute: 20,
            shortest_subscription: Span::new(Duration::from_secs(60)),
            longest_own_subscription: Span::new(Duration::from_secs(3600)),
            registrations: false,
            max_subscriptions: 1_000_000,
            user_agent: "rialto".to_owned(),
            t1: Span::new(Duration::from_millis(500)),
            t2: Span::new(Duration::from_secs(4)),
            t4: Span::new(Duration::from_secs(5)),
            max_message_size: ByteSize::new(limits::MAX_MESSAGE_LENGTH),
            max_transactions: 4_000_000,
            max_pending: 100_000,
            max_connections: 1000,
            idle_timeout: Span::new(Duration::from_secs(300)),
            message_timeout: Span::new(Duration::from_secs(10)),
            connect_timeout: Span::new(Duration::from_secs(4)),
        }
    }
}

impl Config {
    /// Refuses what no adapter could run with, and says which key.
    pub(crate) fn check(&self) -> Result<()> {
        if self.listen.is_empty() {
            return Err(Error::config("listen: names no address to listen on"));
        }
        self.timers()?;
        if let Some(host) = &self.advertise {
            SipHost::parse(host).map_err(|error| {
                Error::config(format!("advertise: `{host}` is no host")).with_source(error)
            })?;
        }
        self.number_domain()?;
        self.tls()?;
        self.check_reports()?;
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte);
        if self.user_agent.is_empty() || !self.user_agent.bytes().all(is_token) {
            return Err(Error::config("user_agent: is not a token of RFC 3261"));
        }
        if !(MIN_MESSAGE..=limits::MAX_MESSAGE_LENGTH).contains(&self.max_message_size()) {
            return Err(Error::config(format!(
                "max_message_size: is not of {MIN_MESSAGE} to {} bytes",
                limits::MAX_MESSAGE_LENGTH
            )));
        }
        if self.longest_own_subscription() < SHORTEST_OWN_SUBSCRIPTION {
            return Err(Error::config(
                "longest_own_subscription: must be 1m or longer, as each is a request within that time",
            ));
        }
        let counts = [
            ("max_transactions", self.max_transactions),
            ("max_pending", self.max_pending),
            ("max_connections", self.max_connections),
            ("max_subscriptions", self.max_subscriptions),
            (
                "failure_notices_per_minute",
                self.failure_notices_per_minute as usize,
            ),
        ];
        match counts.into_iter().find(|(_, count)| *count == 0) {
            Some((key, _)) => Err(Error::config(format!("{key}: must be 1 or more"))),
            None => Ok(()),
        }
    }

    /// The ports that the adapter takes.
    pub(crate) fn claims(&self) -> Claims {
        let taken = self
            .listen
            .iter()
            .filter(|listen| listen.address.port() != 0);
        taken
            .map(|listen| match listen.transport {
                TransportKind::Udp => Claim::udp(listen.address),
                TransportKind::Tcp | TransportKind::Tls => Claim::tcp(listen.address),
            })
            .collect()
    }

    /// The timers of all transactions.
    pub(crate) fn timers(&self) -> Result<Timers> {
        let [t1, t2, t4] = [self.t1, self.t2, self.t4].map(Span::duration);
        Timers::new(t1, t2, t4).map_err(|error| {
            let key = match error {
                TimersError::T1 => "t1",
                TimersError::T2 => "t2",
                _ => "t4",
            };
            Error::config(format!("{key}: {error}"))
        })
    }

    /// Where the inboxes of telephone numbers are.
    pub(crate) fn number_domain(&self) -> Result<Option<Domain>> {
        let domain = self.number_domain.as_deref().map(Domain::parse);
        domain
            .transpose()
            .map_err(|error| Error::config(format!("number_domain: {error}")))
    }

    pub(crate) const fn max_message_size(&self) -> usize {
        self.max_message_size.bytes()
    }

    pub(crate) const fn shortest_subscription(&self) -> Duration {
        self.shortest_subscription.duration()
    }

    pub(crate) const fn longest_own_subscription(&self) -> Duration {
        self.longest_own_subscription.duration()
    }

    pub(crate) const fn idle_timeout(&self) -> Duration {
        self.idle_timeout.duration()
    }

    pub(crate) const fn message_timeout(&self) -> Duration {
        self.message_timeout.duration()
    }

    pub(crate) const fn connect_timeout(&self) -> Duration {
        self.connect_timeout.duration()
    }

    /// The next hop of messages that no route gives one.
    pub(crate) fn default_hop(&self) -> Option<NextHop> {
        self.outbound.iter().cloned().reduce(NextHop::or)
    }
}

/// Presentities are asked again no more often than that.
const SHORTEST_OWN_SUBSCRIPTION: Duration = Duration::from_secs(60);

/// A message shorter than this holds no header fields to speak of.
const MIN_MESSAGE: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Config, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn configuration_may_be_empty() {
        let config = read("{}").unwrap();
        assert!(config.check().is_ok());
        let claims: Vec<_> = config.claims().iter().cloned().collect();
        let address = "0.0.0.0:5060".parse().unwrap();
        assert_eq!(claims, [Claim::udp(address), Claim::tcp(address)]);
        assert!(config.default_hop().is_none());
    }

    #[test]
    fn configuration_with_an_unknown_key_is_refused() {
        assert!(read(r#"{"lisen": []}"#).unwrap_err().contains("lisen"));
    }

    #[test]
    fn configuration_that_cannot_run_is_refused_by_its_key() {
        let refused = [
            (r#"{"listen": []}"#, "listen"),
            (r#"{"t1": "0ms"}"#, "t1"),
            (r#"{"t2": "100ms"}"#, "t2"),
            (r#"{"t4": "2m"}"#, "t4"),
            (r#"{"advertise": "a b"}"#, "advertise"),
            (r#"{"number_domain": "localhost"}"#, "number_domain"),
            (r#"{"user_agent": "a/b"}"#, "user_agent"),
            (r#"{"max_message_size": "1MiB"}"#, "max_message_size"),
            (r#"{"max_transactions": 0}"#, "max_transactions"),
            (
                r#"{"longest_own_subscription": "59s"}"#,
                "longest_own_subscription",
            ),
            (r#"{"failure_notice": " "}"#, "failure_notice"),
            (
                r#"{"failure_notice_language": "e n"}"#,
                "failure_notice_language",
            ),
            (
                r#"{"failure_notices_per_minute": 0}"#,
                "failure_notices_per_minute",
            ),
        ];
        for (json, key) in refused {
            let error = read(json).unwrap().check().unwrap_err();
            assert!(error.to_string().starts_with(key), "{error}");
        }
    }

    #[test]
    fn port_zero_is_not_claimed() {
        let config = read(r#"{"listen": ["udp:127.0.0.1:0"]}"#).unwrap();
        assert_eq!(config.claims().iter().len(), 0);
    }
}

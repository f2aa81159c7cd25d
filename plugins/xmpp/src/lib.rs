//! XMPP: an external component that carries instant messages, what becomes of them, and presence (XEP-0114, RFC 7572, RFC 8048).
//!
//! | common side          | this plugin                                                        |
//! |----------------------|--------------------------------------------------------------------|
//! | message operation    | `<message/>` with a body, both ways (RFC 7572, RFC 3922)           |
//! | source, destination  | bare JID; the resource is the operation's instance (RFC 7247 §6)   |
//! | ephemeral message    | chat state (XEP-0085), or the hint `no-store` (XEP-0334)           |
//! | disposition          | receipt, marker, error stanza, both ways (XEP-0184, XEP-0333)      |
//! | success              | the recipient's server answered a ping behind it (XEP-0199)        |
//! | failure              | error stanza, both ways (RFC 7247 §7); or the connection was lost  |
//! | indeterminant        | another server on the way did; silence on XMPP, as success is      |
//! | subscribe            | `subscribe`, `unsubscribe`, `probe`, both ways (RFC 8048 §5, §7)   |
//! | notify               | `<presence/>` of each resource; `subscribed`, `unsubscribed` (§6)  |
//! | publish              | not offered: there is a server that hosts these users              |
//!
//! Users rule over who sees them and writes to them by the blocking command and ad-hoc commands, which the gateway's own inbox carries out (XEP-0191,
//! XEP-0050).
//!
//! Configuration: see [`Config`]. Mapping, losses and limits: see `README.md`.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Duration;

use rialto_sdk::prelude::*;
use rialto_sdk::tokio::time::timeout;

mod config;
mod connection;
mod failures;
mod gateway;
mod inbound;
mod line;
mod link;
mod mapping;
mod outbound;
mod outbox;
mod presence;
mod principal;
mod repeats;
mod service;
mod succession;
mod telemetry;
mod throttle;

pub use self::config::Config;
use self::connection::{Connection, Tcp};
use self::inbound::Inbound;
use self::link::Link;
use self::presence::Presences;
use self::principal::Principals;
use self::succession::inherited;
use self::telemetry::SdkGateway;

rialto_sdk::export_plugin!(Xmpp);

/// How long a start waits for the first attempt to join the server.
const FIRST_TRY: Duration = Duration::from_secs(5);

/// How long the gateway may wait for an outcome before it keeps a message from XMPP.
///
/// The server forgets a message when it has handed it over: nothing waits for an answer, and what is in this gateway's memory alone is
/// lost with it. So the less the better; but what is answered by then is never written to disk, and most messages are.
const PATIENCE: Duration = Duration::from_millis(100);

/// Joins one XMPP server as an external component.
#[derive(Debug)]
pub struct Xmpp {
    config: Arc<Config>,
    link: Arc<Link>,
    inbound: Inbound<SdkGateway>,
    presences: Presences<SdkGateway>,
    principals: Principals<SdkGateway>,
}

impl Plugin for Xmpp {
    const INFO: PluginInfo = PluginInfo::new("xmpp", env!("CARGO_PKG_VERSION"))
        .schemes(&["xmpp"])
        // The component's server finds the others (RFC 6120 §3.2).
        .lookups(&["srv _xmpp-server._tcp", "unaddressed"])
        .services(
            Services::MESSAGES
                .and(Services::DISPOSITIONS)
                .and(Services::PRESENCE),
        )
        .capabilities(&[
            "content text/plain",
            "content application/im-iscomposing+xml",
            "receipt delivered",
            "receipt displayed",
            "receipt failed",
            "presence watches",
            "presence watched",
        ])
        .patience(PATIENCE)
        .succeeds()
        .licence("MIT OR Apache-2.0");

    type Config = Config;

    /// A domain can be handed to one component only.
    fn claims(config: &Config) -> Result<Claims> {
        Ok(config.domains().iter().map(Claim::domain).collect())
    }

    /// Returns when the server was joined, or could not be at first: it is tried again, and until then messages fail.
    async fn start(context: Context<Config>) -> Result<Self> {
        let legacy = context.take_legacy();
        let config = Arc::new(context.config);
        let link = Arc::new(Link::new(config.outbox()));
        let gateway = SdkGateway::new(context.host, context.tasks.clone());
        let presences = Presences::new(gateway.clone(), Arc::clone(&link), Arc::clone(&config));
        let principals = Principals::new(gateway.clone(), Arc::clone(&link), Arc::clone(&config));
        let inbound = Inbound::new(
            (presences.clone(), principals.clone()),
            gateway.clone(),
            Arc::clone(&link),
            (config.network().into(), config.inbound_messages()),
        );
        let connection = Connection {
            connect: Tcp {
                endpoint: config.endpoint().to_owned(),
            },
            config: Arc::clone(&config),
            link: Arc::clone(&link),
            inbound: inbound.clone(),
            gateway,
            inherited: legacy.and_then(|legacy| inherited(legacy, &config)),
        };
        context
            .tasks
            .spawn("connection", connection.run_until(context.tasks.stopping()));
        let refreshes = presences.clone();
        context.tasks.spawn(
            "refreshes",
            refreshes.refresh_until(context.tasks.stopping()),
        );
        // A gateway that says it is ready shall be; one whose server hangs shall start all the same.
        drop(timeout(FIRST_TRY, link.tried()).await);
        Ok(Self {
            config,
            link,
            inbound,
            presences,
            principals,
        })
    }

    async fn deliver(&self, operation: MessageOperation) -> Result<Response> {
        if let Some(status) = self.principals.answered(&operation) {
            return Ok(operation.respond(status));
        }
        let status = outbound::deliver(&self.link, &self.config, &operation).await;
        Ok(operation.respond(status))
    }

    async fn deliver_disposition(&self, operation: DispositionOperation) -> Result<Response> {
        let own = self.config.domains();
        self.inbound.tells(&operation);
        let status = outbound::deliver_disposition(&self.link, own, &operation).await;
        Ok(operation.respond(status))
    }

    async fn subscribe(&self, operation: SubscribeOperation) -> Result<Response> {
        Ok(self.presences.subscribe(operation).await)
    }

    async fn notify(&self, operation: NotifyOperation) -> Result<Response> {
        let status = self.presences.notify(&operation).await;
        Ok(operation.respond(status))
    }

    /// Takes no more, waits for what is under way, and closes the stream.
    async fn stop(&self) {
        self.link.stop().await;
    }

    /// Leaves the stream as it is: a server has a component once, and would answer for it while it is away.
    async fn leave(&self) -> Option<Legacy> {
        self.link.leave().await
    }
}

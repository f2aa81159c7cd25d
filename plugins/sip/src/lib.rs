//! SIP and SIMPLE: instant messages as MESSAGE requests (RFC 3428), presence as events (RFC 3856).
//!
//! | common side            | SIP                                                              |
//! |------------------------|------------------------------------------------------------------|
//! | message operation      | MESSAGE, outside of dialogs                                      |
//! | response: success      | 200                                                              |
//! | response: indeterminant| 202                                                              |
//! | response: failure      | 4xx, 5xx by the one table in `failures`                          |
//! | disposition            | MESSAGE with message/imdn+xml (RFC 5438); a failure also in words |
//! | subscribe, notify      | SUBSCRIBE and NOTIFY, in both directions (RFC 6665)               |
//! | publish                | PUBLISH (RFC 3903)                                               |
//!
//! Configuration: see `config::Config`. Limits and losses: README.md. RFCs: 3261, 3428, 3581, 4320, 7247,
//! 7572, 8048.

#![forbid(unsafe_code)]

mod adapter;
mod config;
mod endpoint;
mod failures;
mod gateway;
mod inbound;
mod locals;
mod mapping;
mod outbound;
mod presence;
mod responses;
mod transport;

#[cfg(test)]
mod tests;

use std::time::Duration;

use rialto_sdk::{prelude::*, tracing};

use crate::{adapter::Adapter, config::Config, gateway::Sdk};

rialto_sdk::export_plugin!(Sip);

/// Carries instant messages and presence between the gateway and SIP.
#[derive(Debug)]
pub(crate) struct Sip {
    adapter: Adapter,
}

impl Plugin for Sip {
    const INFO: PluginInfo = PluginInfo::new("sip", env!("CARGO_PKG_VERSION"))
        .schemes(&["sip"])
        .lookups(&[
            "naptr SIPS+D2T tls:",
            "naptr SIP+D2U udp:",
            "naptr SIP+D2T tcp:",
            "srv _sips._tcp tls:",
            "srv _sip._udp udp:",
            "srv _sip._tcp tcp:",
            "address 5060",
        ])
        .services(
            Services::MESSAGES
                .and(Services::DISPOSITIONS)
                .and(Services::PRESENCE),
        )
        .capabilities(&[
            "content */*",
            "receipt processed",
            "receipt stored",
            "receipt delivered",
            "receipt displayed",
            "receipt failed",
            "presence watches",
            "presence watched",
            "presence publishes",
            "presence watchers",
        ])
        .patience(PATIENCE)
        .hands_over()
        .licence("MIT OR Apache-2.0");

    type Config = Config;

    fn claims(config: &Config) -> Result<Claims> {
        config.check()?;
        Ok(config.claims())
    }

    /// Opens the sockets and starts the loop that owns them.
    async fn start(context: Context<Config>) -> Result<Self> {
        let gateway = Sdk {
            host: context.host,
            tasks: context.tasks,
        };
        let adapter = Adapter::start(&context.config, &gateway, context.succession)?;
        for address in adapter.addresses() {
            tracing::info!(%address, "listening");
        }
        Ok(Self { adapter })
    }

    /// Returns with the final response, or when the transaction times out.
    async fn deliver(&self, operation: MessageOperation) -> Result<Response> {
        self.adapter.outbound().deliver(operation).await
    }

    /// The same.
    async fn deliver_disposition(&self, operation: DispositionOperation) -> Result<Response> {
        self.adapter.outbound().report(operation).await
    }

    /// Returns with the first notification, or with the response where none comes.
    async fn subscribe(&self, operation: SubscribeOperation) -> Result<Response> {
        self.adapter.outbound().subscribe(operation).await
    }

    /// Returns with the final response.
    async fn notify(&self, operation: NotifyOperation) -> Result<Response> {
        self.adapter.outbound().notify(operation).await
    }
}

/// How long a client is kept waiting for the outcome before it is told 202.
///
/// It gives up after 64 T1, 32 s, and proxies on its way each begin to wait before the next does (RFC 4321 §1.2); some wait for
/// 5 s only. A client over UDP sends again after 0.5, 1.5 and 3.5 s, and is owed a 100 from then on (RFC 4320 §4.1). So an answer
/// after 3 s costs no 100, spares the last copies, and is in time for all; and whoever can be told the outcome mostly was
/// by then.
const PATIENCE: Duration = Duration::from_secs(3);

//! SIP and SIMPLE: instant messages as MESSAGE requests (RFC 3428).
//!
//! | common side            | SIP                                                              |
//! |------------------------|------------------------------------------------------------------|
//! | message operation      | MESSAGE, outside of dialogs                                      |
//! | response: success      | 200                                                              |
//! | response: indeterminant| 202                                                              |
//! | response: failure      | 4xx, 5xx by the one table in `failures`                          |
//! | subscribe, notify      | not offered (`Services::MESSAGES`)                               |
//!
//! Configuration: see `config::Config`. Limits and losses: README.md. RFCs: 3261, 3428, 3581, 4320, 7247,
//! 7572.

#![forbid(unsafe_code)]

mod adapter;
mod config;
mod endpoint;
mod failures;
mod gateway;
mod inbound;
mod mapping;
mod outbound;
mod responses;
mod transport;

#[cfg(test)]
mod tests;

use rialto_sdk::{prelude::*, tracing};

use crate::{adapter::Adapter, config::Config, gateway::Sdk};

rialto_sdk::export_plugin!(Sip);

/// Carries instant messages between the gateway and SIP.
#[derive(Debug)]
pub(crate) struct Sip {
    adapter: Adapter,
}

impl Plugin for Sip {
    const INFO: PluginInfo = PluginInfo::new("sip", env!("CARGO_PKG_VERSION"))
        .schemes(&["sip"])
        .lookups(&[
            "naptr SIP+D2U udp:",
            "naptr SIP+D2T tcp:",
            "srv _sip._udp udp:",
            "srv _sip._tcp tcp:",
            "address 5060",
        ])
        .services(Services::MESSAGES);

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
        let adapter = Adapter::start(&context.config, &gateway)?;
        for address in adapter.addresses() {
            tracing::info!(%address, "listening");
        }
        Ok(Self { adapter })
    }

    /// Returns with the final response, or when the transaction times out.
    async fn deliver(&self, operation: MessageOperation) -> Result<Response> {
        self.adapter.outbound().deliver(operation).await
    }
}

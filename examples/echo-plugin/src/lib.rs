//! Echo: sends every instant message back to its source.
//!
//! The smallest complete plugin. Copy it, rename `Echo`, and fill in [`deliver`](Plugin::deliver).
//!
//! | common side       | this plugin                            |
//! |-------------------|----------------------------------------|
//! | message operation | sent back to its source                |
//! | subscribe, notify | not offered (`Services::MESSAGES`)     |
//!
//! Configuration: see [`Config`]. RFCs: 3860 §3.4.1.

#![forbid(unsafe_code)]

use rialto_sdk::prelude::*;

rialto_sdk::export_plugin!(Echo);

/// Answers messages with their own content.
#[derive(Debug)]
pub struct Echo {
    config: Config,
    host: Host,
}

/// The `[adapters.<name>]` table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields)]
#[schemars(crate = "rialto_sdk::schemars")]
pub struct Config {
    /// Put before the echoed content. Default: empty.
    #[serde(default)]
    prefix: String,
}

impl Plugin for Echo {
    const INFO: PluginInfo = PluginInfo::new("echo", env!("CARGO_PKG_VERSION"))
        .schemes(&["echo"])
        .licence("MIT OR Apache-2.0")
        .capabilities(&["content */*"])
        .services(Services::MESSAGES);

    type Config = Config;

    async fn start(Context { config, host, .. }: Context<Config>) -> Result<Self> {
        Ok(Self { config, host })
    }

    /// The sender is told how its echo ended.
    async fn deliver(&self, operation: MessageOperation) -> Result<Response> {
        let (source, destination) = (operation.source().clone(), operation.destination().clone());
        let (message, responder) = operation.into_message();
        let payload = [self.config.prefix.as_bytes(), message.payload().as_bytes()].concat();
        let echo = InstantMessage::new(message.content_type().clone(), Bytes::from(payload));
        let reply = MessageOperation::new(self.host.transaction_id(), destination, source, echo);
        Ok(responder.respond(self.host.submit(reply).await.into_status()))
    }
}

#[cfg(test)]
mod tests;

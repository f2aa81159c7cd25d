//! Echo: sends every instant message back to its source.
//!
//! The smallest complete plugin. Copy it, rename `Echo`, and fill in [`deliver`](Plugin::deliver).
//!
//! | common side       | this plugin                            |
//! |-------------------|----------------------------------------|
//! | message operation | sent back to its source                |
//! | subscribe, notify | not offered (`Services::MESSAGES`)     |
//!
//! Configuration: see [`Config`]. Limits: none. RFCs: 3860 §3.4.1.

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
#[derive(Debug, Deserialize)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields)]
pub struct Config {
    /// Put before the echoed content. Default: empty.
    #[serde(default)]
    prefix: String,
}

impl Plugin for Echo {
    const INFO: PluginInfo = PluginInfo::new("echo", env!("CARGO_PKG_VERSION"))
        .schemes(&["echo"])
        .services(Services::MESSAGES);

    type Config = Config;

    async fn start(context: Context<Config>) -> Result<Self> {
        Ok(Self {
            config: context.config,
            host: context.host,
        })
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
mod tests {
    use rialto_sdk::{testing::Gateway, tokio};

    use super::*;

    fn message(text: &'static str) -> MessageOperation {
        MessageOperation::new(
            TransactionId::parse(b"1").unwrap(),
            InstantInbox::parse("im:alice@example.org").unwrap(),
            InstantInbox::parse("im:echo@example.net").unwrap(),
            InstantMessage::text(text),
        )
    }

    #[tokio::test(crate = "rialto_sdk::tokio")]
    async fn message_goes_back_to_its_source_with_the_prefix() {
        let gateway = Gateway::new();
        let echo: Echo = gateway.start(r#"{"prefix": "> "}"#).await.unwrap();
        let response = echo.deliver(message("hello")).await.unwrap();
        assert!(response.status().is_success());
        let submitted = gateway.submitted();
        assert_eq!(submitted.len(), 1);
        assert_eq!(submitted[0].destination().as_str(), "im:alice@example.org");
        assert_eq!(submitted[0].message().payload().as_bytes(), b"> hello");
    }

    #[tokio::test(crate = "rialto_sdk::tokio")]
    async fn sender_is_told_why_the_echo_did_not_reach_him() {
        let gateway = Gateway::new();
        let echo: Echo = gateway.start("{}").await.unwrap();
        let failure: ResponseStatus = Failure::new(FailureReason::NoSuchInbox).into();
        gateway.answer_with(failure.clone());
        let response = echo.deliver(message("hello")).await.unwrap();
        assert_eq!(response.into_status(), failure);
    }

    #[tokio::test(crate = "rialto_sdk::tokio")]
    async fn unknown_key_is_refused_by_its_name() {
        let refused = Gateway::new().start::<Echo>(r#"{"prefx": ""}"#).await;
        assert!(refused.unwrap_err().to_string().contains("`prefx`"));
    }
}

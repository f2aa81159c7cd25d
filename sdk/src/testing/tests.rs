use rialto_model::{
    Disposition, FailureReason, InstantInbox, InstantMessage, Response, TransactionId,
};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::oneshot;

use super::*;
use crate::{PluginInfo, Services};

/// Submits what it is told to; knows nothing of dispositions.
struct Plain {
    host: Host,
}

#[derive(Deserialize, JsonSchema)]
struct Config {}

impl Plugin for Plain {
    const INFO: PluginInfo = PluginInfo::new("plain", "1").services(Services::MESSAGES);

    type Config = Config;

    async fn start(context: Context<Config>) -> Result<Self> {
        Ok(Self { host: context.host })
    }

    async fn deliver(&self, operation: MessageOperation) -> Result<Response> {
        Ok(self.host.submit(operation).await)
    }
}

fn id(text: &str) -> TransactionId {
    TransactionId::parse(text.as_bytes()).unwrap()
}

fn inbox(user: &str) -> InstantInbox {
    InstantInbox::parse(&format!("im:{user}@example.org")).unwrap()
}

fn disposition(name: &str) -> DispositionOperation {
    let (source, destination) = (inbox("bob"), inbox("alice"));
    DispositionOperation::new(
        id(name),
        id("message"),
        source,
        destination,
        Disposition::Displayed,
    )
}

#[tokio::test]
async fn dispositions_are_answered_and_seen_apart_from_messages() {
    let gateway = Gateway::new();
    let plugin: Plain = gateway.start("{}").await.unwrap();
    let text = InstantMessage::text("x");
    let message = MessageOperation::new(id("1"), inbox("alice"), inbox("bob"), text);
    let response = plugin.deliver(message.clone()).await.unwrap();
    assert!(response.status().is_success());

    let response = plugin.host.submit_disposition(disposition("2")).await;
    assert_eq!(*response.transaction_id(), id("2"));
    let refused = ResponseStatus::from(rialto_model::Failure::new(FailureReason::NotPermitted));
    gateway.answer_with(refused.clone());
    let (sender, receiver) = oneshot::channel();
    plugin
        .host
        .submit_disposition_then(disposition("3"), |response| sender.send(response).unwrap());
    let response = receiver.await.unwrap();
    assert_eq!(*response.transaction_id(), id("3"));
    assert_eq!(response.into_status(), refused);

    assert_eq!(gateway.submitted(), [message]);
    assert_eq!(gateway.dispositions(), [disposition("2"), disposition("3")]);
    assert!(gateway.dispositions().is_empty(), "taken");
}

#[tokio::test]
async fn plugin_that_does_not_offer_dispositions_says_so() {
    let plugin: Plain = Gateway::new().start("{}").await.unwrap();
    let refused = plugin.deliver_disposition(disposition("1")).await;
    let failure = refused.unwrap_err().into_failure();
    assert_eq!(failure.reason(), FailureReason::UnsupportedService);
}

//! The presence service, as an author meets it, with the gateway for tests.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::time::Duration;

use rialto_sdk::{prelude::*, testing::Gateway, tokio};
use tokio::sync::oneshot;

/// Offers nothing but messages.
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
        Ok(operation.respond(ResponseStatus::Indeterminant))
    }
}

fn presentity(user: &str) -> Presentity {
    Presentity::parse(&format!("pres:{user}@example.org")).unwrap()
}

fn subscription(host: &Host) -> SubscribeOperation {
    let (watcher, target) = (presentity("alice"), presentity("bob"));
    SubscribeOperation::new(
        host.transaction_id(),
        host.subscription_id(),
        watcher,
        target,
    )
}

fn notification(host: &Host) -> NotifyOperation {
    let document = PresenceDocument::pidf(Bytes::from_static(b"<presence/>"));
    NotifyOperation::new(
        host.transaction_id(),
        host.subscription_id(),
        presentity("alice"),
        presentity("bob"),
        SubscriptionState::terminated(TerminationReason::NoResource),
    )
    .with_document(document)
}

fn publication(host: &Host) -> PublishOperation {
    let bob = presentity("bob");
    PublishOperation::new(
        host.transaction_id(),
        host.subscription_id(),
        bob.clone(),
        bob,
    )
    .with_expected_version(3)
    .with_version(4)
}

#[tokio::test]
async fn each_kind_is_answered_with_what_is_granted_and_seen_apart() {
    let gateway = Gateway::new();
    let plugin: Plain = gateway.start("{}").await.unwrap();
    let host = &plugin.host;
    let (subscribes, notifies) = (subscription(host), notification(host));
    let publishes = publication(host);
    gateway.grant(Duration::ZERO);
    let subscribed = host.submit_subscribe(subscribes.clone()).await;
    assert_eq!(subscribed.transaction_id(), subscribes.transaction_id());
    assert_eq!(subscribed.duration(), Some(Duration::ZERO));
    gateway.grant(Duration::from_secs(600));
    let notified = host.submit_notify(notifies.clone()).await;
    assert!(notified.status().is_success());
    let published = host.submit_publish(publishes.clone()).await;
    assert_eq!(published.duration(), Some(Duration::from_secs(600)));

    assert_eq!(gateway.subscriptions(), [subscribes]);
    assert_eq!(gateway.notifications(), [notifies]);
    assert_eq!(gateway.publications(), [publishes]);
    assert!(gateway.subscriptions().is_empty(), "taken");
    assert!(gateway.submitted().is_empty() && gateway.dispositions().is_empty());
}

#[tokio::test]
async fn whoever_does_not_wait_is_told_of_the_response() {
    let gateway = Gateway::new();
    let plugin: Plain = gateway.start("{}").await.unwrap();
    let host = &plugin.host;
    gateway.answer_with(ResponseStatus::Indeterminant);
    gateway.grant(Duration::from_secs(60));
    let told = |submit: &dyn Fn(oneshot::Sender<Response>)| {
        let (sender, receiver) = oneshot::channel();
        submit(sender);
        receiver
    };
    let then = |sender: oneshot::Sender<Response>| move |response| sender.send(response).unwrap();
    for receiver in [
        told(&|to| host.submit_subscribe_then(subscription(host), then(to))),
        told(&|to| host.submit_notify_then(notification(host), then(to))),
        told(&|to| host.submit_publish_then(publication(host), then(to))),
    ] {
        let response = receiver.await.unwrap();
        assert_eq!(response.duration(), Some(Duration::from_secs(60)));
        assert_eq!(response.into_status(), ResponseStatus::Indeterminant);
    }
}

#[tokio::test]
async fn plugin_that_does_not_offer_presence_says_so() {
    let plugin: Plain = Gateway::new().start("{}").await.unwrap();
    let asked = plugin.subscribe(subscription(&plugin.host)).await;
    let told = plugin.notify(notification(&plugin.host)).await;
    for refused in [asked, told] {
        let failure = refused.unwrap_err().into_failure();
        assert_eq!(failure.reason(), FailureReason::UnsupportedService);
    }
}

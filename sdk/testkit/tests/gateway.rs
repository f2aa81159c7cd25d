//! The gateway plays its part.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::time::Duration;

use rialto_sdk::{model::presence::Status, prelude::*, tokio};
use rialto_testkit::{Gateway, disposition, message, presence, run};
use tokio::time::sleep;

/// Hands on what it is asked to deliver, and counts it; says every second that it lives.
struct Relay {
    host: Host,
}

#[derive(Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields)]
#[schemars(crate = "rialto_sdk::schemars")]
struct Config {}

impl Plugin for Relay {
    const INFO: PluginInfo = PluginInfo::new("relay", "1").services(Services::MESSAGES);

    type Config = Config;

    async fn start(Context { host, tasks, .. }: Context<Config>) -> Result<Self> {
        let (health, stopping) = (host.clone(), tasks.stopping());
        tasks.spawn("pulse", async move {
            health.health(Health::Degraded("not yet".into()));
            tokio::select! {
                () = stopping => return,
                () = sleep(Duration::from_secs(1)) => health.health(Health::Up),
            }
            sleep(Duration::from_secs(1)).await;
            health.count("last_words_total", 1);
        });
        Ok(Self { host })
    }

    async fn deliver(&self, operation: MessageOperation) -> Result<Response> {
        self.host.count("delivered_total", 1);
        let (onward, responder) = operation.into_forward(self.host.transaction_id());
        Ok(responder.respond(self.host.submit(onward).await.into_status()))
    }
}

fn hello() -> MessageOperation {
    message("alice@example.org", "bob@example.net", "hello")
}

#[test]
fn answers_are_held_until_the_test_gives_them() {
    run(async |clock| {
        let gateway = Gateway::new();
        let relay: Relay = gateway.start("{}").await.unwrap();
        gateway.hold();
        let refused = ResponseStatus::from(Failure::new(FailureReason::NoSuchInbox));
        let (response, ()) = tokio::join!(relay.deliver(hello()), async {
            let submitted = gateway.next_message().await;
            assert_eq!(submitted.destination().as_str(), "im:bob@example.net");
            clock.pass(Duration::from_secs(60)).await;
            gateway.answer_with(refused.clone());
        });
        assert_eq!(response.unwrap().into_status(), refused);
        assert_eq!(clock.elapsed().as_secs(), 60, "so long it was held");
        assert_eq!(gateway.counted("delivered_total"), 1);
    });
}

#[test]
fn next_of_a_kind_is_waited_for_and_leaves_the_others() {
    run(async |_| {
        let gateway = Gateway::new();
        let relay: Relay = gateway.start("{}").await.unwrap();
        let (first, second) = (hello(), hello());
        let told = disposition(&first, Disposition::Delivered);
        for operation in [first, second] {
            assert!(relay.host.submit(operation).await.status().is_success());
        }
        let told = relay.host.submit_disposition(told).await;
        assert!(told.status().is_success());
        let told = gateway.next_disposition().await;
        assert_eq!(told.disposition(), Disposition::Delivered);
        let first = gateway.next_message().await;
        assert_eq!(first.destination().as_str(), "im:bob@example.net");
        assert_eq!(gateway.submitted().len(), 1);
    });
}

#[test]
fn stop_tells_the_tasks_and_waits_for_them() {
    run(async |clock| {
        let gateway = Gateway::new();
        let relay: Relay = gateway.start("{}").await.unwrap();
        clock.settle().await;
        assert_eq!(gateway.health(), Some(Health::Degraded("not yet".into())));
        clock.pass(Duration::from_secs(1)).await;
        assert_eq!(gateway.health(), Some(Health::Up));
        clock.until(gateway.stop(relay)).await;
        assert_eq!(gateway.counted("last_words_total"), 1, "it was waited for");
    });
}

#[test]
fn presence_of_a_notification_can_be_asked_for() {
    let subscription = presence::subscription("alice@example.org", "bob@example.net");
    for status in [Status::Open, Status::Closed] {
        let told = presence::notification(&subscription, status);
        assert_eq!(presence::status_of(&told), Some(status));
        assert_eq!(told.subscription_id(), subscription.subscription_id());
    }
}

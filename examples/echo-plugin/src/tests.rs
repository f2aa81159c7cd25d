//! The plugin by itself, in a gateway for tests.

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

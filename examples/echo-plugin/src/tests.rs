//! The plugin by itself, with the testkit's gateway.

use rialto_sdk::model::CpimMessage;
use rialto_testkit::{Gateway, carrying, golden, message, run};

use super::*;

fn hello() -> MessageOperation {
    message("alice@example.org", "echo@example.net", "hello")
}

#[test]
fn message_goes_back_to_its_source_with_the_prefix() {
    run(async |_| {
        let gateway = Gateway::new();
        let echo: Echo = gateway.start(r#"{"prefix": "> "}"#).await.unwrap();
        let response = echo.deliver(hello()).await.unwrap();
        assert!(response.status().is_success());
        let reply = gateway.next_message().await;
        assert_eq!(reply.destination().as_str(), "im:alice@example.org");
        assert_eq!(reply.message().payload().as_bytes(), b"> hello");
    });
}

#[test]
fn sender_is_told_why_the_echo_did_not_reach_him() {
    run(async |_| {
        let gateway = Gateway::new();
        let echo: Echo = gateway.start("{}").await.unwrap();
        let failure: ResponseStatus = Failure::new(FailureReason::NoSuchInbox).into();
        gateway.answer_with(failure.clone());
        let response = echo.deliver(hello()).await.unwrap();
        assert_eq!(response.into_status(), failure);
    });
}

#[test]
fn unknown_key_is_refused_by_its_name() {
    run(async |_| {
        let refused = Gateway::new().start::<Echo>(r#"{"prefx": ""}"#).await;
        assert!(refused.unwrap_err().to_string().contains("`prefx`"));
    });
}

/// What comes back for a message, both as message/cpim.
fn echo_of(cpim: &[u8]) -> Bytes {
    run(async |_| {
        let gateway = Gateway::new();
        let echo: Echo = gateway.start("{}").await.unwrap();
        let message = CpimMessage::parse(Bytes::copy_from_slice(cpim)).unwrap();
        let message = carrying(
            "alice@example.org",
            "echo@example.net",
            message.into_message(),
        );
        assert!(echo.deliver(message).await.unwrap().status().is_success());
        let reply = gateway.next_message().await;
        CpimMessage::from_operation(&reply, None)
            .unwrap()
            .to_bytes()
            .unwrap()
    })
}

#[test]
fn content_comes_back_byte_for_byte() {
    golden::folder("golden", echo_of);
}

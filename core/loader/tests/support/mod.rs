//! Plugins built for the tests, and a gateway that remembers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "for tests, and each of them uses a part of it"
)]

mod build;
mod process;
mod recorder;

pub use build::{
    c_plugin, earlier_plugin, echo_c_plugin, echo_plugin, faulty_plugin, other_layout_plugin,
    pager_plugin, rust_library,
};
pub use process::own_process;
pub use recorder::Recorder;

use std::{path::PathBuf, sync::Arc, time::Duration};

use rialto_loader::{Adapter, AdapterId, ClaimTable, Declared, LoadError, Loaded};
use rialto_model::{
    FailureReason, InstantInbox, InstantMessage, MessageOperation, Response, ResponseStatus,
    TransactionId,
};

/// Long enough for everything that ends.
pub const SOON: Duration = Duration::from_secs(20);

/// An adapter that is to run where this battery runs them.
pub fn declared(name: &str, library: PathBuf, config: &str) -> Declared {
    let declared = Declared::new(name, library, config.to_owned());
    match crate::isolation() {
        Some(isolation) => declared.isolated(isolation),
        None => declared,
    }
}

/// Loads and starts an adapter with the number 7.
pub async fn try_start(
    name: &str,
    library: PathBuf,
    config: &str,
    gateway: &Arc<Recorder>,
) -> Result<Adapter, LoadError> {
    let loaded = declared(name, library, config).load(&ClaimTable::new())?;
    let gateway = Arc::clone(gateway);
    loaded
        .start(AdapterId::new(7), gateway, tracing::Level::INFO, SOON)
        .await
}

/// Starts what is loaded, with the number 7.
pub async fn begun(loaded: Loaded, gateway: &Arc<Recorder>) -> Adapter {
    let gateway = Arc::clone(gateway);
    let starting = loaded.start(AdapterId::new(7), gateway, tracing::Level::INFO, SOON);
    starting.await.unwrap_or_else(|error| panic!("{error}"))
}

/// What an adapter that echoes submits when this is delivered to it: to the sender, with the same text behind the prefix.
pub async fn echo(
    adapter: &Adapter,
    gateway: &Recorder,
    original: MessageOperation,
    prefix: &str,
) -> MessageOperation {
    let delivery = adapter.deliver(original.clone());
    assert!(ended(delivery).await.status().is_success());
    let submitted = gateway.seen().submitted;
    let [echo] = submitted.as_slice() else {
        panic!("{submitted:?}");
    };
    assert_eq!(echo.destination(), original.source());
    assert_eq!(echo.source(), original.destination());
    assert_ne!(echo.transaction_id(), original.transaction_id());
    let text = original.message().payload().as_bytes();
    let expected = [prefix.as_bytes(), text].concat();
    assert_eq!(echo.message().payload().as_bytes(), expected);
    echo.clone()
}

/// As [`try_start`], for what starts.
pub async fn started(library: PathBuf, config: &str, gateway: &Arc<Recorder>) -> Adapter {
    try_start("one", library, config, gateway)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The faulty plugin with a fault.
pub async fn faulty(fault: &str, gateway: &Arc<Recorder>) -> Adapter {
    let config = format!(r#"{{"fault": "{fault}"}}"#);
    started(faulty_plugin(), &config, gateway).await
}

/// A message with this text.
pub fn operation(text: &str) -> MessageOperation {
    MessageOperation::new(
        TransactionId::random(&mut rand::rng()),
        InstantInbox::parse("im:alice@example.org").unwrap(),
        InstantInbox::parse("im:bob@example.net").unwrap(),
        InstantMessage::text(text),
    )
}

/// Delivers a message, and says how it ended.
pub async fn delivered(adapter: &Adapter, text: &str) -> ResponseStatus {
    let operation = operation(text);
    let id = *operation.transaction_id();
    let response = ended(adapter.deliver(operation)).await;
    assert_eq!(
        *response.transaction_id(),
        id,
        "the response is the operation's"
    );
    response.into_status()
}

/// Waits for what must end.
pub async fn ended(delivery: impl Future<Output = Response>) -> Response {
    tokio::time::timeout(SOON, delivery)
        .await
        .expect("every delivery ends")
}

/// Reason and detail of a failure.
pub fn failed(status: ResponseStatus) -> (FailureReason, String) {
    match status {
        ResponseStatus::Failure(failure) => (failure.reason(), failure.detail().to_owned()),
        other => panic!("{other:?} is no failure"),
    }
}

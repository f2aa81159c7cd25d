//! A plugin that was built before the contract had dispositions, presence and what is kept of a message: with the header of then.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::time::Duration;

use crate::support::*;
use rialto_loader::{ClaimTable, Language};
use rialto_model::{Disposition, DispositionOperation, FailureReason, InstantInbox, TransactionId};

#[tokio::test]
async fn plugin_of_the_earlier_contract_is_served_as_it_was() {
    let gateway = Recorder::new();
    let declared = declared("one", earlier_plugin(), "{}");
    let loaded = declared.load(&ClaimTable::new()).unwrap();
    let manifest = loaded.manifest();
    assert_eq!(manifest.language(), Language::Other);
    assert_eq!((manifest.name(), manifest.patience()), ("echo-c", None));
    assert!(!manifest.offers_dispositions() && !manifest.offers_presence());
    let adapter = begun(loaded, &gateway).await;
    // What it has never heard of comes with a message, and does not come back.
    let original = operation("hello")
        .with_identity("call 1")
        .with_reference("whatever helps")
        .with_time_to_live(Duration::from_secs(60));
    let echo = echo(&adapter, &gateway, original, "").await;
    assert_eq!((echo.identity(), echo.reference()), (None, None));
    adapter.stop(SOON).await.unwrap();
}

#[tokio::test]
async fn plugin_of_the_earlier_contract_is_not_called_for_what_it_does_not_know() {
    let gateway = Recorder::new();
    let adapter = started(earlier_plugin(), "{}", &gateway).await;
    let told = adapter.deliver_disposition(DispositionOperation::new(
        TransactionId::random(&mut rand::rng()),
        TransactionId::random(&mut rand::rng()),
        InstantInbox::parse("im:bob@example.net").unwrap(),
        InstantInbox::parse("im:alice@example.org").unwrap(),
        Disposition::Failed,
    ));
    let (reason, _) = failed(ended(told).await.into_status());
    assert_eq!(reason, FailureReason::UnsupportedService);
    assert!(delivered(&adapter, "x").await.is_success(), "as before");
}

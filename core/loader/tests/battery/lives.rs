//! What plugins do wrong as they start and stop.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::time::Duration;

use crate::support::*;
use rialto_loader::{AdapterId, ClaimTable, LoadError, StopError};
use rialto_model::FailureReason;
use tokio::task::JoinSet;

const SHORT: Duration = Duration::from_millis(20);

async fn refused_start(fault: &str) -> LoadError {
    let config = format!(r#"{{"fault": "{fault}"}}"#);
    let loaded = declared("one", faulty_plugin(), &config)
        .load(&ClaimTable::new())
        .unwrap();
    let limit = if fault == "never_ready" { SHORT } else { SOON };
    let gateway = Recorder::new();
    loaded
        .start(AdapterId::new(1), gateway, tracing::Level::INFO, limit)
        .await
        .unwrap_err()
}

#[tokio::test]
async fn start_that_fails_is_refused_with_the_causes() {
    assert_eq!(
        refused_start("refuses_to_start").await.to_string(),
        "adapter one: did not start: cannot reach the server: connection refused; see to the cause and \
         start it again"
    );
    assert_eq!(
        refused_start("panic_in_start").await.to_string(),
        "adapter one: did not start: the plugin panicked: start: a bug; report it to the plugin's author"
    );
    assert_eq!(
        refused_start("never_ready").await.to_string(),
        "adapter one: not ready after 20ms; see its log, or give it more time"
    );
}

#[tokio::test]
async fn start_that_is_slow_is_waited_for() {
    let slow = c_plugin(
        "slow",
        r#"
        #define _DEFAULT_SOURCE
        #include "rialto.h"
        #include <pthread.h>
        #include <unistd.h>
        static RialtoCompletion ready;
        static void *later(void *nothing) {
            RialtoResponse yes = { .size = sizeof yes };
            usleep(300 * 1000);
            ready.complete(ready.ticket, &yes);
            return nothing;
        }
        static inline void *begins(const RialtoStart *start, RialtoCompletion done) {
            pthread_t thread;
            (void)start;
            ready = done;
            pthread_create(&thread, 0, later, 0);
            pthread_detach(thread);
            return malloc(1);
        }
        #define START begins
        "#,
    );
    let adapter = started(slow, "{}", &Recorder::new()).await;
    assert!(delivered(&adapter, "x").await.is_success());
    adapter.stop(SOON).await.unwrap();
}

#[tokio::test]
async fn adapter_that_hangs_in_stop_is_left_behind() {
    let gateway = Recorder::new();
    let (hangs, works) = (
        faulty("hangs_in_stop", &gateway).await,
        faulty("none", &gateway).await,
    );
    let error = hangs.stop(SHORT).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "adapter one did not stop: `stop` did not return in time"
    );
    assert_eq!(
        failed(delivered(&hangs, "x").await).0,
        FailureReason::ShuttingDown
    );
    drop(hangs);
    assert!(delivered(&works, "x").await.is_success());
}

#[tokio::test]
async fn c_adapter_whose_stop_blocks_is_left_behind() {
    let code = "#define _DEFAULT_SOURCE
        #include \"rialto.h\"
        #include <unistd.h>
        static void blocks(void *adapter, const RialtoStop *stop, RialtoCompletion done) {
            (void)adapter, (void)stop, (void)done;
            for (;;) pause();
        }
        #define STOP blocks";
    let adapter = started(c_plugin("blocks", code), "{}", &Recorder::new()).await;
    let error = adapter.stop(SHORT).await.unwrap_err();
    assert!(matches!(error, StopError::TimedOut { .. }), "{error}");
}

#[tokio::test]
async fn late_task_is_named_when_its_adapter_stops() {
    let adapter = faulty("keeps_task", &Recorder::new()).await;
    assert_eq!(
        adapter.stop(SHORT).await.unwrap_err().to_string(),
        "adapter one did not stop: late tasks: stubborn"
    );
}

#[tokio::test]
async fn panic_in_stop_is_said() {
    let adapter = faulty("panic_in_stop", &Recorder::new()).await;
    let words = adapter.stop(SOON).await.unwrap_err().to_string();
    assert!(
        words.ends_with("the plugin panicked: stop: a bug"),
        "{words}"
    );
}

#[tokio::test]
async fn deliveries_that_wait_when_an_adapter_stops_are_answered() {
    let gateway = Recorder::new();
    let adapter = faulty("never_answers", &gateway).await;
    adapter.deliver_with(operation("x"), 1);
    let mut waiting = JoinSet::new();
    waiting.spawn(adapter.deliver(operation("x")));
    gateway.until(|seen| seen.measured.len() == 2).await;
    adapter.stop(SOON).await.unwrap();
    assert_eq!(
        failed(waiting.join_next().await.unwrap().unwrap().into_status()).0,
        FailureReason::ShuttingDown
    );
    let seen = gateway.until(|seen| seen.responded.len() == 1).await;
    assert_eq!(
        failed(seen.responded[0].1.status().clone()).0,
        FailureReason::ShuttingDown
    );
    drop(adapter);
    gateway.until(|seen| seen.measured.len() == 4).await;
    assert_eq!(gateway.counted("dropped"), 2, "released with its runtime");
}

//! Faults that must be found, or the search is worth nothing.

use std::time::Duration;

use crate::support::*;

/// Loses a block with each delivery, and looks at the payload of the last one, which is no longer lent.
const PLUGIN: &str = r#"#include <stdlib.h>
#include "rialto.h"
static const uint8_t *kept;
static volatile uint8_t seen;
__attribute__((noinline)) static void planted_fault(const RialtoOperation *operation) {
    void *volatile lost = malloc(99);
    lost = 0;
    if (kept) seen = *kept;
    kept = operation->payload.ptr;
    (void)lost;
}
static void faulty(void *adapter, const RialtoOperation *operation, RialtoCompletion done) {
    RialtoResponse response = { .size = sizeof response };
    (void)adapter;
    planted_fault(operation);
    done.complete(done.ticket, &response);
}
#define DELIVER faulty"#;

#[tokio::test]
#[ignore = "faulty on purpose, started by another test under valgrind"]
async fn plugin_with_faults() {
    let adapter = started(c_plugin("planted", PLUGIN), "{}", &Recorder::new()).await;
    for _ in 0..2 {
        assert!(delivered(&adapter, &"x".repeat(5_000)).await.is_success());
    }
    adapter.stop(Duration::from_secs(5)).await.unwrap();
}

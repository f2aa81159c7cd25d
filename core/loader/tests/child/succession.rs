//! Processes that begin again while an earlier version of their adapter has what they claim.

use std::path::PathBuf;

use rialto_loader::{Adapter, ClaimTable, Health, Loaded, Measure};

use crate::support::*;

/// Claims a port, which nobody binds; says whether it begins beside another; ends with each message.
fn ends_with_each_message() -> PathBuf {
    let code = r#"
        #define _DEFAULT_SOURCE
        #include "rialto.h"
        #include <unistd.h>
        static inline void claims(RialtoBytes config, const RialtoClaimSink *sink, RialtoCompletion done) {
            RialtoClaim claim = { .size = sizeof claim, .kind = RIALTO_CLAIM_UDP,
                .value = { (const uint8_t *)"127.0.0.1:5060", 14 } };
            RialtoResponse yes = { .size = sizeof yes };
            (void)config;
            sink->claim(sink->ctx, &claim);
            done.complete(done.ticket, &yes);
        }
        static inline void *begins(const RialtoStart *start, RialtoCompletion done) {
            RialtoResponse yes = { .size = sizeof yes };
            start->host->count(start->host->ctx, (RialtoBytes){ (const uint8_t *)"beside", 6 }, start->flags);
            done.complete(done.ticket, &yes);
            return malloc(1);
        }
        static void ends(void *adapter, const RialtoOperation *operation, RialtoCompletion done) {
            (void)adapter, (void)operation, (void)done;
            _exit(3);
        }
        #define CLAIMS claims
        #define START begins
        #define DELIVER ends
        #define SERVICES (RIALTO_SERVICE_MESSAGES | RIALTO_CAN_HAND_OVER)"#;
    c_plugin("ends_with_each_message", code)
}

fn load(claims: &ClaimTable) -> Loaded {
    let declared = declared("one", ends_with_each_message(), "{}");
    declared.load(claims).unwrap()
}

/// Ends the process of an adapter, and waits until another has begun.
async fn begin_again(adapter: &Adapter, gateway: &Recorder) {
    let before = gateway.seen().health.len();
    let _in_doubt = delivered(adapter, "x").await;
    let is_up = |health: &[Health]| health.len() > before && health.last() == Some(&Health::Up);
    gateway.until(|seen| is_up(&seen.health)).await;
}

#[tokio::test]
async fn process_begins_again_beside_the_earlier_version_until_that_has_gone() {
    let (claims, first_gateway, gateway) = (ClaimTable::new(), Recorder::new(), Recorder::new());
    let first = begun(load(&claims), &first_gateway).await;
    let next = begun(load(&claims).beside(), &gateway).await;
    begin_again(&next, &gateway).await;
    first.stop(SOON).await.unwrap();
    drop(first);
    begin_again(&next, &gateway).await;
    let begun = [1, 1, 0].map(|flags| ("beside".to_owned(), Measure::Count(flags)));
    assert_eq!(gateway.seen().measured, begun);
}

#[tokio::test]
async fn process_does_not_begin_again_beside_a_version_that_comes_after_it() {
    let (claims, gateway) = (ClaimTable::new(), Recorder::new());
    let first = begun(load(&claims), &gateway).await;
    let _waits_for_its_start = load(&claims);
    begin_again(&first, &gateway).await;
    let begun = [0, 0].map(|flags| ("beside".to_owned(), Measure::Count(flags)));
    assert_eq!(gateway.seen().measured, begun);
}

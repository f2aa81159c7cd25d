//! How adapters are seen to be: by what they say of themselves, and by what the gateway sees.

use std::{fs::File, sync::Arc};

use tokio::task::{self, JoinSet};

use super::*;

/// Refuses each message.
const REFUSES: &str = r#"
    #include "rialto.h"
    static void refuses(void *adapter, const RialtoOperation *operation, RialtoCompletion done);
    #define DELIVER refuses
"#;
const REFUSING: &str = r#"
    static void refuses(void *adapter, const RialtoOperation *operation, RialtoCompletion done) {
        RialtoResponse no = { .size = sizeof no, .status = RIALTO_FAILURE, .reason = RIALTO_REASON_UNREACHABLE };
        (void)adapter, (void)operation;
        done.complete(done.ticket, &no);
    }
"#;
/// Says with each message that it is degraded.
const COMPLAINING: &str = r#"
    static void counts(void *adapter, const RialtoOperation *operation, RialtoCompletion done) {
        (void)adapter, (void)operation;
        host.health(host.ctx, RIALTO_HEALTH_DEGRADED, (RialtoBytes){ (const uint8_t *)"no network", 10 });
        succeed(done);
    }
"#;
/// Says as it starts that it is degraded.
const COMPLAINS_AT_ONCE: &str = r#"
    #define BEGINS host.health(host.ctx, RIALTO_HEALTH_DEGRADED, (RialtoBytes){ (const uint8_t *)"no server", 9 })
"#;
/// Starts, after all that is written into a pipe has been read.
const STARTS_LATE: &str = r#"
    #include "rialto.h"
    static void *late(const RialtoStart *start, RialtoCompletion done);
    #define START late
    #define STATUS RIALTO_SUCCESS
"#;
/// Fails to start then.
const FAILS_LATE: &str = r#"
    #include "rialto.h"
    static void *late(const RialtoStart *start, RialtoCompletion done);
    #define START late
    #define STATUS RIALTO_FAILURE
"#;
const LATE: &str = r#"
    #include <fcntl.h>
    #include <unistd.h>
    #ifndef BEGINS
    #define BEGINS
    #endif
    static void *late(const RialtoStart *start, RialtoCompletion done) {
        RialtoResponse response = { .size = sizeof response, .status = STATUS, .reason = RIALTO_REASON_UNREACHABLE };
        char byte;
        memcpy(&host, start->host, start->host->size < sizeof host ? start->host->size : sizeof host);
        BEGINS;
        int pipe = open(PIPE, O_RDONLY);
        while (read(pipe, &byte, 1) > 0);
        close(pipe);
        done.complete(done.ticket, &response);
        return STATUS == RIALTO_SUCCESS ? malloc(1) : 0;
    }
"#;

/// Has a version that starts late take the place of the one that runs, and does something while it starts.
async fn upgrade(place: &Place, before: &str, meanwhile: impl AsyncFnOnce()) -> Result<(), String> {
    let pipe = place.folder.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let before = format!("#define PIPE \"{}\"\n{before}", pipe.display());
    let next = place.library("libnext.so", "2", &before, LATE);
    // Opened once the new version is starting.
    let opening = task::spawn_blocking(move || File::options().write(true).open(pipe));
    let meanwhile = async {
        let pipe = opening.await.unwrap().unwrap();
        meanwhile().await;
        drop(pipe);
    };
    let (upgraded, ()) = tokio::join!(place.order(Order::Upgrade(Some(next))), meanwhile);
    upgraded
}

fn is_degraded(place: &Place, why: &str) {
    let adapter = place.adapter();
    assert_eq!(
        (adapter.state, adapter.why.as_deref()),
        (Standing::Degraded, Some(why))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn adapter_whose_canary_does_not_arrive_is_degraded_until_one_does() {
    let watch = "[adapters.c.watch]\ncanary_from = \"im:canary@relay.example\"\n\
        canary_to = \"im:canary@far.example\"\ncanary_every = \"1s\"";
    let place = Place::watched(watch, "1", REFUSES, REFUSING).await;
    let mut canaries = JoinSet::new();
    canaries.spawn(Arc::clone(&place.supervisor).send_canaries());
    let why = place.until(Standing::Degraded).await.why.unwrap();
    assert!(
        why.contains("the canary to im:canary@far.example does not arrive"),
        "{why}"
    );
    let better = place.library("libbetter.so", "2", COUNTS, COUNTING);
    place.order(Order::Upgrade(Some(better))).await.unwrap();
    while place.counted("delivered") < 2 {
        yield_now().await;
    }
    assert_eq!(place.adapter().state, Standing::Up);
    canaries.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn adapter_that_nothing_comes_from_or_goes_to_is_degraded_until_something_does() {
    let watch = "[adapters.c.watch]\nquiet = \"1s\"";
    let place = Place::watched(watch, "1", COUNTS, COUNTING).await;
    assert_eq!(place.adapter().state, Standing::Up);
    let why = place.until(Standing::Degraded).await.why.unwrap();
    assert!(why.contains("nothing has come"), "{why}");
    assert!(place.send().await.is_success());
    assert_eq!(place.adapter().state, Standing::Up);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_adapter_says_of_itself_while_another_fails_to_start_is_heard() {
    let place = Place::with("1", COUNTS, COMPLAINING).await;
    let upgraded = upgrade(&place, FAILS_LATE, async || {
        assert!(place.send().await.is_success());
        is_degraded(&place, "no network");
    });
    assert!(upgraded.await.unwrap_err().contains("nothing has changed"));
    is_degraded(&place, "no network");
}

#[tokio::test(flavor = "multi_thread")]
async fn adapter_that_is_degraded_stays_so_until_another_has_its_place() {
    let place = Place::with("1", COUNTS, COMPLAINING).await;
    assert!(place.send().await.is_success());
    let upgraded = upgrade(&place, STARTS_LATE, async || {
        is_degraded(&place, "no network");
    });
    upgraded.await.unwrap();
    assert_eq!(place.adapter().state, Standing::Up);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_version_says_as_it_starts_is_not_said_of_the_one_that_runs() {
    let place = Place::with("1", COUNTS, COUNTING).await;
    let before = format!("{COMPLAINS_AT_ONCE}{FAILS_LATE}");
    let upgraded = upgrade(&place, &before, async || {
        assert_eq!(place.adapter().state, Standing::Up);
    });
    assert!(upgraded.await.unwrap_err().contains("nothing has changed"));
    assert_eq!(place.adapter().state, Standing::Up);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_version_has_said_as_it_started_is_true_of_it_when_it_has_the_place() {
    let place = Place::with("1", COUNTS, COUNTING).await;
    let before = format!("{COMPLAINS_AT_ONCE}{STARTS_LATE}");
    upgrade(&place, &before, async || {}).await.unwrap();
    is_degraded(&place, "no server");
    assert_eq!(place.adapter().plugin.as_deref(), Some("c 2"));
}

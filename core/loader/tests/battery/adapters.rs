//! Plugins as authors write them, loaded as the libraries they are.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::{io::Read, os::unix::net::UnixStream, path::PathBuf, sync::Arc, time::Duration};

use crate::support::*;
use rialto_loader::{
    Adapter, AdapterId, Claim, ClaimTable, Health, Language, Legacy, Library, Measure,
};
use rialto_model::{
    Authentication, ContentHeader, Header, InstantMessage, MaxForwards, MessageHeaders,
    MessageOperation, ResponseStatus,
};

async fn echoes(library: PathBuf, config: &str, prefix: &str) {
    let gateway = Recorder::new();
    let adapter = started(library, config, &gateway).await;
    let original = operation("hello, \u{1F600}");
    let _looked_at = echo(&adapter, &gateway, original, prefix).await;
    adapter.stop(SOON).await.unwrap();
}

#[tokio::test]
async fn rust_echo_sends_the_message_back_to_its_source() {
    echoes(echo_plugin(), r#"{"prefix": "> "}"#, "> ").await;
}

#[tokio::test]
async fn c_echo_sends_the_message_back_to_its_source() {
    echoes(echo_c_plugin(), "{}", "").await;
}

#[test]
fn manifest_says_what_the_plugin_is() {
    let library = Library::open(&faulty_plugin()).unwrap();
    let manifest = library.manifest();
    assert_eq!((manifest.name(), manifest.version()), ("faulty", "0.1.0"));
    assert_eq!(manifest.schemes(), ["faulty", "broken"]);
    let lookups: Vec<_> = manifest.lookups().iter().map(ToString::to_string).collect();
    assert_eq!(lookups, ["srv _faulty._tcp tcp:", "address 7"]);
    assert_eq!(manifest.licence(), Some("MIT OR Apache-2.0"));
    assert_eq!(manifest.language(), Language::Rust);
    let c = Library::open(&echo_c_plugin()).unwrap();
    assert_eq!(
        (c.manifest().name(), c.manifest().language()),
        ("echo-c", Language::Other)
    );
}

#[tokio::test]
async fn two_adapters_of_one_library_have_their_own_configuration() {
    let gateway = Recorder::new();
    let fails = faulty("fails", &gateway).await;
    let works = faulty("none", &gateway).await;
    assert!(delivered(&works, "x").await.is_success());
    assert!(!delivered(&fails, "x").await.is_success());
    fails.stop(SOON).await.unwrap();
    drop(fails);
    assert!(delivered(&works, "x").await.is_success());
}

/// Everything that an operation can carry, with a payload of that length.
fn full(payload: usize) -> MessageOperation {
    let headers: MessageHeaders = [
        Header::new("Subject", "grüße")
            .with_language("de")
            .with_parameters("x=1"),
        Header::new("MyFeatures.Vital", ""),
    ]
    .into_iter()
    .collect();
    let message = InstantMessage::new("application/octet-stream", vec_bytes(payload))
        .with_headers(headers)
        .with_thread("thread-1")
        .with_content_headers(vec![ContentHeader::new("Content-ID", "<1@example.org>")]);
    let plain = operation("");
    MessageOperation::new(
        *plain.transaction_id(),
        plain.source().clone(),
        plain.destination().clone(),
        message,
    )
    .with_max_forwards(MaxForwards::new(9))
    .with_deadline(Duration::from_secs(5))
    .with_source_instance("phone")
    .with_destination_instance("")
    .with_next_hop("sip:proxy.example.net")
    .with_authentication(Authentication::Network)
    .with_identity("stanza-1\u{0}alice")
    .with_reference("")
    .with_time_to_live(Duration::from_secs(3600))
    .into_ephemeral()
}

fn vec_bytes(len: usize) -> rialto_model::Bytes {
    (0..len).map(|byte| byte as u8).collect::<Vec<_>>().into()
}

#[tokio::test]
async fn operation_crosses_there_and_back_unchanged() {
    let gateway = Recorder::new();
    let adapter = faulty("gives_up", &gateway).await;
    for payload in [0, 1, 200, 1023, 1024, 1 << 20] {
        let operation = full(payload);
        assert!(
            ended(adapter.deliver(operation.clone()))
                .await
                .status()
                .is_success()
        );
        let submitted = gateway.seen().submitted.pop();
        assert_eq!(submitted, Some(operation), "{payload} bytes");
    }
}

#[tokio::test]
async fn response_comes_to_the_gateway_with_the_token_of_its_delivery() {
    let gateway = Recorder::new();
    let (inside, later) = (
        faulty("none", &gateway).await,
        faulty("waits", &gateway).await,
    );
    inside.deliver_with(operation("x"), 41);
    let seen = gateway.until(|seen| seen.responded.len() == 1).await;
    assert_eq!(seen.responded[0].0, 41);
    let waiting = operation("x");
    let id = *waiting.transaction_id();
    later.deliver_with(waiting, 42);
    let seen = gateway.until(|seen| seen.responded.len() == 2).await;
    let (token, response) = &seen.responded[1];
    assert_eq!((*token, response.transaction_id()), (42, &id));
    assert!(response.status().is_success());
}

#[tokio::test]
async fn logs_and_measurements_reach_the_gateway() {
    let gateway = Recorder::new();
    let adapter = faulty("talks", &gateway).await;
    assert!(delivered(&adapter, "x").await.is_success());
    let seen = gateway.seen();
    assert_eq!(
        seen.logged,
        ["one INFO a line of the plugin [peer.addr=192.0.2.1:5060 attempt=3]"]
    );
    assert_eq!(
        seen.health,
        [Health::Degraded("the peer is slow".to_owned())]
    );
    assert_eq!(
        seen.measured,
        [
            ("messages_total".to_owned(), Measure::Count(2)),
            ("connections".to_owned(), Measure::Gauge(1.5)),
            ("delivery_seconds".to_owned(), Measure::Observe(0.25)),
        ]
    );
    adapter.set_level(tracing::Level::DEBUG);
    assert!(delivered(&adapter, "x").await.is_success());
    assert_eq!(gateway.seen().logged.len(), 3, "debug is wanted now");
}

#[tokio::test]
async fn delivery_that_is_dropped_is_cancelled_in_the_plugin() {
    let gateway = Recorder::new();
    let adapter = faulty("never_answers", &gateway).await;
    drop(adapter.deliver(operation("x")));
    gateway.until(|seen| seen.measured.len() == 2).await;
    assert_eq!(
        (gateway.counted("waiting"), gateway.counted("dropped")),
        (1, 1)
    );

    let ticket = adapter.deliver_with(operation("x"), 1);
    assert!(adapter.cancel(ticket));
    assert!(!adapter.cancel(ticket), "once");
    gateway.until(|seen| seen.measured.len() == 4).await;
    assert_eq!(gateway.counted("dropped"), 2);
    assert!(gateway.seen().responded.is_empty(), "nobody waits");
}

#[tokio::test]
async fn submission_that_is_dropped_is_cancelled_in_the_gateway() {
    let gateway = Recorder::holding();
    let adapter = faulty("gives_up", &gateway).await;
    assert!(delivered(&adapter, "x").await.is_success());
    let held = gateway.held();
    let [answer] = <[_; 1]>::try_from(held).unwrap();
    assert_eq!(gateway.seen().cancelled, [answer.id()]);
    assert_eq!(
        answer.send(&ResponseStatus::Success),
        rialto_loader::Receipt::Stale
    );
}

#[tokio::test]
async fn plugin_that_starts_beside_an_earlier_version_is_told_so_and_others_are_not() {
    let beside = c_plugin(
        "beside",
        r#"
        #include "rialto.h"
        static inline void *begins(const RialtoStart *start, RialtoCompletion done) {
            RialtoResponse yes = { .size = sizeof yes };
            start->host->count(start->host->ctx, (RialtoBytes){ (const uint8_t *)"beside", 6 }, start->flags);
            done.complete(done.ticket, &yes);
            return malloc(1);
        }
        #define START begins
        #define SERVICES (RIALTO_SERVICE_MESSAGES | RIALTO_CAN_HAND_OVER)
        "#,
    );
    for (flags, is_beside) in [(0, false), (rialto_abi::START_BESIDE, true)] {
        let gateway = Recorder::new();
        let loaded = declared("one", beside.clone(), "{}").load(&ClaimTable::new());
        let loaded = loaded.unwrap();
        assert!(loaded.manifest().hands_over());
        let loaded = if is_beside { loaded.beside() } else { loaded };
        let started = loaded.start(
            AdapterId::new(7),
            Arc::clone(&gateway) as _,
            tracing::Level::INFO,
            SOON,
        );
        let _adapter = started.await.unwrap();
        let counted = ("beside".to_owned(), Measure::Count(flags));
        gateway
            .until(|seen| seen.measured == [counted.clone()])
            .await;
    }
}

/// Leaves a file at each stop, twice, and says what the gateway makes of it, and what it finds at its start.
const LEAVES: &str = r#"
    #include "rialto.h"
    #include <fcntl.h>
    #include <unistd.h>
    static const RialtoHost *gateway;
    static inline void counts(const char *name, size_t len, uint64_t by) {
        gateway->count(gateway->ctx, (RialtoBytes){ (const uint8_t *)name, len }, by);
    }
    static inline void *begins(const RialtoStart *start, RialtoCompletion done) {
        RialtoResponse yes = { .size = sizeof yes };
        gateway = start->host;
        if (start->legacy) {
            int is_open = write(start->legacy->descriptor, "x", 1) == 1;
            counts("inherited", 9, is_open ? start->legacy->state.len : 0);
            close(start->legacy->descriptor);
        }
        done.complete(done.ticket, &yes);
        return malloc(1);
    }
    static inline void leaves(void *adapter, const RialtoStop *stop, RialtoCompletion done) {
        RialtoResponse yes = { .size = sizeof yes };
        for (int times = 0; times < 2; times++) {
            RialtoLegacy left = { .size = sizeof left, .descriptor = open("/dev/null", O_WRONLY),
                .state = { (const uint8_t *)"so far", 6 } };
            int is_taken = gateway->leave(gateway->ctx, &left) == RIALTO_ACCEPTED;
            counts(is_taken ? "taken" : "not_taken", is_taken ? 5 : 9, 1);
            if (!is_taken)
                close(left.descriptor);
        }
        counts("asked", 5, stop->flags);
        (void)adapter;
        done.complete(done.ticket, &yes);
    }
    #define START begins
    #define STOP leaves
"#;

async fn leaving(library: PathBuf, legacy: Option<Legacy>, gateway: &Arc<Recorder>) -> Adapter {
    let loaded = declared("one", library, "{}").load(&ClaimTable::new());
    let loaded = loaded.unwrap().inheriting(legacy);
    let gateway = Arc::clone(gateway) as _;
    let started = loaded.start(AdapterId::new(7), gateway, tracing::Level::INFO, SOON);
    started.await.unwrap()
}

#[tokio::test]
async fn connection_that_is_left_belongs_to_the_version_that_starts_with_it() {
    let says_so = "#define SERVICES (RIALTO_SERVICE_MESSAGES | RIALTO_CAN_SUCCEED)";
    let library = c_plugin("leaves", &format!("{LEAVES}{says_so}\n"));
    let gateway = Recorder::new();
    let first = leaving(library.clone(), None, &gateway).await;
    assert_eq!(first.can_leave(), first.process().is_none());
    let (stopped, legacy) = first.leave(SOON).await;
    stopped.unwrap();
    let Some(legacy) = legacy else {
        assert!(!first.can_leave(), "a process of its own keeps all it has");
        return;
    };
    assert_eq!(legacy.state(), b"so far");
    let second = leaving(library, Some(legacy), &gateway).await;
    second.stop(SOON).await.unwrap();
    let said = gateway.seen().measured;
    let said = said.iter().map(|(name, measure)| (&**name, measure));
    let expected = [
        ("taken", 1),
        ("not_taken", 1), // there is one
        ("asked", rialto_abi::STOP_LEAVING),
        ("inherited", 6),
        ("not_taken", 1), // nobody follows
        ("not_taken", 1),
        ("asked", 0),
    ];
    let expected = expected.map(|(name, by)| (name, Measure::Count(by)));
    assert!(said.eq(expected.iter().map(|(name, by)| (*name, by))));
}

#[tokio::test]
async fn plugin_that_does_not_say_that_it_succeeds_is_given_nothing() {
    let gateway = Recorder::new();
    let library = c_plugin("leaves_unsaid", LEAVES);
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let legacy = Legacy::new(ours, Vec::new());
    let adapter = leaving(library, legacy, &gateway).await;
    assert!(!adapter.can_leave());
    assert_eq!(gateway.counted("inherited"), 0);
    assert_eq!(theirs.read(&mut [0]).unwrap(), 0, "it is closed");
}

#[tokio::test]
async fn claimed_address_is_free_again_when_its_adapter_is_gone() {
    let (gateway, claims) = (Recorder::new(), ClaimTable::new());
    let config = r#"{"listen": ["127.0.0.1:5060"], "domain": "gw.example"}"#;
    let declared = |name: &str| declared(name, faulty_plugin(), config);
    let loaded = declared("a").load(&claims).unwrap();
    let claimed: Vec<_> = loaded.claims().iter().map(Claim::to_string).collect();
    assert_eq!(claimed, ["udp 127.0.0.1:5060", "domain gw.example"]);
    let a = loaded
        .start(
            AdapterId::new(1),
            Arc::clone(&gateway) as _,
            tracing::Level::INFO,
            SOON,
        )
        .await
        .unwrap();
    assert_eq!(
        declared("b").load(&claims).unwrap_err().to_string(),
        "adapter b: udp 127.0.0.1:5060 is taken by adapter a; give one of them another"
    );
    assert!(delivered(&a, "x").await.is_success(), "not disturbed");
    a.stop(SOON).await.unwrap();
    drop(a);
    assert!(declared("b").load(&claims).is_ok());
}

//! What ends a process, or has to: its adapter begins again, and no other hears of it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use rialto_loader::{Adapter, AdapterId, ClaimTable, Declared, Health, Isolation, LoadError};
use rialto_model::{FailureReason, ResponseStatus, Retry};

use crate::support::*;

/// What "for good" is in these tests.
const AGES: Duration = Duration::from_secs(3600);

/// Does what the first byte of a message says.
pub(crate) fn fatal() -> PathBuf {
    let code = r#"
        #define _DEFAULT_SOURCE
        #include "rialto.h"
        #include <fcntl.h>
        #include <pthread.h>
        #include <stdio.h>
        #include <string.h>
        #include <sys/mman.h>
        #include <unistd.h>
        static int *volatile nowhere;
        static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
        static void answer(RialtoCompletion done, unsigned number) {
            char text[16];
            RialtoResponse r = { .size = sizeof r };
            if (number > 0) {
                r.status = RIALTO_FAILURE;
                r.reason = RIALTO_REASON_REFUSED;
                r.detail = (RialtoBytes){ (const uint8_t *)text, (size_t)snprintf(text, sizeof text, "%u", number) };
            }
            done.complete(done.ticket, &r);
        }
        static void fatal(void *adapter, const RialtoOperation *operation, RialtoCompletion done) {
            unsigned number = 0;
            (void)adapter;
            switch (operation->payload.len > 0 ? operation->payload.ptr[0] : 0) {
            case 's': *nowhere = 1; break;
            case 'a': fputs("no way out\n", stderr); abort();
            case 'e': _exit(3);
            case 'b': for (;;) {}
            case 'd': pthread_mutex_lock(&once), pthread_mutex_lock(&once); break;
            case 'm': for (;;) memset(malloc(1 << 20), 1, 1 << 20);
            case 'h': {
                size_t size = (size_t)192 << 20;
                memset(mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), 1, size);
                break;
            }
            case 'f': while (open("/dev/null", O_RDONLY) >= 0) number++; break;
            case 'n': return;
            }
            answer(done, number);
        }
        #define DELIVER fatal"#;
    c_plugin("fatal", code)
}

async fn run(isolation: Isolation, gateway: &Arc<Recorder>) -> Adapter {
    start(fatal(), isolation, gateway)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

async fn start(
    library: PathBuf,
    isolation: Isolation,
    gateway: &Arc<Recorder>,
) -> Result<Adapter, LoadError> {
    let declared = Declared::new("one", library, "{}".to_owned());
    let loaded = declared.isolated(isolation).load(&ClaimTable::new())?;
    let gateway = Arc::clone(gateway);
    loaded
        .start(AdapterId::new(7), gateway, tracing::Level::INFO, SOON)
        .await
}

/// Waits until the adapter is up again.
async fn up_again(gateway: &Recorder) {
    gateway
        .until(|seen| seen.health.last() == Some(&Health::Up))
        .await;
}

pub(crate) fn may_have_arrived(status: ResponseStatus) -> String {
    let ResponseStatus::Failure(failure) = status else {
        panic!("{status:?} is no failure");
    };
    assert_eq!(
        (failure.reason(), failure.retry()),
        (FailureReason::TimedOut, Retry::Never),
        "{failure}"
    );
    let words = failure
        .detail()
        .strip_prefix("the message may have arrived: ");
    words.unwrap().to_owned()
}

/// The message that ends the process, and what is said of that: one of these.
async fn survives(isolation: Isolation, order: &str, words: &[&str]) {
    let is_said = |why: &str| words.iter().any(|words| why.starts_with(words));
    let (gateway, others) = (Recorder::new(), Recorder::new());
    let adapter = run(isolation, &gateway).await;
    let other = run(own_process(), &others).await;
    assert!(delivered(&adapter, "x").await.is_success());
    let before = adapter.process();
    let why = may_have_arrived(delivered(&adapter, order).await);
    assert!(is_said(&why), "{why}");
    up_again(&gateway).await;
    let health = gateway.seen().health;
    let [Health::Degraded(said), Health::Up] = health.as_slice() else {
        panic!("first degraded, then up");
    };
    assert!(is_said(said), "{said}");
    assert_ne!(adapter.process(), before, "another process");
    assert!(delivered(&adapter, "x").await.is_success(), "as before");
    assert!(delivered(&other, "x").await.is_success());
    assert!(others.seen().health.is_empty(), "nothing happened to it");
    adapter.stop(SOON).await.unwrap();
}

#[tokio::test]
async fn adapter_begins_again_after_a_segmentation_fault() {
    survives(own_process(), "s", &["its process dies of SIGSEGV"]).await;
}

#[tokio::test]
async fn adapter_begins_again_after_an_abort_and_its_last_words_are_told() {
    survives(
        own_process(),
        "a",
        &["its process dies of SIGABRT: no way out"],
    )
    .await;
}

#[tokio::test]
async fn adapter_begins_again_after_an_exit() {
    survives(own_process(), "e", &["its process exits with code 3"]).await;
}

#[tokio::test]
async fn adapter_begins_again_after_a_busy_loop() {
    let silence = Duration::from_millis(500);
    let isolation = own_process().with_silence(silence);
    survives(isolation, "b", &["its process does nothing for 500ms"]).await;
}

#[tokio::test]
async fn adapter_begins_again_after_a_deadlock() {
    let silence = Duration::from_millis(500);
    let isolation = own_process().with_silence(silence);
    survives(isolation, "d", &["its process does nothing for 500ms"]).await;
}

#[tokio::test]
async fn adapter_begins_again_when_memory_is_refused_to_it() {
    let isolation = own_process().with_memory(128 << 20);
    // It may be seen before it is refused.
    let ends = ["its process dies of SIGSEGV", "its process holds"];
    survives(isolation, "m", &ends).await;
}

#[tokio::test]
async fn adapter_begins_again_when_it_holds_more_memory_than_it_may() {
    let gateway = Recorder::new();
    let isolation = own_process().with_memory(128 << 20);
    let adapter = run(isolation, &gateway).await;
    // Memory that is shared is not what the system's limit counts.
    let _ended_or_not = delivered(&adapter, "h").await;
    up_again(&gateway).await;
    let seen = gateway.seen();
    let Some(Health::Degraded(said)) = seen.health.first() else {
        panic!("{seen:?}");
    };
    assert!(said.contains("MiB, of 128 MiB that it may"), "{said}");
    assert!(delivered(&adapter, "x").await.is_success());
}

#[tokio::test]
async fn adapter_that_leaks_descriptors_runs_out_of_its_own() {
    let gateway = Recorder::new();
    let adapter = run(own_process(), &gateway).await;
    let (_, leaked) = failed(delivered(&adapter, "f").await);
    let leaked: usize = leaked.parse().unwrap();
    assert!((1..8192).contains(&leaked), "{leaked}");
    assert!(std::fs::File::open("/dev/null").is_ok());
    assert!(delivered(&adapter, "x").await.is_success());
}

#[tokio::test]
async fn adapter_that_fails_too_often_is_disabled_with_the_reason() {
    let gateway = Recorder::new();
    let isolation = own_process().with_failures(2, AGES);
    let adapter = run(isolation, &gateway).await;
    for failure in 1..=3 {
        may_have_arrived(delivered(&adapter, "e").await);
        // Degraded and up, each time; the last time only degraded.
        let words = (2 * failure).min(5);
        gateway.until(|seen| seen.health.len() == words).await;
    }
    let reason = "the adapter is disabled: its process failed 3 times within 3600s, the last time because its \
                  process exits with code 3";
    assert_eq!(
        gateway.seen().health.last(),
        Some(&Health::Disabled(reason.to_owned()))
    );
    let refused = failed(delivered(&adapter, "x").await);
    assert_eq!(refused, (FailureReason::Unreachable, reason.to_owned()));
    assert_eq!(adapter.process(), None);
    adapter.stop(SOON).await.unwrap();
}

const CRASHES_AT_START: &str = r#"
    #define _DEFAULT_SOURCE
    #include "rialto.h"
    #include <unistd.h>
    static void *crashes(const RialtoStart *start, RialtoCompletion done);
    #define START crashes
    static void leaves(void *adapter, const RialtoOperation *operation, RialtoCompletion done) {
        (void)adapter, (void)operation, (void)done;
        _exit(4);
    }
    #define DELIVER leaves
    static void *crashes(const RialtoStart *start, RialtoCompletion done) {
        RialtoResponse yes = { .size = sizeof yes };
        (void)start;
        if (access(MARKER, F_OK) == 0) abort();
        done.complete(done.ticket, &yes);
        return malloc(1);
    }"#;

/// A plugin that crashes at start once a file is in the folder of its library.
fn crashes_at_start() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (library, marker) = (folder.path().join("libc.so"), folder.path().join("marker"));
    let defines = format!(
        "#define MARKER {:?}\n{CRASHES_AT_START}",
        marker.display().to_string()
    );
    let name = format!("crashes_at_start_{}", std::process::id());
    std::fs::copy(c_plugin(&name, &defines), &library).unwrap();
    (folder, library, marker)
}

#[tokio::test]
async fn crash_at_start_is_a_refusal() {
    let (_folder, library, marker) = crashes_at_start();
    std::fs::write(marker, "").unwrap();
    let error = start(library, own_process(), &Recorder::new())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "adapter one: did not start: its process dies of SIGABRT; report it to the plugin's author"
    );
}

#[tokio::test]
async fn adapter_that_crashes_whenever_it_begins_again_is_disabled() {
    let (_folder, library, marker) = crashes_at_start();
    let gateway = Recorder::new();
    let isolation = own_process().with_failures(3, AGES);
    let adapter = start(library, isolation, &gateway).await.unwrap();
    std::fs::write(marker, "").unwrap();
    may_have_arrived(delivered(&adapter, "x").await);
    let seen = gateway
        .until(|seen| matches!(seen.health.last(), Some(Health::Disabled(_))))
        .await;
    assert_eq!(seen.health.len(), 4, "three attempts: {:?}", seen.health);
    assert!(!seen.health.contains(&Health::Up));
}

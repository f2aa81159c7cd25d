//! What plugins do wrong while they run: one failed operation, and nothing else disturbed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::support::*;
use rialto_loader::{AdapterId, ClaimTable, Gateway, Health, Measure, SubmissionId, SubmitAnswer};
use rialto_model::{
    DispositionOperation, FailureReason, MessageOperation, Response, ResponseStatus,
};
use tokio::task::JoinSet;

const SHORT: Duration = Duration::from_millis(20);

#[tokio::test]
async fn panic_fails_its_own_operation_only() {
    let gateway = Recorder::new();
    let works = faulty("none", &gateway).await;
    for (fault, words) in [
        ("panic_in_call", "the plugin panicked: deliver: a bug"),
        (
            "panic_after_wait",
            "the plugin panicked: deliver: a late bug",
        ),
    ] {
        let adapter = faulty(fault, &gateway).await;
        for _ in 0..3 {
            let status = delivered(&adapter, "x").await;
            assert_eq!(failed(status), (FailureReason::Internal, words.to_owned()));
        }
        assert!(delivered(&works, "x").await.is_success());
        adapter.stop(SOON).await.unwrap();
    }
}

#[tokio::test]
async fn error_becomes_a_failure_with_its_causes() {
    let adapter = faulty("fails", &Recorder::new()).await;
    let (reason, words) = failed(delivered(&adapter, "x").await);
    assert_eq!(reason, FailureReason::Refused);
    assert_eq!(words, "the far side said no: 550 no such user");
}

#[tokio::test]
async fn answer_to_another_operation_is_a_failure() {
    let adapter = faulty("answers_another", &Recorder::new()).await;
    let (reason, words) = failed(delivered(&adapter, "x").await);
    assert_eq!(reason, FailureReason::Internal);
    assert_eq!(words, "the plugin answered another operation");
}

#[tokio::test]
async fn rust_plugin_that_never_answers_is_answered_for_at_the_deadline() {
    let gateway = Recorder::new();
    let adapter = faulty("never_answers", &gateway).await;
    let response = ended(adapter.deliver(operation("x").with_deadline(SHORT))).await;
    assert_eq!(failed(response.into_status()).0, FailureReason::TimedOut);
    gateway.until(|seen| seen.measured.len() == 2).await;
    assert_eq!(gateway.counted("dropped"), 1, "its future is gone");
}

#[tokio::test]
async fn c_plugin_that_never_answers_is_answered_for_at_the_deadline() {
    let gateway = Recorder::new();
    let never = c_plugin("never", "#define ANSWER(done) (void)(done)");
    let adapter = started(never, "{}", &gateway).await;
    let response = ended(adapter.deliver(operation("x").with_deadline(SHORT))).await;
    let (reason, words) = failed(response.into_status());
    assert_eq!(
        (reason, words.as_str()),
        (
            FailureReason::TimedOut,
            "the adapter did not answer in time"
        )
    );
    adapter.deliver_with(operation("x").with_deadline(SHORT), 5);
    let seen = gateway.until(|seen| !seen.responded.is_empty()).await;
    assert_eq!(seen.responded[0].0, 5);
}

#[tokio::test]
async fn plugin_that_hangs_as_it_hears_of_its_deadline_keeps_nobody_waiting() {
    let code = "#define _DEFAULT_SOURCE
        #include \"rialto.h\"
        #include <unistd.h>
        static void hangs(void *adapter, uint64_t ticket) {
            (void)adapter, (void)ticket;
            for (;;) pause();
        }
        #define CANCEL hangs
        #define ANSWER(done) (void)(done)";
    let gateway = Recorder::new();
    let hangs = started(c_plugin("hangs_in_cancel", code), "{}", &gateway).await;
    let never = c_plugin("never", "#define ANSWER(done) (void)(done)");
    let never = started(never, "{}", &gateway).await;
    for token in 0..3 {
        hangs.deliver_with(operation("x").with_deadline(SHORT), token);
        gateway
            .until(|seen| seen.responded.len() > token as usize)
            .await;
    }
    never.deliver_with(operation("x").with_deadline(SHORT), 3);
    gateway.until(|seen| seen.responded.len() == 4).await;
}

#[tokio::test]
async fn second_answer_changes_nothing() {
    let twice = r#"#include "rialto.h"
        static inline void twice(RialtoCompletion done) {
            RialtoResponse yes = { .size = sizeof yes };
            RialtoResponse no = { .size = sizeof no, .status = RIALTO_FAILURE };
            if (done.complete(done.ticket, &yes) != RIALTO_ACCEPTED) abort();
            if (done.complete(done.ticket, &no) != RIALTO_STALE) abort();
        }
        #define ANSWER(done) twice(done)"#;
    let library = c_plugin("twice", twice);
    let gateway = Recorder::new();
    let adapter = started(library, "{}", &gateway).await;
    for _ in 0..100 {
        assert!(delivered(&adapter, "x").await.is_success());
    }
    adapter.deliver_with(operation("x"), 1);
    gateway.until(|seen| !seen.responded.is_empty()).await;
    assert!(delivered(&adapter, "x").await.is_success());
    assert_eq!(gateway.seen().responded.len(), 1);
}

#[tokio::test]
async fn late_answer_is_refused() {
    let late = r#"#include "rialto.h"
        static RialtoCompletion kept;
        static inline void keep(RialtoCompletion done) {
            RialtoResponse yes = { .size = sizeof yes };
            if (kept.complete && kept.complete(kept.ticket, &yes) != RIALTO_STALE) abort();
            kept = done;
        }
        #define ANSWER(done) keep(done)"#;
    let adapter = started(c_plugin("late", late), "{}", &Recorder::new()).await;
    for _ in 0..3 {
        let response = ended(adapter.deliver(operation("x").with_deadline(SHORT))).await;
        assert_eq!(failed(response.into_status()).0, FailureReason::TimedOut);
        drop(adapter.deliver(operation("x")));
    }
}

#[tokio::test]
async fn garbage_answer_is_a_failure_that_says_so() {
    for (name, garbage, words) in [
        ("null", "done.complete(done.ticket, 0)", "a struct is null"),
        (
            "short",
            "r.size = 8; done.complete(done.ticket, &r)",
            "a struct has 8 bytes, at least 64 are needed",
        ),
        (
            "status",
            "r.status = 4711; done.complete(done.ticket, &r)",
            "the status has the unknown number 4711",
        ),
        (
            "detail",
            "r.status = 1; r.detail.len = 9; done.complete(done.ticket, &r)",
            "the detail has a length but no memory",
        ),
        (
            "endless",
            "r.status = 1; r.detail = (RialtoBytes){ (const uint8_t *)\"x\", SIZE_MAX }; done.complete(done.ticket, &r)",
            "the detail has a length of 18446744073709551615, at most 67108864 is taken",
        ),
        (
            "latin1",
            "r.status = 1; r.detail = (RialtoBytes){ (const uint8_t *)\"\\xff\", 1 }; done.complete(done.ticket, &r)",
            "the detail is not UTF-8",
        ),
        (
            "another",
            "r.transaction_id = (RialtoBytes){ (const uint8_t *)\"x\", 1 }; done.complete(done.ticket, &r)",
            "the response carries the identifier of another operation",
        ),
    ] {
        let code = format!(
            "#include \"rialto.h\"
            static inline void garbage(RialtoCompletion done) {{
                RialtoResponse r = {{ .size = sizeof r }};
                (void)r;
                {garbage};
            }}
            #define ANSWER(done) garbage(done)"
        );
        let library = c_plugin(&format!("garbage_{name}"), &code);
        let adapter = started(library, "{}", &Recorder::new()).await;
        let (reason, detail) = failed(delivered(&adapter, "x").await);
        assert_eq!(reason, FailureReason::Internal, "{name}");
        assert_eq!(detail, format!("malformed response: {words}"), "{name}");
    }
}

#[tokio::test]
async fn invented_tickets_are_refused() {
    let code = "#include \"rialto.h\"
        static inline void invent(RialtoCompletion done) {
            RialtoResponse yes = { .size = sizeof yes };
            const uint64_t wild[] = { 0, 1, UINT64_MAX, done.ticket + 1, done.ticket ^ (1ull << 40), ~done.ticket };
            for (int i = 0; i < 6; i++)
                if (done.complete(wild[i], &yes) != RIALTO_STALE) abort();
            done.complete(done.ticket, &yes);
        }
        #define ANSWER(done) invent(done)";
    let adapter = started(c_plugin("invents", code), "{}", &Recorder::new()).await;
    assert!(delivered(&adapter, "x").await.is_success());
}

#[tokio::test]
async fn answer_from_a_thread_of_the_plugin_is_taken() {
    let code = "#include \"rialto.h\"
        #include <pthread.h>
        static void *answer(void *arg) {
            RialtoCompletion *done = arg;
            RialtoResponse maybe = { .size = sizeof maybe, .status = RIALTO_INDETERMINANT };
            done->complete(done->ticket, &maybe);
            free(done);
            return 0;
        }
        static inline void later(RialtoCompletion done) {
            pthread_t thread;
            RialtoCompletion *kept = malloc(sizeof *kept);
            *kept = done;
            pthread_create(&thread, 0, answer, kept);
            pthread_detach(thread);
        }
        #define ANSWER(done) later(done)";
    let gateway = Recorder::new();
    let adapter = started(c_plugin("threaded", code), "{}", &gateway).await;
    assert_eq!(
        delivered(&adapter, "x").await,
        ResponseStatus::Indeterminant
    );
    adapter.deliver_with(operation("x"), 3);
    gateway.until(|seen| seen.responded.len() == 1).await;
}

#[tokio::test]
async fn panic_of_a_task_is_logged_and_degrades_its_adapter() {
    let gateway = Recorder::new();
    let adapter = faulty("task_panics", &gateway).await;
    let seen = gateway.until(|seen| !seen.health.is_empty()).await;
    assert_eq!(
        seen.health,
        [Health::Degraded(
            "task clumsy: the plugin panicked: task: a bug".to_owned()
        )]
    );
    // What the plugin writes to its standard error is logged as well, where that is its own.
    let errors = seen.logged.iter().filter(|line| line.contains(" ERROR "));
    assert_eq!(
        errors.collect::<Vec<_>>(),
        ["one ERROR a task panicked [task=clumsy panic=the plugin panicked: task: a bug]"]
    );
    assert!(delivered(&adapter, "x").await.is_success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_from_many_threads_end_once_each() {
    let gateway = Recorder::new();
    let adapter = faulty("waits", &gateway).await;
    let mut tasks = JoinSet::new();
    for task in 0..8_u64 {
        let adapter = adapter.clone();
        tasks.spawn(async move {
            for at in 0..100 {
                adapter.deliver_with(operation("x"), task * 100 + at);
                assert!(adapter.deliver(operation("x")).await.status().is_success());
            }
        });
    }
    tasks.join_all().await;
    let seen = gateway.until(|seen| seen.responded.len() >= 800).await;
    let mut tokens: Vec<_> = seen.responded.iter().map(|(token, _)| *token).collect();
    tokens.sort_unstable();
    assert_eq!(tokens, (0..800).collect::<Vec<_>>());
    assert!(
        gateway
            .seen()
            .responded
            .iter()
            .all(|(_, response)| response.status().is_success())
    );
}

#[tokio::test]
async fn endless_deadline_is_a_deadline_like_another() {
    let adapter = faulty("waits", &Recorder::new()).await;
    let endless = operation("x").with_deadline(Duration::MAX);
    assert!(ended(adapter.deliver(endless)).await.status().is_success());
}

/// A gateway that panics at the first response, and hands on the others.
struct Clumsy(AtomicBool, Arc<Recorder>);

impl Gateway for Clumsy {
    fn submit(&self, _: AdapterId, _: MessageOperation, _: SubmitAnswer) {}
    fn submit_disposition(&self, _: AdapterId, _: DispositionOperation, _: SubmitAnswer) {}
    fn cancelled(&self, _: AdapterId, _: SubmissionId) {}
    fn responded(&self, adapter: AdapterId, token: u64, response: Response) {
        assert!(self.0.swap(true, Ordering::SeqCst), "on purpose");
        self.1.responded(adapter, token, response);
    }
    fn disposition_responded(&self, _: AdapterId, _: u64, _: Response) {}
    fn measured(&self, _: AdapterId, _: &str, _: Measure) {}
    fn health(&self, _: AdapterId, _: Health) {}
}

#[tokio::test]
async fn panic_of_the_gateway_at_a_timeout_leaves_other_deliveries_their_deadlines() {
    let recorder = Recorder::new();
    let never = c_plugin("never", "#define ANSWER(done) (void)(done)");
    let loaded = declared("one", never, "{}")
        .load(&ClaimTable::new())
        .unwrap();
    let gateway = Arc::new(Clumsy(AtomicBool::new(false), Arc::clone(&recorder)));
    let adapter = loaded
        .start(AdapterId::new(1), gateway, tracing::Level::INFO, SOON)
        .await
        .unwrap();
    adapter.deliver_with(operation("x").with_deadline(SHORT), 1);
    adapter.deliver_with(operation("x").with_deadline(10 * SHORT), 2);
    let seen = recorder.until(|seen| !seen.responded.is_empty()).await;
    assert_eq!(seen.responded.len(), 1);
    assert_eq!(
        failed(seen.responded[0].1.status().clone()).0,
        FailureReason::TimedOut
    );
}

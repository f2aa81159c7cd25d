//! What becomes of what is on its way when a process is killed: each operation has one answer, and it is true.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rialto_loader::{Adapter, AdapterId, ClaimTable, Declared, Receipt};
use rialto_model::{FailureReason, MessageOperation, ResponseStatus, Retry};

use crate::support::*;

/// Kills and messages of the test; `RIALTO_KILLS=100` for more.
const KILLS: usize = 10;
const BETWEEN_KILLS: usize = 500;

fn kill_process(adapter: &Adapter) -> bool {
    let process = adapter.process().and_then(|id| i32::try_from(id).ok());
    process.is_some_and(|id| kill(Pid::from_raw(id), Signal::SIGKILL).is_ok())
}

async fn echo(gateway: &Arc<Recorder>) -> Adapter {
    let isolation = own_process().with_failures(10_000, Duration::from_millis(1));
    let declared = Declared::new("echo", echo_plugin(), "{}".to_owned()).isolated(isolation);
    let loaded = declared.load(&ClaimTable::new()).unwrap();
    let gateway = Arc::clone(gateway);
    let starting = loaded.start(AdapterId::new(7), gateway, tracing::Level::INFO, SOON);
    starting.await.unwrap()
}

fn text(operation: &MessageOperation) -> String {
    String::from_utf8(operation.message().payload().as_bytes().to_vec()).unwrap()
}

/// What the response says of the delivery: it was, it was not, it may have been.
fn said(status: &ResponseStatus) -> Option<bool> {
    match status {
        ResponseStatus::Success => Some(true),
        ResponseStatus::Failure(failure) => match (failure.reason(), failure.retry()) {
            (FailureReason::Unreachable, Retry::After(_) | Retry::Backoff) => Some(false),
            (FailureReason::TimedOut, Retry::Never) => None,
            other => panic!("{other:?}: {failure}"),
        },
        ResponseStatus::Indeterminant => panic!("nobody said so"),
    }
}

/// The echo of a message is submitted before the message is answered: so it shows what was delivered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_processes_leave_each_operation_with_one_true_answer() {
    let kills = std::env::var("RIALTO_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let gateway = Recorder::new();
    let adapter = echo(&gateway).await;
    let (mut sent, mut away) = (0, Vec::new());
    for _ in 0..kills {
        for at in 0..BETWEEN_KILLS {
            adapter.deliver_with(operation(&format!("{sent}")), sent);
            sent += 1;
            if at == BETWEEN_KILLS / 2 {
                assert!(kill_process(&adapter));
            }
        }
        let since = now();
        while !delivered(&adapter, "probe").await.is_success() {
            tokio::task::yield_now().await;
        }
        away.push(since.elapsed());
    }
    let seen = gateway
        .until(|seen| seen.responded.len() as u64 >= sent)
        .await;
    let answers: HashMap<_, _> = seen
        .responded
        .iter()
        .map(|(token, response)| (token.to_string(), said(response.status())))
        .collect();
    assert_eq!(answers.len(), seen.responded.len(), "one for each");
    assert_eq!(answers.len() as u64, sent, "and each has one");
    let echoed: HashSet<_> = seen.submitted.iter().map(text).collect();
    for (token, answer) in &answers {
        match answer {
            Some(true) => assert!(echoed.contains(token), "{token} was lost"),
            Some(false) => assert!(!echoed.contains(token), "{token} was delivered"),
            None => {}
        }
    }
    away.sort_unstable();
    println!(
        "{kills} kills: back after {:?} (median), {:?} (longest)",
        away[kills / 2],
        away[kills - 1]
    );
}

#[tokio::test]
async fn submissions_of_a_killed_process_are_cancelled() {
    let gateway = Recorder::holding();
    let adapter = started(faulty_plugin(), r#"{"fault": "submits"}"#, &gateway).await;
    adapter.deliver_with(operation("1"), 1);
    gateway.until(|seen| seen.submitted.len() == 1).await;
    assert!(kill_process(&adapter));
    let seen = gateway.until(|seen| seen.responded.len() == 1).await;
    assert_eq!(said(seen.responded[0].1.status()), None);
    let seen = gateway.until(|seen| !seen.cancelled.is_empty()).await;
    let [held] = <[_; 1]>::try_from(gateway.held()).unwrap();
    assert_eq!(seen.cancelled, [held.id()]);
    assert_eq!(held.send(&ResponseStatus::Success), Receipt::Stale);
}

#[tokio::test]
async fn delivery_to_a_process_that_is_away_fails_at_once_and_says_when_to_come_back() {
    let gateway = Recorder::new();
    let adapter = faulty("none", &gateway).await;
    assert!(kill_process(&adapter));
    gateway.until(|seen| !seen.health.is_empty()).await;
    let response = ended(adapter.deliver(operation("x"))).await;
    // It may be back by now.
    if let ResponseStatus::Failure(failure) = response.into_status() {
        assert_eq!(failure.reason(), FailureReason::Unreachable);
        assert!(matches!(failure.retry(), Retry::After(_)), "{failure:?}");
    }
}

#[tokio::test]
async fn process_ends_with_its_adapter() {
    let adapter = faulty("none", &Recorder::new()).await;
    let process = adapter.process().unwrap();
    adapter.stop(SOON).await.unwrap();
    drop(adapter);
    let gone = async {
        while std::path::Path::new(&format!("/proc/{process}")).exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, gone).await.unwrap();
}

#[expect(clippy::disallowed_methods, reason = "is printed, and asserts nothing")]
fn now() -> Instant {
    Instant::now()
}

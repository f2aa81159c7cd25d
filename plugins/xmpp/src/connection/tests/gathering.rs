//! Messages that gather while the answer to a ping is near, to be written with the next one.

use std::time::Duration;

use rialto_sdk::model::ResponseStatus;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::super::fake::{FakeServer, Rig, operation};

/// How long the first answer takes.
const SOON: Duration = Duration::from_micros(200);
const LATE: Duration = Duration::from_millis(5);

/// A server that has answered one ping, after that time, and was sent two more messages with another ping between them.
async fn with_two_unproven(
    time: Duration,
) -> (Rig, FakeServer, String, Vec<JoinHandle<ResponseStatus>>) {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let first = rig.deliver(operation("t0", "x"));
    server.message().await;
    let ping = server.ping().await;
    sleep(time).await;
    server.pong(&ping).await;
    assert_eq!(first.await.unwrap(), ResponseStatus::Success);
    let mut delivered = vec![rig.deliver(operation("t1", "x"))];
    server.message().await;
    let ping = server.ping().await;
    delivered.push(rig.deliver(operation("t2", "x")));
    server.message().await;
    rig.settle().await;
    (rig, server, ping, delivered)
}

async fn ids<const N: usize>(server: &mut FakeServer) -> [String; N] {
    let mut ids = [const { String::new() }; N];
    for id in &mut ids {
        *id = server.message().await.id.unwrap().to_string();
    }
    ids
}

#[tokio::test(start_paused = true)]
async fn more_than_a_few_wait_for_an_answer_that_is_near_and_go_out_in_order_before_the_next_ping()
{
    let (rig, mut server, ping, mut delivered) = with_two_unproven(SOON).await;
    for id in ["t3", "t4", "t5"] {
        delivered.push(rig.deliver(operation(id, "x")));
        rig.settle().await;
    }
    let began = Instant::now();
    server.pong(&ping).await;
    assert_eq!(ids(&mut server).await, ["t3", "t4", "t5"]);
    let ping = server.ping().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    server.pong(&ping).await;
    for delivered in delivered {
        assert_eq!(delivered.await.unwrap(), ResponseStatus::Success);
    }
}

#[tokio::test(start_paused = true)]
async fn what_gathers_is_not_written_before_the_answer_and_not_held_longer_than_it_is_near() {
    let (rig, mut server, _unanswered, _delivered) = with_two_unproven(SOON).await;
    let began = Instant::now();
    let _delivered = ["t3", "t4"].map(|id| rig.deliver(operation(id, "x")));
    assert_eq!(ids(&mut server).await, ["t3", "t4"]);
    let held = began.elapsed();
    assert!(
        held > Duration::ZERO && held <= Duration::from_millis(2),
        "{held:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_gathers_behind_a_server_whose_answers_take_long() {
    let (rig, mut server, _unanswered, _delivered) = with_two_unproven(LATE).await;
    let began = Instant::now();
    let _delivered = ["t3", "t4"].map(|id| rig.deliver(operation(id, "x")));
    assert_eq!(ids(&mut server).await, ["t3", "t4"]);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_is_long_is_written_at_once() {
    let (rig, mut server, _unanswered, _delivered) = with_two_unproven(SOON).await;
    let began = Instant::now();
    let long = "x".repeat(16 * 1024);
    let _delivered = ["t3", "t4"].map(|id| rig.deliver(operation(id, &long)));
    assert_eq!(ids(&mut server).await, ["t3", "t4"]);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn stopping_waits_for_what_gathers() {
    let (rig, mut server, ping, _delivered) = with_two_unproven(SOON).await;
    let last = rig.deliver(operation("t3", "x"));
    rig.settle().await;
    let stopped = rig.stop();
    assert_eq!(ids(&mut server).await, ["t3"]);
    server.pong(&ping).await;
    server.prove().await;
    assert_eq!(last.await.unwrap(), ResponseStatus::Success);
    stopped.await.unwrap();
}

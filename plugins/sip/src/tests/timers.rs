//! The clock of these is stopped and jumps from timer to timer.

use std::time::Duration;

use rialto_sdk::prelude::{
    FailureReason, InstantInbox, InstantMessage, MessageOperation, ResponseStatus, TransactionId,
};
use tokio::time::Instant;

use super::{Fake, Peer, message, peer::status, start, udp};

/// Timers of the loop tick every 10 ms.
const TOLERANCE: u128 = 25;

fn is_near(elapsed: Duration, expected: u128) -> bool {
    (expected..=expected + TOLERANCE).contains(&elapsed.as_millis())
}

#[tokio::test(start_paused = true)]
async fn rfc3261_17_1_2_request_without_an_answer_is_sent_again_and_then_given_up() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start(&gateway);
    let operation = MessageOperation::new(
        TransactionId::parse(b"op").unwrap(),
        InstantInbox::parse("im:juliet@xmpp.example").unwrap(),
        InstantInbox::parse("im:romeo@sip.example").unwrap(),
        InstantMessage::text("x"),
    )
    .with_next_hop(format!("udp:{}", peer.address()));
    let start = Instant::now();
    let copies = async {
        let (first, _) = peer.receive().await;
        for expected in [
            500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
        ] {
            let (copy, _) = peer.receive().await;
            assert_eq!(copy, first);
            assert!(
                is_near(start.elapsed(), expected),
                "{:?}, not {expected}",
                start.elapsed()
            );
        }
    };
    let (answer, ()) = tokio::join!(adapter.outbound().deliver(operation), copies);
    assert!(is_near(start.elapsed(), 32_000), "{:?}", start.elapsed());
    let answer = answer.unwrap().into_status();
    assert!(
        matches!(&answer, ResponseStatus::Failure(f) if f.reason() == FailureReason::TimedOut),
        "{answer:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn rfc4320_4_1_trying_is_sent_when_the_answer_takes_long() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start(&gateway);
    let start = Instant::now();
    let trying = peer.ask(udp(&adapter), message("1", "x")).await;
    assert_eq!(status(&trying), 100);
    assert!(is_near(start.elapsed(), 3500), "{:?}", start.elapsed());
    assert!(
        trying.contains("To: <sip:juliet@xmpp.example>\r\n"),
        "{trying}"
    );
    assert_eq!(
        status(&peer.ask(udp(&adapter), message("1", "x")).await),
        100
    );
    gateway.held().answer(ResponseStatus::Success);
    assert_eq!(status(&peer.receive_text().await), 200);
}

#[tokio::test(start_paused = true)]
async fn rfc4320_4_2_answer_that_comes_too_late_is_not_sent() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start(&gateway);
    assert_eq!(
        status(&peer.ask(udp(&adapter), message("1", "x")).await),
        100
    );
    tokio::time::sleep(Duration::from_secs(29)).await;
    gateway.held().answer(ResponseStatus::Success);
    // Not the late answer is next, but this.
    let next = peer
        .ask(udp(&adapter), super::request("OPTIONS", "2", "", ""))
        .await;
    assert!(next.contains("1 OPTIONS"), "{next}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(gateway.counted("rialto_sip_late_answers_total"), 1);
}

#[tokio::test(start_paused = true)]
async fn rfc3261_17_2_2_answer_is_repeated_for_64_t1_and_then_forgotten() {
    let (gateway, peer) = (Fake::answering(ResponseStatus::Success), Peer::bind().await);
    let adapter = start(&gateway);
    let first = peer.ask(udp(&adapter), message("1", "x")).await;
    tokio::time::sleep(Duration::from_millis(31_900)).await;
    assert_eq!(peer.ask(udp(&adapter), message("1", "x")).await, first);
    assert_eq!(gateway.submitted().len(), 1);
    tokio::time::sleep(Duration::from_millis(700)).await;
    peer.ask(udp(&adapter), message("1", "x")).await;
    assert_eq!(gateway.submitted().len(), 2);
}

use std::time::Duration;

use rialto_sdk::prelude::ResponseStatus;
use rialto_sip_codec::Frame;
use tokio::time::Instant;

use super::{Fake, StreamPeer, message, peer::status, start, start_with, tcp};

fn over_tcp(branch: &str, body: &str) -> String {
    message(branch, body).replace("SIP/2.0/UDP", "SIP/2.0/TCP")
}

#[tokio::test]
async fn messages_in_a_row_are_answered_over_their_connection_in_order() {
    let gateway = Fake::answering(ResponseStatus::Success);
    let adapter = start(&gateway);
    let mut peer = StreamPeer::connect(tcp(&adapter)).await;
    let all: String = (0..600)
        .map(|number| over_tcp(&number.to_string(), "x"))
        .collect();
    peer.send(all).await;
    for number in 0..600 {
        let text = peer.receive().await;
        assert!(
            status(&text) == 200 && text.contains(&format!("z9hG4bK{number};")),
            "{text}"
        );
    }
    assert_eq!(gateway.submitted().len(), 600);
}

#[tokio::test]
async fn message_in_pieces_is_one_message() {
    let gateway = Fake::answering(ResponseStatus::Success);
    let adapter = start(&gateway);
    let mut peer = StreamPeer::connect(tcp(&adapter)).await;
    for piece in over_tcp("1", "hello").as_bytes().chunks(7) {
        peer.send(piece).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(status(&peer.receive().await), 200);
    assert_eq!(
        gateway.submitted()[0].message().payload().as_bytes(),
        b"hello"
    );
}

#[tokio::test]
async fn rfc5626_3_5_1_ping_is_answered_with_a_pong() {
    let gateway = Fake::holding();
    let adapter = start(&gateway);
    let mut peer = StreamPeer::connect(tcp(&adapter)).await;
    peer.send("\r\n\r\n").await;
    assert_eq!(peer.frame().await, Some(Frame::Crlf));
}

#[tokio::test]
async fn stream_that_cannot_be_framed_is_answered_and_closed() {
    let gateway = Fake::answering(ResponseStatus::Success);
    let adapter = start(&gateway);
    let mut peer = StreamPeer::connect(tcp(&adapter)).await;
    let broken = over_tcp("2", "x").replace("Content-Length: 1\r\n", "");
    peer.send(over_tcp("1", "x") + &broken + "more").await;
    assert_eq!(status(&peer.receive().await), 200);
    let text = peer.receive().await;
    assert!(status(&text) == 400 && text.contains("z9hG4bK2;"), "{text}");
    assert_eq!(peer.frame().await, None);
}

#[tokio::test]
async fn peer_that_closes_its_half_still_gets_its_answers() {
    let gateway = Fake::holding();
    let adapter = start(&gateway);
    let mut peer = StreamPeer::connect(tcp(&adapter)).await;
    peer.send(over_tcp("1", "x")).await;
    gateway.wait_for(1).await;
    peer.finish().await;
    gateway.held().answer(ResponseStatus::Success);
    assert_eq!(status(&peer.receive().await), 200);
    assert_eq!(peer.frame().await, None);
}

#[tokio::test]
async fn adapter_stops_reading_while_too_much_of_a_connection_is_unanswered() {
    let gateway = Fake::holding();
    let adapter = start(&gateway);
    let mut peer = StreamPeer::connect(tcp(&adapter)).await;
    let all: String = (0..513)
        .map(|number| over_tcp(&number.to_string(), "x"))
        .collect();
    peer.send(all).await;
    gateway.wait_for(512).await;
    // A message of another connection comes after all that was read of the first.
    let mut other = StreamPeer::connect(tcp(&adapter)).await;
    other.send(over_tcp("other", "x")).await;
    gateway.wait_for(513).await;
    assert_eq!(
        gateway.submitted()[512].message().thread().unwrap(),
        "call-other"
    );
    gateway.held().answer(ResponseStatus::Success);
    assert_eq!(status(&peer.receive().await), 200);
    gateway.wait_for(514).await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let gateway = Fake::answering(ResponseStatus::Success);
    let adapter = start_with(&gateway, r#"{"max_connections": 1}"#);
    let mut first = StreamPeer::connect(tcp(&adapter)).await;
    first.send(over_tcp("1", "x")).await;
    first.receive().await;
    let mut second = StreamPeer::connect(tcp(&adapter)).await;
    second.send(over_tcp("2", "x")).await;
    first.send(over_tcp("3", "x")).await;
    first.receive().await;
    assert_eq!(gateway.submitted().len(), 2);
    drop(first);
    assert_eq!(status(&second.receive().await), 200);
}

#[tokio::test(start_paused = true)]
async fn silent_connection_is_closed() {
    let gateway = Fake::holding();
    let adapter = start_with(&gateway, r#"{"idle_timeout": "20s"}"#);
    let mut peer = StreamPeer::connect(tcp(&adapter)).await;
    let start = Instant::now();
    assert_eq!(peer.frame().await, None);
    assert!(
        start.elapsed() >= Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn message_that_trickles_in_too_slowly_closes_its_connection() {
    let gateway = Fake::holding();
    let adapter = start_with(&gateway, r#"{"message_timeout": "5s"}"#);
    let mut peer = StreamPeer::connect(tcp(&adapter)).await;
    let start = Instant::now();
    let text = over_tcp("1", "x");
    for byte in text.as_bytes().iter().take(4) {
        peer.send([*byte]).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(peer.frame().await, None);
    let elapsed = start.elapsed().as_millis();
    assert!((4900..=5200).contains(&elapsed), "{elapsed}");
}

//! Servers that refuse, stall, break off or break the rules.

use rialto_sdk::serde_json::json;
use rialto_xmpp_codec::{StreamCondition, StreamEvent};
use tokio::time::Instant;

use super::super::fake::{Rig, operation};
use super::{is_in_doubt, is_unsent};

#[tokio::test(start_paused = true)]
async fn loss_of_the_server_leaves_what_was_written_in_doubt() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let delivered = rig.deliver(operation("t1", "x"));
    server.message().await;
    drop(server);
    assert!(is_in_doubt(&delivered.await.unwrap()));
    assert!(is_unsent(&rig.deliver(operation("t2", "x")).await.unwrap()));
    rig.join().await;
    assert_eq!(rig.gateway.count("Connected"), 2);
}

#[tokio::test(start_paused = true)]
async fn loss_of_a_stalled_server_fails_what_was_never_written_whole() {
    let mut rig = Rig::with(json!({}), 1024);
    let server = rig.join().await;
    let whole = rig.deliver(operation("t1", "x"));
    rig.settle().await;
    let in_part = rig.deliver(operation("t2", &"x".repeat(4000)));
    rig.settle().await;
    let queued = rig.deliver(operation("t3", "x"));
    rig.settle().await;
    drop(server);
    assert!(is_in_doubt(&whole.await.unwrap()));
    assert!(is_unsent(&in_part.await.unwrap()));
    assert!(is_unsent(&queued.await.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn retry_after_the_loss_of_a_server_has_the_same_ids() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let first = rig.deliver(operation("t1", "x"));
    let sent = server.message().await;
    drop(server);
    assert!(is_in_doubt(&first.await.unwrap()));
    let mut server = rig.join().await;
    let second = rig.deliver(operation("t1", "x"));
    assert_eq!(server.message().await, sent);
    assert_eq!(sent.origin_id.as_deref(), Some("t1"));
    let ping = server.ping().await;
    server.pong(&ping).await;
    assert!(second.await.unwrap().is_success());
}

#[tokio::test(start_paused = true)]
async fn server_that_answers_no_ping_is_left_and_joined_again() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let begin = Instant::now();
    let delivered = rig.deliver(operation("t1", "x"));
    assert!(is_in_doubt(&delivered.await.unwrap()));
    assert_eq!(begin.elapsed().as_secs(), 20);
    server.message().await;
    rig.join().await;
    assert_eq!(rig.gateway.count("Disconnected { end: PingTimeout"), 1);
}

#[tokio::test(start_paused = true)]
async fn server_that_stops_reading_is_left() {
    let mut rig = Rig::with(json!({}), 256);
    let server = rig.join().await;
    let delivered = rig.deliver(operation("t1", &"x".repeat(4000)));
    assert!(is_unsent(&delivered.await.unwrap()));
    assert_eq!(rig.gateway.count("Disconnected { end: Stalled"), 1);
    drop(server);
}

#[tokio::test(start_paused = true)]
async fn idle_stream_is_pinged() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let begin = Instant::now();
    let ping = server.ping().await;
    assert_eq!(begin.elapsed().as_secs(), 60);
    server.pong(&ping).await;
    rig.settle().await;
    assert_eq!(rig.gateway.count("Pinged"), 1);
    server.ping().await;
}

#[tokio::test(start_paused = true)]
async fn refused_handshake_is_tried_again_at_growing_intervals() {
    let mut rig = Rig::new();
    let mut waits = Vec::new();
    for _ in 0..4 {
        let mut server = rig.accept().await;
        server.header().await;
        let refusal = "<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
            </stream:error></stream:stream>";
        server.send(refusal).await;
        waits.push(Instant::now());
    }
    rig.join().await;
    let gaps: Vec<_> = waits.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps[2] > gaps[0], "{gaps:?}");
    assert_eq!(
        rig.gateway
            .count("Disconnected { end: Handshake(NotAuthorized)"),
        4
    );
}

#[tokio::test(start_paused = true)]
async fn server_that_never_answers_the_handshake_is_left() {
    let mut rig = Rig::new();
    let silent = rig.accept().await;
    rig.join().await;
    assert_eq!(rig.gateway.count("Disconnected { end: ConnectTimeout"), 1);
    drop(silent);
}

#[tokio::test(start_paused = true)]
async fn stream_error_is_named_and_the_stream_made_anew() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server
        .send(
            "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
        )
        .await;
    assert_eq!(server.next().await, Some(StreamEvent::End));
    assert_eq!(server.next().await, None);
    rig.join().await;
    assert_eq!(rig.gateway.count("Disconnected { end: StreamError"), 1);
}

#[tokio::test(start_paused = true)]
async fn stream_that_breaks_the_rules_is_ended_with_the_reason() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server.send("<message><!-- no --></message>").await;
    let Some(StreamEvent::Error(error)) = server.next().await else {
        panic!("no error")
    };
    assert_eq!(error.condition, StreamCondition::RestrictedXml);
    assert_eq!(server.next().await, Some(StreamEvent::End));
    rig.join().await;
}

#[tokio::test(start_paused = true)]
async fn server_that_accepts_and_closes_at_once_is_tried_at_growing_intervals() {
    assert_tried_at_growing_intervals("</stream:stream>").await;
}

#[tokio::test(start_paused = true)]
async fn server_that_accepts_and_breaks_the_rules_is_tried_at_growing_intervals() {
    assert_tried_at_growing_intervals("<message><!-- no --></message>").await;
}

/// No user has a server write this, so no user can keep the others waiting by it.
async fn assert_tried_at_growing_intervals(last_words: &str) {
    let mut rig = Rig::new();
    let mut joined = Vec::new();
    for _ in 0..5 {
        rig.join().await.send(last_words).await;
        joined.push(Instant::now());
    }
    let gaps: Vec<_> = joined.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps[3] > gaps[0] * 3, "{gaps:?}");
}

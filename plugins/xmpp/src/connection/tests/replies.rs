//! Replies to what comes in, while messages go out.

use std::time::Duration;

use rialto_sdk::model::{FailureReason, ResponseStatus};
use rialto_xmpp_codec::{Stanza, StreamEvent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::advance;

use super::super::fake::{FakeServer, Rig, operation, spawn};
use super::reason;
use crate::link::REPLY_BYTES;
use crate::outbox::DOUBT;

fn question(id: &str) -> String {
    format!(
        "<iq type='get' id='{id}' from='a@example.com/b' to='sip.example.com'>\
         <ping xmlns='urn:xmpp:ping'/></iq>"
    )
}

async fn answered(server: &mut FakeServer) -> String {
    match server.next().await {
        Some(StreamEvent::Stanza(Stanza::Iq(iq))) => iq.id.expect("an id").to_string(),
        other => panic!("no answer: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn question_is_answered_while_messages_wait_for_a_ping() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let first = rig.deliver(operation("t1", "x"));
    server.message().await;
    let ping = server.ping().await;
    advance(DOUBT).await;
    let held = rig.deliver(operation("t2", "x"));
    rig.settle().await;
    for id in ["q1", "q2"] {
        server.send(&question(id)).await;
        assert_eq!(answered(&mut server).await, id, "and the message is held");
    }
    server.pong(&ping).await;
    assert_eq!(first.await.unwrap(), ResponseStatus::Success);
    assert_eq!(server.message().await.id.unwrap(), "t2");
    let ping = server.ping().await;
    rig.settle().await;
    assert!(!held.is_finished(), "the first ping proves nothing of it");
    server.pong(&ping).await;
    assert_eq!(held.await.unwrap(), ResponseStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn questions_are_read_no_further_than_their_answers_have_room() {
    const LONG: usize = 8000;
    let mut rig = Rig::new();
    let server = rig.join().await;
    let (_unread, mut writer) = server.into_halves();
    let flood = spawn(async move {
        for sent in 0.. {
            let question = question(&"x".repeat(LONG));
            if writer.write_all(question.as_bytes()).await.is_err() {
                return sent;
            }
        }
        0
    });
    // Longer than a server has to take a batch: then the connection is given up.
    let lost = rig.accept().await;
    let taken = flood.await.unwrap() * LONG;
    // What was read and not answered, and what the connection and two batches hold.
    let bound = REPLY_BYTES as usize + 4 * 64 * 1024;
    assert!((bound / 4..bound).contains(&taken), "{taken}");
    drop(lost);
}

#[tokio::test(start_paused = true)]
async fn flood_of_questions_does_not_drop_a_server_that_reads_slowly() {
    const QUESTIONS: usize = 40_000;
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let delivered = rig.deliver(operation("t1", "x"));
    server.message().await;
    let ping = server.ping().await;
    let (mut reader, mut writer) = server.into_halves();
    let writing = spawn(async move {
        for number in 0..QUESTIONS {
            let question = question(&format!("q{number}"));
            writer.write_all(question.as_bytes()).await.unwrap();
        }
        let pong = format!("<iq type='result' from='example.com' id='{ping}'/>");
        writer.write_all(pong.as_bytes()).await.unwrap();
        writer
    });
    let mut batch = vec![0; 64 * 1024];
    let mut answers = 0;
    let mut time = Duration::ZERO;
    while answers < QUESTIONS {
        let count = reader.read(&mut batch).await.unwrap();
        assert!(count > 0, "the connection is given up after {time:?}");
        answers += batch[..count].iter().filter(|byte| **byte == b'<').count();
        advance(Duration::from_secs(5)).await;
        time += Duration::from_secs(5);
        rig.settle().await;
    }
    assert!(time > Duration::from_secs(60), "{time:?}");
    assert_eq!(delivered.await.unwrap(), ResponseStatus::Success);
    drop(writing.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn error_from_someone_else_fails_no_message() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let kept = rig.deliver(operation("t1", "x"));
    server.message().await;
    let ping = server.ping().await;
    let lost = rig.deliver(operation("t2", "x"));
    server.message().await;
    let error = |id: &str, from: &str| {
        format!(
            "<message type='error' id='{id}' from='{from}'><error type='cancel'>\
             <gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
        )
    };
    for from in [
        "mallory@example.com/x",
        "juliet@mallory.example",
        "mallory.example",
    ] {
        server.send(&error("t1", from)).await;
    }
    server
        .send(&error("t2", "juliet@example.com/balcony"))
        .await;
    assert_eq!(reason(&lost.await.unwrap()), FailureReason::NoSuchInbox);
    assert_eq!(rig.gateway.count("Ignored(ForeignError)"), 3);
    assert!(!kept.is_finished());
    server.pong(&ping).await;
    assert_eq!(kept.await.unwrap(), ResponseStatus::Success);
}

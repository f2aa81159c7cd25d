//! A version of the plugin follows another, and goes on with its stream.

use rialto_sdk::model::{Failure, FailureReason, MessageOperation, ResponseStatus};
use rialto_xmpp_codec::StreamEvent;

use super::super::fake::{FakeServer, Rig, operation};

fn chat(id: usize) -> String {
    format!(
        "<message from='juliet@example.com/balcony' to='romeo@sip.example.com' type='chat' id='m{id}'>\
         <body>text {id}</body></message>"
    )
}

async fn submitted(rig: &mut Rig) -> MessageOperation {
    let submitted = rig.submitted.recv().await.unwrap();
    submitted.answer.send(ResponseStatus::Success).unwrap();
    submitted.operation
}

async fn text(rig: &mut Rig) -> String {
    let operation = submitted(rig).await;
    String::from_utf8_lossy(operation.message().payload().as_bytes()).into_owned()
}

/// Has a message delivered, and the server prove it.
async fn delivers(rig: &Rig, server: &mut FakeServer, id: &str) {
    let delivered = rig.deliver(operation(id, "x"));
    assert_eq!(server.message().await.id.unwrap(), id);
    server.prove().await;
    assert_eq!(delivered.await.unwrap(), ResponseStatus::Success);
}

#[tokio::test]
async fn stream_goes_on_under_the_version_that_follows_wherever_it_was_cut() {
    let mut rig = Rig::over_tcp().await;
    let mut server = rig.join().await;
    for number in 0..40 {
        // Some of it is read before, and all of it may be.
        let (whole, next) = (chat(2 * number), chat(2 * number + 1));
        let (begin, end) = next.split_at(number * next.len() / 40);
        server.send(&(whole + begin)).await;
        assert_eq!(text(&mut rig).await, format!("text {}", 2 * number));
        let legacy = rig.link.leave().await.expect("a stream");
        server.send(end).await;
        rig = rig.successor(legacy);
        assert_eq!(text(&mut rig).await, format!("text {}", 2 * number + 1));
    }
    delivers(&rig, &mut server, "t1").await;
}

#[tokio::test]
async fn what_came_before_is_answered_before_the_stream_is_left_and_the_rest_by_who_follows() {
    let mut rig = Rig::over_tcp().await;
    let mut server = rig.join().await;
    delivers(&rig, &mut server, "t1").await;
    server.send(&chat(1)).await;
    let first = rig.submitted.recv().await.unwrap();
    let link = std::sync::Arc::clone(&rig.link);
    let leaving = super::super::fake::spawn(async move { link.leave().await });
    rig.settle().await;
    server.send(&chat(2)).await;
    first
        .answer
        .send(Failure::new(FailureReason::NoSuchInbox).into())
        .unwrap();
    assert_eq!(server.message().await.id.unwrap(), "m1", "its error");
    let legacy = leaving.await.unwrap().expect("a stream");
    assert!(rig.submitted.try_recv().is_err(), "it reads no more");
    let mut rig = rig.successor(legacy);
    assert_eq!(text(&mut rig).await, "text 2");
    delivers(&rig, &mut server, "t2").await;
    rig.stop().await.unwrap();
    assert_eq!(server.next().await, Some(StreamEvent::End));
}

#[tokio::test]
async fn stream_of_another_server_is_closed_and_the_version_that_follows_connects() {
    let mut rig = Rig::over_tcp().await;
    let mut old = rig.join().await;
    let legacy = rig.link.leave().await.expect("a stream");
    let state = [&[0], legacy.state()].concat();
    let legacy = rialto_sdk::Legacy::new(legacy.into_connection(), state).unwrap();
    let mut rig = rig.successor(legacy);
    assert_eq!(old.next().await, None);
    let mut server = rig.join().await;
    delivers(&rig, &mut server, "t1").await;
}

#[tokio::test]
async fn nothing_is_left_where_there_is_no_stream() {
    let mut rig = Rig::over_tcp().await;
    drop(rig.accept().await);
    rig.settle().await;
    assert!(rig.link.leave().await.is_none());
}

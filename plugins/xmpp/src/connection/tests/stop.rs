//! The end of an adapter.

use rialto_sdk::model::{Failure, FailureReason, ResponseStatus};
use rialto_xmpp_codec::StreamEvent;

use super::super::fake::{Rig, operation};
use super::{CHAT, reason};

#[tokio::test(start_paused = true)]
async fn stop_lets_what_is_under_way_end_and_closes_the_stream() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let delivered = rig.deliver(operation("t1", "x"));
    server.message().await;
    let ping = server.ping().await;
    let stopping = rig.stop();
    rig.settle().await;
    let status = rig.deliver(operation("t2", "x")).await.unwrap();
    assert_eq!(reason(&status), FailureReason::ShuttingDown);
    server.pong(&ping).await;
    assert_eq!(delivered.await.unwrap(), ResponseStatus::Success);
    assert_eq!(server.next().await, Some(StreamEvent::End));
    assert_eq!(server.next().await, None);
    stopping.await.unwrap();
    (&mut rig.task).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn stop_waits_for_responses_and_refuses_what_comes_meanwhile() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server.send(CHAT).await;
    let submitted = rig.submitted.recv().await.unwrap();
    let stopping = rig.stop();
    rig.settle().await;
    server.send(&CHAT.replace("m1", "m2")).await;
    let refused = server.message().await;
    assert_eq!(refused.id.unwrap(), "m2");
    assert_eq!(refused.error.unwrap().type_.as_str(), "wait");
    submitted
        .answer
        .send(Failure::new(FailureReason::NoSuchInbox).into())
        .unwrap();
    assert_eq!(server.message().await.id.unwrap(), "m1");
    assert_eq!(server.next().await, Some(StreamEvent::End));
    stopping.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn stop_ends_at_once_when_the_server_is_away() {
    let mut rig = Rig::new();
    drop(rig.accept().await);
    rig.settle().await;
    rig.stop().await.unwrap();
    (&mut rig.task).await.unwrap();
}

//! What becomes of a message, as the server answers.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use rialto_sdk::model::{Failure, FailureReason, InstantInbox, ResponseStatus};
use rialto_sdk::serde_json::json;
use rialto_xmpp_codec::{Stanza, StreamEvent};
use tokio::time::Instant;

use super::super::fake::{Rig, operation};
use super::{is_in_doubt, is_unsent, reason};
use crate::outbox::DOUBT;

#[tokio::test(start_paused = true)]
async fn cpim_2_4_1_3b_deliver_fails_at_once_while_the_server_is_not_connected() {
    let mut rig = Rig::new();
    let begin = Instant::now();
    let status = rig.deliver(operation("t1", "x")).await.unwrap();
    assert_eq!(reason(&status), FailureReason::Unreachable);
    assert_eq!(begin.elapsed(), Duration::ZERO);

    let mut server = rig.accept().await;
    server.header().await;
    let status = rig.deliver(operation("t2", "x")).await.unwrap();
    assert_eq!(
        reason(&status),
        FailureReason::Unreachable,
        "no handshake, no message"
    );
}

#[tokio::test(start_paused = true)]
async fn cpim_2_4_1_3a_deliver_succeeds_when_the_server_answers_the_ping_behind_the_message() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let delivered = rig.deliver(operation("t1", "Neither, fair saint"));
    let message = server.message().await;
    assert_eq!(message.id.as_deref(), Some("t1"));
    assert_eq!(message.from.as_deref(), Some("romeo@sip.example.com"));
    assert_eq!(message.to.as_deref(), Some("juliet@example.com"));
    assert_eq!(message.bodies[0].text, "Neither, fair saint");
    let ping = server.ping().await;
    rig.settle().await;
    assert!(!delivered.is_finished(), "nothing is proven yet");
    server.pong(&ping).await;
    assert_eq!(delivered.await.unwrap(), ResponseStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn cpim_2_4_1_3c_what_the_server_takes_for_another_ones_user_is_not_called_delivered() {
    let hosts = json!({ "hosts": ["example.com", "m\u{FC}nchen.example"] });
    let mut rig = Rig::with(hosts, 64 * 1024);
    let mut server = rig.join().await;
    for (domain, status) in [
        ("example.com", ResponseStatus::Success),
        ("xn--mnchen-3ya.example", ResponseStatus::Success),
        ("chat.example.com", ResponseStatus::Indeterminant),
        ("elsewhere.example", ResponseStatus::Indeterminant),
    ] {
        let juliet = InstantInbox::parse(&format!("im:juliet@{domain}")).unwrap();
        let operation = operation(domain, "x").with_destination(juliet);
        let delivered = rig.deliver(operation);
        server.message().await;
        let ping = server.ping().await;
        server.pong(&ping).await;
        assert_eq!(delivered.await.unwrap(), status, "{domain}");
    }
}

#[tokio::test(start_paused = true)]
async fn ping_answered_with_an_error_proves_as_much() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let delivered = rig.deliver(operation("t1", "x"));
    server.message().await;
    let ping = server.ping().await;
    server
        .send(&format!(
            "<iq type='error' id='{ping}' from='example.com'><error type='cancel'>\
             <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        ))
        .await;
    assert_eq!(delivered.await.unwrap(), ResponseStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn cpim_2_4_1_3b_deliver_fails_when_an_error_comes_for_its_id_first() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let lost = rig.deliver(operation("t1", "one"));
    let kept = rig.deliver(operation("t2", "two"));
    server.message().await;
    let ping = server.ping().await;
    server.message().await;
    let error = "<message type='error' id='t1' from='juliet@example.com'><error type='cancel'>\
        <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>";
    server.send(&error.repeat(2)).await;
    server.pong(&ping).await;
    server.pong(&ping).await;
    let ping = server.ping().await;
    server.pong(&ping).await;
    assert_eq!(reason(&lost.await.unwrap()), FailureReason::NotPermitted);
    assert_eq!(kept.await.unwrap(), ResponseStatus::Success);
    rig.settle().await;
    assert_eq!(
        rig.gateway.count("Ignored(LateError)"),
        1,
        "the doubled error"
    );
    assert_eq!(
        rig.gateway.count("Ignored(Answer)"),
        1,
        "the doubled answer"
    );
    assert_eq!(
        rig.submitted.try_recv().ok().map(|_| ()),
        None,
        "errors are never submitted"
    );
}

#[tokio::test(start_paused = true)]
async fn ping_proves_only_what_was_written_before_it() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let first = rig.deliver(operation("t1", "one"));
    server.message().await;
    let first_ping = server.ping().await;
    let second = rig.deliver(operation("t2", "two"));
    server.message().await;
    server.pong(&first_ping).await;
    assert_eq!(first.await.unwrap(), ResponseStatus::Success);
    let second_ping = server.ping().await;
    rig.settle().await;
    assert!(!second.is_finished());
    server.pong("invented").await;
    server.pong(&first_ping).await;
    rig.settle().await;
    assert!(!second.is_finished());
    server.pong(&second_ping).await;
    assert_eq!(second.await.unwrap(), ResponseStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn queue_refuses_when_it_is_full_and_keeps_its_order() {
    let mut rig = Rig::with(json!({ "queue_messages": 5 }), 1024);
    let mut server = rig.join().await;
    let text = "x".repeat(1000);
    let mut sent = Vec::new();
    for number in 0..5 {
        sent.push(rig.deliver(operation(&format!("t{number}"), &text)));
        rig.settle().await;
    }
    let ResponseStatus::Failure(full) = rig.deliver(operation("t5", "x")).await.unwrap() else {
        panic!("the queue took too many")
    };
    assert_eq!(full.reason(), FailureReason::Overloaded);
    assert_eq!(
        full.retry(),
        Failure::new(FailureReason::Overloaded).retry()
    );
    let mut number = 0;
    while number < 5 {
        match server.next().await.unwrap() {
            StreamEvent::Stanza(Stanza::Message(message)) => {
                assert_eq!(message.id.unwrap(), format!("t{number}"));
                number += 1;
            }
            StreamEvent::Stanza(Stanza::Iq(iq)) => server.pong(&iq.id.unwrap()).await,
            other => panic!("{other:?}"),
        }
    }
    let ping = server.ping().await;
    server.pong(&ping).await;
    for sent in sent {
        assert_eq!(sent.await.unwrap(), ResponseStatus::Success);
    }
}

#[tokio::test(start_paused = true)]
async fn message_is_held_while_the_server_owes_an_answer_for_long() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let first = rig.deliver(operation("t1", "x"));
    server.message().await;
    let ping = server.ping().await;
    tokio::time::advance(DOUBT).await;
    let held = rig.deliver(operation("t2", "x"));
    rig.settle().await;
    server.pong(&ping).await;
    assert_eq!(first.await.unwrap(), ResponseStatus::Success);
    assert_eq!(server.message().await.id.unwrap(), "t2");
    server.ping().await;
    tokio::time::advance(DOUBT).await;
    let never_sent = rig.deliver(operation("t3", "x"));
    assert!(is_in_doubt(&held.await.unwrap()));
    assert!(is_unsent(&never_sent.await.unwrap()));
    assert_eq!(
        server.next().await,
        Some(StreamEvent::End),
        "and nothing of the third before it"
    );
}

#[tokio::test(start_paused = true)]
async fn operation_that_is_given_up_is_not_sent_if_it_still_can_be_held() {
    let mut rig = Rig::with(json!({}), 1024);
    let mut server = rig.join().await;
    let first = rig.deliver(operation("t1", &"x".repeat(4000)));
    rig.settle().await;
    let given_up = rig.deliver(operation("t2", "x"));
    rig.settle().await;
    given_up.abort();
    assert!(given_up.await.is_err());
    let third = rig.deliver(operation("t3", "x"));
    assert_eq!(server.message().await.id.unwrap(), "t1");
    let mut ping = server.ping().await;
    server.pong(&ping).await;
    assert_eq!(first.await.unwrap(), ResponseStatus::Success);
    assert_eq!(server.message().await.id.unwrap(), "t3");
    ping = server.ping().await;
    server.pong(&ping).await;
    assert_eq!(third.await.unwrap(), ResponseStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn content_that_xml_cannot_carry_is_refused_and_nothing_else_is_disturbed() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let status = rig.deliver(operation("t1", "bell \u{7}")).await.unwrap();
    assert_eq!(reason(&status), FailureReason::UnsupportedContent);
    let status = rig
        .deliver(operation("t2", &"x".repeat(300_000)))
        .await
        .unwrap();
    assert_eq!(reason(&status), FailureReason::TooLarge);
    let delivered = rig.deliver(operation("t3", "x"));
    assert_eq!(server.message().await.id.unwrap(), "t3");
    let ping = server.ping().await;
    server.pong(&ping).await;
    assert_eq!(delivered.await.unwrap(), ResponseStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn deadline_says_what_is_known_when_it_comes() {
    let mut rig = Rig::with(json!({}), 1024);
    let server = rig.join().await;
    let deadline = Duration::from_secs(5);
    let written = operation("t1", &"x".repeat(4000)).with_deadline(deadline);
    let written = rig.deliver(written);
    rig.settle().await;
    let queued = rig.deliver(operation("t2", "x").with_deadline(deadline));
    assert!(is_in_doubt(&written.await.unwrap()));
    assert!(is_unsent(&queued.await.unwrap()));
    drop(server);
}

#[tokio::test(start_paused = true)]
async fn message_is_written_by_whoever_brings_it_while_the_stream_takes_it() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let operation = operation("t1", "x");
    let delivery = crate::outbound::deliver(&rig.link, &rig.config, &operation);
    let mut delivery = pin!(delivery);
    let mut context = Context::from_waker(Waker::noop());
    assert!(delivery.as_mut().poll(&mut context).is_pending());
    let received = pin!(server.message()).poll(&mut context);
    assert!(received.is_ready(), "the connection's task has not run yet");
    let ping = server.ping().await;
    server.pong(&ping).await;
    assert_eq!(delivery.await, ResponseStatus::Success);
}

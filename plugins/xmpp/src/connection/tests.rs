//! The plugin against a server that behaves, and one that does not. The clock stands still.

use std::time::Duration;

use rialto_sdk::model::{Failure, FailureReason, ResponseStatus};
use rialto_sdk::serde_json::json;
use rialto_xmpp_codec::{Condition, MessageType, Stanza, StreamCondition, StreamEvent};
use tokio::time::Instant;

use super::fake::{Rig, operation};
use crate::outbox::DOUBT;

fn reason(status: &ResponseStatus) -> FailureReason {
    match status {
        ResponseStatus::Failure(failure) => failure.reason(),
        other => panic!("no failure: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn deliver_fails_at_once_while_the_server_is_not_connected() {
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
async fn deliver_succeeds_when_the_server_answers_the_ping_behind_the_message() {
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
async fn deliver_fails_when_an_error_comes_for_its_id_first() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let lost = rig.deliver(operation("t1", "one"));
    let kept = rig.deliver(operation("t2", "two"));
    server.message().await;
    server.message().await;
    let ping = server.ping().await;
    let error = "<message type='error' id='t1' from='juliet@example.com'><error type='cancel'>\
        <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>";
    server.send(&error.repeat(2)).await;
    server.pong(&ping).await;
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
async fn loss_of_the_server_leaves_what_was_written_in_doubt() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let delivered = rig.deliver(operation("t1", "x"));
    server.message().await;
    drop(server);
    assert_eq!(delivered.await.unwrap(), ResponseStatus::Indeterminant);
    let status = rig.deliver(operation("t2", "x")).await.unwrap();
    assert_eq!(reason(&status), FailureReason::Unreachable);
    rig.join().await;
    assert_eq!(rig.gateway.count("Connected"), 2);
}

#[tokio::test(start_paused = true)]
async fn loss_of_a_stalled_server_fails_what_was_never_written() {
    let mut rig = Rig::with(json!({}), 1024);
    let server = rig.join().await;
    let written = rig.deliver(operation("t1", &"x".repeat(4000)));
    rig.settle().await;
    let queued = rig.deliver(operation("t2", "x"));
    rig.settle().await;
    drop(server);
    assert_eq!(written.await.unwrap(), ResponseStatus::Indeterminant);
    assert_eq!(reason(&queued.await.unwrap()), FailureReason::Unreachable);
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
async fn server_that_answers_no_ping_is_left_and_joined_again() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let begin = Instant::now();
    let delivered = rig.deliver(operation("t1", "x"));
    assert_eq!(delivered.await.unwrap(), ResponseStatus::Indeterminant);
    assert_eq!(begin.elapsed().as_secs(), 20);
    server.message().await;
    rig.join().await;
    assert_eq!(rig.gateway.count("Disconnected { end: PingTimeout"), 1);
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
    assert_eq!(held.await.unwrap(), ResponseStatus::Indeterminant);
    assert_eq!(
        reason(&never_sent.await.unwrap()),
        FailureReason::Unreachable
    );
    assert_eq!(
        server.next().await,
        Some(StreamEvent::End),
        "and nothing of the third before it"
    );
}

#[tokio::test(start_paused = true)]
async fn server_that_stops_reading_is_left() {
    let mut rig = Rig::with(json!({}), 256);
    let server = rig.join().await;
    let delivered = rig.deliver(operation("t1", &"x".repeat(4000)));
    assert_eq!(delivered.await.unwrap(), ResponseStatus::Indeterminant);
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

const CHAT: &str = "<message type='chat' from='juliet@example.com/balcony' \
    to='romeo@sip.example.com' id='m1'><body>Art thou not Romeo?</body></message>";

#[tokio::test(start_paused = true)]
async fn message_from_xmpp_is_submitted_and_success_is_silent() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server.send(CHAT).await;
    for status in [ResponseStatus::Success, ResponseStatus::Indeterminant] {
        let submitted = rig.submitted.recv().await.unwrap();
        assert_eq!(
            submitted.operation.source().as_str(),
            "im:juliet@example.com"
        );
        assert_eq!(
            submitted.operation.destination().as_str(),
            "im:romeo@sip.example.com"
        );
        assert_eq!(submitted.operation.source_instance().unwrap(), "balcony");
        submitted.answer.send(status).unwrap();
        server.send(CHAT).await;
    }
    // What comes next is the answer to this, so nothing came for the messages.
    server
        .send("<iq type='get' id='p' from='a@b'><ping xmlns='urn:xmpp:ping'/></iq>")
        .await;
    let Some(StreamEvent::Stanza(Stanza::Iq(iq))) = server.next().await else {
        panic!("no answer")
    };
    assert_eq!(iq.id.unwrap(), "p");
}

#[tokio::test(start_paused = true)]
async fn failure_of_a_message_comes_back_as_an_error_stanza() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server.send(CHAT).await;
    let submitted = rig.submitted.recv().await.unwrap();
    submitted
        .answer
        .send(Failure::new(FailureReason::NoSuchInbox).into())
        .unwrap();
    let error = server.message().await;
    assert_eq!(error.type_, MessageType::Error);
    assert_eq!(error.id.unwrap(), "m1");
    assert_eq!(error.from.unwrap(), "romeo@sip.example.com");
    assert_eq!(error.to.unwrap(), "juliet@example.com/balcony");
    assert!(error.bodies.is_empty());
    assert_eq!(error.error.unwrap().condition, Condition::ItemNotFound);
}

#[tokio::test(start_paused = true)]
async fn conversation_keeps_its_order_while_nothing_is_answered() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let burst: String = (0..50)
        .map(|number| CHAT.replace("Art thou not Romeo?", &number.to_string()))
        .collect();
    server.send(&burst).await;
    let mut unanswered = Vec::new();
    for number in 0..50 {
        let submitted = rig.submitted.recv().await.unwrap();
        let text = submitted.operation.message().payload().as_bytes().to_vec();
        assert_eq!(text, number.to_string().into_bytes());
        unanswered.push(submitted.answer);
    }
}

#[tokio::test(start_paused = true)]
async fn message_beyond_the_places_is_refused_with_a_time_to_wait() {
    let mut rig = Rig::with(json!({ "inbound_messages": 1 }), 64 * 1024);
    let mut server = rig.join().await;
    server.send(CHAT).await;
    let first = rig.submitted.recv().await.unwrap();
    server.send(&CHAT.replace("m1", "m2")).await;
    let error = server.message().await;
    assert_eq!(error.id.unwrap(), "m2");
    let error = error.error.unwrap();
    assert_eq!(error.condition, Condition::ResourceConstraint);
    assert_eq!(error.type_.as_str(), "wait");
    first.answer.send(ResponseStatus::Success).unwrap();
    rig.settle().await;
    server.send(CHAT).await;
    assert!(
        rig.submitted.recv().await.is_some(),
        "there is a place again"
    );
}

#[tokio::test(start_paused = true)]
async fn other_stanzas_are_answered_or_counted_and_never_submitted() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server
        .send(
            "<message type='chat' from='a@example.com' to='b@sip.example.com'>\
             <composing xmlns='http://jabber.org/protocol/chatstates'/></message>\
             <message type='error' from='a@example.com' to='b@sip.example.com' id='x'>\
             <body>copy</body><error type='cancel'/></message>\
             <presence from='a@example.com' to='b@sip.example.com'/>\
             <presence from='a@example.com' to='b@sip.example.com' type='subscribe'/>\
             <message type='groupchat' from='room@example.com/a' to='b@sip.example.com' id='g'>\
             <body>x</body></message>",
        )
        .await;
    let Some(StreamEvent::Stanza(Stanza::Presence(refused))) = server.next().await else {
        panic!("the subscription is not refused")
    };
    assert_eq!(refused.to.unwrap(), "a@example.com");
    let error = server.message().await;
    assert_eq!(error.id.unwrap(), "g");
    assert_eq!(
        error.error.unwrap().condition,
        Condition::FeatureNotImplemented
    );
    assert!(rig.submitted.try_recv().is_err());
    assert_eq!(rig.gateway.count("Ignored(Silent)"), 1);
    assert_eq!(rig.gateway.count("Ignored(LateError)"), 1);
    assert_eq!(rig.gateway.count("Ignored(Presence)"), 1);
}

#[tokio::test(start_paused = true)]
async fn failure_that_comes_while_the_server_is_away_is_not_lost_on_the_next_stream() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server.send(CHAT).await;
    let submitted = rig.submitted.recv().await.unwrap();
    drop(server);
    rig.settle().await;
    submitted
        .answer
        .send(Failure::new(FailureReason::TimedOut).into())
        .unwrap();
    rig.settle().await;
    let mut server = rig.join().await;
    assert_eq!(server.message().await.id.unwrap(), "m1");
}

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

#[tokio::test(start_paused = true)]
async fn deadline_says_what_is_known_when_it_comes() {
    let mut rig = Rig::with(json!({}), 1024);
    let server = rig.join().await;
    let deadline = Duration::from_secs(5);
    let written = operation("t1", &"x".repeat(4000)).with_deadline(deadline);
    let written = rig.deliver(written);
    rig.settle().await;
    let queued = rig.deliver(operation("t2", "x").with_deadline(deadline));
    assert_eq!(written.await.unwrap(), ResponseStatus::Indeterminant);
    assert_eq!(reason(&queued.await.unwrap()), FailureReason::TimedOut);
    drop(server);
}

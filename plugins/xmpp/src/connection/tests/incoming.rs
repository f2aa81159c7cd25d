//! What comes from XMPP.

use std::time::Duration;

use rialto_sdk::model::{
    DispositionOperation, Failure, FailureReason, ResponseStatus, TransactionId,
};
use rialto_sdk::serde_json::json;
use rialto_sdk::tokio::time::Instant;
use rialto_xmpp_codec::{Condition, MessageType, Stanza, StreamEvent};

use super::super::fake::{Rig, Submitted};
use super::CHAT;
use crate::inbound::PAUSE;

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
        .send("<iq type='get' id='p' from='a@b' to='sip.example.com'><ping xmlns='urn:xmpp:ping'/></iq>")
        .await;
    let Some(StreamEvent::Stanza(Stanza::Iq(iq))) = server.next().await else {
        panic!("no answer")
    };
    assert_eq!(iq.id.unwrap(), "p");
}

#[tokio::test(start_paused = true)]
async fn cpim_2_4_1_3b_failure_of_a_message_comes_back_as_an_error_stanza() {
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

/// The same from another device, with another id of its stream, as one comes again whose stream broke.
fn again(id: &str, device: &str) -> String {
    format!(
        "<message from='juliet@example.com/{device}' to='romeo@sip.example.com' type='chat' id='{id}'>\
         <body>x</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>"
    )
}

#[tokio::test(start_paused = true)]
async fn rfc2779_5_4_2_message_that_its_client_sends_again_is_handed_on_once() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server.send(&again("m1", "balcony")).await;
    let submitted = rig.submitted.recv().await.unwrap();
    server.send(&again("m2", "chamber")).await;
    rig.settle().await;
    submitted.answer.send(ResponseStatus::Success).unwrap();
    server.send(&again("m3", "chamber")).await;
    server.send(CHAT).await;
    let next = rig.submitted.recv().await.unwrap();
    assert_eq!(next.operation.identity(), None, "nothing came between");
    assert_eq!(rig.gateway.count("Ignored(Repeated)"), 2);
}

#[tokio::test(start_paused = true)]
async fn failure_of_a_message_that_came_again_is_told_to_each_device_and_then_it_may_be_tried() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server.send(&again("m1", "balcony")).await;
    let submitted = rig.submitted.recv().await.unwrap();
    server.send(&again("m2", "chamber")).await;
    rig.settle().await;
    let failure = Failure::new(FailureReason::NoSuchInbox);
    submitted.answer.send(failure.into()).unwrap();
    let told = [server.message().await, server.message().await];
    let told = told.map(|error| (error.id.unwrap(), error.to.unwrap()));
    assert!(told.contains(&("m1".into(), "juliet@example.com/balcony".into())));
    assert!(told.contains(&("m2".into(), "juliet@example.com/chamber".into())));
    server.send(&again("m3", "chamber")).await;
    assert!(rig.submitted.recv().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn message_that_was_kept_and_has_failed_is_handed_on_when_its_client_tries_it_again() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server.send(&again("m1", "balcony")).await;
    let Submitted { operation, answer } = rig.submitted.recv().await.unwrap();
    answer.send(ResponseStatus::Indeterminant).unwrap();
    server.send(&again("m2", "balcony")).await;
    rig.settle().await;
    assert_eq!(rig.gateway.count("Ignored(Repeated)"), 1);
    let failed = DispositionOperation::failed(
        TransactionId::parse(b"d1").unwrap(),
        *operation.transaction_id(),
        operation.destination().clone(),
        operation.source().clone(),
        FailureReason::TimedOut.into(),
    );
    drop(rig.tell(failed.with_reference(operation.reference().unwrap().clone())));
    assert_eq!(server.message().await.type_, MessageType::Error);
    server.send(&again("m3", "balcony")).await;
    rig.settle().await;
    assert!(rig.submitted.try_recv().is_ok());
}

#[tokio::test(start_paused = true)]
async fn sender_is_told_what_to_mend_in_what_is_refused_here() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    for (stanza, condition, words) in [
        (
            "<message from='a@localhost' to='b@sip.example.com' id='1'><body>x</body></message>",
            Condition::JidMalformed,
            "the domain `localhost` is not fully qualified",
        ),
        (
            "<message type='groupchat' from='r@example.com/a' to='b@sip.example.com' id='2'><body>x</body></message>",
            Condition::FeatureNotImplemented,
            "groupchat is not carried",
        ),
    ] {
        server.send(stanza).await;
        let error = server.message().await.error.unwrap();
        assert_eq!(error.condition, condition);
        assert_eq!(error.text.unwrap().text, words);
    }
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
async fn server_waits_while_a_quarter_of_the_places_is_taken_and_no_longer_than_the_pause() {
    let mut rig = Rig::with(json!({ "inbound_messages": 4 }), 64 * 1024);
    let mut server = rig.join().await;
    server.send(&CHAT.repeat(3)).await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        waiting.push(rig.submitted.recv().await.unwrap().answer);
    }
    let began = Instant::now();
    server.send(CHAT).await;
    waiting.push(rig.submitted.recv().await.unwrap().answer);
    assert_eq!(began.elapsed(), PAUSE, "nothing is answered meanwhile");
    let began = Instant::now();
    for answer in waiting {
        answer.send(ResponseStatus::Success).unwrap();
    }
    server.send(CHAT).await;
    assert!(rig.submitted.recv().await.is_some());
    assert_eq!(began.elapsed(), Duration::ZERO, "all is answered");
}

#[tokio::test(start_paused = true)]
async fn other_stanzas_are_answered_or_counted_and_never_submitted() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server
        .send(
            "<message type='chat' from='a@example.com' to='b@sip.example.com'>\
             <gone xmlns='http://jabber.org/protocol/chatstates'/></message>\
             <message type='error' from='a@example.com' to='b@sip.example.com' id='x'>\
             <body>copy</body><error type='cancel'/></message>\
             <presence from='a@example.com' to='b@sip.example.com'/>\
             <presence from='a@example.com' to='sip.example.com' type='subscribe'/>\
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
async fn stanza_without_an_address_is_counted_and_never_answered() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server
        .send(
            "<iq type='get' id='a' from='a@b'><ping xmlns='urn:xmpp:ping'/></iq>\
             <iq type='get' id='b' to='sip.example.com'><ping xmlns='urn:xmpp:ping'/></iq>\
             <presence type='subscribe' to='b@sip.example.com'/>\
             <message to='b@sip.example.com'><body>x</body></message>\
             <iq type='get' id='c' from='a@b' to='sip.example.com'><ping xmlns='urn:xmpp:ping'/></iq>",
        )
        .await;
    let Some(StreamEvent::Stanza(Stanza::Iq(iq))) = server.next().await else {
        panic!("something else was answered")
    };
    assert_eq!(iq.id.as_deref(), Some("c"));
    assert_eq!(rig.gateway.count("Unwritable"), 4);
}

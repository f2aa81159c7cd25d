//! Stanzas that are refused unread: who sends one disturbs nobody else.

use rialto_sdk::model::{FailureReason, ResponseStatus};
use rialto_xmpp_codec::{
    Condition, ErrorType, IqType, MessageType, Stanza, StanzaError, StreamEvent,
};

use super::super::fake::{FakeServer, Rig, operation};
use super::{CHAT, reason};

/// What no stanza may have, and how it is answered: more children, more depth, an attribute that is longer; what
/// servers make of `<xml:a/>`, and of a prefix that was declared elsewhere.
fn refused() -> [(String, Condition); 5] {
    let (limit, names) = (Condition::PolicyViolation, Condition::NotAcceptable);
    [
        ("<a/>".repeat(5000), limit.clone()),
        (
            format!("{}{}", "<a>".repeat(40), "</a>".repeat(40)),
            limit.clone(),
        ),
        (format!("<a b='{}'/>", "x".repeat(9000)), limit),
        (
            "<a xmlns='http://www.w3.org/XML/1998/namespace'/>".to_owned(),
            names.clone(),
        ),
        ("<a:b/>".to_owned(), names),
    ]
}

/// Sends while the plugin reads: what is too much does not fit into the connection at once.
async fn send(rig: &Rig, server: &mut FakeServer, text: &str) {
    for piece in text.as_bytes().chunks(4096) {
        server.send(std::str::from_utf8(piece).unwrap()).await;
        rig.settle().await;
    }
}

fn assert_error(error: Option<StanzaError>, condition: &Condition) {
    let error = error.unwrap();
    assert_eq!(error.condition, *condition);
    assert_eq!(error.type_, ErrorType::Modify);
}

#[tokio::test(start_paused = true)]
async fn stanza_that_is_refused_unread_is_answered_and_others_are_not_disturbed() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let delivered = rig.deliver(operation("t1", "x"));
    server.message().await;
    let ping = server.ping().await;
    for (content, condition) in refused() {
        let message = format!(
            "<message from='mallory@example.com/x' to='romeo@sip.example.com' id='m0'>\
             {content}<body>x</body></message>"
        );
        let question = format!(
            "<iq from='mallory@example.com/x' to='sip.example.com' id='q0' type='get'>\
             <query xmlns='urn:x'>{content}</query></iq>"
        );
        send(&rig, &mut server, &(message + &question)).await;
        let error = server.message().await;
        assert_eq!(error.type_, MessageType::Error);
        assert_eq!(error.id.as_deref(), Some("m0"));
        assert_eq!(error.to.as_deref(), Some("mallory@example.com/x"));
        assert_eq!(error.from.as_deref(), Some("romeo@sip.example.com"));
        assert_error(error.error, &condition);
        let Some(StreamEvent::Stanza(Stanza::Iq(error))) = server.next().await else {
            panic!("the question is not answered")
        };
        assert_eq!(error.id.as_deref(), Some("q0"));
        assert_eq!(error.type_, IqType::Error);
        assert_error(error.error, &condition);
    }
    server.send(CHAT).await;
    assert!(rig.submitted.recv().await.is_some());
    server.pong(&ping).await;
    assert_eq!(delivered.await.unwrap(), ResponseStatus::Success);
    assert_eq!(rig.gateway.count("Unread"), 10);
    assert_eq!(rig.gateway.count("Disconnected"), 0);
}

#[tokio::test(start_paused = true)]
async fn presence_and_answers_beyond_the_limits_are_counted_and_never_answered() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let content = "<a/>".repeat(5000);
    for begin in [
        "<presence type='subscribe' from='a@example.com' to='b@sip.example.com'>",
        "<message type='error' id='x' from='a@example.com' to='b@sip.example.com'>",
        "<iq type='result' id='x' from='a@example.com' to='b@sip.example.com'>",
        "<iq type='error' id='x' from='a@example.com' to='b@sip.example.com'>",
        "<query xmlns='urn:x'>",
    ] {
        let (name, _) = begin.trim_start_matches('<').split_once(' ').unwrap();
        send(&rig, &mut server, &format!("{begin}{content}</{name}>")).await;
    }
    server
        .send("<iq type='get' id='p' from='a@b' to='sip.example.com'><ping xmlns='urn:xmpp:ping'/></iq>")
        .await;
    let Some(StreamEvent::Stanza(Stanza::Iq(iq))) = server.next().await else {
        panic!("something else was answered")
    };
    assert_eq!(iq.id.as_deref(), Some("p"));
    assert_eq!(rig.gateway.count("Unread"), 5);
    assert_eq!(rig.gateway.count("Ignored(LateError)"), 1);
    assert_eq!(rig.gateway.count("Ignored(Answer)"), 2);
}

#[tokio::test(start_paused = true)]
async fn error_beyond_the_limits_still_fails_its_message_and_an_answer_still_proves() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let lost = rig.deliver(operation("t1", "one"));
    let kept = rig.deliver(operation("t2", "two"));
    server.message().await;
    let first_ping = server.ping().await;
    server.message().await;
    let content = "<a/>".repeat(5000);
    let error = format!(
        "<message type='error' id='t1' from='juliet@example.com'>{content}\
         <error type='cancel'/></message>"
    );
    send(&rig, &mut server, &error).await;
    assert_eq!(reason(&lost.await.unwrap()), FailureReason::Refused);
    server.pong(&first_ping).await;
    let ping = server.ping().await;
    let answer = format!("<iq type='error' id='{ping}' from='example.com'>{content}</iq>");
    send(&rig, &mut server, &answer).await;
    assert_eq!(kept.await.unwrap(), ResponseStatus::Success);
}

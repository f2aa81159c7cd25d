//! Who is typing, and what else is worth something only now.

use rialto_sdk::model::{ComposingState, IsComposing, MessageOperation, ResponseStatus};
use rialto_sdk::serde_json::json;
use rialto_xmpp_codec::{ChatState, Hint, MessageType};

use super::super::fake::{Rig, operation};
use super::{CHAT, reason};
use rialto_sdk::model::{Failure, FailureReason};

fn chat_state(name: &str) -> String {
    format!(
        "<message type='chat' from='juliet@example.com/balcony' to='romeo@sip.example.com' id='c'>\
         <thread>th</thread><{name} xmlns='http://jabber.org/protocol/chatstates'/></message>"
    )
}

fn typing(id: &str, state: ComposingState) -> MessageOperation {
    let message = IsComposing::new(state).to_message().unwrap();
    operation(id, "")
        .with_message(message.with_thread("th"))
        .into_ephemeral()
}

#[tokio::test(start_paused = true)]
async fn chat_state_alone_is_ephemeral_and_never_answered() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    for (name, state) in [
        ("composing", ComposingState::Active),
        ("paused", ComposingState::Idle),
    ] {
        server.send(&chat_state(name)).await;
        let submitted = rig.submitted.recv().await.unwrap();
        let operation = submitted.operation;
        assert!(operation.is_ephemeral());
        assert_eq!((operation.identity(), operation.reference()), (None, None));
        assert_eq!(operation.source_instance().unwrap(), "balcony");
        assert_eq!(operation.message().thread().unwrap(), "th");
        let read = IsComposing::from_message(operation.message()).unwrap();
        assert_eq!(read.unwrap().state(), state);
        let refused = Failure::new(FailureReason::UnsupportedContent);
        submitted.answer.send(refused.into()).unwrap();
    }
    server
        .send(&CHAT.replace("to='romeo@sip.example.com'", "to='sip.example.com'"))
        .await;
    assert_eq!(
        server.message().await.id.unwrap(),
        "m1",
        "the first answer is to this"
    );
}

#[tokio::test(start_paused = true)]
async fn text_with_a_chat_state_is_a_message_like_others() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let active = "<active xmlns='http://jabber.org/protocol/chatstates'/></message>";
    server.send(&CHAT.replace("</message>", active)).await;
    let operation = rig.submitted.recv().await.unwrap().operation;
    assert!(!operation.is_ephemeral());
    assert_eq!(
        operation.message().payload().as_bytes(),
        b"Art thou not Romeo?"
    );
    assert!(operation.message().headers().is_empty());
}

#[tokio::test(start_paused = true)]
async fn text_that_shall_be_stored_nowhere_is_ephemeral_and_its_failure_is_told() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let hinted = |hint| {
        CHAT.replace(
            "</message>",
            &format!("<{hint} xmlns='urn:xmpp:hints'/></message>"),
        )
    };
    server.send(&hinted("no-permanent-store")).await;
    let kept = rig.submitted.recv().await.unwrap();
    assert!(
        !kept.operation.is_ephemeral(),
        "it may be stored on its way"
    );
    server.send(&hinted("no-store")).await;
    let submitted = rig.submitted.recv().await.unwrap();
    assert!(submitted.operation.is_ephemeral());
    let away = Failure::new(FailureReason::RecipientUnavailable);
    submitted.answer.send(away.into()).unwrap();
    assert_eq!(server.message().await.type_, MessageType::Error);
}

#[tokio::test(start_paused = true)]
async fn chat_states_are_dropped_while_messages_need_the_places() {
    let mut rig = Rig::with(json!({ "inbound_messages": 4 }), 64 * 1024);
    let mut server = rig.join().await;
    let mut unanswered = Vec::new();
    for _ in 0..3 {
        server.send(CHAT).await;
        unanswered.push(rig.submitted.recv().await.unwrap());
    }
    server.send(&chat_state("composing")).await;
    server.send(CHAT).await;
    let last = rig.submitted.recv().await.unwrap();
    assert!(
        !last.operation.is_ephemeral(),
        "the last place is for a message"
    );
    assert_eq!(rig.gateway.count("Ignored(Typing)"), 1);
}

#[tokio::test(start_paused = true)]
async fn is_composing_is_a_chat_state_that_nobody_stores() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    for (state, chat) in [
        (ComposingState::Active, ChatState::Composing),
        (ComposingState::Idle, ChatState::Active),
    ] {
        let delivered = rig.deliver(typing("t1", state));
        let message = server.message().await;
        assert_eq!(message.type_, MessageType::Chat);
        assert_eq!(message.payload(), Ok(Some(chat)));
        assert_eq!(message.payload(), Ok(Some(Hint::NoStore)));
        assert_eq!(message.thread.as_ref().unwrap().id, "th");
        assert!(message.bodies.is_empty() && message.max_forwards.is_some());
        let ping = server.ping().await;
        server.pong(&ping).await;
        assert_eq!(delivered.await.unwrap(), ResponseStatus::Success);
    }
}

#[tokio::test(start_paused = true)]
async fn ephemeral_text_goes_on_with_the_hint_that_nobody_stores_it() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let delivered = rig.deliver(operation("t1", "x").into_ephemeral());
    assert_eq!(server.message().await.payload(), Ok(Some(Hint::NoStore)));
    let ping = server.ping().await;
    server.pong(&ping).await;
    assert_eq!(delivered.await.unwrap(), ResponseStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn newest_state_replaces_those_of_its_conversation_that_are_queued() {
    let mut rig = Rig::with(json!({}), 1024);
    let mut server = rig.join().await;
    let first = rig.deliver(operation("t0", &"x".repeat(4000)));
    rig.settle().await;
    let mut typed = Vec::new();
    for (id, state) in [
        ("t1", ComposingState::Active),
        ("t2", ComposingState::Idle),
        ("t3", ComposingState::Active),
    ] {
        typed.push(rig.deliver(typing(id, state)));
        rig.settle().await;
    }
    let other = typing("t4", ComposingState::Idle).with_destination_instance("balcony");
    typed.push(rig.deliver(other));
    rig.settle().await;
    assert_eq!(server.message().await.id.unwrap(), "t0");
    let ping = server.ping().await;
    server.pong(&ping).await;
    let newest = server.message().await;
    assert_eq!(newest.id.as_deref(), Some("t3"));
    assert_eq!(newest.payload(), Ok(Some(ChatState::Composing)));
    assert_eq!(
        server.message().await.id.unwrap(),
        "t4",
        "another conversation's"
    );
    let ping = server.ping().await;
    server.pong(&ping).await;
    assert_eq!(first.await.unwrap(), ResponseStatus::Success);
    for typed in typed {
        assert_eq!(typed.await.unwrap(), ResponseStatus::Success);
    }
}

#[tokio::test(start_paused = true)]
async fn queue_that_is_half_full_takes_messages_alone() {
    let mut rig = Rig::with(json!({ "queue_messages": 4 }), 1024);
    let _server = rig.join().await;
    let mut queued = Vec::new();
    for number in 0..2 {
        let text = "x".repeat(4000);
        queued.push(rig.deliver(operation(&format!("t{number}"), &text)));
        rig.settle().await;
    }
    for passing in [
        typing("t2", ComposingState::Active),
        operation("t3", "x").into_ephemeral(),
    ] {
        let refused = rig.deliver(passing).await.unwrap();
        assert_eq!(reason(&refused), FailureReason::Overloaded);
    }
    queued.push(rig.deliver(operation("t4", "x")));
    rig.settle().await;
    assert!(queued.iter().all(|queued| !queued.is_finished()));
}

#[tokio::test(start_paused = true)]
async fn states_that_flood_a_stalled_server_are_refused_and_take_no_memory() {
    let mut rig = Rig::with(json!({}), 1024);
    let _server = rig.join().await;
    let stalled = rig.deliver(operation("t0", &"x".repeat(4000)));
    rig.settle().await;
    let mut refused = 0;
    for number in 0..40 {
        let state = rig.deliver(typing(&format!("s{number}"), ComposingState::Active));
        rig.settle().await;
        if state.is_finished() {
            assert_eq!(reason(&state.await.unwrap()), FailureReason::Overloaded);
            refused += 1;
        }
    }
    assert_eq!(refused, 24, "sixteen wait for one state");
    assert!(!stalled.is_finished());
}

//! What became of messages, told both ways.

use rialto_sdk::model::{
    Disposition, DispositionOperation, DispositionRequest, Failure, FailureReason, ImdnHeaders,
    InstantInbox, MessageId, Notify, ResponseStatus, TransactionId,
};
use rialto_xmpp_codec::{Condition, Marker, Message, MessageType, Receipt};

use super::super::fake::{FakeServer, Rig, operation};
use super::{is_in_doubt, is_unsent, reason};

const ASKING: &str = "<message type='chat' from='juliet@example.com/balcony' \
    to='romeo@sip.example.com/orchard' id='m1'><body>Art thou not Romeo?</body>\
    <request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/></message>";

fn id(text: &str) -> TransactionId {
    TransactionId::parse(text.as_bytes()).unwrap()
}

/// What the gateway brings back of [`ASKING`].
async fn report(rig: &mut Rig, server: &mut FakeServer, what: Disposition) -> DispositionOperation {
    server.send(ASKING).await;
    let asked = rig.submitted.recv().await.unwrap().operation;
    let reference = asked.reference().expect("a reference").clone();
    about_juliets(what).with_reference(reference)
}

fn about_juliets(what: Disposition) -> DispositionOperation {
    let romeo = InstantInbox::parse("im:romeo@sip.example.com").unwrap();
    let juliet = InstantInbox::parse("im:juliet@example.com").unwrap();
    DispositionOperation::new(id("d1"), id("t0"), romeo, juliet, what)
}

/// What the server gets when the sender is told.
async fn told(rig: &Rig, server: &mut FakeServer, operation: DispositionOperation) -> Message {
    let told = rig.tell(operation);
    let message = server.message().await;
    let ping = server.ping().await;
    server.pong(&ping).await;
    assert_eq!(told.await.unwrap(), ResponseStatus::Success);
    message
}

#[tokio::test(start_paused = true)]
async fn rfc2779_4_2_1_receipt_and_marker_that_a_sender_asks_for_are_asked_for_in_the_common_format()
 {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server.send(ASKING).await;
    let asked = rig.submitted.recv().await.unwrap().operation;
    let imdn = ImdnHeaders::read(asked.message().headers()).unwrap();
    let all = [
        Notify::PositiveDelivery,
        Notify::NegativeDelivery,
        Notify::Display,
    ];
    assert_eq!(imdn.request, DispositionRequest::from_iter(all));
    assert_eq!(imdn.message_id, MessageId::parse("m1").ok());
}

#[tokio::test(start_paused = true)]
async fn rfc2779_4_2_1_delivery_and_display_are_told_to_the_device_that_asked() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let delivered = report(&mut rig, &mut server, Disposition::Delivered).await;
    let receipt = told(&rig, &mut server, delivered).await;
    let displayed = report(&mut rig, &mut server, Disposition::Displayed).await;
    let marker = told(&rig, &mut server, displayed).await;
    for message in [&receipt, &marker] {
        assert_eq!(
            message.from.as_deref(),
            Some("romeo@sip.example.com/orchard")
        );
        assert_eq!(message.to.as_deref(), Some("juliet@example.com/balcony"));
        assert_eq!(message.type_, MessageType::Chat);
        assert_eq!(message.id.as_deref(), Some("d1"));
        assert_eq!(message.other.len(), 1, "XEP-0184 §5.1: nothing else in it");
    }
    assert_eq!(receipt.payload(), Ok(Some(Receipt::Received("m1".into()))));
    assert_eq!(marker.payload(), Ok(Some(Marker::Displayed("m1".into()))));
}

#[tokio::test(start_paused = true)]
async fn rfc2779_4_2_1_failure_that_comes_late_is_an_error_stanza_with_the_senders_id() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let failed = report(&mut rig, &mut server, Disposition::Failed).await;
    let failed = failed.with_failure(Failure::new(FailureReason::NoSuchInbox));
    let error = told(&rig, &mut server, failed).await;
    assert_eq!(error.type_, MessageType::Error);
    assert_eq!(error.id.as_deref(), Some("m1"));
    assert_eq!(error.from.as_deref(), Some("romeo@sip.example.com/orchard"));
    assert_eq!(error.to.as_deref(), Some("juliet@example.com/balcony"));
    assert_eq!(error.error.unwrap().condition, Condition::ItemNotFound);
}

#[tokio::test(start_paused = true)]
async fn sender_is_told_without_a_reference_at_his_address_by_the_name_of_the_message() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let foreign = "chat\u{1f}juliet@example.com/balcony\u{1f}romeo@elsewhere.example\u{1f}m7";
    for reference in [None, Some("x"), Some(foreign)] {
        let mut delivered =
            about_juliets(Disposition::Delivered).with_message_id(MessageId::parse("m7").unwrap());
        if let Some(reference) = reference {
            delivered = delivered.with_reference(reference.to_owned());
        }
        let receipt = told(&rig, &mut server, delivered).await;
        assert_eq!(receipt.from.as_deref(), Some("romeo@sip.example.com"));
        assert_eq!(receipt.to.as_deref(), Some("juliet@example.com"));
        assert_eq!(receipt.payload(), Ok(Some(Receipt::Received("m7".into()))));
    }
}

#[tokio::test(start_paused = true)]
async fn sender_who_cannot_be_told_is_a_failure_that_says_whether_to_try_again() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    for what in [Disposition::Delivered, Disposition::Processed] {
        let nameless = rig.tell(about_juliets(what)).await.unwrap();
        assert_eq!(reason(&nameless), FailureReason::UnsupportedContent);
    }
    let failed = report(&mut rig, &mut server, Disposition::Failed).await;
    let told = rig.tell(failed.clone());
    server.message().await;
    drop(server);
    assert!(is_in_doubt(&told.await.unwrap()));
    assert!(is_unsent(&rig.tell(failed).await.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn receipts_and_markers_of_users_are_reported_and_never_answered() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    for (content, what) in [
        (
            "<received xmlns='urn:xmpp:receipts' id='t1'/>",
            &[Disposition::Delivered][..],
        ),
        (
            "<displayed xmlns='urn:xmpp:chat-markers:0' id='t1'/>",
            &[Disposition::Displayed],
        ),
        (
            "<acknowledged xmlns='urn:xmpp:chat-markers:0' id='t1'/>",
            &[Disposition::Displayed],
        ),
        (
            "<received xmlns='urn:xmpp:receipts' id='t1'/>\
             <received xmlns='urn:xmpp:chat-markers:0' id='t1'/>",
            &[Disposition::Delivered],
        ),
        (
            "<received xmlns='urn:xmpp:receipts' id='t1'/><request xmlns='urn:xmpp:receipts'/>\
             <displayed xmlns='urn:xmpp:chat-markers:0' id='t1'/>\
             <received xmlns='urn:xmpp:receipts' id='t2'/>",
            &[Disposition::Delivered, Disposition::Displayed],
        ),
    ] {
        server
            .send(&format!(
                "<message from='juliet@example.com/balcony' to='romeo@sip.example.com' id='r'>{content}</message>"
            ))
            .await;
        for what in what {
            let reported = rig.reported.recv().await.unwrap();
            let operation = reported.operation;
            assert_eq!(operation.disposition(), *what, "{content}");
            assert_eq!(operation.concerning(), &id("t1"));
            assert_eq!(operation.source().as_str(), "im:juliet@example.com");
            assert_eq!(operation.destination().as_str(), "im:romeo@sip.example.com");
            let unknown = Failure::new(FailureReason::Refused);
            reported.answer.send(unknown.into()).unwrap();
        }
        assert!(rig.reported.try_recv().is_err(), "{content}");
    }
    rig.settle().await;
    assert_eq!(
        rig.gateway.count("Ignored(Report)"),
        6,
        "what is unknown is counted"
    );
    assert!(rig.submitted.try_recv().is_err());
    assert_nothing_was_answered(&mut server).await;
}

#[tokio::test(start_paused = true)]
async fn receipts_that_are_none_are_counted_and_go_no_further() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let long = "i".repeat(41);
    for content in [
        "<received xmlns='urn:xmpp:receipts'/>",
        "<received xmlns='urn:xmpp:receipts' id=''/>",
        "<received xmlns='urn:xmpp:receipts' id='two words'/>",
        &format!("<displayed xmlns='urn:xmpp:chat-markers:0' id='{long}'/>"),
        // An encrypted receipt is one nevertheless.
        "<received xmlns='urn:xmpp:receipts'/><openpgp xmlns='urn:xmpp:openpgp:0'>x</openpgp>",
    ] {
        server
            .send(&format!(
                "<message from='juliet@example.com/balcony' to='romeo@sip.example.com' id='r'>{content}</message>"
            ))
            .await;
    }
    let room = "<message type='groupchat' from='room@example.com/a' to='romeo@sip.example.com' id='r'>\
        <received xmlns='urn:xmpp:receipts' id='t1'/></message>";
    let carbon = "<message from='juliet@example.com' to='romeo@sip.example.com' id='r'>\
        <received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>\
        <message xmlns='jabber:client'><received xmlns='urn:xmpp:receipts' id='t1'/></message>\
        </forwarded></received></message>";
    server.send(&[room, carbon].concat()).await;
    assert_nothing_was_answered(&mut server).await;
    assert!(rig.reported.try_recv().is_err());
    assert_eq!(rig.gateway.count("Ignored(Report)"), 5);
    assert_eq!(
        rig.gateway.count("Ignored(Silent)"),
        2,
        "the room's and the carbon"
    );
}

/// The next that comes is the answer to a ping.
async fn assert_nothing_was_answered(server: &mut FakeServer) {
    server
        .send("<iq type='get' id='p' from='a@b' to='sip.example.com'><ping xmlns='urn:xmpp:ping'/></iq>")
        .await;
    let next = server.next().await;
    assert!(format!("{next:?}").contains("Some(\"p\")"), "{next:?}");
}

#[tokio::test(start_paused = true)]
async fn rfc2779_4_2_1_error_that_comes_behind_the_proof_is_reported() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let delivered = rig.deliver(operation("t1", "x"));
    server.message().await;
    let ping = server.ping().await;
    server.pong(&ping).await;
    assert_eq!(delivered.await.unwrap(), ResponseStatus::Success);
    server
        .send(&late_error("juliet@example.com", "cancel"))
        .await;
    let reported = rig.reported.recv().await.unwrap().operation;
    assert_eq!(reported.disposition(), Disposition::Failed);
    assert_eq!(reported.concerning(), &id("t1"));
    assert_eq!(reported.source().as_str(), "im:juliet@example.com");
    let failure = reported.into_failure();
    assert_eq!(failure.reason(), FailureReason::Unresolvable);
    assert_eq!(rig.gateway.count("Ignored(LateError)"), 1);
}

fn late_error(from: &str, kind: &str) -> String {
    format!(
        "<message type='error' id='t1' from='{from}' to='romeo@sip.example.com'><error type='{kind}'>\
         <remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    )
}

#[tokio::test(start_paused = true)]
async fn late_error_of_nobody_or_without_weight_is_counted_alone() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    for (from, kind) in [
        ("example.com", "cancel"),
        ("juliet@example.com", "continue"),
    ] {
        server.send(&late_error(from, kind)).await;
    }
    assert_nothing_was_answered(&mut server).await;
    assert!(rig.reported.try_recv().is_err());
    assert_eq!(rig.gateway.count("Ignored(LateError)"), 2);
}

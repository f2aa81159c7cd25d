//! Mail out.

use rialto_email_codec::{
    message::Mail,
    smtp::{Notify, Protocol},
};
use rialto_sdk::{
    model::{
        ContentHeader, NotifyOperation, Presentity, ResponseStatus, Retry, SubscribeOperation,
        SubscriptionId, SubscriptionState,
    },
    prelude::*,
};

use super::{MAIL, Rig, Server, inbox, operation, server::Answer, transaction};

#[tokio::test]
async fn message_becomes_a_mail_that_can_be_answered_and_known_again() {
    let mut server = Server::start().await;
    let rig = Rig::trusting(&server).await;
    let message = InstantMessage::text("Wherefore? 今")
        .with_headers([Header::new("Subject", "Röseli")].into_iter().collect())
        .with_thread("th");
    let sent = operation("a0", "").with_message(message);
    assert_eq!(rig.deliver(sent).await, ResponseStatus::Indeterminant);
    let (envelope, octets) = server.next().await;
    assert_eq!(
        envelope.mail_from.reverse_path.to_string(),
        "<alice@sip.example>"
    );
    assert_eq!(envelope.mail_from.envid.unwrap(), "a0".repeat(16));
    let recipient = &envelope.recipients[0];
    assert_eq!(recipient.forward_path.to_string(), "<juliet@mail.example>");
    assert!(matches!(
        recipient.notify,
        Some(Notify::On { failure: true, .. })
    ));
    let mail = Mail::parse(octets.as_bytes()).unwrap();
    assert_eq!(mail.from()[0].mailbox.to_string(), "alice@sip.example");
    assert_eq!(mail.subject(), Some("Röseli"));
    assert_eq!(
        mail.message_id().unwrap().as_str(),
        format!("{}@gw.example", "a0".repeat(16))
    );
    assert_eq!(mail.references()[0].as_str(), "th@thread.gw.example");
    assert_eq!(mail.max_forwards(), Some(70));
    assert_eq!(mail.received_count(), 1);
    assert_eq!(mail.shown_text().unwrap().text, "Wherefore? 今");
}

#[tokio::test]
async fn answer_to_a_mail_stands_in_its_thread() {
    let mut server = Server::start().await;
    let rig = Rig::trusting(&server).await;
    let mut client = rig.smtp().await;
    client
        .mail("juliet@mail.example", &["alice@sip.example"], MAIL)
        .await;
    let asked = rig.gateway.submitted().pop().unwrap();
    let message =
        InstantMessage::text("Neither").with_thread(asked.message().thread().unwrap().clone());
    rig.deliver(operation("a1", "").with_message(message)).await;
    let (_, octets) = server.next().await;
    let mail = Mail::parse(octets.as_bytes()).unwrap();
    assert_eq!(mail.in_reply_to()[0].as_str(), "1@mail.example");
    assert_eq!(mail.references()[0].as_str(), "1@mail.example");
}

#[tokio::test]
async fn connection_is_used_again_and_a_broken_one_is_replaced() {
    let mut server = Server::start().await;
    let rig = Rig::trusting(&server).await;
    for id in ["b0", "b1", "b2"] {
        assert_eq!(
            rig.deliver(operation(id, "hi")).await,
            ResponseStatus::Indeterminant
        );
        server.next().await;
    }
    assert_eq!(*server.script.sessions.lock().unwrap(), 1);
    server.script.message(Answer::HangUp);
    rig.deliver(operation("b3", "hi")).await;
    assert_eq!(
        rig.deliver(operation("b4", "hi")).await,
        ResponseStatus::Indeterminant
    );
    assert_eq!(*server.script.sessions.lock().unwrap(), 2);
}

#[tokio::test]
async fn cpim_2_4_1_3c_what_a_server_of_smtp_has_taken_is_not_called_delivered_and_of_lmtp_is() {
    for (protocol, status) in [
        (Protocol::Smtp, ResponseStatus::Indeterminant),
        (Protocol::Lmtp, ResponseStatus::Success),
    ] {
        let mut server = Server::speaking(protocol).await;
        let rig = Rig::trusting(&server).await;
        assert_eq!(rig.deliver(operation("b0", "hi")).await, status);
        server.next().await;
    }
}

#[tokio::test]
async fn code_of_the_server_tells_later_from_never() {
    let server = Server::start().await;
    let rig = Rig::trusting(&server).await;
    for (reply, reason) in [
        ("550 5.1.1 who", FailureReason::NoSuchInbox),
        ("450 4.2.1 later", FailureReason::RecipientUnavailable),
        ("451 4.3.0 later", FailureReason::Unreachable),
    ] {
        server.script.recipient(reply);
        let ResponseStatus::Failure(failure) = rig.deliver(operation("c0", "hi")).await else {
            panic!("{reply}");
        };
        assert_eq!(failure.reason(), reason, "{reply}");
        server.script.message(Answer::Reply(reply));
        let ResponseStatus::Failure(failure) = rig.deliver(operation("c1", "hi")).await else {
            panic!("{reply}");
        };
        assert_eq!(failure.reason(), reason, "{reply} after the message");
    }
    assert_eq!(
        *server.script.sessions.lock().unwrap(),
        1,
        "a refusal ends nothing"
    );
}

#[tokio::test]
async fn message_whose_answer_is_lost_may_have_arrived_and_one_before_it_did_not() {
    let server = Server::start().await;
    let rig = Rig::trusting(&server).await;
    server.script.message(Answer::HangUp);
    let ResponseStatus::Failure(failure) = rig.deliver(operation("d0", "hi")).await else {
        panic!("no answer");
    };
    assert_eq!(
        (failure.reason(), failure.retry()),
        (FailureReason::TimedOut, Retry::Never)
    );
    assert!(failure.detail().contains("may have arrived"));

    let nobody = operation("d1", "hi").with_next_hop("127.0.0.1:1");
    let ResponseStatus::Failure(failure) = rig.deliver(nobody).await else {
        panic!("nobody listens");
    };
    assert_eq!(
        (failure.reason(), failure.retry()),
        (FailureReason::Unreachable, Retry::Backoff)
    );
}

#[tokio::test]
async fn destinations_have_bounds_of_their_own() {
    let mut server = Server::start().await;
    let more = format!(
        r#""authentication": {{"mode": "off"}},
           "outgoing": {{"smart_host": "{}", "tls": "off", "connections": 2, "queue": 100}}"#,
        server.address
    );
    let rig = std::sync::Arc::new(Rig::start(&more).await);
    let mut deliveries = tokio::task::JoinSet::new();
    for number in 0..20 {
        let rig = std::sync::Arc::clone(&rig);
        let sent = operation(&format!("{number:02x}"), "hi");
        deliveries.spawn(async move { rig.deliver(sent).await });
    }
    while let Some(status) = deliveries.join_next().await {
        assert_eq!(status.unwrap(), ResponseStatus::Indeterminant);
        server.next().await;
    }
    assert!(*server.script.sessions.lock().unwrap() <= 2);
}

#[tokio::test]
async fn content_that_is_no_text_goes_as_it_is_and_what_mail_cannot_carry_is_refused() {
    let mut server = Server::start().await;
    let rig = Rig::trusting(&server).await;
    let with = |kind: &'static str, octets: &'static [u8]| {
        let message = InstantMessage::new(kind, Bytes::from_static(octets));
        operation("e0", "").with_message(message)
    };
    let image = with("image/png", b"\x89PNG\r\n\x1a\n\0");
    assert_eq!(rig.deliver(image).await, ResponseStatus::Indeterminant);
    let (_, octets) = server.next().await;
    assert!(octets.contains("Content-Transfer-Encoding: base64"));
    assert!(octets.contains("iVBORw0KGgoA"));

    // What its sender says of the encoding is no longer true.
    let image = InstantMessage::new("image/png", Bytes::from_static(b"\x89PNG\r\n\x1a\n\0"));
    let encoding = ContentHeader::new("Content-Transfer-Encoding", "binary");
    let image = image.with_content_headers(vec![encoding]);
    let image = operation("e2", "").with_message(image);
    assert_eq!(rig.deliver(image).await, ResponseStatus::Indeterminant);
    let (_, octets) = server.next().await;
    let said = octets.matches("Content-Transfer-Encoding").count();
    assert_eq!(said, 1, "{octets}");
    assert!(octets.contains("Content-Transfer-Encoding: base64"));

    let body = "--b\r\n\r\nsigned \r\n--b\r\n\r\n\x01\r\n--b--\r\n";
    let signed = with("multipart/signed; boundary=b", body.as_bytes());
    assert_eq!(rig.deliver(signed).await, ResponseStatus::Indeterminant);
    let (_, octets) = server.next().await;
    assert!(octets.ends_with(body), "not an octet of it changed");

    let bare = with("multipart/signed; boundary=b", b"--b\n\nsigned\n--b--\n");
    let ResponseStatus::Failure(failure) = rig.deliver(bare).await else {
        panic!("bare line ends");
    };
    assert_eq!(failure.reason(), FailureReason::UnsupportedContent);
    let typing = operation("e1", "").into_ephemeral();
    assert!(matches!(
        rig.deliver(typing).await,
        ResponseStatus::Failure(_)
    ));
    assert!(server.is_empty());
}

#[tokio::test]
async fn mailbox_has_no_presentity_to_subscribe_to_and_no_watcher_to_tell() {
    let rig = Rig::trusting(&Server::start().await).await;
    let presentity = |uri| Presentity::parse(uri).unwrap();
    let watcher = presentity("pres:alice@sip.example");
    let target = presentity("pres:juliet@mail.example");
    let name = SubscriptionId::parse(b"s1").unwrap();
    let subscribe =
        SubscribeOperation::new(transaction("f0"), name, watcher.clone(), target.clone());
    let notify = NotifyOperation::new(
        transaction("f1"),
        name,
        target,
        watcher,
        SubscriptionState::Active,
    );
    let answers = [
        rig.email.subscribe(subscribe).await,
        rig.email.notify(notify).await,
    ];
    for answer in answers {
        let ResponseStatus::Failure(failure) = answer.unwrap().into_status() else {
            panic!("it was taken");
        };
        assert_eq!(failure.reason(), FailureReason::NoPresentity);
        assert_eq!(failure.retry(), Retry::Never);
    }
}

#[tokio::test]
async fn user_beyond_ascii_is_shown_in_it_and_a_mail_back_comes_home() {
    let mut server = Server::start().await;
    let rig = Rig::trusting(&server).await;
    let bob = inbox("im:b%C3%B6b@sip.example");
    rig.deliver(operation("f0", "hi").with_source(bob.clone()))
        .await;
    let (envelope, octets) = server.next().await;
    let shown = Mail::parse(octets.as_bytes()).unwrap().from()[0]
        .mailbox
        .to_string();
    assert_eq!(shown, "b=C3=B6b@sip.example");
    assert_eq!(
        envelope.mail_from.reverse_path.to_string(),
        format!("<{shown}>")
    );
    rig.smtp()
        .await
        .mail("juliet@mail.example", &[&shown], MAIL)
        .await;
    assert_eq!(rig.gateway.submitted().pop().unwrap().destination(), &bob);
}

#[tokio::test]
async fn server_that_refuses_everybody_says_nothing_of_the_recipient() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hop = listener.local_addr().unwrap().to_string();
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"554 not for you\r\n").await.unwrap();
        }
    });
    let rig = Rig::trusting(&Server::start().await).await;
    let status = rig.deliver(operation("f1", "hi").with_next_hop(hop)).await;
    let ResponseStatus::Failure(failure) = status else {
        panic!("it was refused");
    };
    assert_eq!(failure.reason(), FailureReason::Unreachable);
}

#[tokio::test]
async fn server_that_never_answers_is_given_up_before_the_deadline_and_surely_has_nothing() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hop = silent.local_addr().unwrap().to_string();
    let rig = Rig::trusting(&Server::start().await).await;
    let soon = std::time::Duration::from_millis(200);
    let sent = operation("f2", "hi").with_next_hop(hop).with_deadline(soon);
    let ResponseStatus::Failure(failure) = rig.deliver(sent).await else {
        panic!("nobody answered");
    };
    assert_eq!(failure.reason(), FailureReason::Unreachable, "{failure}");
}

//! Mail in.

use rialto_sdk::{
    model::{ImdnHeaders, MaxForwards, Notify, ResponseStatus},
    prelude::*,
};

use super::{MAIL, Rig, Server, inbox};

#[tokio::test]
async fn mail_becomes_a_message_with_subject_name_and_thread() {
    let rig = Rig::trusting(&Server::start().await).await;
    let (_, reply) = rig
        .smtp()
        .await
        .mail("juliet@mail.example", &["alice@sip.example"], MAIL)
        .await;
    assert!(reply.starts_with("250 2.6.0"), "{reply}");
    let [operation] = &rig.gateway.submitted()[..] else {
        panic!("one message");
    };
    assert_eq!(operation.source(), &inbox("im:juliet@mail.example"));
    assert_eq!(operation.destination(), &inbox("im:alice@sip.example"));
    assert_eq!(operation.authentication(), Authentication::Network);
    let message = operation.message();
    assert_eq!(message.payload().as_bytes(), b"Art thou not Romeo?");
    assert_eq!(message.content_type(), InstantMessage::TEXT_PLAIN);
    assert_eq!(message.thread().unwrap(), "1@mail.example");
    let headers = message.headers();
    assert_eq!(headers.subjects().next().unwrap().value, "Wherefore");
    let name = headers.from().unwrap();
    assert_eq!(name.display_name().unwrap(), "Juliet");
    assert_eq!(headers.date_time().unwrap().unix_timestamp(), 1_795_168_800);
    assert!(operation.identity().unwrap().ends_with(" 1@mail.example"));
    assert!(operation.reference().is_some());
}

#[tokio::test]
async fn failure_is_answered_by_its_code_while_the_client_waits() {
    let rig = Rig::trusting(&Server::start().await).await;
    for (reason, code) in [
        (FailureReason::NoSuchInbox, "550 5.1.1"),
        (FailureReason::Unreachable, "451 4.4.1"),
        (FailureReason::UnsupportedContent, "554 5.6.1"),
    ] {
        rig.gateway.answer_with(Failure::new(reason).into());
        let mut client = rig.smtp().await;
        let (_, reply) = client
            .mail("juliet@mail.example", &["alice@sip.example"], MAIL)
            .await;
        assert!(reply.starts_with(code), "{reply}");
    }
    rig.gateway.answer_with(ResponseStatus::Indeterminant);
    let mut client = rig.smtp().await;
    let (_, reply) = client
        .mail("juliet@mail.example", &["alice@sip.example"], MAIL)
        .await;
    assert!(reply.starts_with("250"), "the gateway keeps it: {reply}");
}

#[tokio::test]
async fn recipients_of_lmtp_each_get_an_answer() {
    let rig = Rig::trusting(&Server::start().await).await;
    let mut client = rig.lmtp().await;
    client.say("LHLO mta.example").await;
    client.say("MAIL FROM:<juliet@mail.example>").await;
    for to in ["alice@sip.example", "bob@sip.example"] {
        assert!(
            client
                .say(&format!("RCPT TO:<{to}>"))
                .await
                .starts_with("250")
        );
    }
    let first = client.content(MAIL).await;
    let second = client.reply().await;
    assert!(first.starts_with("250") && second.starts_with("250"));
    let to: Vec<_> = rig
        .gateway
        .submitted()
        .iter()
        .map(|operation| operation.destination().to_string())
        .collect();
    assert_eq!(to, ["im:alice@sip.example", "im:bob@sip.example"]);
}

#[tokio::test]
async fn recipient_that_cannot_be_is_refused_before_the_mail_is_sent() {
    let rig = Rig::start(r#""authentication": {"mode": "off"}"#).await;
    let mut client = rig.smtp().await;
    client.say("EHLO client.example").await;
    client.say("MAIL FROM:<juliet@mail.example>").await;
    for (to, code) in [
        ("bob@elsewhere.example", "550 5.7.1"),
        ("bob@[192.0.2.1]", "553 5.1.3"),
        ("bob@localhost", "553 5.1.3"),
    ] {
        let reply = client.say(&format!("RCPT TO:<{to}>")).await;
        assert!(reply.starts_with(code), "{to}: {reply}");
    }
    assert!(client.say("RCPT TO:<Postmaster>").await.starts_with("250"));
}

#[tokio::test]
async fn stranger_names_one_recipient_at_a_time_since_a_report_could_hit_anybody() {
    let rig = Rig::start(r#""authentication": {"mode": "off"}"#).await;
    let mut client = rig.smtp().await;
    let to = ["alice@sip.example", "bob@sip.example"];
    let (replies, reply) = client.mail("juliet@mail.example", &to, MAIL).await;
    assert!(replies[0].starts_with("250") && replies[1].starts_with("452 4.5.3"));
    assert!(reply.starts_with("250"));
    let [operation] = &rig.gateway.submitted()[..] else {
        panic!("one message");
    };
    assert_eq!(operation.authentication(), Authentication::None);
}

#[tokio::test]
async fn mail_that_is_sent_again_reaches_nobody_twice() {
    let rig = Rig::trusting(&Server::start().await).await;
    for _ in 0..2 {
        let mut client = rig.smtp().await;
        let (_, reply) = client
            .mail("juliet@mail.example", &["alice@sip.example"], MAIL)
            .await;
        assert!(reply.starts_with("250"));
    }
    assert_eq!(rig.gateway.submitted().len(), 1);
}

#[tokio::test]
async fn what_is_asked_of_delivery_goes_along() {
    let rig = Rig::trusting(&Server::start().await).await;
    let mut client = rig.smtp().await;
    client.say("EHLO client.example").await;
    client.say("MAIL FROM:<juliet@mail.example> ENVID=e1").await;
    client
        .say("RCPT TO:<alice@sip.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;al@x.example")
        .await;
    client.content(MAIL).await;
    let operation = rig.gateway.submitted().pop().unwrap();
    let imdn = ImdnHeaders::read(operation.message().headers()).unwrap();
    assert!(imdn.request.contains(Notify::PositiveDelivery));
    assert!(imdn.request.contains(Notify::NegativeDelivery));
    assert_eq!(imdn.message_id.unwrap().as_str(), "1@mail.example");
}

#[tokio::test]
async fn cpim_2_4_2_servers_that_a_mail_has_passed_count_as_hops() {
    let rig = Rig::trusting(&Server::start().await).await;
    let received = "Received: from a.example by b.example; Fri, 20 Nov 2026 10:00:00 +0000\r\n";
    for (header, hops) in [
        (received.repeat(3), Some(67)),
        (format!("{received}Rialto-Max-Forwards: 5\r\n"), Some(4)),
        ("Rialto-Max-Forwards: 255\r\n".to_owned(), Some(70)),
        (received.repeat(80), Some(0)),
        (received.repeat(101), None),
    ] {
        let mut client = rig.smtp().await;
        let to = ["alice@sip.example"];
        let (_, reply) = client
            .mail("juliet@mail.example", &to, &format!("{header}{MAIL}"))
            .await;
        match hops {
            Some(hops) => {
                let operation = rig.gateway.submitted().pop().unwrap();
                assert_eq!(operation.max_forwards(), MaxForwards::new(hops));
            }
            None => assert!(reply.starts_with("554 5.4.6"), "{reply}"),
        }
    }
}

#[tokio::test]
async fn attachment_is_refused_mentioned_or_carried_and_never_dropped_without_a_word() {
    let mail = "From: juliet@mail.example\r\nMessage-ID: <2@mail.example>\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\
        Look.\r\n--b\r\nContent-Type: image/png; name=a.png\r\nContent-Disposition: attachment\r\n\
        Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n";
    let sent = |rule: &'static str| async move {
        let more = format!(r#""authentication": {{"mode": "off"}}, "content": [{rule}]"#);
        let rig = Rig::start(&more).await;
        let mut client = rig.smtp().await;
        let to = ["alice@sip.example"];
        let (_, reply) = client.mail("juliet@mail.example", &to, mail).await;
        (reply, rig.gateway.submitted().pop())
    };
    let (reply, submitted) = sent("").await;
    assert!(
        reply.starts_with("554 5.6.1") && reply.contains("attachments"),
        "{reply}"
    );
    assert!(submitted.is_none());

    let (_, submitted) = sent(r#"{"attachments": "mention"}"#).await;
    let text = submitted.unwrap().message().payload().clone().into_bytes();
    assert_eq!(text, "Look.\n\n[not delivered: a.png, image/png, 1 KiB]");

    let (_, submitted) = sent(r#"{"domains": ["sip.example"], "body": "entity"}"#).await;
    let operation = submitted.unwrap();
    assert_eq!(
        operation.message().content_type(),
        "multipart/mixed; boundary=b"
    );
    let body = mail.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(operation.message().payload().as_bytes(), body.as_bytes());
}

#[tokio::test]
async fn cpim_4_3_signed_mail_crosses_untouched_whatever_the_rule() {
    let rig = Rig::trusting(&Server::start().await).await;
    let body = "--b\r\nContent-Type: text/plain\r\n\r\nsigned \r\n--b\r\n\
        Content-Type: application/pgp-signature\r\n\r\nxyz\r\n--b--\r\n";
    let mail = format!(
        "From: juliet@mail.example\r\nContent-Type: multipart/signed;\r\n protocol=\"application/pgp-signature\";\
         boundary=b\r\n\r\n{body}"
    );
    rig.smtp()
        .await
        .mail("juliet@mail.example", &["alice@sip.example"], &mail)
        .await;
    let operation = rig.gateway.submitted().pop().unwrap();
    let kind = operation.message().content_type();
    assert_eq!(
        kind,
        "multipart/signed; protocol=\"application/pgp-signature\";boundary=b"
    );
    assert_eq!(operation.message().payload().as_bytes(), body.as_bytes());
    assert_eq!(operation.identity(), None, "it has no name of its own");
}

#[tokio::test]
async fn quotes_and_signatures_are_cut_for_a_chat_unless_they_shall_stay() {
    let mail = "From: juliet@mail.example\r\n\r\nYes.\r\n\r\nOn Monday, 1 June 2026, alice@sip.example wrote:\r\n\
        > Shall we?\r\n\r\n-- \r\nJuliet\r\n";
    for (rule, text) in [
        ("", "Yes."),
        (
            r#"{"quotes": "keep", "signatures": "cut"}"#,
            "Yes.\n\nOn Monday, 1 June 2026, alice@sip.example wrote:\n> Shall we?",
        ),
    ] {
        let more = format!(r#""authentication": {{"mode": "off"}}, "content": [{rule}]"#);
        let rig = Rig::start(&more).await;
        let mut client = rig.smtp().await;
        client
            .mail("juliet@mail.example", &["alice@sip.example"], mail)
            .await;
        let operation = rig.gateway.submitted().pop().unwrap();
        assert_eq!(operation.message().payload().as_bytes(), text.as_bytes());
    }
}

//! Reports in and out.

use rialto_email_codec::{
    message::Mail,
    report::{Action, Report},
};
use rialto_sdk::{
    model::{Disposition, DispositionOperation, ResponseStatus},
    prelude::*,
};

use super::{MAIL, Rig, Server, inbox, transaction};

fn bounce(id: &str, action: &str, status: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.mail.example\r\nTo: alice@sip.example\r\nSubject: report\r\n\
         Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\n\r\nIt went wrong.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.mail.example\r\n\r\nFinal-Recipient: rfc822; other@mail.example\r\n\
         Action: {action}\r\nStatus: {status}\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n\
         From: alice@sip.example\r\nTo: <juliet@mail.example>\r\nMessage-ID: <{id}>\r\n\r\n--b--\r\n"
    )
}

#[tokio::test]
async fn report_of_a_server_becomes_the_disposition_of_its_message() {
    let rig = Rig::trusting(&Server::start().await).await;
    let id = format!("{}@gw.example", "a0".repeat(16));
    for (action, status, disposition) in [
        ("failed", "5.1.1", Some(Disposition::Failed)),
        ("delivered", "2.0.0", Some(Disposition::Delivered)),
        ("relayed", "2.0.0", Some(Disposition::Processed)),
        ("delayed", "4.4.1", None),
    ] {
        let mut client = rig.smtp().await;
        let report = bounce(&id, action, status);
        let (_, reply) = client.mail("", &["alice@sip.example"], &report).await;
        assert!(reply.starts_with("250"), "{reply}");
        let reported = rig.gateway.dispositions().pop();
        assert_eq!(
            reported.as_ref().map(DispositionOperation::disposition),
            disposition
        );
        if let Some(reported) = reported {
            assert_eq!(reported.concerning(), &transaction("a0"));
            assert_eq!(reported.source(), &inbox("im:juliet@mail.example"));
            assert_eq!(reported.destination(), &inbox("im:alice@sip.example"));
            let reason = reported.failure().map(Failure::reason);
            let failed = (action == "failed").then_some(FailureReason::NoSuchInbox);
            assert_eq!(reason, failed);
        }
    }
    assert!(rig.gateway.submitted().is_empty(), "no report is a message");
}

#[tokio::test]
async fn report_on_a_message_that_is_not_ours_is_refused_and_a_person_who_speaks_of_one_is_heard() {
    let rig = Rig::trusting(&Server::start().await).await;
    let to = ["alice@sip.example"];
    let report = bounce("7@elsewhere.example", "failed", "5.1.1");
    let (_, reply) = rig.smtp().await.mail("", &to, &report).await;
    assert!(reply.starts_with("554 5.6.0"), "{reply}");
    let (_, reply) = rig
        .smtp()
        .await
        .mail("juliet@mail.example", &to, MAIL)
        .await;
    assert!(reply.starts_with("250"));
    assert_eq!(rig.gateway.submitted().len(), 1);
    assert!(rig.gateway.dispositions().is_empty());
}

#[tokio::test]
async fn bounce_that_returns_nothing_is_understood_by_the_mailbox_that_it_comes_to() {
    let server = Server::start().await;
    let more = format!(
        r#""authentication": {{"mode": "off"}},
           "outgoing": {{"smart_host": "{}", "tls": "off", "bounce_domain": "bounces.gw.example"}}"#,
        server.address
    );
    let rig = Rig::start(&more).await;
    let to = format!("{}@bounces.gw.example", "a7".repeat(16));
    let words = "From: postmaster@mail.example\r\nSubject: Undelivered mail\r\n\r\n\
        The following could not be delivered: <juliet@mail.example>: user unknown\r\n";
    let (_, reply) = rig.smtp().await.mail("", &[&to], words).await;
    assert!(reply.starts_with("250"), "{reply}");
    let reported = rig.gateway.dispositions().pop().unwrap();
    assert_eq!(reported.concerning(), &transaction("a7"));
    assert_eq!(reported.disposition(), Disposition::Failed);
    assert_eq!(reported.source(), &inbox("im:juliet@mail.example"));
    // Nobody has a mailbox there.
    let (replies, _) = rig
        .smtp()
        .await
        .mail("", &["x@bounces.gw.example"], words)
        .await;
    assert!(replies[0].starts_with("550 5.7.1"), "{replies:?}");
}

#[tokio::test]
async fn report_whose_parts_are_broken_is_understood_by_the_identifier_that_stands_in_it() {
    let rig = Rig::trusting(&Server::start().await).await;
    for (id, expected) in [
        (format!("{}@gw.example", "a3".repeat(16)), 1),
        (format!("report-{}@gw.example", "a3".repeat(16)), 0),
        (format!("0{}@gw.example", "a3".repeat(16)), 0),
        (format!("{}@elsewhere.example", "a3".repeat(16)), 0),
    ] {
        // Its last part begins with a line that is no boundary.
        let report = bounce(&id, "failed", "5.1.1");
        let (whole, rest) = report.rsplit_once("--b\r\nContent-Type").unwrap();
        let report = format!("{whole}--c\r\nContent-Type{rest}");
        let mut client = rig.smtp().await;
        client.mail("", &["alice@sip.example"], &report).await;
        let reported = rig.gateway.dispositions();
        assert_eq!(reported.len(), expected, "{id}");
        for one in reported {
            assert_eq!(one.concerning(), &transaction("a3"));
        }
    }
}

#[tokio::test]
async fn mail_for_a_person_is_not_lost_among_reports() {
    let server = Server::start().await;
    let more = format!(
        r#""trusted": ["127.0.0.1"], "authentication": {{"mode": "off"}},
           "outgoing": {{"smart_host": "{}", "tls": "off", "bounce_domain": "bounces.gw.example"}}"#,
        server.address
    );
    let rig = Rig::start(&more).await;
    let bounces = format!("{}@bounces.gw.example", "a7".repeat(16));
    for (to, submitted) in [
        (["alice@sip.example", &bounces], 1),
        ([&bounces, "alice@sip.example"], 0),
    ] {
        let (replies, reply) = rig.smtp().await.mail("x@far.example", &to, MAIL).await;
        assert!(replies[1].starts_with("452 4.5.3"), "{replies:?}");
        assert!(reply.starts_with("250"), "{reply}");
        assert_eq!(rig.gateway.submitted().len(), submitted, "{to:?}");
    }
}

#[tokio::test]
async fn notification_of_display_becomes_one() {
    let rig = Rig::trusting(&Server::start().await).await;
    let mdn = format!(
        "From: juliet@mail.example\r\nTo: alice@sip.example\r\n\
         Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n\
         --b\r\n\r\nShown.\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n\
         Final-Recipient: rfc822; juliet@mail.example\r\nOriginal-Message-ID: <{}@gw.example>\r\n\
         Disposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n",
        "a1".repeat(16)
    );
    rig.smtp()
        .await
        .mail("", &["alice@sip.example"], &mdn)
        .await;
    let reported = rig.gateway.dispositions().pop().unwrap();
    assert_eq!(reported.disposition(), Disposition::Displayed);
    assert_eq!(reported.concerning(), &transaction("a1"));
}

async fn told(reference: ByteString, disposition: Disposition, rig: &Rig) -> ResponseStatus {
    let (of, to) = (
        inbox("im:alice@sip.example"),
        inbox("im:juliet@mail.example"),
    );
    let operation =
        DispositionOperation::new(transaction("d1"), transaction("a0"), of, to, disposition);
    let operation = match disposition {
        Disposition::Failed => operation.with_failure(FailureReason::TimedOut.into()),
        _ => operation,
    };
    let told = rig
        .email
        .deliver_disposition(operation.with_reference(reference))
        .await;
    told.unwrap().into_status()
}

/// What the plugin keeps of a mail with these parameters of RCPT.
async fn reference(rig: &Rig, parameters: &str, mail: &str) -> ByteString {
    let mut client = rig.smtp().await;
    client.say("EHLO client.example").await;
    client.say("MAIL FROM:<juliet@mail.example> ENVID=e1").await;
    client
        .say(&format!("RCPT TO:<alice@sip.example> {parameters}"))
        .await;
    client.content(mail).await;
    let operation = rig.gateway.submitted().pop().unwrap();
    operation.reference().unwrap().clone()
}

#[tokio::test]
async fn late_failure_is_a_report_that_programs_understand() {
    let mut server = Server::start().await;
    let rig = Rig::trusting(&server).await;
    let reference = reference(&rig, "ORCPT=rfc822;al@x.example", MAIL).await;
    assert_eq!(
        told(reference, Disposition::Failed, &rig).await,
        ResponseStatus::Success
    );
    let (envelope, octets) = server.next().await;
    assert_eq!(envelope.mail_from.reverse_path.to_string(), "<>");
    assert_eq!(
        envelope.recipients[0].forward_path.to_string(),
        "<juliet@mail.example>"
    );
    let mail = Mail::parse(octets.as_bytes()).unwrap();
    let Some(Report::Delivery(report)) = mail.report() else {
        panic!("a delivery report");
    };
    assert_eq!(report.envelope_id.as_deref(), Some("e1"));
    assert_eq!(report.message_id.unwrap().as_str(), "1@mail.example");
    let recipient = &report.recipients[0];
    assert_eq!(recipient.action, Action::Failed);
    assert_eq!(recipient.status.unwrap().to_string(), "5.4.7");
    assert_eq!(
        recipient.original_recipient.as_deref(),
        Some("al@x.example")
    );
    assert_eq!(
        recipient.final_recipient.as_deref(),
        Some("alice@sip.example")
    );
}

#[tokio::test]
async fn report_goes_only_to_whom_it_may_and_when_it_is_wanted() {
    let mut server = Server::start().await;
    let rig = Rig::trusting(&server).await;
    let never = reference(&rig, "NOTIFY=NEVER", &MAIL.replace("<1@", "<2@")).await;
    let success = reference(&rig, "NOTIFY=SUCCESS", &MAIL.replace("<1@", "<3@")).await;
    let plain = reference(&rig, "", &MAIL.replace("<1@", "<4@")).await;
    for (reference, disposition) in [
        (&never, Disposition::Failed),
        (&success, Disposition::Failed),
        (&plain, Disposition::Delivered),
        (&plain, Disposition::Displayed),
        (&plain, Disposition::Stored),
    ] {
        let status = told(reference.clone(), disposition, &rig).await;
        assert_eq!(status, ResponseStatus::Success, "done, by not saying it");
        assert!(server.is_empty(), "{disposition:?}");
    }
    told(success, Disposition::Delivered, &rig).await;
    let (_, octets) = server.next().await;
    assert!(octets.contains("Action: delivered"));
}

#[tokio::test]
async fn stranger_whose_address_may_be_forged_gets_no_report() {
    let mut server = Server::start().await;
    let more = format!(
        r#""authentication": {{"mode": "off"}}, "outgoing": {{"smart_host": "{}", "tls": "off"}}"#,
        server.address
    );
    let rig = Rig::start(&more).await;
    let reference = reference(&rig, "NOTIFY=SUCCESS,FAILURE", MAIL).await;
    assert_eq!(
        told(reference, Disposition::Failed, &rig).await,
        ResponseStatus::Success
    );
    assert!(server.is_empty(), "no backscatter");
}

#[tokio::test]
async fn notification_of_display_goes_to_a_sender_who_asked_for_it() {
    let mut server = Server::start().await;
    let rig = Rig::trusting(&server).await;
    let mail = format!("Disposition-Notification-To: <juliet@mail.example>\r\n{MAIL}");
    let asked = reference(&rig, "", &mail).await;
    told(asked, Disposition::Displayed, &rig).await;
    let (envelope, octets) = server.next().await;
    assert_eq!(envelope.mail_from.reverse_path.to_string(), "<>");
    let mail = Mail::parse(octets.as_bytes()).unwrap();
    let Some(Report::Disposition(report)) = mail.report() else {
        panic!("a notification");
    };
    assert_eq!(report.message_id.unwrap().as_str(), "1@mail.example");
    assert_eq!(report.final_recipient.as_deref(), Some("alice@sip.example"));
}

#[tokio::test]
async fn report_that_cannot_be_sent_is_tried_again_by_the_gateway() {
    let server = Server::start().await;
    let rig = Rig::trusting(&server).await;
    let reference = reference(&rig, "", MAIL).await;
    server.script.recipient("451 4.3.0 later");
    let status = told(reference.clone(), Disposition::Failed, &rig).await;
    assert!(matches!(status, ResponseStatus::Failure(failure) if failure.retry() != Retry::Never));
    assert_eq!(
        told(reference, Disposition::Failed, &rig).await,
        ResponseStatus::Success
    );
}

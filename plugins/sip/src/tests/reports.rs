//! What senders are told later.

use std::time::{Duration, UNIX_EPOCH};

use rialto_sdk::{
    model::{DispositionRequest, MessageId, Notify},
    prelude::{
        Disposition, DispositionOperation, Failure, FailureReason, InstantInbox, ResponseStatus,
        Retry, TransactionId,
    },
};

use super::{Fake, Peer, peer::response, start, start_with};
use crate::{adapter::Adapter, outbound::MAX_REPORTS};

const ID: &[u8] = b"0123456789abcdef0123456789abcdef";

/// On a message of Romeo's to Juliet, by the names that Romeo knows.
fn report(disposition: Disposition, reference: &str) -> DispositionOperation {
    let operation = DispositionOperation::new(
        TransactionId::parse(ID).unwrap(),
        TransactionId::parse(b"earlier").unwrap(),
        InstantInbox::parse("im:juliet@xmpp.example").unwrap(),
        InstantInbox::parse("im:romeo@sip.example").unwrap(),
        disposition,
    );
    operation.with_reference(reference.to_owned())
}

fn failed(reference: &str) -> DispositionOperation {
    let failure = Failure::new(FailureReason::NoSuchInbox).with_detail("secret of the far side");
    report(Disposition::Failed, reference)
        .with_failure(failure)
        .with_sent_at(UNIX_EPOCH + Duration::from_secs(60))
}

fn asked(report: DispositionOperation, asked: &[Notify]) -> DispositionOperation {
    let request: DispositionRequest = asked.iter().copied().collect();
    report
        .with_request(request)
        .with_message_id(MessageId::parse("m-1").unwrap())
}

fn reference(peer: &Peer, more: &str) -> String {
    format!(
        "hop udp:{}{more}\nid 1 00000000 tag call@a.example",
        peer.address()
    )
}

async fn tell(adapter: &Adapter, report: DispositionOperation) -> ResponseStatus {
    let response = adapter.outbound().report(report).await.unwrap();
    assert_eq!(response.transaction_id().as_bytes(), ID);
    response.into_status()
}

fn failure(status: ResponseStatus) -> Failure {
    match status {
        ResponseStatus::Failure(failure) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn rfc5438_7_2_1_sender_who_asked_is_told_by_a_notification() {
    let peer = Peer::bind().await;
    let adapter = start(&Fake::holding());
    let more = "\ngr phone\ndate 2006-04-04T12:16:49-05:00\nto im:Juliet@xmpp.example\n\
                original-to im:list@xmpp.example";
    let report = report(Disposition::Displayed, &reference(&peer, more));
    let report = asked(report, &[Notify::Display]);
    let (status, text) = tokio::join!(tell(&adapter, report), peer.serve(200, &[]));
    assert_eq!(status, ResponseStatus::Success);
    assert!(
        text.starts_with("MESSAGE sip:romeo@sip.example;gr=phone SIP/2.0\r\n"),
        "{text}"
    );
    for part in [
        "\r\nFrom: <sip:juliet@xmpp.example>;tag=",
        "\r\nTo: <sip:romeo@sip.example>\r\n",
        "\r\nContent-Type: message/cpim\r\n",
        "\r\nFrom: <im:juliet@xmpp.example>\r\nTo: <im:romeo@sip.example>\r\n",
        "\r\nimdn.Message-ID: 0123456789abcdef0123456789abcdef\r\n",
        "\r\nContent-Type: message/imdn+xml\r\nContent-Disposition: notification\r\n",
        "<message-id>m-1</message-id>",
        "<datetime>2006-04-04T12:16:49-05:00</datetime>",
        "<recipient-uri>im:Juliet@xmpp.example</recipient-uri>",
        "<original-recipient-uri>im:list@xmpp.example</original-recipient-uri>",
        "<displayed",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("Disposition-Notification"), "{text}");
}

#[tokio::test]
async fn rfc5438_7_2_1_notification_takes_the_recorded_route() {
    let peer = Peer::bind().await;
    let adapter = start(&Fake::holding());
    let more = "\nroute im:second@sip.example\nroute im:first@sip.example";
    let report = report(Disposition::Delivered, &reference(&peer, more));
    let report = asked(report, &[Notify::PositiveDelivery]);
    let (_, text) = tokio::join!(tell(&adapter, report), peer.serve(200, &[]));
    assert!(
        text.starts_with("MESSAGE im:second@sip.example SIP/2.0\r\n"),
        "{text}"
    );
    let route = "imdn.IMDN-Route: <im:second@sip.example>\r\n\
                 imdn.IMDN-Route: <im:first@sip.example>\r\n";
    assert!(text.contains(route), "{text}");
    assert!(
        text.contains("\r\nTo: <im:romeo@sip.example>\r\n"),
        "{text}"
    );
}

#[tokio::test]
async fn rfc2779_4_2_1_sender_who_asked_for_nothing_hears_of_a_failure_in_words() {
    let peer = Peer::bind().await;
    let adapter = start(&Fake::holding());
    let report = failed(&reference(&peer, ""));
    let (status, text) = tokio::join!(tell(&adapter, report), peer.serve(202, &[]));
    assert_eq!(status, ResponseStatus::Indeterminant);
    for line in [
        "Content-Type: text/plain;charset=utf-8",
        "Content-Language: en",
        "In-Reply-To: call@a.example",
        "Auto-Submitted: auto-replied",
        "From: <sip:juliet@xmpp.example>;tag=0123456789abcdef",
    ] {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{line}: {text}");
    }
    let words = "Your message of 1970-01-01 00:01 UTC to sip:juliet@xmpp.example was not \
                 delivered: there is no such instant inbox.";
    assert!(text.ends_with(&format!("\r\n\r\n{words}")), "{text}");
}

#[tokio::test]
async fn time_that_no_calendar_has_is_left_out() {
    let peer = Peer::bind().await;
    let adapter = start_with(&Fake::holding(), r#"{"failure_notice": "at {time}!"}"#);
    for sent_at in [
        UNIX_EPOCH - Duration::from_secs(1),
        UNIX_EPOCH + Duration::from_millis(u64::MAX / 2),
    ] {
        let report = failed(&reference(&peer, "")).with_sent_at(sent_at);
        let (_, text) = tokio::join!(tell(&adapter, report), peer.serve(200, &[]));
        assert!(text.ends_with("\r\n\r\nat !"), "{text}");
    }
}

#[tokio::test]
async fn failure_that_was_asked_for_is_a_notification_and_words_where_that_is_refused() {
    let peer = Peer::bind().await;
    let adapter = start_with(
        &Fake::holding(),
        r#"{"failure_notice": "{recipient}: nedoručeno", "failure_notice_language": "cs"}"#,
    );
    let report = asked(failed(&reference(&peer, "")), &[Notify::NegativeDelivery]);
    let serve = async { [peer.serve(415, &[]).await, peer.serve(200, &[]).await] };
    let (status, [notification, words]) = tokio::join!(tell(&adapter, report), serve);
    assert_eq!(status, ResponseStatus::Success);
    assert!(notification.contains("<failed"), "{notification}");
    assert!(words.contains("\r\nContent-Language: cs\r\n"), "{words}");
    assert!(
        words.ends_with("\r\n\r\nsip:juliet@xmpp.example: nedoručeno"),
        "{words}"
    );
}

#[tokio::test]
async fn rfc3834_2_what_no_person_wrote_is_answered_by_no_words() {
    let adapter = start(&Fake::holding());
    let report = failed("hop udp:127.0.0.1:9\nautomatic\nid 1 00000000 tag c");
    assert_eq!(tell(&adapter, report).await, ResponseStatus::Success);
    let peer = Peer::bind().await;
    let report = failed(&reference(&peer, "\nautomatic"));
    let report = asked(report, &[Notify::NegativeDelivery]);
    let (_, text) = tokio::join!(tell(&adapter, report), peer.serve(200, &[]));
    assert!(text.contains("<failed"), "{text}");
}

#[tokio::test]
async fn what_was_not_asked_for_is_not_told_and_not_called_told() {
    let adapter = start(&Fake::holding());
    let hop = "hop udp:127.0.0.1:9";
    for unasked in [
        report(Disposition::Delivered, hop),
        asked(report(Disposition::Delivered, hop), &[Notify::Display]),
    ] {
        let failure = failure(tell(&adapter, unasked).await);
        assert_eq!(failure.reason(), FailureReason::UnsupportedService);
    }
}

#[tokio::test]
async fn reports_go_to_the_outbound_proxy_where_there_is_one() {
    let (peer, proxy) = (Peer::bind().await, Peer::bind().await);
    let json = format!(r#"{{"outbound": ["udp:{}"]}}"#, proxy.address());
    let adapter = start_with(&Fake::holding(), &json);
    let report = failed(&reference(&peer, ""));
    let (status, _) = tokio::join!(tell(&adapter, report), proxy.serve(200, &[]));
    assert_eq!(status, ResponseStatus::Success);
    let lost = start(&Fake::holding());
    let failure = failure(tell(&lost, failed("what another version wrote")).await);
    assert_eq!(failure.reason(), FailureReason::Unresolvable);
}

/// Over UDP it may be the address of a victim.
#[tokio::test]
async fn address_is_sent_so_many_reports_a_minute_unless_somebody_vouches_for_it() {
    for (json, is_sent) in [("{}", false), (r#"{"trusted": ["127.0.0.1"]}"#, true)] {
        let peer = Peer::bind().await;
        let adapter = start_with(&Fake::holding(), json);
        let report = report(Disposition::Displayed, &reference(&peer, ""));
        let report = asked(report, &[Notify::Display]);
        for _ in 0..MAX_REPORTS {
            let (status, _) = tokio::join!(tell(&adapter, report.clone()), peer.serve(200, &[]));
            assert_eq!(status, ResponseStatus::Success);
        }
        let last = async {
            if is_sent {
                peer.serve(404, &[]).await;
            }
        };
        let (status, ()) = tokio::join!(tell(&adapter, report), last);
        let expected = match is_sent {
            true => FailureReason::NoSuchInbox,
            false => FailureReason::Overloaded,
        };
        assert_eq!(failure(status).reason(), expected, "{json}");
    }
}

#[tokio::test]
async fn notices_over_the_limit_are_told_later() {
    let peer = Peer::bind().await;
    let adapter = start_with(&Fake::holding(), r#"{"failure_notices_per_minute": 1}"#);
    let serve = async {
        let (bytes, from) = peer.receive().await;
        peer.send(from, response(&bytes, 200, &[])).await;
    };
    let first = failed(&reference(&peer, ""));
    let (status, ()) = tokio::join!(tell(&adapter, first), serve);
    assert_eq!(status, ResponseStatus::Success);
    let second = failure(tell(&adapter, failed(&reference(&peer, ""))).await);
    assert_eq!(second.reason(), FailureReason::Overloaded);
    assert!(matches!(second.retry(), Retry::After(_)));
}

//! What receivers are asked to tell, and tell (RFC 5438).

use rialto_sdk::{
    model::{Imdn, MessageId},
    prelude::{
        Disposition, Failure, FailureReason, Header, InstantInbox, InstantMessage,
        MessageOperation, ResponseStatus, TransactionId,
    },
};

use super::{Fake, Peer, peer::status, request, start, start_with, udp};
use crate::adapter::Adapter;

/// An operation whose sender asks for news.
fn asking(peer: &Peer) -> MessageOperation {
    let headers = [
        ("NS", "imdn <urn:ietf:params:imdn>"),
        ("imdn.Disposition-Notification", "positive-delivery"),
    ];
    let headers = headers.map(|(name, value)| Header::new(name, value));
    let message = InstantMessage::text("hi").with_headers(headers.into_iter().collect());
    MessageOperation::new(
        TransactionId::parse(b"0123456789abcdef0123456789abcdef").unwrap(),
        InstantInbox::parse("im:juliet@xmpp.example").unwrap(),
        InstantInbox::parse("im:romeo@sip.example").unwrap(),
        message,
    )
    .with_next_hop(format!("udp:{}", peer.address()))
}

async fn deliver(adapter: &Adapter, peer: &Peer) -> ResponseStatus {
    let response = adapter.outbound().deliver(asking(peer)).await.unwrap();
    response.into_status()
}

fn document(id: &str) -> String {
    let imdn = Imdn::new(MessageId::parse(id).unwrap(), Disposition::Delivered);
    String::from_utf8(imdn.to_document().unwrap()).unwrap()
}

const WRAPPED: &str = "Content-Type: message/cpim\r\n";

fn wrapped(document: &str) -> String {
    format!(
        "From: <im:romeo@sip.example>\r\nTo: <im:juliet@xmpp.example>\r\n\
         NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: n1\r\n\
         imdn.Disposition-Notification: positive-delivery\r\n\r\n\
         Content-Type: message/imdn+xml\r\nContent-Disposition: notification\r\n\r\n{document}"
    )
}

#[tokio::test]
async fn rfc5438_request_goes_out_as_message_cpim_under_the_transaction_identifier() {
    let peer = Peer::bind().await;
    let adapter = start(&Fake::holding());
    let (status, text) = tokio::join!(deliver(&adapter, &peer), peer.serve(200, &[]));
    assert_eq!(status, ResponseStatus::Success);
    for line in [
        "Content-Type: message/cpim",
        "imdn.Message-ID: 0123456789abcdef0123456789abcdef",
        "imdn.Disposition-Notification: positive-delivery",
        "CSeq: 1 MESSAGE",
    ] {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{text}");
    }
    assert!(
        text.contains("\r\nDateTime: 2") && text.ends_with("\r\n\r\nhi"),
        "{text}"
    );
}

#[tokio::test]
async fn rfc3261_8_1_3_5_receiver_without_message_cpim_gets_the_text_plain_at_once_and_from_then_on()
 {
    let peer = Peer::bind().await;
    let adapter = start(&Fake::holding());
    let serve = async {
        let refused = peer.serve(415, &[("Accept", "text/plain")]).await;
        [refused, peer.serve(200, &[]).await]
    };
    let (status, [cpim, plain]) = tokio::join!(deliver(&adapter, &peer), serve);
    assert_eq!(status, ResponseStatus::Success);
    let line = |text: &str, name: &str| {
        let mut lines = text.lines().filter(|line| line.starts_with(name));
        lines.next().unwrap().to_owned()
    };
    for name in ["From:", "Call-ID:"] {
        assert_eq!(line(&cpim, name), line(&plain, name));
    }
    assert!(plain.contains("\r\nCSeq: 2 MESSAGE\r\n"), "{plain}");
    assert!(
        plain.contains("\r\nContent-Type: text/plain;charset=utf-8\r\n"),
        "{plain}"
    );
    let (status, again) = tokio::join!(deliver(&adapter, &peer), peer.serve(200, &[]));
    assert_eq!(status, ResponseStatus::Success);
    assert!(
        again.contains("\r\nContent-Type: text/plain;charset=utf-8\r\n"),
        "{again}"
    );
}

#[tokio::test]
async fn content_that_a_receiver_of_message_cpim_refuses_is_not_sent_again() {
    for accept in ["application/sdp, message/cpim", "message/*", "*/*"] {
        let peer = Peer::bind().await;
        let adapter = start(&Fake::holding());
        let accept = [("Accept", accept)];
        let (status, _) = tokio::join!(deliver(&adapter, &peer), peer.serve(415, &accept));
        assert!(matches!(status, ResponseStatus::Failure(_)), "{accept:?}");
    }
}

#[tokio::test]
async fn text_without_room_for_the_request_goes_plain_and_says_nothing_of_its_receiver() {
    let peer = Peer::bind().await;
    let adapter = start(&Fake::holding());
    let text = "x".repeat(900);
    let long = asking(&peer);
    let headers = long.message().headers().clone();
    let message = InstantMessage::text(&*text).with_headers(headers);
    let outbound = adapter.outbound();
    let long = outbound.deliver(long.with_message(message));
    let (_, sent) = tokio::join!(long, peer.serve(200, &[]));
    assert!(sent.contains("\r\nContent-Type: text/plain") && sent.ends_with(&text));
    let (_, short) = tokio::join!(deliver(&adapter, &peer), peer.serve(200, &[]));
    assert!(
        short.contains("\r\nContent-Type: message/cpim\r\n"),
        "{short}"
    );
}

#[tokio::test]
async fn operator_decides_whether_receivers_are_asked() {
    let peer = Peer::bind().await;
    let always = start_with(&Fake::holding(), r#"{"imdn": "always"}"#);
    let (status, _) = tokio::join!(deliver(&always, &peer), peer.serve(415, &[]));
    assert!(matches!(status, ResponseStatus::Failure(_)));
    let never = start_with(&Fake::holding(), r#"{"imdn": "never"}"#);
    let (status, text) = tokio::join!(deliver(&never, &peer), peer.serve(200, &[]));
    assert_eq!(status, ResponseStatus::Success);
    assert!(text.contains("\r\nContent-Type: text/plain"), "{text}");
}

#[tokio::test]
async fn rfc3428_7_time_to_live_goes_out_as_expires_with_a_date() {
    let peer = Peer::bind().await;
    let adapter = start_with(&Fake::holding(), r#"{"imdn": "never"}"#);
    let operation = asking(&peer).with_time_to_live(std::time::Duration::from_millis(89_500));
    let (_, text) = tokio::join!(adapter.outbound().deliver(operation), peer.serve(200, &[]));
    assert!(text.contains("\r\nExpires: 90\r\n"), "{text}");
    assert!(text.contains("\r\nDate: "), "{text}");
}

#[tokio::test]
async fn rfc5438_notification_becomes_a_disposition_of_the_message_it_names() {
    let (gateway, peer) = (Fake::answering(ResponseStatus::Success), Peer::bind().await);
    let adapter = start(&gateway);
    let document = document("ours");
    let aggregated = format!(
        "--b\r\nContent-Type: message/imdn+xml\r\n\r\n{document}\r\n\
         --b\r\nContent-Type: message/imdn+xml\r\n\r\n{document}\r\n--b--\r\n"
    );
    let bare = "Content-Type: message/imdn+xml\r\n";
    let mixed = "Content-Type: multipart/mixed;boundary=b\r\nContent-Disposition: notification\r\n";
    let cases = [
        ("1", WRAPPED, wrapped(&document), 1),
        ("2", bare, document.clone(), 2),
        ("3", mixed, aggregated, 4),
    ];
    for (branch, content, body, so_far) in cases {
        let answer = peer.ask(udp(&adapter), request("MESSAGE", branch, content, &body));
        assert_eq!(status(&answer.await), 200);
        assert_eq!(gateway.reported().len(), so_far);
    }
    for disposition in gateway.reported() {
        assert_eq!(disposition.concerning().as_str(), "ours");
        assert_eq!(disposition.disposition(), Disposition::Delivered);
        assert_eq!(disposition.source().as_str(), "im:romeo@sip.example");
        assert_eq!(disposition.destination().as_str(), "im:juliet@xmpp.example");
        assert!(disposition.deadline().is_some());
    }
    // No notification is a message, whatever it asks for (RFC 5438 §7.2.1).
    assert!(gateway.submitted().is_empty());
}

#[tokio::test]
async fn notification_of_no_message_is_answered_with_the_truth() {
    let refused = Failure::new(FailureReason::NotPermitted);
    let (gateway, peer) = (Fake::answering(refused.into()), Peer::bind().await);
    let adapter = start(&gateway);
    let long = "x".repeat(TransactionId::MAX_LEN + 1);
    for (branch, id, submitted) in [("1", "unknown", 1), ("2", &*long, 1), ("3", "ünknown", 1)] {
        let body = wrapped(&document(id));
        let answer = peer.ask(udp(&adapter), request("MESSAGE", branch, WRAPPED, &body));
        assert_eq!(status(&answer.await), 403, "{id}");
        assert_eq!(gateway.reported().len(), submitted, "{id}");
    }
    let body = wrapped("<imdn xmlns='urn:ietf:params:xml:ns:imdn'/>");
    let answer = peer.ask(udp(&adapter), request("MESSAGE", "4", WRAPPED, &body));
    let answer = answer.await;
    assert_eq!(status(&answer), 400);
    assert!(
        answer.contains("the disposition notification is malformed: "),
        "{answer}"
    );
}

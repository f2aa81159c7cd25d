//! What watchers are told, and when they are gone.

use std::time::Duration;

use rialto_sdk::prelude::{
    Authentication, Bytes, FailureReason, PresenceDocument, ResponseStatus, SubscriptionState,
    TerminationReason,
};
use rialto_sip_codec::SipMessage;

use super::{notification, scene, subscribe, tell};
use crate::{
    outbound::MAX_REPORTS,
    tests::{
        Fake, Peer, StreamPeer,
        peer::{header, response},
        start, start_with, tcp, udp,
    },
};

const PIDF: &str =
    "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"pres:juliet@xmpp.example\"/>\r\n";

fn reason(status: ResponseStatus) -> FailureReason {
    match status {
        ResponseStatus::Failure(failure) => failure.reason(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn rfc6665_4_2_2_watcher_is_notified_within_its_dialog_by_way_of_its_proxies() {
    let (fake, adapter, peer) = scene().await;
    let routes = "Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr>\r\nExpires: 600\r\n";
    let answer = peer.ask(udp(&adapter), subscribe("a", routes)).await;
    assert_eq!(header(&answer, "Expires"), "600", "no more than was asked");
    let operation = fake.subscribed().remove(0);
    assert_eq!(operation.duration(), Some(Duration::from_secs(600)));
    let active = notification(&operation, 0, SubscriptionState::Active)
        .with_expires_in(Duration::from_millis(599_900))
        .with_document(PresenceDocument::pidf(Bytes::from(PIDF)));
    let (told, text) = tokio::join!(tell(&adapter, active), peer.serve(200, &[]));
    assert_eq!(told, ResponseStatus::Success);
    assert!(
        text.starts_with("NOTIFY sip:romeo@192.0.2.9:5080 SIP/2.0\r\n"),
        "{text}"
    );
    assert!(
        text.contains("Route: <sip:p2.example;lr>\r\nRoute: <sip:p1.example;lr>\r\n"),
        "{text}"
    );
    assert_eq!(header(&text, "From"), header(&answer, "To"));
    assert_eq!(header(&text, "To"), header(&answer, "From"));
    assert_eq!(header(&text, "Call-ID"), "call-a");
    assert_eq!(header(&text, "Event"), "presence");
    assert_eq!(header(&text, "Subscription-State"), "active;expires=599");
    assert_eq!(header(&text, "Content-Type"), "application/pidf+xml");
    assert_eq!(header(&text, "Contact"), header(&answer, "Contact"));
    assert!(
        text.ends_with(&format!("\r\n\r\n{PIDF}")),
        "byte for byte: {text}"
    );
    let next = notification(&operation, 1, SubscriptionState::Pending);
    let (_, next) = tokio::join!(tell(&adapter, next), peer.serve(200, &[]));
    assert_eq!(header(&next, "Subscription-State"), "pending");
    assert!(
        !next.contains("Content-Type") && next.ends_with("\r\n\r\n"),
        "{next}"
    );
    assert_eq!(sequence(&next), sequence(&text) + 1);
}

fn sequence(text: &str) -> u32 {
    let message = SipMessage::parse(text.as_bytes()).unwrap();
    message.cseq().unwrap().number()
}

/// As after a restart of the adapter: nothing but the reference is left.
#[tokio::test]
async fn dialog_is_made_again_from_the_reference_alone() {
    let (fake, before, peer) = scene().await;
    let answer = peer
        .ask(udp(&before), subscribe("a", "Expires: 600\r\n"))
        .await;
    let operation = fake.subscribed().remove(0);
    fake.stop().await;
    let after = start(&Fake::holding());
    let told = notification(&operation, 300, SubscriptionState::Active);
    let (told, text) = tokio::join!(tell(&after, told), peer.serve(200, &[]));
    assert_eq!(told, ResponseStatus::Success);
    assert_eq!(header(&text, "From"), header(&answer, "To"));
    assert_eq!(
        header(&text, "Contact"),
        format!("<sip:juliet%40xmpp.example@{}>", udp(&after))
    );
}

#[tokio::test]
async fn end_is_told_with_its_reason_and_when_to_come_again() {
    let (fake, adapter, peer) = scene().await;
    peer.ask(udp(&adapter), subscribe("a", "")).await;
    let operation = fake.subscribed().remove(0);
    for (reason, retry_after, said) in [
        (
            TerminationReason::Timeout,
            None,
            "terminated;reason=timeout",
        ),
        (
            TerminationReason::GiveUp,
            Some(9),
            "terminated;reason=giveup;retry-after=9",
        ),
        (
            TerminationReason::Rejected,
            None,
            "terminated;reason=rejected",
        ),
    ] {
        let retry_after = retry_after.map(Duration::from_secs);
        let state = SubscriptionState::Terminated {
            reason,
            retry_after,
        };
        let end = notification(&operation, 1, state);
        let (_, text) = tokio::join!(tell(&adapter, end), peer.serve(200, &[]));
        assert_eq!(header(&text, "Subscription-State"), said);
    }
}

#[tokio::test]
async fn rfc6665_4_2_2_watcher_that_has_no_such_subscription_is_gone() {
    let (fake, adapter, peer) = scene().await;
    peer.ask(udp(&adapter), subscribe("a", "")).await;
    let operation = fake.subscribed().remove(0);
    for (code, expected) in [
        (481, FailureReason::NoSuchInbox),
        (404, FailureReason::NoSuchInbox),
        (480, FailureReason::NoSuchInbox),
        (408, FailureReason::NoSuchInbox),
        (489, FailureReason::NoSuchInbox),
        (501, FailureReason::NoSuchInbox),
        (500, FailureReason::Internal),
        (503, FailureReason::Overloaded),
    ] {
        let told = notification(&operation, code, SubscriptionState::Active);
        let (told, _) = tokio::join!(tell(&adapter, told), peer.serve(code as u16, &[]));
        assert_eq!(reason(told), expected, "{code}");
    }
    let lost = notification(&operation, 0, SubscriptionState::Active).with_reference("2 other");
    assert_eq!(
        reason(tell(&adapter, lost).await),
        FailureReason::NoSuchInbox
    );
}

#[tokio::test(start_paused = true)]
async fn rfc6665_4_2_2_watcher_that_is_silent_is_gone_before_nobody_waits_any_more() {
    let (fake, adapter, peer) = scene().await;
    peer.ask(udp(&adapter), subscribe("a", "")).await;
    let operation = fake.subscribed().remove(0);
    let begun = tokio::time::Instant::now();
    let told = tell(
        &adapter,
        notification(&operation, 0, SubscriptionState::Active),
    )
    .await;
    assert_eq!(reason(told), FailureReason::NoSuchInbox);
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn watcher_over_tcp_is_notified_at_the_port_that_its_via_names() {
    let fake = Fake::answering(ResponseStatus::Success);
    let adapter = start(&fake);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let text = subscribe("a", "").replace(
        "UDP client.example:5099",
        &format!("TCP client.example:{port}"),
    );
    let mut stream = StreamPeer::connect(tcp(&adapter)).await;
    stream.send(text).await;
    let answer = stream.receive().await;
    let contact = format!(
        "<sip:juliet%40xmpp.example@{};transport=tcp>",
        tcp(&adapter)
    );
    assert_eq!(header(&answer, "Contact"), contact);
    let operation = fake.subscribed().remove(0);
    let serve = async {
        let mut watcher = StreamPeer::accept(&listener).await;
        let text = watcher.receive().await;
        watcher.send(response(text.as_bytes(), 200, &[])).await;
        text
    };
    let told = notification(&operation, 0, SubscriptionState::Active);
    let (told, text) = tokio::join!(tell(&adapter, told), serve);
    assert_eq!(told, ResponseStatus::Success);
    assert!(text.contains("Via: SIP/2.0/TCP "), "{text}");
}

#[tokio::test]
async fn long_document_goes_over_udp_to_who_subscribed_over_udp() {
    let (fake, adapter, peer) = scene().await;
    peer.ask(udp(&adapter), subscribe("a", "")).await;
    let operation = fake.subscribed().remove(0);
    let document = PresenceDocument::pidf(Bytes::from(vec![b' '; 20_000]));
    let told = notification(&operation, 0, SubscriptionState::Active).with_document(document);
    let (told, text) = tokio::join!(tell(&adapter, told), peer.serve(200, &[]));
    assert_eq!(told, ResponseStatus::Success);
    assert_eq!(header(&text, "Content-Length"), "20000");
}

#[tokio::test]
async fn address_that_answers_nothing_is_notified_so_often_a_minute() {
    let (fake, adapter, peer) = scene().await;
    peer.ask(udp(&adapter), subscribe("a", "")).await;
    let operation = fake.subscribed().remove(0);
    let told = |version| notification(&operation, version, SubscriptionState::Active);
    for version in 0..MAX_REPORTS * 2 {
        let (told, _) = tokio::join!(tell(&adapter, told(version)), peer.serve(200, &[]));
        assert_eq!(told, ResponseStatus::Success);
    }
    let unanswered: Vec<_> = (0..MAX_REPORTS)
        .map(|version| {
            tell(
                &adapter,
                told(version).with_deadline(Duration::from_millis(1)),
            )
        })
        .collect();
    for told in unanswered {
        assert_eq!(reason(told.await), FailureReason::NoSuchInbox);
    }
    assert_eq!(
        reason(tell(&adapter, told(0)).await),
        FailureReason::Overloaded
    );
}

/// Dialogs lead where their makers say only if these are trusted.
#[tokio::test]
async fn rfc2779_5_1_12_trusted_proxy_vouches_for_its_watchers_who_are_notified_by_the_way_that_it_records()
 {
    let fake = Fake::answering(ResponseStatus::Success);
    let adapter = start_with(&fake, r#"{"trusted": ["127.0.0.1"]}"#);
    let (proxy, other) = (Peer::bind().await, Peer::bind().await);
    let route = format!("Record-Route: <sip:{};lr>\r\n", other.address());
    proxy.ask(udp(&adapter), subscribe("a", &route)).await;
    let operation = fake.subscribed().remove(0);
    assert_eq!(operation.authentication(), Authentication::Network);
    let told = notification(&operation, 0, SubscriptionState::Active);
    let (told, _) = tokio::join!(tell(&adapter, told), other.serve(200, &[]));
    assert_eq!(told, ResponseStatus::Success);
}

/// Anybody may have written the address of a victim there.
#[tokio::test]
async fn stranger_is_notified_where_it_came_from_whatever_its_contact_says() {
    let (fake, adapter, peer) = scene().await;
    let victim = Peer::bind().await;
    let contact = format!("Contact: <sip:romeo@{}>", victim.address());
    let text = subscribe("a", "").replace("Contact: <sip:romeo@192.0.2.9:5080>", &contact);
    peer.ask(udp(&adapter), text).await;
    let operation = fake.subscribed().remove(0);
    let told = notification(&operation, 0, SubscriptionState::Active);
    let (told, _) = tokio::join!(tell(&adapter, told), peer.serve(200, &[]));
    assert_eq!(told, ResponseStatus::Success);
}

/// A proxy that is down is an outage; a client that is not there any more is gone.
#[tokio::test]
async fn watcher_is_gone_when_its_own_address_is_closed_and_not_when_that_of_a_proxy_is() {
    let closed = Peer::bind().await.address();
    let outbound = format!(r#"{{"outbound": ["udp:{closed}"]}}"#);
    let route = format!("Record-Route: <sip:{closed};lr>\r\n");
    for (json, more, expected) in [
        ("{}", "", FailureReason::NoSuchInbox),
        (&outbound, "", FailureReason::Unreachable),
        ("{}", &route, FailureReason::Unreachable),
    ] {
        let fake = Fake::answering(ResponseStatus::Success);
        let adapter = start_with(&fake, json);
        let peer = Peer::bind().await;
        peer.ask(udp(&adapter), subscribe("a", more)).await;
        drop(peer);
        let operation = fake.subscribed().remove(0);
        let told = notification(&operation, 0, SubscriptionState::Active);
        assert_eq!(reason(tell(&adapter, told).await), expected, "{json}{more}");
    }
}

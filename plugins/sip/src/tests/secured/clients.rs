//! Those who connect.

use std::time::Duration;

use rialto_sdk::prelude::{NotifyOperation, ResponseStatus, SubscriptionState, TransactionId};
use tokio::{net::TcpStream, time::Instant};

use super::*;
use crate::tests::request;

#[tokio::test]
async fn cpim_4_2_messages_over_tls_are_answered_over_their_connection_in_order() {
    let (gateway, authority) = (Fake::answering(ResponseStatus::Success), Authority::new());
    let own = authority.certify(GATEWAY);
    let adapter = secured(&gateway, &authority, &own, "");
    let mut peer = authority.connect(tls(&adapter), GATEWAY, None).await;
    let all: String = (0..600)
        .map(|number| over_tls(&number.to_string(), "x"))
        .collect();
    peer.send(all).await;
    for number in 0..600 {
        let text = peer.receive().await;
        assert!(
            status(&text) == 200 && text.contains(&format!("z9hG4bK{number};")),
            "{text}"
        );
    }
    assert_eq!(gateway.submitted().len(), 600);
}

#[tokio::test]
async fn rfc2779_2_5_4_client_without_a_certificate_is_taken_and_not_authenticated() {
    let (gateway, authority) = (Fake::answering(ResponseStatus::Success), Authority::new());
    let own = authority.certify(GATEWAY);
    let adapter = secured(&gateway, &authority, &own, r#", "clients": "optional""#);
    let mut peer = authority.connect(tls(&adapter), GATEWAY, None).await;
    peer.send(over_tls("1", "x")).await;
    assert_eq!(status(&peer.receive().await), 200);
    let submitted = gateway.submitted();
    assert!(!submitted[0].authentication().is_authenticated());
}

#[tokio::test]
async fn rfc5922_7_4_certificate_of_a_client_vouches_for_senders_of_its_domains_and_no_other() {
    let (gateway, authority) = (Fake::answering(ResponseStatus::Success), Authority::new());
    let own = authority.certify(GATEWAY);
    let adapter = secured(&gateway, &authority, &own, r#", "clients": "optional""#);
    for (names, vouches) in [
        (&["sip.example"][..], true),
        (&["sip:sip.example", "other.example"][..], true),
        (&["other.example"][..], false),
        (&["*.example"][..], false),
        (&["sip:romeo@sip.example"][..], false),
        // A URI of SIP's leaves no other name (RFC 5922 §7.1).
        (&["sip:other.example", "sip.example"][..], false),
    ] {
        let shown = authority.certify_with(names, |_| {});
        let mut peer = authority
            .connect(tls(&adapter), GATEWAY, Some(&shown))
            .await;
        peer.send(over_tls(&gateway.submitted().len().to_string(), "x"))
            .await;
        assert_eq!(status(&peer.receive().await), 200);
        let submitted = gateway.submitted();
        let authentication = submitted.last().unwrap().authentication();
        assert_eq!(authentication.is_authenticated(), vouches, "{names:?}");
    }
}

#[tokio::test]
async fn client_whose_certificate_is_not_valid_or_missing_where_it_must_be_gets_nothing() {
    let (gateway, authority) = (Fake::answering(ResponseStatus::Success), Authority::new());
    let own = authority.certify(GATEWAY);
    let foreign = Authority::new().certify("sip.example");
    let expired = authority.certify_expired("sip.example");
    let sound = authority.certify("sip.example");
    for (clients, shown, is_taken) in [
        ("optional", Some(&foreign), false),
        ("optional", Some(&expired), false),
        ("required", None, false),
        ("required", Some(&foreign), false),
        ("required", Some(&sound), true),
        ("off", Some(&foreign), true),
    ] {
        let before = gateway.submitted().len();
        let more = format!(r#", "clients": "{clients}""#);
        let adapter = secured(&gateway, &authority, &own, &more);
        let mut peer = authority.connect(tls(&adapter), GATEWAY, shown).await;
        // A client of TLS 1.3 hears of it only behind the handshake.
        peer.try_send(over_tls("1", "x")).await;
        assert_eq!(peer.frame().await.is_some(), is_taken, "{clients}");
        assert_eq!(gateway.submitted().len() - before, usize::from(is_taken));
    }
}

#[tokio::test]
async fn rfc2779_2_5_1_what_is_no_tls_is_not_taken_where_tls_is() {
    let (gateway, authority) = (Fake::answering(ResponseStatus::Success), Authority::new());
    let own = authority.certify(GATEWAY);
    let adapter = secured(&gateway, &authority, &own, "");
    let mut peer = StreamPeer::connect(tls(&adapter)).await;
    peer.send(message("1", "in the clear")).await;
    assert!(peer.end().await, "more than an alert");
    assert!(gateway.submitted().is_empty());
}

#[tokio::test(start_paused = true)]
async fn handshake_that_takes_too_long_is_given_up() {
    let (gateway, authority) = (Fake::holding(), Authority::new());
    let own = authority.certify(GATEWAY);
    let adapter = start_with(
        &gateway,
        &format!(
            r#"{{"listen": ["tls:127.0.0.1:0"], "connect_timeout": "7s", {}}}"#,
            own.section(&authority, "")
        ),
    );
    let begun = Instant::now();
    let stream = TcpStream::connect(tls(&adapter)).await.unwrap();
    // The beginning of a record, and no more.
    let mut peer = StreamPeer::of(stream);
    peer.send(b"\x16\x03\x01").await;
    assert_eq!(peer.frame().await, None);
    assert!(begun.elapsed() >= Duration::from_secs(7));
}

#[tokio::test]
async fn sips_destination_is_refused_over_tls_too() {
    let (gateway, authority) = (Fake::answering(ResponseStatus::Success), Authority::new());
    let own = authority.certify(GATEWAY);
    let adapter = secured(&gateway, &authority, &own, "");
    let mut peer = authority.connect(tls(&adapter), GATEWAY, None).await;
    let text = over_tls("1", "x").replace("sip:juliet", "sips:juliet");
    peer.send(text).await;
    assert_eq!(status(&peer.receive().await), 416);
    assert!(gateway.submitted().is_empty());
}

/// A phone's SUBSCRIBE.
fn subscribe() -> String {
    let contact = "Contact: <sip:romeo@192.0.2.9:5061;transport=tls>\r\nEvent: presence\r\n";
    request("SUBSCRIBE", "s", contact, "").replace("SIP/2.0/UDP", "SIP/2.0/TLS")
}

/// What the service tells the only watcher there is.
fn notification(gateway: &Fake) -> NotifyOperation {
    let subscribed = gateway.subscribed();
    let of = &subscribed[0];
    let id = TransactionId::parse(b"0123456789abcdef0123456789abcdef").unwrap();
    let (watcher, target) = (of.watcher().clone(), of.target().clone());
    NotifyOperation::new(
        id,
        *of.subscription_id(),
        watcher,
        target,
        SubscriptionState::Active,
    )
    .with_package(of.package())
    .with_version(1)
    .with_deadline(Duration::from_secs(30))
    .with_reference(of.reference().unwrap().clone())
}

#[tokio::test]
async fn rfc2779_5_2_1_watcher_over_tls_is_told_over_the_connection_by_which_it_asked_and_no_other()
{
    watcher_is_told_over_its_connection("").await;
    // A proxy that is reached in the clear is no way for it.
    watcher_is_told_over_its_connection(r#", "outbound": ["udp:127.0.0.1:9"]"#).await;
}

async fn watcher_is_told_over_its_connection(more: &str) {
    let (gateway, authority) = (Fake::answering(ResponseStatus::Success), Authority::new());
    gateway.grant(3600);
    let own = authority.certify(GATEWAY);
    let section = own.section(&authority, "");
    let config = format!(r#"{{"listen": ["tls:127.0.0.1:0"], {section}{more}}}"#);
    let adapter = start_with(&gateway, &config);
    let mut phone = authority.connect(tls(&adapter), GATEWAY, None).await;
    phone.send(subscribe()).await;
    let answer = phone.receive().await;
    assert_eq!(status(&answer), 200);
    let contact = header(&answer, "Contact");
    assert!(contact.ends_with(";transport=tls>"), "{contact}");

    let telling = adapter.outbound().notify(notification(&gateway));
    let answering = async {
        let notified = phone.receive().await;
        phone.send(response(notified.as_bytes(), 200, &[])).await;
        notified
    };
    let (told, notified) = tokio::join!(telling, answering);
    assert_eq!(*told.unwrap().status(), ResponseStatus::Success);
    assert!(
        notified.starts_with(
            "NOTIFY sip:romeo@192.0.2.9:5061;transport=tls SIP/2.0\r\nVia: SIP/2.0/TLS "
        ),
        "{notified}"
    );

    // The connection is gone, and so is the phone: whoever is at its address now has shown nothing.
    drop(phone);
    let told = adapter.outbound().notify(notification(&gateway)).await;
    assert!(matches!(told.unwrap().status(), ResponseStatus::Failure(_)));
}

//! When presentities are asked again, and what becomes of those that are gone.

use std::time::Duration;

use rialto_sdk::prelude::{FailureReason, ResponseStatus, SubscriptionState, TerminationReason};

use super::{ACTIVE, NAME, PIDF, ask, notify, operation, reason, scene};
use crate::tests::{
    Fake, Peer, StreamPeer,
    peer::{header, response, status},
    start_with,
};

/// A phone that dies without a word is noticed when it is asked again.
#[tokio::test]
async fn presentity_is_asked_again_within_the_time_that_the_operator_says() {
    let fake = Fake::answering(ResponseStatus::Success);
    let server = Peer::bind().await;
    let json = format!(
        r#"{{"outbound": ["udp:{}"], "longest_own_subscription": "5m"}}"#,
        server.address()
    );
    let adapter = start_with(&fake, &json);
    let (response, text) = tokio::join!(
        ask(&adapter, operation(3600)),
        server.grant_and_notify(&adapter, ACTIVE)
    );
    assert_eq!(header(&text, "Expires"), "300");
    assert_eq!(response.duration(), Some(Duration::from_secs(300)));
    let (_, fetch) = tokio::join!(ask(&adapter, operation(0)), server.grant("0"));
    assert_eq!(header(&fetch, "Expires"), "0");
}

/// A phone over TCP that dies closes its connection, by its system if not by itself.
#[tokio::test]
async fn presentity_whose_connection_ends_is_to_be_asked_again_at_once() {
    let fake = Fake::answering(ResponseStatus::Success);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hop = listener.local_addr().unwrap();
    let adapter = start_with(&fake, &format!(r#"{{"outbound": ["tcp:{hop}"]}}"#));
    let serve = async {
        let mut phone = StreamPeer::accept(&listener).await;
        let text = phone.receive().await;
        let more = [("Expires", "600"), ("Contact", "<sip:romeo@192.0.2.7>")];
        phone.send(response(text.as_bytes(), 200, &more)).await;
        let told = notify(&text, "peer", 1, ACTIVE, PIDF).replace("SIP/2.0/UDP", "SIP/2.0/TCP");
        phone.send(told).await;
        assert_eq!(status(&phone.receive().await), 200);
    };
    let (response, ()) = tokio::join!(ask(&adapter, operation(3600)), serve);
    assert_eq!(response.into_status(), ResponseStatus::Success);
    fake.wait_for_notified(2).await;
    let again = fake.notified().remove(1);
    let end = SubscriptionState::terminated(TerminationReason::Deactivated);
    assert_eq!((again.state(), again.document()), (end, None));
    assert_eq!(again.subscription_id().as_bytes(), NAME);
}

#[tokio::test]
async fn rfc6665_4_1_2_2_refresh_that_gets_481_begins_a_new_subscription_at_once() {
    let (_, adapter, server) = scene().await;
    let (_, first) = tokio::join!(
        ask(&adapter, operation(3600)),
        server.grant_and_notify(&adapter, ACTIVE)
    );
    let serve = async {
        server.serve(481, &[]).await;
        server.grant_and_notify(&adapter, ACTIVE).await
    };
    let (response, anew) = tokio::join!(ask(&adapter, operation(3600)), serve);
    assert_eq!(response.into_status(), ResponseStatus::Success);
    assert_ne!(header(&anew, "Call-ID"), header(&first, "Call-ID"));
    assert_eq!(header(&anew, "To"), "<sip:romeo@sip.example>");
}

/// It would be asked every second, for ever.
#[tokio::test]
async fn presentity_that_grants_no_time_to_speak_of_is_asked_later() {
    let (_, adapter, server) = scene().await;
    for seconds in ["0", "9"] {
        let (response, _) = tokio::join!(ask(&adapter, operation(3600)), server.grant(seconds));
        assert_eq!(reason(response), FailureReason::RecipientUnavailable);
    }
}

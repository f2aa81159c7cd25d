//! Next hops.

use rialto_sdk::prelude::{Failure, FailureReason, Response, ResponseStatus, Retry};
use tokio::net::TcpListener;

use super::*;

async fn deliver(adapter: &Adapter, next_hop: &str) -> Response {
    let operation = operation(next_hop);
    adapter.outbound().deliver(operation).await.unwrap()
}

/// An adapter that listens over UDP, and whoever listens at its next hop.
async fn scene(authority: &Authority, more: &str) -> (Fake, Adapter, TcpListener, String) {
    let gateway = Fake::holding();
    let file = authority.path();
    let adapter = start_with(
        &gateway,
        &format!(r#"{{"tls": {{"authorities": {file:?}{more}}}}}"#),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap().to_string();
    (gateway, adapter, listener, place)
}

/// What becomes of a message whose next hop shows this.
async fn shown(authority: &Authority, server: &Certified, expected: &str) -> ResponseStatus {
    let (_gateway, adapter, listener, place) = scene(authority, "").await;
    let serving = async {
        let mut peer = server.accept(&listener).await?;
        let text = match peer.frame().await? {
            rialto_sip_codec::Frame::Message(bytes) => bytes,
            other => panic!("{other:?}"),
        };
        peer.send(response(&text, 200, &[])).await;
        Some(String::from_utf8(text.to_vec()).unwrap())
    };
    let next_hop = format!("tls:{expected}{place}");
    let (response, served) = tokio::join!(deliver(&adapter, &next_hop), serving);
    if let Some(request) = served {
        assert!(request.contains("\r\nVia: SIP/2.0/TLS "), "{request}");
    }
    response.into_status()
}

fn failure(status: ResponseStatus) -> Failure {
    match status {
        ResponseStatus::Failure(failure) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn rfc5922_7_3_message_goes_to_a_server_with_a_certificate_for_its_domain() {
    let authority = Authority::new();
    for (server, expected) in [
        (authority.certify("sip.example"), ""),
        (authority.certify("SIP.example"), ""),
        (
            authority.certify_with(&["sip:sip.example", "h.example"], |_| {}),
            "",
        ),
        (authority.certify("proxy.example"), "proxy.example@"),
    ] {
        let status = shown(&authority, &server, expected).await;
        assert_eq!(status, ResponseStatus::Success);
    }
}

#[tokio::test]
async fn rfc2779_2_5_1_message_goes_to_no_server_that_cannot_show_that_it_is_its_domain() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    for (server, expected, why) in [
        (authority.certify_expired("sip.example"), "", "expired"),
        (authority.certify("other.example"), "", "another domain"),
        (authority.certify("*.example"), "", "another domain"),
        (authority.certify("example"), "", "another domain"),
        // A URI of SIP's leaves no other name (RFC 5922 §7.1).
        (
            authority.certify_with(&["sip:other.example", "sip.example"], |_| {}),
            "",
            "another domain",
        ),
        (
            authority.certify("sip.example"),
            "proxy.example@",
            "another domain",
        ),
        (stranger.certify("sip.example"), "", "tls.authorities"),
    ] {
        let failure = failure(shown(&authority, &server, expected).await);
        let detail = failure.detail();
        assert!(detail.contains(why), "{detail}");
        assert_eq!(failure.reason(), FailureReason::Unreachable);
        // Nor to another hop in its place, which may be in the clear.
        assert_eq!(failure.retry(), Retry::Never);
    }
}

#[tokio::test]
async fn next_hop_without_tls_is_sent_nothing() {
    let authority = Authority::new();
    let (_gateway, adapter, listener, place) = scene(&authority, "").await;
    let serving = async {
        let mut peer = StreamPeer::accept(&listener).await;
        peer.send("SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            .await;
    };
    let next_hop = format!("tls:{place}");
    let (response, ()) = tokio::join!(deliver(&adapter, &next_hop), serving);
    let failure = failure(response.into_status());
    assert!(failure.detail().contains("no TLS"), "{failure:?}");
    assert_eq!(failure.retry(), Retry::Never);
}

#[tokio::test]
async fn next_hop_that_is_down_gives_way_to_another() {
    let authority = Authority::new();
    let (_gateway, adapter, listener, place) = scene(&authority, "").await;
    drop(listener);
    let failure = failure(
        deliver(&adapter, &format!("tls:{place}"))
            .await
            .into_status(),
    );
    assert_eq!(failure.reason(), FailureReason::Unreachable);
    assert_eq!(failure.retry(), Retry::Backoff);
}

#[tokio::test]
async fn rfc2779_2_5_4_tls_may_be_required_and_then_nothing_leaves_in_the_clear() {
    let (gateway, authority) = (Fake::holding(), Authority::new());
    let own = authority.certify(GATEWAY);
    let adapter = secured(&gateway, &authority, &own, r#", "required": true"#);
    let peer = Peer::bind().await;
    for next_hop in [
        format!("udp:{}", peer.address()),
        format!("tcp:{}", peer.address()),
        peer.address().to_string(),
    ] {
        let failure = failure(deliver(&adapter, &next_hop).await.into_status());
        assert!(failure.detail().contains("tls.required"), "{failure:?}");
    }
}

#[tokio::test]
async fn requests_to_one_domain_share_a_connection_and_those_to_another_have_their_own() {
    let authority = Authority::new();
    let (_gateway, adapter, listener, place) = scene(&authority, "").await;
    let both = authority.certify_with(&["sip.example", "other.example"], |_| {});
    let serving = async {
        let mut first = both.accept(&listener).await.unwrap();
        for _ in 0..2 {
            let text = first.receive().await;
            first.send(response(text.as_bytes(), 200, &[])).await;
        }
        let mut second = both.accept(&listener).await.unwrap();
        let text = second.receive().await;
        second.send(response(text.as_bytes(), 200, &[])).await;
        (first, second)
    };
    let asking = async {
        for expected in ["", "sip.example@", "other.example@"] {
            let next_hop = format!("tls:{expected}{place}");
            let response = deliver(&adapter, &next_hop).await;
            assert_eq!(*response.status(), ResponseStatus::Success);
        }
    };
    tokio::join!(asking, serving);
}

use std::{
    future::Future,
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use rialto_sdk::prelude::{
    ByteString, FailureReason, InstantInbox, InstantMessage, MessageOperation, Response,
    ResponseStatus, Retry, TransactionId,
};
use tokio::net::TcpListener;

use super::{Fake, Peer, StreamPeer, peer::response, start, start_with};
use crate::adapter::Adapter;

fn operation(text: &str, next_hop: Option<&str>) -> MessageOperation {
    let operation = MessageOperation::new(
        TransactionId::parse(b"op").unwrap(),
        InstantInbox::parse("im:juliet@xmpp.example").unwrap(),
        InstantInbox::parse("im:romeo@sip.example").unwrap(),
        InstantMessage::text(ByteString::from(text)),
    );
    match next_hop {
        Some(next_hop) => operation.with_next_hop(next_hop),
        None => operation,
    }
}

async fn deliver(adapter: &Adapter, operation: MessageOperation) -> Response {
    adapter.outbound().deliver(operation).await.unwrap()
}

fn reason(response: &Response) -> FailureReason {
    match response.status() {
        ResponseStatus::Failure(failure) => failure.reason(),
        other => panic!("{other:?}"),
    }
}

fn over_udp(peer: &Peer) -> String {
    format!("udp:{}", peer.address())
}

#[tokio::test]
async fn final_response_is_the_truth_that_the_gateway_hears() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start(&gateway);
    let hop = over_udp(&peer);
    let ask = async |status, more: &[(&str, &str)]| {
        let operation = operation("hi", Some(&hop));
        tokio::join!(deliver(&adapter, operation), peer.serve(status, more)).0
    };
    assert_eq!(*ask(200, &[]).await.status(), ResponseStatus::Success);
    assert_eq!(*ask(202, &[]).await.status(), ResponseStatus::Indeterminant);
    assert_eq!(
        reason(&ask(302, &[("Contact", "<sip:x@y.example>")]).await),
        FailureReason::Refused
    );
    assert_eq!(reason(&ask(404, &[]).await), FailureReason::NoSuchInbox);
    let busy = ask(503, &[("Retry-After", "7")]).await;
    let ResponseStatus::Failure(failure) = busy.status() else {
        panic!("{busy:?}")
    };
    assert_eq!(failure.reason(), FailureReason::Overloaded);
    assert_eq!(failure.retry(), Retry::After(Duration::from_secs(7)));
    assert_eq!(busy.transaction_id().as_str(), "op");
}

#[tokio::test]
async fn request_shows_configured_names_and_the_address_it_leaves_by_only_in_via() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start_with(
        &gateway,
        r#"{"advertise": "gw.example", "user_agent": "tester"}"#,
    );
    let operation = operation("hi", Some(&over_udp(&peer)));
    let (_, text) = tokio::join!(deliver(&adapter, operation), peer.serve(200, &[]));
    assert!(
        text.starts_with("MESSAGE sip:romeo@sip.example SIP/2.0\r\nVia: SIP/2.0/UDP gw.example:")
    );
    assert!(
        text.contains("\r\nFrom: <sip:juliet@xmpp.example>;tag="),
        "{text}"
    );
    assert!(
        text.contains("\r\nUser-Agent: tester\r\n") && text.ends_with("\r\n\r\nhi"),
        "{text}"
    );
    assert!(
        !text.contains("127.0.0.1") && !text.contains("Contact"),
        "{text}"
    );
}

#[tokio::test]
async fn rfc3263_4_3_copy_for_another_hop_differs_in_its_branch_alone() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start(&gateway);
    let id = TransactionId::random(&mut rand::rng());
    let ask = async |id| {
        let (operation, responder) = operation("hi", None).into_forward(id);
        drop(responder.respond(ResponseStatus::Indeterminant));
        let operation = operation.with_next_hop(over_udp(&peer));
        tokio::join!(deliver(&adapter, operation), peer.serve(200, &[])).1
    };
    let line = |text: &str, name: &str| {
        let mut lines = text.lines().filter(|line| line.starts_with(name));
        lines.next().unwrap().to_owned()
    };
    let [one, again, other] = [
        ask(id).await,
        ask(id).await,
        ask(TransactionId::random(&mut rand::rng())).await,
    ];
    for name in ["From:", "Call-ID:"] {
        assert_eq!(line(&one, name), line(&again, name));
        assert_ne!(line(&one, name), line(&other, name));
    }
    assert_ne!(line(&one, "Via:"), line(&again, "Via:"));
}

#[tokio::test]
async fn provisional_and_foreign_responses_end_nothing() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start(&gateway);
    let operation = operation("hi", Some(&over_udp(&peer)));
    let serve = async {
        let (bytes, from) = peer.receive().await;
        peer.send(from, response(&bytes, 100, &[])).await;
        let foreign = String::from_utf8(response(&bytes, 200, &[])).unwrap();
        peer.send(from, foreign.replace("branch=z9hG4bK", "branch=z9hG4bKx"))
            .await;
        peer.send(from, foreign.replace("1 MESSAGE", "1 OPTIONS"))
            .await;
        peer.send(from, "SIP/2.0 200 OK\r\nVia: nonsense\r\n\r\n")
            .await;
        peer.send(from, response(&bytes, 480, &[])).await;
    };
    let (answer, ()) = tokio::join!(deliver(&adapter, operation), serve);
    assert_eq!(reason(&answer), FailureReason::RecipientUnavailable);
}

#[tokio::test]
async fn rfc3261_18_1_1_request_over_1300_bytes_goes_over_tcp() {
    let gateway = Fake::holding();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let adapter = start(&gateway);
    let text = "é".repeat(4096);
    // Without a transport in the next hop, either will do.
    let hop = listener.local_addr().unwrap().to_string();
    let serve = async {
        let mut peer = StreamPeer::accept(&listener).await;
        let text = peer.receive().await;
        peer.send(response(text.as_bytes(), 200, &[])).await;
        text
    };
    let (answer, request) = tokio::join!(deliver(&adapter, operation(&text, Some(&hop))), serve);
    assert_eq!(*answer.status(), ResponseStatus::Success);
    assert!(request.contains("Via: SIP/2.0/TCP ") && request.ends_with(&text));
}

#[tokio::test]
async fn request_over_1300_bytes_is_too_large_for_a_hop_without_tcp() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start(&gateway);
    let answer = deliver(
        &adapter,
        operation(&"x".repeat(1300), Some(&over_udp(&peer))),
    )
    .await;
    assert_eq!(reason(&answer), FailureReason::TooLarge);
}

#[tokio::test]
async fn requests_to_one_hop_share_a_connection_and_their_responses_find_them() {
    let gateway = Fake::holding();
    let listener = TcpListener::bind("[::1]:0").await.unwrap();
    let hop = format!("tcp:{}", listener.local_addr().unwrap());
    let adapter = start_with(&gateway, &format!(r#"{{"outbound": ["{hop}"]}}"#));
    let serve = async {
        let mut peer = StreamPeer::accept(&listener).await;
        let requests = [peer.receive().await, peer.receive().await];
        for request in requests.iter().rev() {
            let status = if request.ends_with("one") { 200 } else { 404 };
            peer.send(response(request.as_bytes(), status, &[])).await;
        }
    };
    let (one, two, ()) = tokio::join!(
        deliver(&adapter, operation("one", None)),
        deliver(&adapter, operation("two", None)),
        serve
    );
    assert_eq!(*one.status(), ResponseStatus::Success);
    assert_eq!(reason(&two), FailureReason::NoSuchInbox);
}

#[tokio::test]
async fn refused_connection_is_unreachable_and_the_next_message_tries_again() {
    let gateway = Fake::holding();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let adapter = start(&gateway);
    let hop = format!("tcp:{address}");
    let answer = deliver(&adapter, operation("hi", Some(&hop))).await;
    assert_eq!(reason(&answer), FailureReason::Unreachable);
    let listener = TcpListener::bind(address).await.unwrap();
    let serve = async {
        let mut peer = StreamPeer::accept(&listener).await;
        let text = peer.receive().await;
        peer.send(response(text.as_bytes(), 200, &[])).await;
    };
    let (answer, ()) = tokio::join!(deliver(&adapter, operation("hi", Some(&hop))), serve);
    assert_eq!(*answer.status(), ResponseStatus::Success);
}

#[tokio::test]
async fn rfc3261_18_4_icmp_error_is_unreachable_and_harms_no_other_message() {
    for (listen, free) in [
        ("udp:127.0.0.1:0", Peer::bind().await),
        ("udp:[::1]:0", Peer::bind_v6().await),
    ] {
        let gateway = Fake::holding();
        let adapter = start_with(&gateway, &format!(r#"{{"listen": ["{listen}"]}}"#));
        let nobody = over_udp(&free);
        drop(free);
        let peer = if listen.contains('[') {
            Peer::bind_v6().await
        } else {
            Peer::bind().await
        };
        let hop = over_udp(&peer);
        let (bounced, delivered, _) = tokio::join!(
            deliver(&adapter, operation("hi", Some(&nobody))),
            deliver(&adapter, operation("hi", Some(&hop))),
            peer.serve(200, &[])
        );
        assert_eq!(reason(&bounced), FailureReason::Unreachable);
        assert_eq!(*delivered.status(), ResponseStatus::Success);
    }
}

/// From an address of loopback no other host can be reached, nobody may send to all, and a socket for
/// IPv6 sends nothing over IPv4.
#[tokio::test(start_paused = true)]
async fn rfc3261_17_1_4_request_that_cannot_be_sent_is_unreachable_at_once() {
    let peer = Peer::bind().await;
    let adapter = start_with(
        &Fake::holding(),
        r#"{"listen": ["udp:127.0.0.1:0", "udp:[::1]:0"]}"#,
    );
    let hop = over_udp(&peer);
    for nowhere in [
        "udp:192.0.2.1:5060",
        "udp:255.255.255.255:5060",
        "udp:[::ffff:192.0.2.1]:5060",
    ] {
        // More than one at once go by way of the loop and one system call.
        let (first, delivered, _, second) = tokio::join!(
            deliver(&adapter, operation("hi", Some(nowhere))),
            deliver(&adapter, operation("hi", Some(&hop))),
            peer.serve(200, &[]),
            deliver(&adapter, operation("hi", Some(nowhere))),
        );
        assert_eq!(reason(&first), FailureReason::Unreachable, "{nowhere}");
        assert_eq!(reason(&second), FailureReason::Unreachable, "{nowhere}");
        assert_eq!(*delivered.status(), ResponseStatus::Success);
    }
}

#[tokio::test]
async fn connection_that_breaks_before_the_response_leaves_the_message_in_doubt() {
    let gateway = Fake::holding();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let adapter = start(&gateway);
    let hop = format!("tcp:{}", listener.local_addr().unwrap());
    let serve = async { drop(StreamPeer::accept(&listener).await.receive().await) };
    let (answer, ()) = tokio::join!(deliver(&adapter, operation("hi", Some(&hop))), serve);
    assert_eq!(reason(&answer), FailureReason::TimedOut);
}

#[tokio::test]
async fn rfc3261_8_2_2_2_receiver_that_has_a_message_in_doubt_is_believed() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let adapter = start(&gateway);
    let over_tcp = format!("tcp:{}", listener.local_addr().unwrap());
    let over_udp = over_udp(&peer);
    let refused = async |id: &str| {
        let asked = deliver(&adapter, named(id, &over_udp));
        tokio::join!(asked, peer.serve(482, &[])).0
    };
    assert_eq!(reason(&refused("1").await), FailureReason::HopLimitReached);
    let lost = async { drop(StreamPeer::accept(&listener).await.receive().await) };
    let (answer, ()) = tokio::join!(deliver(&adapter, named("1", &over_tcp)), lost);
    assert_eq!(reason(&answer), FailureReason::TimedOut);
    assert_eq!(*refused("1").await.status(), ResponseStatus::Indeterminant);
    // So it is when the gateway has waited long enough.
    tokio::select! {
        biased;
        _ = deliver(&adapter, named("2", &over_udp)) => panic!("nobody answers"),
        _ = peer.receive() => {}
    }
    assert_eq!(*refused("2").await.status(), ResponseStatus::Indeterminant);
    assert_eq!(reason(&refused("3").await), FailureReason::HopLimitReached);
}

/// The message of an operation of this name.
fn named(id: &str, next_hop: &str) -> MessageOperation {
    let id = TransactionId::parse(id.as_bytes()).unwrap();
    let (operation, responder) = operation("hi", None).into_forward(id);
    drop(responder.respond(ResponseStatus::Indeterminant));
    operation.with_next_hop(next_hop)
}

#[tokio::test]
async fn message_without_a_usable_next_hop_is_unresolvable() {
    let gateway = Fake::holding();
    let adapter = start(&gateway);
    for hop in [
        None,
        Some("example.com"),
        Some("udp:example.com:5060"),
        Some("tls:example.com:5061"),
    ] {
        let answer = deliver(&adapter, operation("hi", hop)).await;
        assert_eq!(reason(&answer), FailureReason::Unresolvable, "{hop:?}");
    }
}

#[tokio::test]
async fn message_during_the_stop_is_answered() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start(&gateway);
    let hop = over_udp(&peer);
    let open = deliver(&adapter, operation("hi", Some(&hop)));
    let stop = async {
        peer.receive().await;
        gateway.stop().await;
    };
    let (answer, ()) = tokio::join!(open, stop);
    assert_eq!(reason(&answer), FailureReason::ShuttingDown);
    let late = deliver(&adapter, operation("hi", Some(&hop))).await;
    assert_eq!(reason(&late), FailureReason::ShuttingDown);
}

#[tokio::test]
async fn request_is_sent_by_whoever_brings_it_while_the_endpoint_is_at_rest() {
    let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_nonblocking(true).unwrap();
    let adapter = start(&Fake::holding());
    let hop = format!("udp:{}", peer.local_addr().unwrap());
    let mut delivery = pin!(deliver(&adapter, operation("hi", Some(&hop))));
    let polled = delivery
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
    let mut buffer = [0; 2000];
    let length = peer.recv(&mut buffer).expect("before the loop has run");
    assert!(buffer[..length].starts_with(b"MESSAGE "));
}

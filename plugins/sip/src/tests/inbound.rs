use rialto_sdk::prelude::{Authentication, Failure, FailureReason, ResponseStatus};

use super::{Fake, Peer, message, peer::status, request, start, start_with, udp};

#[tokio::test]
async fn message_is_delivered_and_answered_with_the_truth() {
    let (gateway, peer) = (Fake::answering(ResponseStatus::Success), Peer::bind().await);
    let adapter = start(&gateway);
    let failure = |reason| ResponseStatus::Failure(Failure::new(reason));
    let cases = [
        (ResponseStatus::Success, 200),
        (ResponseStatus::Indeterminant, 202),
        (failure(FailureReason::NoSuchInbox), 404),
        (failure(FailureReason::TimedOut), 504),
        (failure(FailureReason::UnsupportedContent), 415),
        (failure(FailureReason::Overloaded), 503),
    ];
    for (index, (answer, code)) in cases.into_iter().enumerate() {
        gateway.answer_with(answer);
        let text = peer
            .ask(udp(&adapter), message(&index.to_string(), "hello"))
            .await;
        assert_eq!(status(&text), code, "{text}");
    }
    let operation = &gateway.submitted()[0];
    assert_eq!(operation.source().as_str(), "im:romeo@sip.example");
    assert_eq!(operation.destination().as_str(), "im:juliet@xmpp.example");
    assert_eq!(operation.message().payload().as_bytes(), b"hello");
    assert_eq!(operation.deadline().unwrap().as_secs(), 30);
}

#[tokio::test]
async fn rfc2779_5_4_3_sender_is_vouched_for_by_a_trusted_peer_only() {
    let peer = Peer::bind().await;
    let cases = [
        ("{}", Authentication::None),
        (r#"{"trusted": ["192.0.2.0/24"]}"#, Authentication::None),
        (r#"{"trusted": ["127.0.0.0/8"]}"#, Authentication::Network),
    ];
    for (settings, expected) in cases {
        let gateway = Fake::answering(ResponseStatus::Success);
        let adapter = start_with(&gateway, settings);
        peer.ask(udp(&adapter), message("1", "hello")).await;
        let found = gateway.submitted()[0].authentication();
        assert_eq!(found, expected, "{settings}");
    }
}

#[tokio::test]
async fn retransmitted_message_is_delivered_once_and_answered_each_time_the_same() {
    let (gateway, peer) = (Fake::answering(ResponseStatus::Success), Peer::bind().await);
    let adapter = start(&gateway);
    let first = peer.ask(udp(&adapter), message("1", "x")).await;
    for _ in 0..3 {
        assert_eq!(peer.ask(udp(&adapter), message("1", "x")).await, first);
    }
    assert_eq!(gateway.submitted().len(), 1);
}

#[tokio::test]
async fn message_is_answered_when_the_gateway_answers_later() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start(&gateway);
    for branch in ["1", "1", "2"] {
        peer.send(udp(&adapter), message(branch, "x")).await;
    }
    gateway.wait_for(2).await;
    let first = gateway.held();
    gateway.held().answer(ResponseStatus::Indeterminant);
    let text = peer.receive_text().await;
    assert!(
        status(&text) == 202 && text.contains("branch=z9hG4bK2;"),
        "{text}"
    );
    first.answer(ResponseStatus::Success);
    let text = peer.receive_text().await;
    assert!(
        status(&text) == 200 && text.contains("branch=z9hG4bK1;"),
        "{text}"
    );
}

#[tokio::test]
async fn messages_reach_the_gateway_in_the_order_of_their_arrival() {
    let (gateway, peer) = (Fake::answering(ResponseStatus::Success), Peer::bind().await);
    let adapter = start(&gateway);
    for number in 0..200 {
        peer.send(
            udp(&adapter),
            message(&number.to_string(), &number.to_string()),
        )
        .await;
    }
    gateway.wait_for(200).await;
    let bodies: Vec<_> = gateway
        .submitted()
        .iter()
        .map(|o| o.message().payload().clone())
        .collect();
    let expected: Vec<_> = (0..200).map(|number: u8| number.to_string()).collect();
    assert!(
        bodies
            .iter()
            .map(|body| body.as_bytes())
            .eq(expected.iter().map(String::as_bytes))
    );
}

#[tokio::test]
async fn rfc3261_11_options_is_answered_with_what_there_is() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start(&gateway);
    let text = peer
        .ask(
            udp(&adapter),
            request("OPTIONS", "1", "Max-Forwards: 0\r\n", ""),
        )
        .await;
    assert_eq!(status(&text), 200);
    for line in [
        "Allow: MESSAGE, SUBSCRIBE, NOTIFY, PUBLISH, OPTIONS, CANCEL, ACK",
        "Allow-Events: presence, presence.winfo",
        "Accept: */*",
        "Supported: ",
    ] {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{text}");
    }
}

#[tokio::test]
async fn rfc3261_9_2_cancel_finds_its_message_and_changes_nothing() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start(&gateway);
    peer.send(udp(&adapter), message("1", "x")).await;
    assert_eq!(
        status(
            &peer
                .ask(udp(&adapter), request("CANCEL", "1", "", ""))
                .await
        ),
        200
    );
    assert_eq!(
        status(
            &peer
                .ask(udp(&adapter), request("CANCEL", "2", "", ""))
                .await
        ),
        481
    );
    gateway.held().answer(ResponseStatus::Success);
    assert_eq!(status(&peer.receive_text().await), 200);
}

#[tokio::test]
async fn rfc3261_8_2_2_2_message_that_comes_by_two_ways_is_delivered_once() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start(&gateway);
    let by_another_way = message("1", "x").replace("z9hG4bK1", "z9hG4bK2");
    peer.send(udp(&adapter), message("1", "x")).await;
    let text = peer.ask(udp(&adapter), &by_another_way).await;
    assert!(status(&text) == 482 && text.contains("branch=z9hG4bK2;"));
    gateway.held().answer(ResponseStatus::Success);
    let text = peer.receive_text().await;
    assert!(status(&text) == 200 && text.contains("branch=z9hG4bK1;"));
    assert_eq!(peer.ask(udp(&adapter), message("1", "x")).await, text);
    let text = peer.ask(udp(&adapter), &by_another_way).await;
    assert_eq!(status(&text), 482);
    assert_eq!(gateway.submitted().len(), 1);
}

#[tokio::test]
async fn rfc3263_4_3_message_that_was_refused_may_come_by_another_way() {
    let failure = Failure::new(FailureReason::Overloaded);
    let gateway = Fake::answering(ResponseStatus::Failure(failure));
    let (peer, adapter) = (Peer::bind().await, start(&gateway));
    let text = peer.ask(udp(&adapter), message("1", "x")).await;
    assert_eq!(status(&text), 503);
    gateway.answer_with(ResponseStatus::Success);
    let by_another_way = message("1", "x").replace("z9hG4bK1", "z9hG4bK2");
    let text = peer.ask(udp(&adapter), by_another_way).await;
    assert_eq!(status(&text), 200);
}

#[tokio::test]
async fn invite_is_refused_and_its_ack_absorbed() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start(&gateway);
    let text = peer
        .ask(udp(&adapter), request("INVITE", "1", "", ""))
        .await;
    assert!(status(&text) == 405 && text.contains("Allow: "), "{text}");
    peer.send(udp(&adapter), request("ACK", "1", "", "")).await;
    assert_eq!(
        status(
            &peer
                .ask(udp(&adapter), request("OPTIONS", "2", "", ""))
                .await
        ),
        200
    );
}

#[tokio::test]
async fn response_goes_to_the_source_address_and_nowhere_else() {
    let gateway = Fake::answering(ResponseStatus::Success);
    let (peer, other) = (Peer::bind().await, Peer::bind().await);
    let adapter = start(&gateway);
    // Without rport: to the port of sent-by, at the address that the request came from.
    let via = format!(
        "Via: SIP/2.0/UDP 192.0.2.1:{};branch=z9hG4bK9",
        other.address().port()
    );
    let maddr = format!("{via};maddr=192.0.2.2;received=192.0.2.3");
    for via in [via, maddr.replace("K9", "K8")] {
        let usual = "Via: SIP/2.0/UDP client.example:5099;branch=z9hG4bK1;rport";
        peer.send(udp(&adapter), message("1", "x").replace(usual, &via))
            .await;
        let text = other.receive_text().await;
        assert!(text.contains("received=127.0.0.1"), "{text}");
        assert!(
            !text.contains("rport") && !text.contains("192.0.2.3"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn rfc3581_4_response_goes_to_the_source_port_when_asked_to() {
    let (gateway, peer) = (Fake::answering(ResponseStatus::Success), Peer::bind().await);
    let adapter = start(&gateway);
    let text = peer.ask(udp(&adapter), message("1", "x")).await;
    assert!(
        text.contains(&format!("rport={}", peer.address().port())),
        "{text}"
    );
}

#[tokio::test]
async fn message_over_ipv6_is_answered() {
    let (gateway, peer) = (
        Fake::answering(ResponseStatus::Success),
        Peer::bind_v6().await,
    );
    let listen = r#"{"listen": ["udp:127.0.0.1:0", "udp:[::1]:0"]}"#;
    let adapter = start_with(&gateway, listen);
    let text = peer
        .ask(adapter.addresses()[1].address, message("1", "x"))
        .await;
    assert!(
        status(&text) == 200 && text.contains("received=::1"),
        "{text}"
    );
}

#[tokio::test]
async fn full_adapter_answers_503_with_a_time_to_retry_and_loses_nothing_it_took() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start_with(&gateway, r#"{"max_transactions": 2}"#);
    for branch in ["1", "2"] {
        peer.send(udp(&adapter), message(branch, "x")).await;
    }
    let text = peer.ask(udp(&adapter), message("3", "x")).await;
    assert!(
        status(&text) == 503 && text.contains("\r\nRetry-After: 2\r\n"),
        "{text}"
    );
    gateway.held().answer(ResponseStatus::Success);
    let text = peer.receive_text().await;
    assert!(status(&text) == 200 && text.contains("z9hG4bK1;"), "{text}");
}

#[tokio::test]
async fn adapter_that_waits_for_too_much_answers_503() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start_with(&gateway, r#"{"max_pending": 1}"#);
    peer.send(udp(&adapter), message("1", "x")).await;
    assert_eq!(
        status(&peer.ask(udp(&adapter), message("2", "x")).await),
        503
    );
    assert_eq!(gateway.submitted().len(), 1);
}

#[tokio::test]
async fn adapter_that_stops_answers_503_to_what_is_open() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start(&gateway);
    peer.send(udp(&adapter), message("1", "x")).await;
    gateway.wait_for(1).await;
    gateway.stop().await;
    assert_eq!(status(&peer.receive_text().await), 503);
}

#[tokio::test]
async fn message_over_the_limit_is_answered_513() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start_with(&gateway, r#"{"max_message_size": "2KiB"}"#);
    let text = peer
        .ask(udp(&adapter), message("1", &"x".repeat(2048)))
        .await;
    assert_eq!(status(&text), 513);
    assert!(gateway.submitted().is_empty());
}

#[tokio::test]
async fn keep_alives_are_not_answered() {
    let (gateway, peer) = (Fake::holding(), Peer::bind().await);
    let adapter = start(&gateway);
    for keep_alive in ["\r\n\r\n", "", "\0\0\0\0"] {
        peer.send(udp(&adapter), keep_alive).await;
    }
    let text = peer
        .ask(udp(&adapter), request("OPTIONS", "1", "", ""))
        .await;
    assert!(text.contains("z9hG4bK1;"), "{text}");
}

#[tokio::test]
async fn answer_is_sent_by_whoever_brings_it_while_the_endpoint_is_at_rest() {
    let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_nonblocking(true).unwrap();
    let gateway = Fake::holding();
    let adapter = start(&gateway);
    peer.send_to(message("b1", "hi").as_bytes(), udp(&adapter))
        .unwrap();
    gateway.wait_for(1).await;
    tokio::task::yield_now().await; // the turn that submitted it ends
    let mut buffer = [0; 2000];
    assert!(peer.recv(&mut buffer).is_err(), "nothing is known yet");
    gateway.held().answer(ResponseStatus::Success);
    let length = peer.recv(&mut buffer).expect("before the loop has run");
    assert!(buffer[..length].starts_with(b"SIP/2.0 200 "));
}

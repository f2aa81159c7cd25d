//! Who is typing (RFC 3994).

use rialto_sdk::prelude::{
    FailureReason, InstantInbox, InstantMessage, MessageOperation, ResponseStatus, TransactionId,
};

use super::{Fake, Peer, peer::response, request, start, udp};
use crate::adapter::Adapter;

const TYPE: &str = "application/im-iscomposing+xml";

fn operation(peer: &Peer, state: &'static str) -> MessageOperation {
    MessageOperation::new(
        TransactionId::random(&mut rand::rng()),
        InstantInbox::parse("im:juliet@xmpp.example").unwrap(),
        InstantInbox::parse("im:romeo@sip.example").unwrap(),
        InstantMessage::new(TYPE, bytes::Bytes::from_static(state.as_bytes())),
    )
    .with_next_hop(format!("udp:{}", peer.address()))
    .into_ephemeral()
}

async fn deliver(adapter: &Adapter, operation: MessageOperation) -> ResponseStatus {
    let response = adapter.outbound().deliver(operation).await.unwrap();
    response.into_status()
}

fn reason(status: &ResponseStatus) -> FailureReason {
    match status {
        ResponseStatus::Failure(failure) => failure.reason(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn rfc3994_composing_from_sip_is_ephemeral() {
    let (gateway, peer) = (Fake::answering(ResponseStatus::Success), Peer::bind().await);
    let adapter = start(&gateway);
    let more = format!("Content-Type: {TYPE}\r\n");
    let answer = peer.ask(udp(&adapter), request("MESSAGE", "1", &more, "<x/>"));
    assert!(answer.await.starts_with("SIP/2.0 200 "));
    assert!(gateway.submitted()[0].is_ephemeral());
}

#[tokio::test]
async fn rfc3994_composing_that_waits_behind_another_gives_way_to_a_newer_one() {
    let peer = Peer::bind().await;
    let adapter = start(&Fake::holding());
    let serve = async {
        let (first, from) = peer.receive().await;
        peer.send(from, response(&first, 200, &[])).await;
        let (last, from) = peer.receive().await;
        peer.send(from, response(&last, 200, &[])).await;
        [first, last].map(|text| String::from_utf8(text.to_vec()).unwrap())
    };
    let (first, second, third, texts) = tokio::join!(
        biased;
        deliver(&adapter, operation(&peer, "one")),
        deliver(&adapter, operation(&peer, "two")),
        deliver(&adapter, operation(&peer, "three")),
        serve
    );
    assert_eq!(first, ResponseStatus::Success);
    assert_eq!(reason(&second), FailureReason::Cancelled);
    assert_eq!(third, ResponseStatus::Success);
    assert!(texts[0].ends_with("one") && texts[1].ends_with("three"));
}

#[tokio::test]
async fn rfc3994_4_receiver_that_refuses_composing_is_sent_no_more_of_it() {
    let peer = Peer::bind().await;
    let adapter = start(&Fake::holding());
    let (refused, _) = tokio::join!(
        deliver(&adapter, operation(&peer, "one")),
        peer.serve(415, &[("Accept", "text/plain")])
    );
    assert_eq!(reason(&refused), FailureReason::UnsupportedContent);
    // Nobody answers this one: it is not sent.
    let unsent = deliver(&adapter, operation(&peer, "two")).await;
    assert_eq!(reason(&unsent), FailureReason::UnsupportedContent);
}

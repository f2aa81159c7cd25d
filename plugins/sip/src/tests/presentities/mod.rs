//! Users of this network who are watched: SUBSCRIBE out, NOTIFY in.

mod again;

use std::time::Duration;

use rialto_sdk::prelude::{
    Failure, FailureReason, Package, Presentity, Response, ResponseStatus, SubscribeOperation,
    SubscriptionId, SubscriptionState, TerminationReason, TransactionId,
};

use super::{
    Fake, Peer,
    peer::{header, response, status},
    start_with, udp,
};
use crate::adapter::Adapter;

const NAME: &[u8] = b"0000000000000001fedcba9876543210";
const PIDF: &str =
    "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:romeo@sip.example\"/>";
const ACTIVE: &str = "active;expires=600";

/// A gateway, an adapter, and the server of its presentities.
async fn scene() -> (Fake, Adapter, Peer) {
    let fake = Fake::answering(ResponseStatus::Success);
    let server = Peer::bind().await;
    let json = format!(r#"{{"outbound": ["udp:{}"]}}"#, server.address());
    let adapter = start_with(&fake, &json);
    (fake, adapter, server)
}

fn operation(seconds: u64) -> SubscribeOperation {
    let id = TransactionId::parse(b"t").unwrap();
    let watcher = Presentity::parse("pres:juliet@xmpp.example").unwrap();
    let target = Presentity::parse("pres:romeo@sip.example").unwrap();
    SubscribeOperation::new(id, SubscriptionId::parse(NAME).unwrap(), watcher, target)
        .with_duration(Duration::from_secs(seconds))
        .with_deadline(Duration::from_secs(30))
}

async fn ask(adapter: &Adapter, operation: SubscribeOperation) -> Response {
    adapter.outbound().subscribe(operation).await.unwrap()
}

/// A notification in answer to a SUBSCRIBE, from the fork of this tag.
fn notify(subscribe: &str, tag: &str, sequence: u32, state: &str, body: &str) -> String {
    let contact = header(subscribe, "Contact").trim_matches(['<', '>']);
    let content_type = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/pidf+xml\r\n"
    };
    format!(
        "NOTIFY {contact} SIP/2.0\r\nVia: SIP/2.0/UDP server.example;branch=z9hG4bK{tag}{sequence};rport\r\n\
         From: <sip:romeo@sip.example>;tag={tag}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {sequence} NOTIFY\r\n\
         Contact: <sip:romeo@192.0.2.7:5061>\r\nEvent: presence\r\nSubscription-State: {state}\r\n\
         {content_type}Content-Length: {}\r\n\r\n{body}",
        header(subscribe, "From"),
        header(subscribe, "Call-ID"),
        body.len(),
    )
}

impl Peer {
    /// Answers a SUBSCRIBE; gives its text.
    async fn grant(&self, seconds: &str) -> String {
        let more = [
            ("Expires", seconds),
            ("Contact", "<sip:romeo@192.0.2.7:5061>"),
        ];
        self.serve(200, &more).await
    }

    /// Answers a SUBSCRIBE, and notifies at once.
    async fn grant_and_notify(&self, adapter: &Adapter, state: &str) -> String {
        let text = self.grant("600").await;
        let told = self
            .ask(udp(adapter), notify(&text, "peer", 1, state, PIDF))
            .await;
        assert_eq!(status(&told), 200);
        text
    }
}

#[tokio::test]
async fn rfc8048_5_2_presentity_is_subscribed_to_and_what_it_says_is_notified() {
    let (fake, adapter, server) = scene().await;
    let (response, text) = tokio::join!(
        ask(&adapter, operation(3600)),
        server.grant_and_notify(&adapter, ACTIVE)
    );
    assert_eq!(response.duration(), Some(Duration::from_secs(600)));
    assert_eq!(response.into_status(), ResponseStatus::Success);
    assert!(
        text.starts_with("SUBSCRIBE sip:romeo@sip.example SIP/2.0\r\n"),
        "{text}"
    );
    assert_eq!(header(&text, "To"), "<sip:romeo@sip.example>");
    assert!(
        header(&text, "From").starts_with("<sip:juliet@xmpp.example>;tag="),
        "{text}"
    );
    assert_eq!(header(&text, "Event"), "presence");
    assert_eq!(header(&text, "Accept"), "application/pidf+xml");
    assert_eq!(header(&text, "Expires"), "3600");
    let contact = format!("<sip:juliet%40xmpp.example@{}>", udp(&adapter));
    assert_eq!(header(&text, "Contact"), contact);
    let told = fake.notified().remove(0);
    assert_eq!(told.subscription_id().as_bytes(), NAME);
    assert_eq!(told.watcher().as_str(), "pres:juliet@xmpp.example");
    assert_eq!(told.target().as_str(), "pres:romeo@sip.example");
    assert_eq!(
        (told.state(), told.package()),
        (SubscriptionState::Active, Package::Presence)
    );
    assert_eq!(told.expires_in(), Some(Duration::from_secs(600)));
    assert_eq!(
        told.document().unwrap().payload().as_bytes(),
        PIDF.as_bytes()
    );
}

#[tokio::test]
async fn notification_before_the_answer_is_taken() {
    let (fake, adapter, server) = scene().await;
    let serve = async {
        let (bytes, from) = server.receive().await;
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let told = server
            .ask(udp(&adapter), notify(&text, "fast", 1, "pending", ""))
            .await;
        assert_eq!(status(&told), 200);
        let more = [("Expires", "600"), ("Contact", "<sip:romeo@192.0.2.7>")];
        server.send(from, response(&bytes, 202, &more)).await;
    };
    let (response, ()) = tokio::join!(ask(&adapter, operation(3600)), serve);
    assert_eq!(response.into_status(), ResponseStatus::Indeterminant);
    let told = fake.notified().remove(0);
    assert_eq!(
        (told.state(), told.document()),
        (SubscriptionState::Pending, None)
    );
}

#[tokio::test]
async fn refresh_and_end_go_within_the_dialog_and_the_last_word_is_answered() {
    let (fake, adapter, server) = scene().await;
    let (_, first) = tokio::join!(
        ask(&adapter, operation(3600)),
        server.grant_and_notify(&adapter, ACTIVE)
    );
    let (response, refresh) = tokio::join!(ask(&adapter, operation(3600)), server.grant("300"));
    assert_eq!(response.duration(), Some(Duration::from_secs(300)));
    assert_eq!(response.into_status(), ResponseStatus::Success);
    assert!(
        refresh.starts_with("SUBSCRIBE sip:romeo@192.0.2.7:5061 SIP/2.0\r\n"),
        "{refresh}"
    );
    assert_eq!(header(&refresh, "To"), "<sip:romeo@sip.example>;tag=peer");
    assert_eq!(header(&refresh, "From"), header(&first, "From"));
    assert_eq!(header(&refresh, "CSeq"), "2 SUBSCRIBE");
    let (response, end) = tokio::join!(ask(&adapter, operation(0)), server.grant("0"));
    assert_eq!(response.into_status(), ResponseStatus::Success);
    assert_eq!(
        (header(&end, "CSeq"), header(&end, "Expires")),
        ("3 SUBSCRIBE", "0")
    );
    let last = notify(&first, "peer", 2, "terminated;reason=timeout", "");
    assert_eq!(status(&server.ask(udp(&adapter), last).await), 200);
    assert_eq!(fake.notified().len(), 1, "nobody is to be told");
    let late = notify(&first, "peer", 3, ACTIVE, "");
    assert_eq!(status(&server.ask(udp(&adapter), late).await), 481);
}

#[tokio::test]
async fn rfc6665_4_1_2_1_interval_that_is_too_brief_is_made_longer_once_and_never_0() {
    let (_, adapter, server) = scene().await;
    let serve = async {
        server.serve(423, &[("Min-Expires", "900")]).await;
        server.grant_and_notify(&adapter, ACTIVE).await
    };
    let (response, text) = tokio::join!(ask(&adapter, operation(60)), serve);
    assert_eq!(
        (response.into_status(), header(&text, "Expires")),
        (ResponseStatus::Success, "900")
    );
    let (_, adapter, server) = scene().await;
    let serve = server.serve(423, &[("Min-Expires", "60")]);
    let (response, _) = tokio::join!(ask(&adapter, operation(60)), serve);
    assert_eq!(reason(response), FailureReason::Refused);
}

fn reason(response: Response) -> FailureReason {
    match response.into_status() {
        ResponseStatus::Failure(failure) => failure.reason(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn refusal_of_the_presentitys_network_is_the_response() {
    let (_, adapter, server) = scene().await;
    for (code, expected) in [
        (403, FailureReason::NotPermitted),
        (404, FailureReason::NoSuchInbox),
        (489, FailureReason::UnsupportedService),
        (405, FailureReason::UnsupportedService),
        (503, FailureReason::Overloaded),
    ] {
        let (response, _) = tokio::join!(ask(&adapter, operation(60)), server.serve(code, &[]));
        assert_eq!(reason(response), expected, "{code}");
    }
}

#[tokio::test]
async fn fetch_is_answered_at_once_and_what_comes_is_its_end() {
    let (fake, adapter, server) = scene().await;
    let (response, text) = tokio::join!(ask(&adapter, operation(0)), server.grant("0"));
    assert_eq!(response.into_status(), ResponseStatus::Success);
    assert_eq!(header(&text, "Expires"), "0");
    let told = notify(&text, "peer", 1, "terminated;reason=timeout", PIDF);
    assert_eq!(status(&server.ask(udp(&adapter), told).await), 200);
    let told = fake.notified().remove(0);
    assert_eq!(
        told.state(),
        SubscriptionState::terminated(TerminationReason::Timeout)
    );
    assert!(told.document().is_some());
}

#[tokio::test(start_paused = true)]
async fn presentity_that_never_says_whether_the_watcher_may_is_pending() {
    let (_, adapter, server) = scene().await;
    let (response, _) = tokio::join!(ask(&adapter, operation(3600)), server.grant("3600"));
    assert_eq!(response.into_status(), ResponseStatus::Indeterminant);
}

#[tokio::test]
async fn end_is_notified_with_its_reason() {
    for (said, reason, retry_after) in [
        (
            "terminated;reason=rejected",
            TerminationReason::Rejected,
            None,
        ),
        (
            "terminated;reason=giveup;retry-after=30",
            TerminationReason::GiveUp,
            Some(30),
        ),
        (
            "terminated;reason=deactivated",
            TerminationReason::Deactivated,
            None,
        ),
        ("terminated;reason=odd", TerminationReason::Timeout, None),
        (
            "terminated;retry-after=9",
            TerminationReason::Probation,
            Some(9),
        ),
    ] {
        let (fake, adapter, server) = scene().await;
        let (_, first) = tokio::join!(
            ask(&adapter, operation(3600)),
            server.grant_and_notify(&adapter, ACTIVE)
        );
        let end = notify(&first, "peer", 2, said, "");
        assert_eq!(status(&server.ask(udp(&adapter), end).await), 200);
        let retry_after = retry_after.map(Duration::from_secs);
        let state = SubscriptionState::Terminated {
            reason,
            retry_after,
        };
        assert_eq!(fake.notified()[1].state(), state, "{said}");
    }
}

#[tokio::test]
async fn subscription_that_the_gateway_does_not_know_gets_481_and_its_dialog_ends() {
    let (fake, adapter, server) = scene().await;
    let (_, first) = tokio::join!(
        ask(&adapter, operation(3600)),
        server.grant_and_notify(&adapter, ACTIVE)
    );
    fake.answer_with(Failure::new(FailureReason::NoPresentity).into());
    for sequence in [2, 3] {
        let text = notify(&first, "peer", sequence, ACTIVE, "");
        assert_eq!(status(&server.ask(udp(&adapter), text).await), 481);
    }
    assert_eq!(fake.notified().len(), 2, "the second is not even asked");
}

#[tokio::test]
async fn rfc2779_5_2_4_and_5_3_2_notification_that_nobody_asked_for_or_that_is_malformed_is_refused()
 {
    let (fake, adapter, server) = scene().await;
    let (_, first) = tokio::join!(
        ask(&adapter, operation(3600)),
        server.grant_and_notify(&adapter, ACTIVE)
    );
    let cases = [
        (notify(&first, "other", 2, ACTIVE, ""), 481),
        (
            notify(&first, "peer", 3, ACTIVE, "").replace(header(&first, "Call-ID"), "9987@pc34"),
            481,
        ),
        (
            notify(&first, "peer", 4, ACTIVE, "").replace("Subscription-State", "X-State"),
            400,
        ),
        (
            notify(&first, "peer", 5, ACTIVE, "").replace("Event: presence", "Event: dialog"),
            489,
        ),
        (
            notify(&first, "peer", 6, ACTIVE, PIDF).replace("pidf+xml", "sdp"),
            415,
        ),
        (
            notify(&first, "peer", 7, ACTIVE, "").replace(";tag=peer", ""),
            481,
        ),
        (notify(&first, "peer", 0, ACTIVE, ""), 500),
    ];
    for (text, code) in cases {
        let answer = server.ask(udp(&adapter), &text).await;
        assert_eq!(status(&answer), code, "{text}{answer}");
    }
    assert_eq!(fake.notified().len(), 1);
}

#[tokio::test]
async fn subscriptions_are_bounded() {
    let fake = Fake::answering(ResponseStatus::Success);
    let server = Peer::bind().await;
    let json = format!(
        r#"{{"outbound": ["udp:{}"], "max_subscriptions": 1}}"#,
        server.address()
    );
    let adapter = start_with(&fake, &json);
    let (first, _) = tokio::join!(
        ask(&adapter, operation(3600)),
        server.grant_and_notify(&adapter, ACTIVE)
    );
    assert_eq!(first.into_status(), ResponseStatus::Success);
    let other = SubscriptionId::parse(b"other").unwrap();
    let (watcher, target) = (
        operation(1).watcher().clone(),
        operation(1).target().clone(),
    );
    let id = TransactionId::parse(b"t").unwrap();
    let beyond = SubscribeOperation::new(id, other, watcher, target);
    assert_eq!(
        reason(ask(&adapter, beyond).await),
        FailureReason::Overloaded
    );
}

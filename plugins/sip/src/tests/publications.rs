//! What users of this network publish of themselves: PUBLISH (RFC 3903).

use std::time::Duration;

use rialto_sdk::prelude::{Authentication, Failure, FailureReason, ResponseStatus};

use super::{Fake, Peer, peer::status, request, start, start_with, udp};

const PIDF: &str =
    "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"pres:romeo@sip.example\"/>";
const BODY: &str = "Event: presence\r\nContent-Type: application/pidf+xml\r\n";

fn publish(branch: &str, more: &str, body: &str) -> String {
    let text = request("PUBLISH", branch, more, body);
    text.replace("juliet@xmpp.example", "romeo@sip.example")
}

fn tag(answer: &str) -> String {
    assert_eq!(status(answer), 200, "{answer}");
    let line = answer
        .split("\r\n")
        .find_map(|line| line.strip_prefix("SIP-ETag: "));
    line.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[tokio::test]
async fn rfc3903_4_publication_is_made_refreshed_replaced_and_removed_under_its_tags() {
    let fake = Fake::answering(ResponseStatus::Success);
    fake.grant(1800);
    let adapter = start_with(&fake, r#"{"trusted": ["127.0.0.1"]}"#);
    let peer = Peer::bind().await;
    let first = peer
        .ask(
            udp(&adapter),
            publish("a", &format!("{BODY}Expires: 7200\r\n"), PIDF),
        )
        .await;
    assert!(first.contains("\r\nExpires: 1800\r\n"), "{first}");
    let made = tag(&first);
    let again = peer
        .ask(
            udp(&adapter),
            publish("a", &format!("{BODY}Expires: 7200\r\n"), PIDF),
        )
        .await;
    assert_eq!(tag(&again), made, "the copy is no other publication");
    let refresh = format!("Event: presence\r\nSIP-If-Match: {made}\r\n");
    let refreshed = tag(&peer.ask(udp(&adapter), publish("b", &refresh, "")).await);
    let change = format!("{BODY}SIP-If-Match: {refreshed}\r\n");
    let changed = tag(&peer.ask(udp(&adapter), publish("c", &change, PIDF)).await);
    fake.grant(0);
    let removal = format!("Event: presence\r\nSIP-If-Match: {changed}\r\nExpires: 0\r\n");
    let removed = peer.ask(udp(&adapter), publish("d", &removal, "")).await;
    assert!(removed.contains("\r\nExpires: 0\r\n"), "{removed}");

    let all = fake.published();
    assert_eq!(all.len(), 4);
    for operation in &all {
        assert_eq!(operation.publication_id(), all[0].publication_id());
        assert_eq!(operation.presentity().as_str(), "pres:romeo@sip.example");
        assert_eq!(operation.publisher().as_str(), "pres:romeo@sip.example");
        assert_eq!(operation.authentication(), Authentication::Network);
    }
    assert_eq!(all[0].expected_version(), None);
    for pair in all.windows(2) {
        assert_eq!(pair[1].expected_version(), Some(pair[0].version()));
        assert_ne!(pair[1].version(), pair[0].version());
    }
    let document = all[0].document().unwrap();
    assert_eq!(document.payload().as_bytes(), PIDF.as_bytes());
    assert_eq!(document.content_type(), "application/pidf+xml");
    assert_eq!(all[0].duration(), Some(Duration::from_secs(7200)));
    assert_eq!((all[1].document(), all[1].duration()), (None, None));
    assert_eq!(all[3].duration(), Some(Duration::ZERO));
}

#[tokio::test]
async fn publications_of_two_devices_are_two() {
    let fake = Fake::answering(ResponseStatus::Success);
    let adapter = start(&fake);
    let peer = Peer::bind().await;
    for branch in ["a", "b"] {
        tag(&peer.ask(udp(&adapter), publish(branch, BODY, PIDF)).await);
    }
    let all = fake.published();
    assert_ne!(all[0].publication_id(), all[1].publication_id());
}

#[tokio::test]
async fn rfc3903_6_what_cannot_be_published_is_refused_with_the_way_out() {
    let fake = Fake::answering(ResponseStatus::Success);
    let adapter = start(&fake);
    let peer = Peer::bind().await;
    let tag = "0123456789abcdef.0123456789abcdef";
    let cases = [
        (
            publish("a", "Content-Type: application/pidf+xml\r\n", PIDF),
            489,
            "\r\nAllow-Events: presence, presence.winfo\r\n",
        ),
        (
            publish(
                "b",
                &BODY.replace("presence\r\n", "presence.winfo\r\n"),
                PIDF,
            ),
            489,
            "\r\nAllow-Events: ",
        ),
        (
            publish("c", &format!("{BODY}SIP-If-Match: theirs\r\n"), PIDF),
            412,
            "",
        ),
        (
            publish("d", &format!("{BODY}SIP-If-Match: {tag}, {tag}\r\n"), PIDF),
            400,
            "",
        ),
        (
            publish("e", &format!("{BODY}Expires: 5\r\n"), PIDF),
            423,
            "\r\nMin-Expires: 60\r\n",
        ),
        (
            publish(
                "f",
                "Event: presence\r\nContent-Type: text/plain\r\n",
                "open",
            ),
            415,
            "\r\nAccept: application/pidf+xml",
        ),
        (
            publish("g", &format!("{BODY}Content-Encoding: gzip\r\n"), PIDF),
            415,
            "",
        ),
        (publish("h", "Event: presence\r\n", PIDF), 400, ""),
        (publish("i", "Event: presence\r\n", ""), 400, ""),
        (
            publish("j", BODY, PIDF).replace(
                "To: <sip:romeo@sip.example>",
                "To: <sip:romeo@sip.example>;tag=x",
            ),
            481,
            "",
        ),
        (
            publish("k", BODY, PIDF).replace("PUBLISH sip:", "PUBLISH sips:"),
            416,
            "",
        ),
    ];
    for (text, code, part) in cases {
        let answer = peer.ask(udp(&adapter), &text).await;
        assert_eq!(status(&answer), code, "{text}\n{answer}");
        assert!(answer.contains(part), "{answer}");
    }
    assert_eq!(fake.published(), []);
}

#[tokio::test]
async fn rfc3903_6_publication_of_another_version_is_412_and_other_failures_say_what_they_are() {
    let fake = Fake::default();
    let adapter = start(&fake);
    let peer = Peer::bind().await;
    for (branch, reason, code) in [
        ("a", FailureReason::Refused, 412),
        ("b", FailureReason::NotPermitted, 403),
        ("c", FailureReason::NoPresentity, 404),
        ("d", FailureReason::TooLarge, 413),
    ] {
        fake.answer_with(Failure::new(reason).into());
        let more = format!("{BODY}SIP-If-Match: 0123456789abcdef.0123456789abcdef\r\n");
        let answer = peer.ask(udp(&adapter), publish(branch, &more, PIDF)).await;
        assert_eq!(status(&answer), code);
        assert!(!answer.contains("SIP-ETag"), "{answer}");
    }
}

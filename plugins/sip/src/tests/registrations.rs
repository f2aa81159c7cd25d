//! Users of this network who register: REGISTER as soft state.

use std::time::Duration;

use rialto_sdk::{
    model::presence::{PresenceInformation, Status},
    prelude::{Failure, FailureReason, ResponseStatus},
};

use super::{
    Fake, Peer,
    peer::{header, status},
    request, start, start_with, udp,
};
use crate::adapter::Adapter;

const CONTACT: &str = "Contact: <sip:romeo@192.0.2.9:5080>;q=0.7\r\n";

fn register(branch: &str, more: &str) -> String {
    let text = request("REGISTER", branch, more, "");
    text.replace(
        "REGISTER sip:juliet@xmpp.example",
        "REGISTER sip:sip.example",
    )
    .replace("juliet@xmpp.example", "romeo@sip.example")
    .replace(&format!("call-{branch}"), "call-of-the-device")
}

fn registrar(gateway: &Fake) -> Adapter {
    start_with(
        gateway,
        r#"{"registrations": true, "trusted": ["127.0.0.1"]}"#,
    )
}

#[tokio::test]
async fn registrations_are_taken_only_where_that_is_configured() {
    let fake = Fake::answering(ResponseStatus::Success);
    let (off, on, peer) = (start(&fake), registrar(&fake), Peer::bind().await);
    let refused = peer.ask(udp(&off), register("a", CONTACT)).await;
    assert_eq!(status(&refused), 405);
    assert!(!header(&refused, "Allow").contains("REGISTER"), "{refused}");
    assert_eq!(fake.published(), []);
    let options = peer.ask(udp(&on), request("OPTIONS", "o", "", "")).await;
    assert!(header(&options, "Allow").contains("REGISTER"), "{options}");
}

#[tokio::test]
async fn registration_publishes_that_the_user_is_open_at_its_own_address() {
    let fake = Fake::answering(ResponseStatus::Success);
    fake.grant(600);
    let (adapter, peer) = (registrar(&fake), Peer::bind().await);
    let answer = peer
        .ask(
            udp(&adapter),
            register("a", &format!("{CONTACT}Expires: 900\r\n")),
        )
        .await;
    assert_eq!(status(&answer), 200);
    assert_eq!(
        header(&answer, "Contact"),
        "<sip:romeo@192.0.2.9:5080>;expires=600"
    );
    let operation = fake.published().remove(0);
    assert_eq!(operation.presentity().as_str(), "pres:romeo@sip.example");
    assert_eq!(operation.duration(), Some(Duration::from_secs(900)));
    assert_eq!(operation.expected_version(), Some(operation.version()));
    let document = operation.document().unwrap().payload().as_bytes().to_vec();
    let read = PresenceInformation::parse(&document).unwrap();
    let tuple = &read.information().tuples()[0];
    assert_eq!(tuple.status(), Some(Status::Open));
    let contact = tuple.contact().unwrap().contact_address().as_text().clone();
    assert_eq!(
        contact, "sip:romeo@sip.example",
        "and no address of a device"
    );
}

#[tokio::test]
async fn first_registration_of_a_device_follows_nothing_and_the_next_replaces_it() {
    let fake = Fake::answering(ResponseStatus::Success);
    fake.fail_next(FailureReason::Refused);
    let (adapter, peer) = (registrar(&fake), Peer::bind().await);
    assert_eq!(
        status(&peer.ask(udp(&adapter), register("a", CONTACT)).await),
        200
    );
    assert_eq!(
        status(&peer.ask(udp(&adapter), register("b", CONTACT)).await),
        200
    );
    let all = fake.published();
    let expected: Vec<_> = all
        .iter()
        .map(|of| of.expected_version().is_some())
        .collect();
    assert_eq!(expected, [true, false, true]);
    assert!(
        all.iter()
            .all(|of| of.publication_id() == all[0].publication_id())
    );
}

#[tokio::test]
async fn registration_that_ends_is_removed_and_what_was_not_there_needs_no_removal() {
    let fake = Fake::answering(ResponseStatus::Success);
    let (adapter, peer) = (registrar(&fake), Peer::bind().await);
    for (branch, more) in [
        ("a", "Contact: *\r\nExpires: 0\r\n"),
        (
            "b",
            "Contact: <sip:romeo@192.0.2.9>;expires=0\r\nExpires: 900\r\n",
        ),
    ] {
        let answer = peer.ask(udp(&adapter), register(branch, more)).await;
        assert_eq!(status(&answer), 200);
        assert!(!answer.contains("Contact"), "{answer}");
    }
    for operation in fake.published() {
        assert_eq!(operation.duration(), Some(Duration::ZERO));
    }
    fake.answer_with(Failure::new(FailureReason::Refused).into());
    let more = "Contact: *\r\nExpires: 0\r\n";
    assert_eq!(
        status(&peer.ask(udp(&adapter), register("c", more)).await),
        200
    );
    assert_eq!(fake.published().len(), 3);
}

#[tokio::test]
async fn registration_that_is_malformed_or_not_allowed_is_refused() {
    let fake = Fake::answering(ResponseStatus::Success);
    let (adapter, peer) = (registrar(&fake), Peer::bind().await);
    let many = "Contact: <sip:romeo@192.0.2.9>\r\n".repeat(17);
    for (branch, more, code) in [
        ("a", "Contact: *\r\nExpires: 60\r\n", 400),
        ("b", "Contact: <sip:romeo@192.0.2.9>;expires=5\r\n", 423),
        ("c", &many, 513),
        (
            "d",
            "Contact: <sip:romeo@192.0.2.9>\r\nRequire: path\r\n",
            420,
        ),
    ] {
        let answer = peer.ask(udp(&adapter), register(branch, more)).await;
        assert_eq!(status(&answer), code, "{more}");
    }
    assert_eq!(
        status(&peer.ask(udp(&adapter), register("e", "")).await),
        200,
        "a query"
    );
    assert_eq!(fake.published(), []);
    fake.answer_with(Failure::new(FailureReason::NotPermitted).into());
    let answer = peer.ask(udp(&adapter), register("f", CONTACT)).await;
    assert_eq!(status(&answer), 403);
    fake.answer_with(Failure::new(FailureReason::NoPresentity).into());
    let answer = peer.ask(udp(&adapter), register("g", CONTACT)).await;
    assert_eq!(status(&answer), 404);
}

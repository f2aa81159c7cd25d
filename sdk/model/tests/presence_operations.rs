//! The operations of the presence service: what each says, and how each is answered.

#![allow(clippy::unwrap_used, reason = "helpers of tests are not seen as tests")]

use std::time::Duration;

use rialto_model::{
    Authentication, Bytes, MaxForwards, NotifyOperation, Package, PresenceDocument, Presentity,
    PublishOperation, ResponseStatus, SubscribeOperation, SubscriptionId, SubscriptionState,
    TerminationReason, TransactionId,
};

fn id(text: &str) -> TransactionId {
    TransactionId::parse(text.as_bytes()).unwrap()
}

fn name() -> SubscriptionId {
    SubscriptionId::parse(b"dialog-1").unwrap()
}

fn presentity(user: &str) -> Presentity {
    Presentity::parse(&format!("pres:{user}@example.org")).unwrap()
}

fn subscribe() -> SubscribeOperation {
    SubscribeOperation::new(id("1"), name(), presentity("alice"), presentity("bob"))
}

fn notify() -> NotifyOperation {
    let (alice, bob) = (presentity("alice"), presentity("bob"));
    NotifyOperation::new(id("2"), name(), alice, bob, SubscriptionState::Active)
}

fn publish() -> PublishOperation {
    PublishOperation::new(id("3"), name(), presentity("bob"), presentity("device"))
}

#[test]
fn each_is_answered_under_its_own_identifier() {
    let done = ResponseStatus::Success;
    let answered = [
        subscribe().respond(done.clone()),
        notify().respond(done.clone()),
        publish().respond(done.clone()),
        subscribe().into_responder().respond(done.clone()),
        notify().into_responder().respond(done.clone()),
        publish().into_responder().respond(done),
    ];
    let ids = answered.map(|response| response.transaction_id().to_string());
    assert_eq!(ids, ["1", "2", "3", "1", "2", "3"]);
}

#[test]
fn response_says_for_how_long_a_subscription_holds_only_when_that_is_known() {
    let response = subscribe().respond(ResponseStatus::Success);
    assert_eq!(response.duration(), None);
    let granted = response.with_duration(Duration::from_secs(600));
    assert_eq!(granted.duration(), Some(Duration::from_secs(600)));
    assert!(granted.status().is_success());
}

#[test]
fn what_is_handed_on_keeps_what_the_watcher_wants_and_nothing_of_its_network() {
    let wanted = subscribe()
        .with_package(Package::WatcherInformation)
        .with_duration(Duration::from_secs(60))
        .with_authentication(Authentication::Network)
        .with_max_forwards(MaxForwards::new(3))
        .with_deadline(Duration::from_secs(5));
    let with_ways = wanted.clone().with_next_hop("hop").with_reference("call");
    let (onward, responder) = with_ways.into_forward(id("onward"));
    assert_eq!(responder.transaction_id(), &id("1"));
    let (expected, _) = wanted.into_forward(id("onward"));
    assert_eq!(onward, expected);
    assert_eq!((onward.next_hop(), onward.reference()), (None, None));
    assert_eq!(onward.duration(), Some(Duration::from_secs(60)));
}

#[test]
fn duration_that_is_not_said_is_no_fetch() {
    assert!(!subscribe().is_of_no_duration());
    assert!(
        !subscribe()
            .with_duration(Duration::from_secs(1))
            .is_of_no_duration()
    );
    assert!(
        subscribe()
            .with_duration(Duration::ZERO)
            .is_of_no_duration()
    );
}

#[test]
fn watcher_and_target_take_the_form_of_the_network_that_they_go_to() {
    let (carol, dave) = (presentity("carol"), presentity("dave"));
    let asked = subscribe()
        .with_watcher(carol.clone())
        .with_target(dave.clone());
    assert_eq!((asked.watcher(), asked.target()), (&carol, &dave));
    let told = notify()
        .with_watcher(carol.clone())
        .with_target(dave.clone());
    assert_eq!((told.watcher(), told.target()), (&carol, &dave));
    assert_eq!(told.subscription_id(), &name());
}

#[test]
fn publication_without_an_expected_version_is_a_new_one_and_without_a_document_a_refresh() {
    let refresh = publish().with_expected_version(0).with_version(1);
    assert_eq!(
        (refresh.expected_version(), refresh.version()),
        (Some(0), 1)
    );
    assert_eq!(refresh.document(), None);
    let new = publish().with_document(PresenceDocument::pidf(Bytes::from_static(b"<presence/>")));
    assert_eq!(new.expected_version(), None);
    let document = new.document().unwrap();
    assert_eq!(document.content_type(), "application/pidf+xml");
    assert_eq!(document.payload().as_bytes(), b"<presence/>");
    assert_eq!(document.clone().into_payload(), *document.payload());
}

#[test]
fn only_what_has_ended_is_terminated() {
    assert!(!SubscriptionState::Pending.is_terminated());
    assert!(!SubscriptionState::Active.is_terminated());
    for reason in TerminationReason::ALL {
        assert!(SubscriptionState::terminated(reason).is_terminated());
    }
}

#[test]
fn packages_have_the_names_of_sip() {
    let names = Package::ALL.map(|package| package.to_string());
    assert_eq!(names, ["presence", "presence.winfo"]);
}

//! Dispositions and presence.

use std::time::Duration;

use rialto_loader::{Manifest, Operation, bare::Shape};
use rialto_model::{
    Bytes, Disposition, DispositionOperation, Failure, FailureReason, NotifyOperation,
    PresenceDocument, Presentity, PublishOperation, SubscribeOperation, SubscriptionId,
    SubscriptionState, TerminationReason,
};

use super::observed::settle;
use crate::{
    subject::{DEADLINE, GRACE, Subject, id, inbox, offers, once},
    verdict::{Case, Verdict, case, fail},
};

/// The least that is a presence document. RFC 3863.
const DOCUMENT: &str = "<?xml version='1.0'?><presence xmlns='urn:ietf:params:xml:ns:pidf' \
    entity='pres:bob@battery.example'><tuple id='a'><status><basic>open</basic></status></tuple></presence>";

pub(crate) fn dispositions(subject: &Subject) -> Verdict {
    case(|| {
        offers(
            "dispositions",
            Manifest::offers_dispositions,
            &subject.library()?,
        )?;
        let failure = Failure::new(FailureReason::NoSuchInbox);
        let failed =
            DispositionOperation::failed(id(), id(), inbox("bob"), inbox("alice"), failure);
        let strange = DispositionOperation::new(
            id(),
            id(),
            inbox("bob"),
            inbox("alice"),
            Disposition::Displayed,
        )
        .with_reference("\u{1F4A3} not a reference of this plugin \u{0}")
        .with_deadline(DEADLINE);
        let all = [
            disposition(),
            Operation::Disposition(failed.with_deadline(DEADLINE)),
            Operation::Disposition(strange),
        ];
        each_once(subject, "a disposition", &all)
    })
}

pub(crate) fn presence(subject: &Subject) -> Verdict {
    case(|| {
        offers(
            "subscriptions",
            Manifest::offers_presence,
            &subject.library()?,
        )?;
        let fetch = subscribe().with_duration(Duration::ZERO);
        let garbage = notify(SubscriptionState::Active)
            .with_document(PresenceDocument::pidf(Bytes::from_static(b"<presence \0")));
        let end = SubscriptionState::Terminated {
            reason: TerminationReason::NoResource,
            retry_after: None,
        };
        let all = [
            subscription(),
            Operation::Subscribe(fetch),
            notification(),
            Operation::Notify(garbage),
            Operation::Notify(notify(end)),
        ];
        each_once(subject, "a subscription or notification", &all)
    })
}

fn each_once(subject: &Subject, what: &str, all: &[Operation]) -> Case {
    let bare = subject.started()?;
    let deliver = |operation| bare.deliver(operation, Shape::Own);
    let calls: Vec<_> = all.iter().map(deliver).collect();
    for call in &calls {
        let answered = call.wait(DEADLINE + GRACE);
        once(what, &answered)?;
        if let Some(Err(problem)) = answered.first {
            return fail(format!("{what} was answered with garbage: {problem}"));
        }
    }
    settle();
    calls
        .iter()
        .try_for_each(|call| once(what, &call.answered()))
}

pub(super) fn disposition() -> Operation {
    let delivered = Disposition::Delivered;
    let operation = DispositionOperation::new(id(), id(), inbox("bob"), inbox("alice"), delivered);
    Operation::Disposition(operation.with_deadline(DEADLINE))
}

pub(super) fn subscription() -> Operation {
    Operation::Subscribe(subscribe())
}

pub(super) fn notification() -> Operation {
    let document = PresenceDocument::pidf(Bytes::from_static(DOCUMENT.as_bytes()));
    Operation::Notify(notify(SubscriptionState::Active).with_document(document))
}

pub(super) fn publication() -> Operation {
    let (bob, name) = (presentity("bob"), subscription_id());
    let operation = PublishOperation::new(id(), name, bob.clone(), bob);
    Operation::Publish(operation.with_deadline(DEADLINE))
}

fn subscribe() -> SubscribeOperation {
    let (alice, bob) = (presentity("alice"), presentity("bob"));
    SubscribeOperation::new(id(), subscription_id(), alice, bob).with_deadline(DEADLINE)
}

fn notify(state: SubscriptionState) -> NotifyOperation {
    let (alice, bob) = (presentity("alice"), presentity("bob"));
    NotifyOperation::new(id(), subscription_id(), alice, bob, state).with_deadline(DEADLINE)
}

fn subscription_id() -> SubscriptionId {
    SubscriptionId::random(&mut rand::rng())
}

#[expect(clippy::expect_used, reason = "only called with names that are plain")]
fn presentity(user: &str) -> Presentity {
    Presentity::parse(&format!("pres:{user}@battery.example")).expect("a plain address")
}

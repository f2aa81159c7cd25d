//! Dispositions and presence.

use std::time::Duration;

use rialto_loader::{
    Manifest, Operation,
    bare::{Bare, Call, Shape},
};
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
        offers_presence(subject)?;
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

/// One subscription from its beginning to beyond its end, and one that was a fetch all along.
pub(crate) fn subscription_lives(subject: &Subject) -> Verdict {
    case(|| {
        offers_presence(subject)?;
        let name = subscription_id();
        let step = |duration| {
            let operation = subscribe_as(name).with_duration(duration);
            Operation::Subscribe(operation)
        };
        let hour = Duration::from_secs(3600);
        let bare = subject.started()?;
        for (what, operation) in [
            ("the beginning of a subscription", step(hour)),
            ("its refresh", step(hour)),
            ("its end", step(Duration::ZERO)),
            ("its end, once more", step(Duration::ZERO)),
            (
                "a fetch",
                Operation::Subscribe(subscribe().with_duration(Duration::ZERO)),
            ),
        ] {
            let answered = bare.deliver(&operation, Shape::Own).wait(DEADLINE + GRACE);
            once(what, &answered)?;
            if let Some(Err(problem)) = answered.first {
                return fail(format!("{what} was answered with garbage: {problem}"));
            }
        }
        settle();
        match bare.heard().malformed.first() {
            Some(problem) => fail(problem.clone()),
            None => Ok(()),
        }
    })
}

pub(crate) fn cancelled(subject: &Subject) -> Verdict {
    case(|| {
        offers_presence(subject)?;
        let bare = subject.started()?;
        let all = [subscription(), notification(), subscription()];
        let calls: Vec<_> = all
            .iter()
            .map(|operation| bare.deliver(operation, Shape::Own))
            .collect();
        for call in &calls {
            bare.cancel(call);
            bare.cancel(call);
        }
        let answered = bare.deliver(&subscription(), Shape::Own);
        answered.wait(DEADLINE + GRACE);
        bare.cancel(&answered);
        settle();
        let mut answers = calls.iter().chain([&answered]).map(Call::answered);
        if answers.any(|answered| answered.count > 1) {
            return fail("a subscription that was cancelled was answered more than once");
        }
        still_subscribes(&bare, "others were cancelled")
    })
}

pub(crate) fn hostile_presence(subject: &Subject) -> Verdict {
    case(|| {
        offers_presence(subject)?;
        let bare = subject.started()?;
        for operation in hostile() {
            let answered = bare.deliver(&operation, Shape::Own).wait(DEADLINE + GRACE);
            if answered.count > 1 {
                return once("a strange subscription", &answered);
            }
        }
        still_subscribes(&bare, "strange ones")
    })
}

/// What a far network may make of presence.
fn hostile() -> Vec<Operation> {
    let documents: [&[u8]; 6] = [
        b"",
        b"\0\0\0",
        b"<presence",
        b"<!DOCTYPE x [<!ENTITY a 'aaaa'>]><presence>&a;</presence>",
        b"\xff\xfe<\0p\0",
        b"<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='pres:x@y'><tuple/></presence>",
    ];
    let deep = "<a>".repeat(20_000);
    let long = "x".repeat(1 << 20);
    let documents = documents
        .into_iter()
        .chain([deep.as_bytes(), long.as_bytes()]);
    let told = documents.map(|document| {
        let document = PresenceDocument::pidf(Bytes::copy_from_slice(document));
        let operation = notify(SubscriptionState::Active).with_document(document);
        Operation::Notify(operation.with_reference("\u{1F4A3}\r\n\u{0}'\"<"))
    });
    let users = ["%0D%0A", "%22%3C%3E", "a%2Fb%40c", "%F0%9F%92%A3"];
    let strange = users.map(|user| Presentity::parse(&format!("pres:{user}@battery.example")));
    let watched = strange.into_iter().flatten().flat_map(|strange| {
        let bob = presentity("bob");
        [(strange.clone(), bob.clone()), (bob, strange)].map(|(watcher, target)| {
            let operation = SubscribeOperation::new(id(), subscription_id(), watcher, target);
            Operation::Subscribe(operation.with_deadline(DEADLINE))
        })
    });
    told.chain(watched).collect()
}

/// Fails unless a subscription is still answered.
fn still_subscribes(bare: &Bare, after: &str) -> Case {
    let answered = bare
        .deliver(&subscription(), Shape::Own)
        .wait(DEADLINE + GRACE);
    once(&format!("a plain subscription after {after}"), &answered)
}

fn offers_presence(subject: &Subject) -> Case {
    offers(
        "subscriptions",
        Manifest::offers_presence,
        &subject.library()?,
    )
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
    subscribe_as(subscription_id())
}

fn subscribe_as(name: SubscriptionId) -> SubscribeOperation {
    let (alice, bob) = (presentity("alice"), presentity("bob"));
    SubscribeOperation::new(id(), name, alice, bob).with_deadline(DEADLINE)
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

//! What is remembered of a subscription's life.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use rialto_model::{Authentication, FailureReason, ResponseStatus, SubscriptionState};
use rialto_router::{Answer, Digest, StepKind};

use self::support::{
    SIP, XMPP,
    gallery::{ALICE, BOB, Gallery, pidf, seconds, subscribe},
};

/// What happened to the one subscription that has this identifier.
fn steps(gallery: &Gallery, identifier: &[u8]) -> Vec<StepKind> {
    let mut lives = gallery.service.lives(identifier);
    assert_eq!(lives.len(), 1, "{lives:?}");
    lives
        .remove(0)
        .steps
        .into_iter()
        .map(|step| step.what)
        .collect()
}

#[test]
fn life_of_a_subscription_is_told_by_its_name_on_either_side() {
    let mut gallery = Gallery::watched();
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s1"));
    gallery.take_told();
    let leg = gallery.asked[0].2.subscription_id().to_string();
    let all = steps(&gallery, b"s1");
    assert_eq!(all, steps(&gallery, leg.as_bytes()));
    let [received, handed_over, rest @ ..] = all.as_slice() else {
        panic!("{all:?}");
    };
    assert!(matches!(received, StepKind::Received { from, .. } if *from == SIP));
    assert!(matches!(
        handed_over,
        StepKind::HandedOver { adapter, onward: Some(onward), .. }
            if *adapter == XMPP && onward.to_string() == leg
    ));
    let document = Digest::of(pidf(BOB, "open", "here").payload().as_bytes());
    let words = rest.iter().map(|step| match step {
        StepKind::Ended(Answer::Success) => "ended".to_owned(),
        StepKind::Answered(Answer::Success) => "answered".to_owned(),
        StepKind::Taken(Answer::Success) => "taken".to_owned(),
        StepKind::Refreshed => "refreshed".to_owned(),
        StepKind::Heard {
            from,
            authentication,
            document,
            ..
        } => {
            assert_eq!((*from, *authentication), (XMPP, Authentication::None));
            format!("heard {}", document.unwrap())
        }
        StepKind::Told {
            adapter,
            version,
            document,
            ..
        } => {
            assert_eq!(*adapter, SIP);
            let document = document.map_or("nothing".to_owned(), |of| of.to_string());
            format!("told {version} {document}")
        }
        other => format!("{other:?}"),
    });
    assert_eq!(
        words.collect::<Vec<_>>(),
        [
            "ended".to_owned(),
            "answered".to_owned(),
            "told 0 nothing".to_owned(),
            format!("heard {document}"),
            "taken".to_owned(),
            format!("told 1 {document}"),
            "taken".to_owned(),
            "refreshed".to_owned(),
            "answered".to_owned(),
            format!("told 2 {document}"),
            "taken".to_owned(),
        ]
    );
}

#[test]
fn refusal_of_a_watcher_and_what_is_taken_up_again_are_told() {
    let mut gallery = Gallery::watched();
    let refused = subscribe(ALICE, "pres:nobody@relay.example", "s2");
    gallery.subscribe(SIP, refused);
    let life = steps(&gallery, b"s2");
    let answered = StepKind::Answered(Answer::Failure(FailureReason::NoPresentity));
    assert_eq!(life.last(), Some(&answered));
    gallery.restart();
    assert!(gallery.service.lives(b"s2").is_empty());
    gallery.pass(seconds(1));
    gallery.answer_last_asked(ResponseStatus::Success);
    gallery.hear(
        Some(pidf(BOB, "open", "elsewhere")),
        SubscriptionState::Active,
    );
    let life = steps(&gallery, b"s1");
    assert!(matches!(life.first(), Some(StepKind::Restored { .. })));
    assert!(
        life.iter()
            .any(|step| matches!(step, StepKind::Heard { .. }))
    );
}

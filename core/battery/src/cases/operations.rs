//! Operations, and what is submitted for them.

use std::{
    collections::HashMap,
    thread,
    time::{Duration, Instant},
};

use rialto_loader::{
    Operation,
    bare::{Bare, Call, Conduct, Shape},
};
use rialto_model::{InstantInbox, MessageOperation, ResponseStatus};

use super::{observed::settle, services};
use crate::{
    subject::{
        DEADLINE, GRACE, Subject, alive, delivered, id, inbox, message, named, once, unsupported,
    },
    verdict::{Verdict, case, fail, skip},
};

/// How many are delivered where one is not enough.
const MANY: usize = 64;
const THREADS: usize = 8;
/// How long a function of the plugin may hold the gateway's thread, on a machine that is busy.
const AT_ONCE: Duration = Duration::from_secs(1);
/// Kinds that no contract has.
const UNKNOWN_KINDS: [u32; 4] = [0, 6, 4711, u32::MAX];
/// Source addresses that a plugin may be tempted to change.
const HARD_ADDRESSES: [&str; 7] = [
    "im:plain@battery.example",
    "im:two.words@battery.example",
    "im:plus+tag@battery.example",
    "im:per%25cent@battery.example",
    "im:Capital@battery.example",
    "im:sla%2Fsh%40at@battery.example",
    "im:sip=sip.example/alice@relay.example",
];

pub(crate) fn answered_once(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        let calls = many(&bare);
        for call in &calls {
            once("a message", &call.wait(DEADLINE + GRACE))?;
        }
        settle();
        let answered = calls.iter().map(Call::answered);
        match answered.filter(|answered| answered.count > 1).count() {
            0 => Ok(()),
            twice => fail(format!(
                "{twice} of {MANY} messages were answered more than once"
            )),
        }
    })
}

pub(crate) fn well_formed(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        for call in many(&bare) {
            if let Some(Err(problem)) = call.wait(DEADLINE + GRACE).first {
                return fail(problem);
            }
        }
        Ok(())
    })
}

pub(crate) fn returns_at_once(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        let mut calls = Vec::with_capacity(MANY);
        for _ in 0..MANY {
            let (call, took) =
                timed(|| bare.deliver(&Operation::Message(message("x")), Shape::Own));
            if took > AT_ONCE {
                return fail(format!("a call of `deliver` took {took:?}"));
            }
            calls.push(call);
        }
        Ok(())
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a thread that is held is what is looked for"
)]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    (work(), began.elapsed())
}

pub(crate) fn many_threads(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        let all = || {
            let calls = many(&bare);
            let waited = calls.iter().map(|call| call.wait(DEADLINE + GRACE));
            let missing = waited.filter(|answered| answered.count != 1).count();
            bare.cancel_ticket(0);
            missing
        };
        let missing: usize = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(all)).collect();
            let counts = threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or(MANY));
            counts.sum()
        });
        match missing {
            0 => Ok(()),
            missing => fail(format!(
                "{missing} of {} messages were not answered once",
                THREADS * MANY
            )),
        }
    })
}

pub(crate) fn unknown_kind(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        for kind in UNKNOWN_KINDS {
            let call = bare.deliver(&Operation::Message(message("x")), Shape::Kind(kind));
            unsupported(&format!("an operation of kind {kind}"), &call)?;
        }
        Ok(())
    })
}

pub(crate) fn services_not_offered(subject: &Subject) -> Verdict {
    case(|| {
        let (library, bare) = (subject.library()?, subject.started()?);
        let manifest = library.manifest();
        let mut all = vec![("a publication", services::publication())];
        if !manifest.offers_dispositions() {
            all.push(("a disposition", services::disposition()));
        }
        if !manifest.offers_presence() {
            all.push(("a subscription", services::subscription()));
            all.push(("a notification", services::notification()));
        }
        all.iter().try_for_each(|(what, operation)| {
            unsupported(what, &bare.deliver(operation, Shape::Own))
        })
    })
}

pub(crate) fn longer(subject: &Subject) -> Verdict {
    of_another_length(subject, Shape::Longer)
}

pub(crate) fn shorter(subject: &Subject) -> Verdict {
    of_another_length(subject, Shape::First)
}

/// A message is understood whatever the length of its struct. What becomes of it may change meanwhile, with the plugin's network.
fn of_another_length(subject: &Subject, shape: Shape) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        let not_understood = |shape| {
            let call = bare.deliver(&Operation::Message(message("x")), shape);
            let answered = call.wait(DEADLINE + GRACE);
            once("a message", &answered)?;
            Ok(match answered.first {
                Some(Ok(outcome)) => {
                    is_not_understood(&outcome.status).then(|| named(&outcome.status))
                }
                Some(Err(_)) | None => Some("garbage".to_owned()),
            })
        };
        match (not_understood(Shape::Own)?, not_understood(shape)?) {
            (None, Some(other)) => fail(format!(
                "answered with {other}, which one of the known length is not"
            )),
            _ => Ok(()),
        }
    })
}

fn is_not_understood(status: &ResponseStatus) -> bool {
    use rialto_model::FailureReason::{
        Internal, InvalidDestination, InvalidSource, UnsupportedService,
    };
    let reasons = [
        Internal,
        InvalidDestination,
        InvalidSource,
        UnsupportedService,
    ];
    matches!(status, ResponseStatus::Failure(failure) if reasons.contains(&failure.reason()))
}

pub(crate) fn cancelled(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        for ticket in [0, 1, 4711, u64::MAX] {
            bare.cancel_ticket(ticket);
        }
        bare.conduct(Conduct::Hold);
        let calls = many(&bare);
        for call in &calls {
            bare.cancel(call);
            bare.cancel(call);
        }
        bare.conduct(Conduct::Succeed);
        let answered = bare.deliver(&Operation::Message(message("x")), Shape::Own);
        answered.wait(DEADLINE + GRACE);
        bare.cancel(&answered);
        settle();
        let twice = calls
            .iter()
            .chain([&answered])
            .find(|call| call.answered().count > 1);
        if twice.is_some() {
            return fail("a message that was cancelled was answered more than once");
        }
        alive(&bare, "others were cancelled")
    })
}

pub(crate) fn short_deadline(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        let short = |_| {
            let operation = message("x").with_deadline(Duration::from_millis(1));
            bare.deliver(&Operation::Message(operation), Shape::Own)
        };
        let calls: Vec<_> = (0..MANY).map(short).collect();
        settle();
        calls.iter().for_each(|call| bare.cancel(call));
        settle();
        match calls.iter().find(|call| call.answered().count > 1) {
            None => alive(&bare, "others had a short deadline"),
            Some(_) => fail("a message with a short deadline was answered more than once"),
        }
    })
}

pub(crate) fn levels(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        for level in [0, 5, 3, 6, u32::MAX, 1] {
            bare.set_level(level);
            alive(&bare, &format!("log level {level}"))?;
        }
        Ok(())
    })
}

pub(crate) fn gateway_conduct(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        alive(&bare, "its start")?;
        if bare.heard().submissions == 0 {
            return skip("it submits nothing by itself; test that with its own peers");
        }
        for conduct in [Conduct::Fail, Conduct::Doubt, Conduct::Succeed] {
            bare.conduct(conduct);
            let answered = delivered(&bare, message("x"));
            once(
                &format!("a message, while the gateway answers with {conduct:?},"),
                &answered,
            )?;
            let is_success = answered.first == Some(Ok(ResponseStatus::Success.into()));
            if is_success && matches!(conduct, Conduct::Fail) {
                return fail("success was answered, although the gateway said that it failed");
            }
        }
        Ok(())
    })
}

pub(crate) fn submits_well_formed(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        alive(&bare, "its start")?;
        settle();
        let heard = bare.heard();
        match heard.malformed.first() {
            Some(problem) => fail(problem.clone()),
            None if heard.submissions == 0 => {
                skip("it submits nothing by itself; test that with its own peers")
            }
            None => Ok(()),
        }
    })
}

pub(crate) fn no_loop(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        alive(&bare, "its start")?;
        settle();
        let back = bare
            .heard()
            .submitted
            .into_iter()
            .any(|operation| match operation {
                Operation::Message(back) => {
                    *back.source() == inbox("alice") && *back.destination() == inbox("bob")
                }
                _ => false,
            });
        match back {
            false => Ok(()),
            true => fail("the message was submitted again, to where the gateway had sent it"),
        }
    })
}

pub(crate) fn round_trip(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        let mut shown = HashMap::new();
        for address in HARD_ADDRESSES {
            let Ok(source) = InstantInbox::parse(address) else {
                continue;
            };
            let before = bare.heard().submitted.len();
            let operation =
                MessageOperation::new(id(), source, inbox("bob"), message("x").message().clone());
            delivered(&bare, operation.with_deadline(DEADLINE));
            settle();
            shown.insert(address, bare.heard().submitted.split_off(before));
        }
        if shown.values().all(Vec::is_empty) {
            return skip("it submits nothing by itself; test that with its own peers");
        }
        for (address, replies) in shown {
            for reply in replies {
                match reply {
                    Operation::Message(reply) if reply.destination().as_str() != address => {
                        return fail(format!(
                            "the reply to {address} went to {}",
                            reply.destination()
                        ));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    })
}

/// Messages that are under way, or answered already.
fn many(bare: &Bare) -> Vec<Call> {
    let deliver = |_| bare.deliver(&Operation::Message(message("x")), Shape::Own);
    (0..MANY).map(deliver).collect()
}

//! Lives of adapters.

use rialto_loader::{
    Library, Operation,
    bare::{Bare, Call, Conduct, Shape},
};

use super::observed::{descriptors, settle, soon, threads};
use crate::{
    subject::{
        DEADLINE, GRACE, LIFE, Subject, alive, ended, is_failure, message, named, once, started,
    },
    verdict::{Verdict, case, fail, skip},
};

/// How many operations are under way when an adapter is stopped.
const BUSY: usize = 64;
/// How often an adapter is started again.
const ROUNDS: usize = 3;

pub(crate) fn starts(subject: &Subject) -> Verdict {
    case(|| {
        let library = subject.library()?;
        let (bare, ready) = Bare::start(&library, &subject.config(), Shape::Own);
        let first = ready.wait(LIFE);
        settle();
        let answered = ready.answered();
        match (first.first, answered.count) {
            (None, _) => fail(format!("not answered within {LIFE:?}")),
            (_, count) if count > 1 => fail(format!("answered {count} times")),
            (Some(Err(problem)), _) => fail(format!("answered with garbage: {problem}")),
            (Some(Ok(outcome)), _) => match outcome.status {
                rialto_model::ResponseStatus::Failure(failure) => {
                    fail(format!("it does not start: {failure}"))
                }
                _ if !bare.has_handle() => fail("it is ready, but gave no handle"),
                _ => Ok(()),
            },
        }
    })
}

pub(crate) fn stops(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        let call = bare.stop(LIFE, Shape::Own);
        call.wait(LIFE + GRACE);
        settle();
        let answered = call.answered();
        match (answered.count, answered.first) {
            (0, _) | (_, None) => fail(format!("not answered within {LIFE:?}")),
            (1, Some(Ok(outcome))) if !is_failure(&outcome.status) => Ok(()),
            (1, Some(Ok(outcome))) => fail(format!("answered with {}", named(&outcome.status))),
            (_, Some(Err(problem))) => fail(format!("answered with garbage: {problem}")),
            (count, _) => fail(format!("answered {count} times")),
        }
    })
}

pub(crate) fn makes_way(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        let Some(call) = bare.make_way(LIFE) else {
            return skip("it has no `make_way`");
        };
        call.wait(LIFE + GRACE);
        settle();
        once("`make_way`", &call.answered())?;
        once(
            "`stop` after `make_way`",
            &bare.stop(LIFE, Shape::Own).wait(LIFE + GRACE),
        )
    })
}

pub(crate) fn restarts(subject: &Subject) -> Verdict {
    case(|| {
        let (library, config) = (subject.library()?, subject.config());
        ended(started(&library, &config, Shape::Own)?)?;
        for round in 1..=ROUNDS {
            let (bare, ready) = Bare::start(&library, &config, Shape::Own);
            match ready.wait(LIFE).first {
                Some(Ok(outcome)) if !is_failure(&outcome.status) => {}
                Some(Ok(outcome)) => {
                    return fail(format!(
                        "start {round} after a stop ended with {}",
                        named(&outcome.status)
                    ));
                }
                _ => return fail(format!("start {round} after a stop was not answered")),
            }
            alive(&bare, "a restart")?;
            ended(bare)?;
        }
        Ok(())
    })
}

pub(crate) fn beside(subject: &Subject) -> Verdict {
    case(|| {
        let (library, config) = (subject.library()?, subject.config());
        let claims = Bare::claims(&library, &config).unwrap_or_default();
        if let Some(claim) = claims
            .iter()
            .find(|claim| !claim.to_string().ends_with(":0"))
        {
            return skip(format!("with this configuration it has {claim} alone"));
        }
        let first = started(&library, &config, Shape::Own)?;
        let Ok(second) = started(&library, &config, Shape::Own) else {
            return fail("a second adapter does not start beside the first");
        };
        alive(&first, "another adapter was started")?;
        alive(&second, "it was started beside another")?;
        ended(first)?;
        alive(&second, "the other adapter was ended")?;
        ended(second)
    })
}

pub(crate) fn stops_while_busy(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        let calls = busy(&bare);
        let stopped = bare.stop(LIFE, Shape::Own).wait(LIFE + GRACE);
        once("`stop`", &stopped)?;
        drop(bare);
        settle();
        match calls
            .iter()
            .filter(|call| call.answered().count > 1)
            .count()
        {
            0 => Ok(()),
            twice => fail(format!("{twice} operations were answered more than once")),
        }
    })
}

pub(crate) fn leaves_no_thread(subject: &Subject) -> Verdict {
    case(|| {
        let (library, config) = (subject.library()?, subject.config());
        let before = threads();
        let bare = started(&library, &config, Shape::Own)?;
        alive(&bare, "its start")?;
        ended(bare)?;
        no_thread_more_than(before)
    })
}

pub(crate) fn leaves_no_descriptor(subject: &Subject) -> Verdict {
    case(|| {
        let (library, config) = (subject.library()?, subject.config());
        // What is opened once, and for all adapters, may stay.
        life(&library, &config)?;
        let before = descriptors();
        (0..ROUNDS).try_for_each(|_| life(&library, &config))?;
        match soon(|| descriptors() <= before) {
            true => Ok(()),
            false => fail(format!(
                "{} are open after {ROUNDS} lives, {before} were before",
                descriptors()
            )),
        }
    })
}

pub(crate) fn released_without_stop(subject: &Subject) -> Verdict {
    case(|| {
        let (library, config) = (subject.library()?, subject.config());
        let before = threads();
        let bare = started(&library, &config, Shape::Own)?;
        let _calls = busy(&bare);
        drop(bare);
        no_thread_more_than(before)
    })
}

pub(crate) fn longer_structs(subject: &Subject) -> Verdict {
    case(|| {
        let (library, config) = (subject.library()?, subject.config());
        drop(subject.started()?);
        let Ok(bare) = started(&library, &config, Shape::Longer) else {
            return fail("it does not start with longer structs");
        };
        alive(&bare, "a start with longer structs")?;
        once(
            "`stop` with a longer struct",
            &bare.stop(LIFE, Shape::Longer).wait(LIFE + GRACE),
        )
    })
}

fn life(library: &Library, config: &str) -> Result<(), Verdict> {
    let bare = started(library, config, Shape::Own)?;
    alive(&bare, "its start")?;
    ended(bare)
}

/// Operations that are under way, or answered already: nothing is answered that is submitted for them.
fn busy(bare: &Bare) -> Vec<Call> {
    bare.conduct(Conduct::Hold);
    let deliver = |_| {
        bare.deliver(
            &Operation::Message(message("busy").with_deadline(DEADLINE)),
            Shape::Own,
        )
    };
    (0..BUSY).map(deliver).collect()
}

fn no_thread_more_than(before: usize) -> Result<(), Verdict> {
    match soon(|| threads() <= before) {
        true => Ok(()),
        false => fail(format!(
            "{} threads run on",
            threads().saturating_sub(before)
        )),
    }
}

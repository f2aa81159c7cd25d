//! What grows that should not.

use std::time::{Duration, Instant};

use rialto_loader::{
    Operation,
    bare::{Bare, Shape},
};

use super::observed::{descriptors, memory, settle};
use crate::{
    subject::{DEADLINE, GRACE, Subject, alive, ended, message, once, started},
    verdict::{Verdict, case, fail},
};

/// Messages of a round, and how long a round may take at most: a plugin without its peer may be slow.
const ROUND: usize = 2000;
const ROUND_TIME: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;
const UNDER_WAY: usize = 50;
/// What a message may leave behind; allocators take memory in steps, so the least that counts is more.
const PER_MESSAGE: u64 = 128;
/// The least growth that counts.
const LEAST: u64 = 1 << 20;
/// Lives of adapters between two looks at memory, and what each may leave behind.
const LIVES: u64 = 10;
const PER_LIFE: u64 = 256 << 10;
/// How often memory has to have grown in a row: an allocator grows now and then, a leak each time.
const LOOKS: usize = 3;

pub(crate) fn soak(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        // Pools, caches and the allocator fill up.
        round(&bare)?;
        let (mut grown, mut messages) = (0, 0);
        for _ in 0..LOOKS {
            (grown, messages) = soaked(&bare)?;
            if grown <= LEAST.max(messages as u64 * PER_MESSAGE) {
                return Ok(());
            }
        }
        fail(format!(
            "{} KiB more are held after each {messages} messages",
            grown >> 10
        ))
    })
}

/// Delivers some rounds; by how much memory has grown, and after how many messages.
fn soaked(bare: &Bare) -> Result<(u64, usize), Verdict> {
    settle();
    let (memory_before, open_before) = (memory(), descriptors());
    let mut messages = 0;
    for _ in 0..ROUNDS {
        messages += round(bare)?;
    }
    settle();
    let open = descriptors();
    if open > open_before + UNDER_WAY {
        return fail(format!(
            "{open} files are open after {messages} messages, {open_before} were before"
        ));
    }
    Ok((memory().saturating_sub(memory_before), messages))
}

pub(crate) fn lives(subject: &Subject) -> Verdict {
    case(|| {
        let (library, config) = (subject.library()?, subject.config());
        let life = |_| {
            let bare = started(&library, &config, Shape::Own)?;
            alive(&bare, "its start")?;
            ended(bare)
        };
        (0..LIVES).try_for_each(life)?;
        let mut grown = 0;
        for _ in 0..LOOKS {
            settle();
            let before = memory();
            (0..LIVES).try_for_each(life)?;
            settle();
            grown = memory().saturating_sub(before);
            if grown <= LIVES * PER_LIFE {
                return Ok(());
            }
        }
        fail(format!(
            "{} KiB more are held after each {LIVES} lives",
            grown >> 10
        ))
    })
}

/// Delivers messages, some at once, and says how many.
#[expect(
    clippy::disallowed_methods,
    reason = "bounds how long this takes, and nothing else"
)]
fn round(bare: &Bare) -> Result<usize, Verdict> {
    let began = Instant::now();
    let mut messages = 0;
    while messages < ROUND && began.elapsed() < ROUND_TIME {
        let deliver = |_| bare.deliver(&Operation::Message(message("soak")), Shape::Own);
        let calls: Vec<_> = (0..UNDER_WAY).map(deliver).collect();
        for call in &calls {
            once("a message", &call.wait(DEADLINE + GRACE))?;
        }
        messages += UNDER_WAY;
    }
    Ok(messages)
}

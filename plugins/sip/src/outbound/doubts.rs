//! Messages that may have arrived.

use std::hash::RandomState;

use quick_cache::{
    UnitWeighter,
    sync::{Cache, DefaultLifecycle},
};
use rialto_sdk::prelude::TransactionId;
use rialto_sip_codec::StatusCode;

use crate::endpoint::Outcome;

/// Operations of which a request had no answer, by their names; so many of them.
///
/// When such a message is sent again, by another way or later, a receiver that has it says so by 482: it came by two ways
/// (RFC 3261 §8.2.2.2). To any other message 482 says that it goes round in circles.
#[derive(Debug)]
pub(super) struct Doubts(Cache<TransactionId, (), UnitWeighter, RandomState>);

/// A request that waits for its answer; stays in doubt when nobody waits any more.
#[derive(Debug)]
pub(super) struct Doubt<'a> {
    doubts: &'a Doubts,
    id: &'a TransactionId,
    is_open: bool,
}

/// The most operations remembered.
const MAX_DOUBTS: usize = 10_000;

impl Doubts {
    pub(super) fn new() -> Self {
        Self(Cache::with(
            MAX_DOUBTS,
            MAX_DOUBTS as u64,
            UnitWeighter,
            RandomState::new(),
            DefaultLifecycle::default(),
        ))
    }

    pub(super) const fn begin<'a>(&'a self, id: &'a TransactionId) -> Doubt<'a> {
        Doubt {
            doubts: self,
            id,
            is_open: true,
        }
    }
}

impl Doubt<'_> {
    /// Takes note of how the request ended, and says what that means after earlier ones.
    ///
    /// Who has the message answered the first of its requests, and that answer was lost: it was taken, and nothing more will be told.
    pub(super) fn end(mut self, outcome: Outcome) -> Outcome {
        self.is_open = matches!(outcome, Outcome::TimedOut | Outcome::Broken);
        match outcome {
            Outcome::Final {
                status: StatusCode::LOOP_DETECTED,
                retry_after,
                accepts_cpim,
                message,
            } if self.doubts.0.get(self.id).is_some() => Outcome::Final {
                status: StatusCode::ACCEPTED,
                retry_after,
                accepts_cpim,
                message,
            },
            outcome => outcome,
        }
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if self.is_open {
            self.doubts.0.insert(*self.id, ());
        }
    }
}

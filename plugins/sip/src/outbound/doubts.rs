//! Messages that may have arrived.

use std::hash::RandomState;

use quick_cache::{
    UnitWeighter,
    sync::{Cache, DefaultLifecycle},
};
use rialto_sdk::prelude::{ResponseStatus, TransactionId};
use rialto_sip_codec::StatusCode;

use crate::endpoint::Outcome;

/// Operations of which a request had no answer, by their names; so many of them.
///
/// When such a message is sent again, by another way or later, a receiver that has it says so by 482: it came by two ways
/// (RFC 3261 §8.2.2.2). To any other message 482 says that it goes round in circles.
#[derive(Debug)]
pub(super) struct Doubts(Cache<TransactionId, (), UnitWeighter, RandomState>);

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

    /// Takes note of how a request of an operation ended; says what that is where earlier ones decide it.
    ///
    /// Who has the message answers the first of its requests, and that answer was lost: nothing more will be told.
    pub(super) fn settle(&self, id: &TransactionId, outcome: Outcome) -> Option<ResponseStatus> {
        match outcome {
            Outcome::TimedOut | Outcome::Broken => self.0.insert(*id, ()),
            Outcome::Final { status, .. }
                if status == StatusCode::LOOP_DETECTED && self.0.get(id).is_some() =>
            {
                return Some(ResponseStatus::Indeterminant);
            }
            _ => {}
        }
        None
    }
}

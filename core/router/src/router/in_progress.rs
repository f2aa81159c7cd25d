//! The operations that wait for their response.

use rialto_model::Responder;

use super::{AttemptId, Owner, course::Course};

/// An operation that waits for its response.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) owner: Owner,
    /// The duty to answer lives here and nowhere else: whoever takes the entry out must use it.
    pub(super) responder: Responder,
    pub(super) stage: Stage,
    /// What there is to fall back on, when DNS names the next hops.
    pub(super) course: Option<Box<Course>>,
}

/// How far an operation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// DNS is asked for its next hops.
    Resolving,
    /// Its delivery is among the actions.
    Queued,
    /// An adapter has it.
    HandedOver,
}

/// Operations by attempt: an index, without hashing; names of ended ones are told from those of later ones.
#[derive(Debug, Default)]
pub(super) struct InProgress {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    pending: Option<Pending>,
}

impl InProgress {
    /// Keeps an operation; the caller has seen to it that there are fewer than `u32::MAX`.
    pub(super) fn insert(&mut self, pending: Pending) -> AttemptId {
        let index = self.free.pop().unwrap_or(self.slots.len() as u32);
        if let Some(slot) = self.slots.get_mut(index as usize) {
            slot.pending = Some(pending);
            let generation = slot.generation;
            return AttemptId { index, generation };
        }
        self.slots.push(Slot {
            generation: 0,
            pending: Some(pending),
        });
        AttemptId {
            index,
            generation: 0,
        }
    }

    pub(super) fn get_mut(&mut self, attempt: AttemptId) -> Option<&mut Pending> {
        self.slot_mut(attempt)?.pending.as_mut()
    }

    /// Gives an operation a new name, so that answers to the old one count no more.
    pub(super) fn rename(&mut self, attempt: AttemptId) -> AttemptId {
        match self.slot_mut(attempt) {
            Some(slot) => {
                slot.generation = slot.generation.wrapping_add(1);
                AttemptId {
                    generation: slot.generation,
                    ..attempt
                }
            }
            None => attempt,
        }
    }

    pub(super) fn contains(&self, attempt: AttemptId) -> bool {
        self.slots
            .get(attempt.index as usize)
            .is_some_and(|slot| slot.generation == attempt.generation && slot.pending.is_some())
    }

    pub(super) fn remove(&mut self, attempt: AttemptId) -> Option<Pending> {
        let slot = self.slot_mut(attempt)?;
        let pending = slot.pending.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(attempt.index);
        Some(pending)
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    #[cfg(test)]
    pub(super) const fn slots(&self) -> usize {
        self.slots.len()
    }

    fn slot_mut(&mut self, attempt: AttemptId) -> Option<&mut Slot> {
        self.slots
            .get_mut(attempt.index as usize)
            .filter(|slot| slot.generation == attempt.generation)
    }
}

//! Dispositions on their way to adapters.

use std::{collections::VecDeque, time::Instant};

use super::JournalKey;

/// The custodian's name for a disposition that an adapter has; never given twice while anything may still answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReportId {
    index: u32,
    generation: u32,
}

/// Dispositions that adapters have: an index, and a generation that tells later ones apart.
#[derive(Debug, Default)]
pub(super) struct Telling {
    places: Vec<Place>,
    free: Vec<u32>,
    /// When each is given up; all have the same time, so they are in order. Those that ended are among them.
    deadlines: VecDeque<(Instant, ReportId)>,
}

#[derive(Debug, Default)]
struct Place {
    generation: u32,
    key: Option<JournalKey>,
}

impl ReportId {
    /// The name as one number, of the form of [`AttemptId::to_bits`](crate::AttemptId::to_bits).
    pub const fn to_bits(self) -> u64 {
        (self.generation as u64) << 32 | self.index as u64
    }

    /// The name from [`to_bits`](Self::to_bits); any other number is a name that no disposition has.
    pub const fn from_bits(bits: u64) -> Self {
        Self {
            index: bits as u32,
            generation: (bits >> 32) as u32,
        }
    }
}

impl Telling {
    /// How many stale deadlines are not worth a sweep.
    const FEW: usize = 64;

    pub(super) fn insert(&mut self, key: JournalKey, until: Instant) -> ReportId {
        let index = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place::default());
            (self.places.len() - 1) as u32
        });
        let mut generation = 0;
        if let Some(place) = self.places.get_mut(index as usize) {
            place.key = Some(key);
            generation = place.generation;
        }
        let report = ReportId { index, generation };
        let under_way = self.places.len() - self.free.len();
        if self.deadlines.len() >= 2 * under_way + Self::FEW {
            let places = &self.places;
            self.deadlines.retain(|(_, report)| is_at(places, *report));
        }
        self.deadlines.push_back((until, report));
        report
    }

    /// Ends one; none, if it has ended before.
    pub(super) fn take(&mut self, report: ReportId) -> Option<JournalKey> {
        let place = self.places.get_mut(report.index as usize)?;
        if place.generation != report.generation {
            return None;
        }
        let key = place.key.take()?;
        place.generation = place.generation.wrapping_add(1);
        self.free.push(report.index);
        Some(key)
    }

    /// One that its adapter did not answer in time.
    pub(super) fn overdue(&mut self, now: Instant) -> Option<ReportId> {
        let at = self.next()?;
        if at > now {
            return None;
        }
        self.deadlines.pop_front().map(|(_, report)| report)
    }

    pub(super) fn next(&mut self) -> Option<Instant> {
        while let Some((at, report)) = self.deadlines.front() {
            if is_at(&self.places, *report) {
                return Some(*at);
            }
            self.deadlines.pop_front();
        }
        None
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.len() == self.free.len()
    }
}

/// Whether a disposition is still with its adapter.
fn is_at(places: &[Place], report: ReportId) -> bool {
    let place = places.get(report.index as usize);
    place.is_some_and(|place| place.generation == report.generation && place.key.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_not_answered_does_not_let_the_deadlines_of_others_grow() {
        #[expect(
            clippy::disallowed_methods,
            reason = "an instant cannot be had otherwise"
        )]
        let now = Instant::now();
        let mut telling = Telling::default();
        let key = JournalKey::new(1);
        let unanswered = telling.insert(key, now);
        for _ in 0..10_000 {
            let report = telling.insert(key, now);
            assert_eq!(telling.take(report), Some(key));
        }
        assert!(telling.deadlines.len() <= 2 * Telling::FEW);
        assert_eq!(telling.overdue(now), Some(unanswered));
    }
}

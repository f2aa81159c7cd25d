//! Times at which something is due, one for each element of a kind.

use std::time::{Duration, Instant};

/// A time, as the nanoseconds since a beginning: half as large as an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) u64);

impl Moment {
    const NEVER: Self = Self(u64::MAX);

    /// A time before the beginning is the beginning, and one centuries after it never comes.
    pub(crate) fn new(beginning: Instant, at: Instant) -> Self {
        let since = at.saturating_duration_since(beginning).as_nanos();
        Self(since.try_into().unwrap_or(u64::MAX))
    }

    pub(crate) fn to_instant(self, beginning: Instant) -> Option<Instant> {
        beginning.checked_add(Duration::from_nanos(self.0))
    }
}

/// A heap of times that knows where each element's stands, so that any can be moved or taken out.
///
/// Sixteen bytes for each element that ever had a time.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    /// By element; stays readable when the alarm is off.
    times: Vec<Moment>,
    /// By element: where it is in the heap.
    places: Vec<u32>,
    /// Elements, none before its parent.
    heap: Vec<u32>,
}

/// The place of an element that is not in the heap.
const NOWHERE: u32 = u32::MAX;

impl Alarms {
    /// Sets an element's alarm, whether it is on or off.
    pub(crate) fn set(&mut self, element: u32, at: Moment) {
        self.cancel(element);
        if self.times.len() <= element as usize {
            self.times.resize(element as usize + 1, Moment::NEVER);
            self.places.resize(element as usize + 1, NOWHERE);
        }
        if let Some(time) = self.times.get_mut(element as usize) {
            *time = at;
        }
        self.heap.push(element);
        let last = self.heap.len() - 1;
        self.note_place(last);
        self.rise(last);
    }

    /// Turns an element's alarm off.
    pub(crate) fn cancel(&mut self, element: u32) {
        let Some(place) = self.place(element) else {
            return;
        };
        self.heap.swap_remove(place);
        if let Some(place) = self.places.get_mut(element as usize) {
            *place = NOWHERE;
        }
        // The former last one stands in its place now, and may belong above or below it.
        self.note_place(place);
        self.rise(place);
        self.sink(place);
    }

    /// Whether an element's alarm is on.
    pub(crate) fn is_set(&self, element: u32) -> bool {
        self.place(element).is_some()
    }

    /// The time that was last set for an element.
    pub(crate) fn time(&self, element: u32) -> Moment {
        let time = self.times.get(element as usize);
        time.copied().unwrap_or(Moment::NEVER)
    }

    /// The time of an element's alarm, if it is on.
    pub(crate) fn set_time(&self, element: u32) -> Option<Moment> {
        self.is_set(element).then(|| self.time(element))
    }

    /// The next alarm.
    pub(crate) fn first(&self) -> Option<(Moment, u32)> {
        let element = *self.heap.first()?;
        Some((self.time(element), element))
    }

    /// The next alarm, if it is due.
    pub(crate) fn due(&self, now: Moment) -> Option<u32> {
        let (at, element) = self.first()?;
        (at <= now).then_some(element)
    }

    fn place(&self, element: u32) -> Option<usize> {
        let place = *self.places.get(element as usize)?;
        (place != NOWHERE).then_some(place as usize)
    }

    fn rise(&mut self, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / 2;
            if !self.is_before(place, parent) {
                return;
            }
            self.swap(place, parent);
            place = parent;
        }
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let [left, right] = [2 * place + 1, 2 * place + 2];
            let child = if self.is_before(right, left) {
                right
            } else {
                left
            };
            if !self.is_before(child, place) {
                return;
            }
            self.swap(place, child);
            place = child;
        }
    }

    /// Whether what is at one place comes before what is at another; what is nowhere comes before nothing.
    fn is_before(&self, place: usize, other: usize) -> bool {
        let time = |place: usize| self.heap.get(place).map(|element| self.time(*element));
        match (time(place), time(other)) {
            (Some(time), Some(other)) => time < other,
            _ => false,
        }
    }

    fn swap(&mut self, place: usize, other: usize) {
        self.heap.swap(place, other);
        self.note_place(place);
        self.note_place(other);
    }

    fn note_place(&mut self, place: usize) {
        if let Some(element) = self.heap.get(place)
            && let Some(noted) = self.places.get_mut(*element as usize)
        {
            *noted = place as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn first_alarm_is_always_the_earliest_of_those_that_are_on(
            steps in prop::collection::vec((any::<bool>(), 0..24_u32, 0..50_u64), 0..300),
        ) {
            let mut alarms = Alarms::default();
            let mut model = BTreeMap::new();
            for (set, element, at) in steps {
                if set {
                    alarms.set(element, Moment(at));
                    model.insert(element, at);
                } else {
                    alarms.cancel(element);
                    model.remove(&element);
                }
                let earliest = model.values().min().copied();
                prop_assert_eq!(alarms.first().map(|(at, _)| at.0), earliest);
                if let Some((at, element)) = alarms.first() {
                    prop_assert_eq!(model.get(&element), Some(&at.0));
                }
                for element in 0..24 {
                    prop_assert_eq!(alarms.is_set(element), model.contains_key(&element));
                }
            }
        }
    }
}

//! What is known of one destination: whether it works, and how much it is trusted with.

use super::list::List;

/// A place where messages go: its conversations, and how many deliveries it may have at once.
#[derive(Debug)]
pub(super) struct Destination<D> {
    pub(super) name: D,
    /// Conversations whose first entry may go; each takes its turn.
    pub(super) ready: List,
    pub(super) conversations: u32,
    /// Among which of those whose turn comes it is.
    pub(super) listing: Option<Line>,
    /// Failures in a row.
    failures: u32,
    /// Counts the failures that were believed.
    era: u16,
    /// Deliveries under way, those of former eras among them.
    in_flight: u32,
    in_flight_of_era: u32,
    window: u32,
}

/// A line of destinations; each has something ready, and room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Of those that have nothing under way.
    Idle,
    /// Of the others.
    Busy,
}

impl<D> Destination<D> {
    /// How many deliveries a destination may have that nobody knows; doubled with each round of answers.
    pub(super) const FIRST_WINDOW: u32 = 16;

    pub(super) const fn new(name: D) -> Self {
        Self {
            name,
            ready: List::new(),
            conversations: 0,
            listing: None,
            failures: 0,
            era: 0,
            in_flight: 0,
            in_flight_of_era: 0,
            window: Self::FIRST_WINDOW,
        }
    }

    /// Whether another delivery may go, as far as this destination's own state says.
    pub(super) const fn has_room(&self, most: u32) -> bool {
        self.in_flight < most && self.in_flight_of_era < self.window
    }

    /// The line in which it waits for its turn, when it has something for it.
    pub(super) const fn line(&self) -> Line {
        if self.in_flight == 0 {
            Line::Idle
        } else {
            Line::Busy
        }
    }

    /// Counts a delivery, and names the era in which it went.
    pub(super) const fn launch(&mut self) -> u16 {
        self.in_flight += 1;
        self.in_flight_of_era += 1;
        self.era
    }

    /// Counts a delivery as no longer under way.
    pub(super) const fn land(&mut self, era: u16) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if era == self.era {
            self.in_flight_of_era = self.in_flight_of_era.saturating_sub(1);
        }
    }

    /// Takes note that the destination answered a delivery of this era: one answer makes room for two deliveries.
    ///
    /// False, if it is of a former era: what was sent before a failure says nothing of now.
    pub(super) fn succeed(&mut self, era: u16, most: u32) -> bool {
        let is_news = era == self.era;
        if is_news {
            self.failures = 0;
            self.window = self.window.saturating_add(1).min(most);
        }
        is_news
    }

    /// Takes note that the destination failed; the failures in a row, none if this is no news.
    ///
    /// After a failure one delivery probes, and what went before it may fail as it likes: a hundred deliveries that were
    /// under way when the destination went down are one failure.
    pub(super) const fn fail(&mut self, era: u16, is_resting: bool) -> Option<u32> {
        if era != self.era || is_resting {
            return None;
        }
        self.era = self.era.wrapping_add(1);
        self.in_flight_of_era = 0;
        self.window = 1;
        self.failures = self.failures.saturating_add(1);
        Some(self.failures)
    }

    /// Takes note that others reached the destination: what is known of its failures is out of date.
    pub(super) const fn revive(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: u32 = 64;

    fn fill(destination: &mut Destination<()>) -> Vec<u16> {
        let mut eras = Vec::new();
        while destination.has_room(MOST) {
            eras.push(destination.launch());
        }
        eras
    }

    #[test]
    fn destination_that_failed_is_probed_and_then_trusted_with_twice_as_much_each_round() {
        let mut destination = Destination::new(());
        assert_eq!(destination.fail(0, false), Some(1));
        let mut rounds = Vec::new();
        for _ in 0..8 {
            let eras = fill(&mut destination);
            rounds.push(eras.len());
            for era in eras {
                destination.land(era);
                assert!(destination.succeed(era, MOST));
            }
        }
        assert_eq!(rounds, [1, 2, 4, 8, 16, 32, 64, 64]);
    }

    #[test]
    fn deliveries_that_fail_together_are_one_failure() {
        let mut destination = Destination::new(());
        let eras = fill(&mut destination);
        let mut counted = Vec::new();
        for era in eras {
            destination.land(era);
            counted.extend(destination.fail(era, false));
        }
        assert_eq!(counted, [1]);
        let probe = fill(&mut destination);
        assert_eq!(probe.len(), 1);
        destination.land(probe[0]);
        assert_eq!(destination.fail(probe[0], false), Some(2));
    }

    #[test]
    fn answer_to_what_went_before_the_failure_opens_nothing() {
        let mut destination = Destination::new(());
        let [first, second] = [destination.launch(), destination.launch()];
        destination.land(first);
        assert_eq!(destination.fail(first, false), Some(1));
        destination.land(second);
        assert!(!destination.succeed(second, MOST));
        assert_eq!(fill(&mut destination).len(), 1);
    }
}

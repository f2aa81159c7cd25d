//! What the far side does, and how senders take its words.

use super::*;

impl World {
    /// What the far side makes of a message, and what it will say about it, if anything.
    pub(super) fn deliver(
        &mut self,
        attempt: AttemptId,
        adapter: AdapterId,
        operation: &MessageOperation,
    ) -> Result<(), Violation> {
        let text = operation.message().payload().as_bytes();
        let message = self.swap(str::from_utf8(text).unwrap().parse().unwrap());
        self.ledger
            .delivered(message, *operation.transaction_id())?;
        self.attempts.insert(attempt, message);
        self.out.insert(attempt);
        let failed = |reason| Some(ResponseStatus::from(Failure::new(reason)));
        let mood = match self.is_calm {
            true => self.dice.random_range(0..2) * 3,
            false => self.dice.random_range(0..12),
        };
        let (arrived, says) = match mood {
            0..3 => (true, Some(ResponseStatus::Success)),
            3 => (false, failed(FailureReason::Refused)),
            4 => (self.dice.random(), Some(ResponseStatus::Indeterminant)),
            5 | 6 => (false, failed(FailureReason::Unreachable)),
            7 => (false, failed(FailureReason::RecipientUnavailable)),
            8 => (self.dice.random(), failed(FailureReason::TimedOut)),
            9 | 10 => (self.dice.random(), None),
            _ => (false, failed(FailureReason::Overloaded)),
        };
        let is_silent = matches!(mood, 8..11);
        let of = self.ledger.of(message);
        of.in_doubt |= is_silent;
        if mood == 4 {
            self.ledger.delegated(message);
        }
        if arrived {
            self.ledger.arrived(message);
        }
        self.promise_words(message, adapter, operation, mood);
        let latest = if self.is_calm { 1 } else { 40_000 };
        let due = self.now + Duration::from_millis(self.dice.random_range(0..latest));
        let times = if self.dice.random_ratio(1, 6) { 2 } else { 1 };
        for status in says.into_iter().cycle().take(times) {
            self.answers.push((due, attempt, status));
        }
        Ok(())
    }

    /// Which message is delivered in place of one.
    pub(super) fn swap(&mut self, message: u64) -> u64 {
        let is_swapped = self.swapped.contains_key(&message);
        if self.fault == Some(Fault::SwappedDeliveries)
            && !is_swapped
            && let Some(other) = self.ledger.successor(message)
        {
            self.swapped.extend([(message, other), (other, message)]);
        }
        *self.swapped.get(&message).unwrap_or(&message)
    }

    /// Later words on a message, true ones; whether anybody asked for them is not theirs to know.
    pub(super) fn promise_words(
        &mut self,
        message: u64,
        adapter: AdapterId,
        operation: &MessageOperation,
        mood: u32,
    ) {
        let said: &[Disposition] = match self.ledger.of(message).has_arrived() {
            true => &[Disposition::Delivered, Disposition::Displayed],
            // What was taken on its way, or in silence, may come back.
            false if matches!(mood, 4 | 8..11) => &[Disposition::Failed],
            false => &[],
        };
        for said in said {
            let number = self.words.len();
            let word = DispositionOperation::new(
                TransactionId::parse(format!("w{number}").as_bytes()).unwrap(),
                *operation.transaction_id(),
                operation.destination().clone(),
                operation.source().clone(),
                *said,
            );
            let due = self.now + Duration::from_millis(self.dice.random_range(0..60_000));
            self.words.push((due, adapter, message, word));
        }
    }

    pub(super) fn tell(
        &mut self,
        report: ReportId,
        disposition: DispositionOperation,
    ) -> Result<(), Violation> {
        let name = disposition.concerning().as_str();
        let message = name
            .strip_prefix('m')
            .and_then(|number| number.parse().ok());
        let message: u64 = message.ok_or(Violation::UnknownMessage)?;
        let mood = if self.is_calm {
            0
        } else {
            self.dice.random_range(0..6)
        };
        let says = match mood {
            0..3 => Some(ResponseStatus::Success),
            3 => Some(Failure::new(FailureReason::Unreachable).into()),
            4 => Some(Failure::new(FailureReason::Internal).into()),
            _ => None,
        };
        if mood < 3 && self.fault != Some(Fault::SwallowedReports) {
            let again = (self.fault == Some(Fault::RenamedReports)).then(|| disposition.clone());
            let disposition = self.falsify(disposition);
            self.ledger.told(message, &disposition)?;
            if let Some(again) = again {
                let again = stage::renamed(&again);
                self.ledger.told(message, &again)?;
            }
        }
        let due = self.now + Duration::from_millis(self.dice.random_range(0..10_000));
        self.reports
            .extend(says.map(|status| (due, report, status)));
        Ok(())
    }

    pub(super) fn falsify(&self, disposition: DispositionOperation) -> DispositionOperation {
        match self.fault {
            Some(Fault::UnaskedReports) => stage::displayed(&disposition),
            _ => disposition,
        }
    }

    /// The far side speaks of a message later, or somebody pretends to.
    pub(super) fn speak(&mut self) {
        if self.words.is_empty() {
            return;
        }
        let place = self.dice.random_range(0..self.words.len());
        let (due, adapter, message, word) = self.words[place].clone();
        if due > self.now {
            return;
        }
        if self.dice.random_ratio(2, 3) {
            drop(self.words.swap_remove(place));
        }
        let adapter = match self.dice.random_ratio(1, 8) {
            true => AdapterId::new(2 - adapter.number().min(2)),
            false => adapter,
        };
        let number = self.tickets;
        self.tickets += 1;
        self.ledger.spoken(number, message, word.disposition());
        self.custodian
            .handle_disposition(self.now, adapter, word, ticket(number));
    }
}

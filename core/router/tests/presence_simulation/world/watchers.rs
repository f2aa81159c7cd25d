//! Watchers: what they want, what they are granted, what their network does with what they are told.

use super::*;

impl World {
    /// A watcher wants something.
    pub(super) fn wish(&mut self) {
        if self.is_calm {
            return;
        }
        let [watcher, target] = [WATCHERS, 3].map(|most| self.dice.random_range(0..most));
        let pair = watcher * 3 + target;
        let name = format!("pres:w{watcher}@voice.example");
        let own = self.ledger.known.iter().filter(|(_, known)| {
            known.pair == pair && known.is_granted && !known.is_over && !known.is_ending
        });
        let own = own.map(|(id, _)| id.clone()).next_back();
        self.tickets += 1;
        self.ids += 1;
        let fresh = format!("s{}", self.ids);
        let (id, time, wish) = match (own, self.dice.random_range(0..8)) {
            (_, 0) => (fresh, Some(0), Wish::Fetch),
            (Some(id), 1) => {
                if let Some(known) = self.ledger.known.get_mut(&id) {
                    known.is_ending = true;
                }
                (id.clone(), Some(0), Wish::Unsubscribe(id))
            }
            (Some(id), 2..=5) => (id.clone(), Some(300), Wish::Subscribe(id)),
            _ => (fresh.clone(), Some(400), Wish::Subscribe(fresh)),
        };
        if let Wish::Subscribe(id) = &wish {
            self.ledger.opened(id, pair);
        }
        self.ledger.asked(self.tickets, wish);
        let mut operation =
            subscribe(&name, TARGETS[target], &id).with_reference(format!("dialog of {id}"));
        if let Some(time) = time {
            operation = operation.with_duration(Duration::from_secs(time));
        }
        let ticket = CallerTicket::new(self.tickets);
        self.service
            .handle_subscribe(self.now, SIP, operation, ticket);
    }

    /// A presentity does not want to be watched by somebody any more.
    pub(super) fn end(&mut self) {
        let [watcher, target] = [WATCHERS, 3].map(|most| self.dice.random_range(0..most));
        let name = presentity(&format!("pres:w{watcher}@voice.example"));
        let ended = self
            .service
            .cancel(self.now, &presentity(TARGETS[target]), &name);
        if ended > 0 {
            self.counted[8] += 1;
            self.ledger.ending(watcher * 3 + target);
        }
    }

    pub(super) fn respond(
        &mut self,
        ticket: u64,
        response: &rialto_model::Response,
    ) -> Result<(), Violation> {
        let strange = ticket % 8 == 3;
        if strange && self.fault == Some(Fault::SwallowResponse) {
            return Ok(());
        }
        let wish = self.ledger.answered(ticket)?;
        if strange && self.fault == Some(Fault::DoubleResponse) {
            self.ledger.answered(ticket)?;
        }
        let failure = match response.status() {
            ResponseStatus::Failure(failure) => Some(failure.reason()),
            _ => None,
        };
        match wish {
            Wish::Subscribe(id) => {
                let granted = failure.is_none()
                    || self.fault == Some(Fault::GrantTwice)
                        && failure == Some(FailureReason::AlreadySubscribed);
                let time = response
                    .duration()
                    .unwrap_or(Duration::from_secs(60))
                    .as_secs();
                let now = self.seconds();
                if granted {
                    self.counted[4] += 1;
                    self.ledger.granted(&id, now, now + time)?;
                }
            }
            Wish::Unsubscribe(_) => self.counted[5] += 1,
            Wish::Fetch => {}
            Wish::Publish(version) if failure.is_none() => {
                self.newest[HOSTED] = version;
                self.counted[6] += 1;
            }
            Wish::Publish(_) => {}
        }
        Ok(())
    }

    pub(super) fn tell(
        &mut self,
        attempt: PresenceAttempt,
        operation: NotifyOperation,
    ) -> Result<(), Violation> {
        self.counted[7] += 1;
        let id = operation.subscription_id().to_string();
        let strange = operation.version() % 3 == 1;
        if strange && self.fault == Some(Fault::SwallowNotify) {
            self.plan(1, Event::Answer(attempt, ResponseStatus::Success));
            return Ok(());
        }
        if operation.state().is_terminated() {
            self.ends.insert(attempt, id.clone());
        }
        let before = self.last_told.insert(id, operation.clone());
        let mut shown = operation.document().map(shown);
        if strange && self.fault == Some(Fault::TellOldDocument) {
            shown = before
                .as_ref()
                .and_then(|before| before.document().map(self::shown));
        }
        // The network may have it, whatever it answers.
        let mood = if self.is_calm {
            0
        } else {
            self.dice.random_range(0..12)
        };
        let arrives = !matches!(mood, 8 | 9);
        if arrives {
            self.ledger.told(&operation, shown)?;
            if operation.state().is_terminated() && self.fault == Some(Fault::TellAfterEnd) {
                self.ledger.told(&operation, shown)?;
            }
        }
        let after = self.dice.random_range(1..1_500);
        match mood {
            8 => {
                let failure = Failure::new(FailureReason::Unreachable);
                self.plan(after, Event::Answer(attempt, failure.into()));
            }
            9 | 10 => {}
            11 => {
                self.plan(after, Event::Answer(attempt, ResponseStatus::Success));
                self.plan(2 * after, Event::Answer(attempt, ResponseStatus::Success));
            }
            _ => {
                self.plan(after, Event::Answer(attempt, ResponseStatus::Success));
            }
        }
        Ok(())
    }
}

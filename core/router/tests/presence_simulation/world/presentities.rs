//! Presentities: what they say, and what their network does with what it is asked.

use super::*;

impl World {
    /// A presentity has news.
    pub(super) fn change(&mut self, target: usize) -> Result<(), Violation> {
        if target == HOSTED {
            self.tickets += 1;
            let version = self.published + 1;
            let mut operation = publish("phone", version, document(HELEN, version));
            if self.newest[HOSTED] > 0 {
                operation = operation.with_expected_version(self.newest[HOSTED]);
            }
            self.published = version;
            self.ledger.asked(self.tickets, Wish::Publish(version));
            let operation = operation.with_duration(Duration::from_secs(600));
            self.service
                .handle_publish(self.now, SIP, operation, CallerTicket::new(self.tickets));
            return Ok(());
        }
        self.newest[target] += 1;
        if self.is_down {
            return Ok(());
        }
        let newest = self.newest[target];
        let legs: Vec<SubscribeOperation> = self.legs.values().cloned().collect();
        for leg in legs
            .into_iter()
            .filter(|leg| leg.target().as_str() == TARGETS[target])
        {
            self.hear(&leg, newest);
        }
        self.act()
    }

    /// The presentities' network tells the gateway, which takes it, or says that there is no such leg.
    pub(super) fn hear(&mut self, leg: &SubscribeOperation, number: u64) {
        let id = leg.subscription_id();
        let is_fetch = leg.is_of_no_duration();
        if self.is_down || !is_fetch && !self.legs.contains_key(id.as_str()) {
            return;
        }
        let (watcher, target) = (leg.watcher().clone(), leg.target().clone());
        let document = document(target.as_str(), number);
        let transaction = TransactionId::parse(b"heard").unwrap();
        let notify =
            NotifyOperation::new(transaction, *id, watcher, target, SubscriptionState::Active);
        self.service.handle_notify(
            self.now,
            XMPP,
            notify.with_document(document),
            CallerTicket::new(u64::MAX),
        );
    }

    /// The presentities' network is asked for a leg, or told of its end.
    pub(super) fn ask(
        &mut self,
        attempt: PresenceAttempt,
        adapter: AdapterId,
        operation: SubscribeOperation,
    ) {
        assert_eq!(adapter, XMPP);
        let after = self.dice.random_range(1..3_000);
        let mood = if self.is_calm {
            0
        } else {
            self.dice.random_range(0..10)
        };
        if self.is_down || mood == 9 {
            let failure = Failure::new(FailureReason::Unreachable);
            self.plan(after, Event::Answer(attempt, failure.into()));
            return;
        }
        let id = operation.subscription_id().to_string();
        let is_end = operation.is_of_no_duration() && self.legs.remove(&id).is_some();
        if !is_end {
            if !operation.is_of_no_duration() {
                self.legs.insert(id, operation.clone());
            }
            let target = TARGETS
                .iter()
                .position(|of| *of == operation.target().as_str());
            let newest = self.newest[target.unwrap_or(0)];
            // Told as it is now, at once: what comes later is told later.
            self.hear(&operation, newest);
            if operation.is_of_no_duration() {
                self.plan(after, Event::Hear(operation, newest));
            }
        }
        match mood {
            7 => {}
            8 => {
                self.plan(after, Event::Answer(attempt, ResponseStatus::Success));
                self.plan(after, Event::Answer(attempt, ResponseStatus::Success));
            }
            _ => {
                self.plan(after, Event::Answer(attempt, ResponseStatus::Success));
            }
        }
    }
}

pub(super) fn document(entity: &str, number: u64) -> PresenceDocument {
    pidf(entity, "open", &format!("number {number};"))
}

pub(super) fn shown(document: &PresenceDocument) -> u64 {
    number(document.payload().as_bytes())
}

/// The number in a document; 0 where there is none.
pub(super) fn number(bytes: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(bytes);
    let number = text
        .split_once("number ")
        .and_then(|(_, rest)| rest.split_once(';'));
    number
        .and_then(|(number, _)| number.parse().ok())
        .unwrap_or(0)
}

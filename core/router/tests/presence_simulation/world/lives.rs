//! The lives of a service, one after the other over one disk.

use super::*;

impl World {
    pub(super) fn crash(&mut self) {
        if self.is_calm {
            return;
        }
        self.counted[2] += 1;
        // What was asked of the disk is there up to some point, acknowledged or not.
        let mut survives = true;
        for at in std::mem::take(&mut self.writes) {
            survives &= self.dice.random_ratio(2, 3);
            if let Some(Event::Written(_, changes)) = self.events.remove(&at)
                && survives
            {
                apply(&mut self.journal, &changes);
            }
        }
        self.events
            .retain(|_, event| !matches!(event, Event::Answer(..)));
        self.ends.clear();
        self.ledger.crashed();
        if self.fault == Some(Fault::ForgetRecord) {
            let mut keys = self.journal.keys();
            let key = keys
                .find(|(table, _)| *table == JournalTable::Subscriptions)
                .cloned();
            key.map(|key| self.journal.remove(&key));
        }
        let seed = self.dice.random();
        self.service = service(&self.table, &self.settings, self.now, seed);
        for table in [JournalTable::Subscriptions, JournalTable::Presence] {
            for ((of, key), record) in &self.journal {
                if *of == table {
                    self.service.restore(self.now, table, key, record).unwrap();
                }
            }
        }
        self.newest[HOSTED] = self.on_disk();
        self.service.handle_timeout(self.now);
    }

    /// Which publication the disk has: the publisher finds out by its next one.
    pub(super) fn on_disk(&self) -> u64 {
        let records = self
            .journal
            .iter()
            .filter(|((of, _), _)| *of == JournalTable::Presence);
        let published = records.filter(|(_, record)| record.get(1) == Some(&19));
        published
            .map(|(_, record)| number(record))
            .max()
            .unwrap_or(0)
    }
}

pub(super) fn service(
    table: &Arc<RoutingTable>,
    settings: &PresenceSettings,
    now: Instant,
    seed: u64,
) -> PresenceService<StdRng> {
    let clock = WallClock::new(now, wall() + (now - start()));
    let (table, keys) = (Arc::clone(table), JournalKeys::default());
    PresenceService::new(
        table,
        settings.clone(),
        keys,
        clock,
        StdRng::seed_from_u64(seed),
    )
}

//! What is taken up again after a restart.

use std::{sync::Arc, time::Instant};

use rand::CryptoRng;
use rialto_model::{Bytes, Presentity, TerminationReason};

use super::{
    Index, PresenceService, PresenceSettings,
    document::{Document, shared},
    presentities::Publication,
    record::{DocumentRecord, PublicationRecord, Record, SubscriptionRecord},
    rules::{Handling, Way},
    subscription::{Beginning, LegStage, NEVER, Stage, Standing, Subscription},
    writes::Purpose,
};
use crate::{
    AdapterId, Change, JournalKey, JournalTable, RestoreError, RoutingTable,
    custody::record::{Unreadable, VERSION},
};

impl<R: CryptoRng> PresenceService<R> {
    /// Takes up a record that was found in the journal.
    ///
    /// To be called for all of them before anything else: rules first, then subscriptions, then presence. Presentities' networks are asked again, spread over
    /// a while, and watchers told again, as what was told is not written down. Of several services over one journal, the one
    /// gets a record that has its presentity: [`PresenceSettings::presentity_of_record`]. One of a subscription that is not there is nobody's; any may take it.
    pub fn restore(
        &mut self,
        now: Instant,
        table: JournalTable,
        key: &[u8],
        record: &Bytes,
    ) -> Result<(), RestoreError> {
        self.begin(now);
        let (key, record) = read(table, key, record)?;
        if let Some(key) = key {
            self.keys.pass(key);
        }
        self.statistics.restored += 1;
        match (record, key) {
            (Record::Rules(record), _) => {
                let id = self.presentities.learn(&record.presentity);
                self.table
                    .inboxes()
                    .set(&record.presentity, Some(&record.rules));
                if let Some(entry) = self.presentities.get_mut(id) {
                    entry.rules = Some(Box::new(record.rules));
                }
                self.presentities.count(id);
            }
            (Record::Subscription(record), Some(key)) => {
                let adapter = self.table.adapter_id(&record.adapter).ok_or_else(|| {
                    RestoreError::UnknownAdapter {
                        table,
                        key: key.number(),
                        adapter: record.adapter.to_string(),
                    }
                })?;
                self.restore_subscription(key, adapter, &record);
            }
            (Record::Document(record), Some(key)) => self.restore_document(key, record),
            (Record::Publication(record), Some(key)) => self.restore_publication(key, record),
            (Record::Fetched(record), Some(key)) => self.remember_again(key, record),
            (_, None) => {}
        }
        Ok(())
    }

    fn restore_subscription(
        &mut self,
        key: JournalKey,
        adapter: AdapterId,
        record: &SubscriptionRecord,
    ) {
        let is_hosted = self.settings.hosts(record.target.domain());
        let sides = [&record.watcher, &record.target];
        let authentication = record.authentication;
        let watching = self
            .table
            .admit_watcher(adapter, sides, authentication, is_hosted);
        let judged = watching.as_ref().map(|watching| {
            self.handling_of(record.package, watching, authentication, Way::Subscribe)
        });
        // Whom the rules deny by now is still told so.
        let presentity = match &watching {
            Ok(watching) => watching.presentity.clone(),
            Err(_) => record.target.clone(),
        };
        let watcher = match &watching {
            Ok(watching) => watching.watcher_of(record.package),
            Err(_) => Ok(record.watcher.clone()),
        };
        let Ok(watcher) = watcher else {
            return;
        };
        let handling = judged.unwrap_or(Handling::Block);
        let shown_target = self.addresses.intern(&record.target);
        let presentity = self.presentities.learn(&presentity);
        let left = self
            .clock
            .left_millis(self.now, record.accepted_at, record.expires_at);
        let mut of: Subscription = Beginning {
            key,
            nonce: record.nonce,
            watcher: self.addresses.intern(&watcher),
            shown_watcher: self.addresses.intern(&record.watcher),
            shown_target,
            presentity,
            adapter,
            id: &record.id,
            reference: record.reference.as_ref(),
            package: record.package,
            authentication,
            max_forwards: record.max_forwards,
            handling,
            stage: Stage::Live,
            standing: record.standing,
            accepted_at: record.accepted_at,
            expires_at: self.now.plus(left),
        }
        .into();
        of.is_safe = true;
        of.notice.version = record.versions;
        of.notice.reserved = record.versions;
        let is_ended = matches!(record.standing, Standing::Ended(_));
        if is_ended {
            of.stage = Stage::Ending;
        }
        self.chronicle.note_restored_subscription(key, &record.id);
        let index = self.place(of);
        self.subscriptions.link(index);
        self.resume(index, handling, is_ended);
    }

    /// Takes a subscription up where it was.
    fn resume(&mut self, index: Index, handling: Handling, is_ended: bool) {
        if handling == Handling::Block && !is_ended {
            self.terminate(index, TerminationReason::Rejected);
        } else if !is_ended && self.has_leg(index) {
            self.ask_soon(index);
        }
        self.want_notice(index);
        self.subscriptions.set_alarm(index);
    }

    /// Not all at once: there may be a million.
    fn ask_soon(&mut self, index: Index) {
        let due = self.soon(self.subscriptions.len());
        if let Some(of) = self.subscriptions.get_mut(index) {
            of.leg.stage = LegStage::Resting;
            of.leg.due = due;
        }
    }

    /// What was told last is taken to be true until the presentity's network says more, or does not answer in time.
    fn restore_document(&mut self, key: JournalKey, record: DocumentRecord) {
        let Some(index) = self.subscriptions.by_key(key) else {
            let change = Change::delete(JournalTable::Presence, key);
            return self.write(Purpose::Removal, vec![change]);
        };
        let (now, answer_time) = (self.now, self.settings.limits().answer_time);
        let has_leg = self.has_leg(index);
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        if !has_leg {
            return;
        }
        let known = self.presentities.get_mut(of.presentity);
        let last = known.and_then(|known| known.last.as_ref());
        let document: Arc<Document> = shared(last, record.content, record.at);
        of.document = Some(Arc::clone(&document));
        of.in_contact = true;
        // Its turn to be asked may be later than that of many others.
        let asked_at = if of.leg.due == NEVER { now } else { of.leg.due };
        of.leg.until = asked_at.plus(answer_time);
        if let Some(known) = self.presentities.get_mut(of.presentity) {
            known.last = Some(document);
        }
    }

    fn restore_publication(&mut self, key: JournalKey, record: PublicationRecord) {
        let left = self
            .clock
            .left_millis(self.now, record.begins_at, record.expires_at);
        let presentity = self.presentities.learn(&record.presentity);
        if let Some(entry) = self.presentities.get_mut(presentity) {
            let publication = Publication {
                key,
                id: record.id,
                version: record.version,
                document: record.document,
                begins_at: record.begins_at,
                expires_at: self.now.plus(left),
            };
            let publications = &mut entry.hosted().publications;
            let newer = publications.partition_point(|of| of.begins_at >= record.begins_at);
            publications.insert(newer, publication);
        }
        self.tend_publications(presentity);
    }

    /// A subscription as it is written.
    pub(super) fn record(&self, index: Index) -> Vec<u8> {
        let parts = self.subscriptions.get(index).and_then(|of| {
            let watcher = self.addresses.get(of.shown_watcher)?;
            let target = self.addresses.get(of.shown_target)?;
            Some((of, watcher, target, of.id()?))
        });
        let Some((of, watcher, target, id)) = parts else {
            return Vec::new();
        };
        let record = SubscriptionRecord {
            adapter: self.adapter_name(of.adapter),
            watcher,
            target,
            id,
            reference: of.reference(),
            nonce: of.nonce,
            package: of.package,
            authentication: of.authentication,
            max_forwards: of.max_forwards,
            standing: of.standing,
            accepted_at: of.accepted_at,
            expires_at: of.expires_at,
            versions: of.notice.reserving().max(Subscription::VERSIONS),
        };
        record.write()
    }
}

impl PresenceSettings {
    /// The presentity that a record of presence is about; none, if it hangs on the subscription with the same key.
    pub fn presentity_of_record(
        &self,
        routes: &RoutingTable,
        table: JournalTable,
        key: &[u8],
        record: &Bytes,
    ) -> Result<Option<Presentity>, RestoreError> {
        Ok(match read(table, key, record)?.1 {
            Record::Rules(record) => Some(record.presentity),
            Record::Publication(record) => Some(record.presentity),
            Record::Fetched(record) => Some(record.presentity),
            Record::Document(_) => None,
            Record::Subscription(record) => {
                let adapter = routes.adapter_id(&record.adapter);
                let adapter = adapter.unwrap_or(AdapterId::GATEWAY);
                let known = self.presentity(routes, adapter, &record.target);
                Some(known.unwrap_or(record.target))
            }
        })
    }
}

/// Reads a record that stands in a table of the journal.
pub(super) fn read(
    table: JournalTable,
    key: &[u8],
    bytes: &Bytes,
) -> Result<(Option<JournalKey>, Record), RestoreError> {
    let named = JournalKey::from_bytes(key);
    let number = named.map_or(0, JournalKey::number);
    let damaged = |problem| RestoreError::Damaged {
        table,
        key: number,
        problem,
    };
    let record = Record::read(bytes).map_err(|unreadable| match unreadable {
        Unreadable::Newer(version) => RestoreError::Newer {
            table,
            key: number,
            version,
            known: VERSION,
        },
        Unreadable::Damaged(problem) => damaged(problem),
    })?;
    let belongs = match &record {
        Record::Rules(_) => JournalTable::Rules,
        Record::Subscription(_) => JournalTable::Subscriptions,
        _ => JournalTable::Presence,
    };
    if belongs != table {
        return Err(damaged("it stands in another table than it should"));
    }
    if table != JournalTable::Rules && named.is_none() {
        return Err(damaged("its key is none"));
    }
    Ok((named.filter(|_| table != JournalTable::Rules), record))
}

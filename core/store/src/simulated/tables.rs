//! What a simulated store holds.

use std::{collections::BTreeMap, ops::Bound, time::SystemTime};

use bytes::Bytes;

use super::log::Log;
use crate::{
    Batch, KeyRange, Record, Table,
    batch::{Change, Write},
    record::{self, Expiry},
};

#[derive(Debug, Default)]
pub(crate) struct Tables {
    records: BTreeMap<(Table, Bytes), Record>,
    bytes: u64,
}

impl Tables {
    pub(crate) fn apply(&mut self, writes: &[Write]) {
        for write in writes {
            let key = (write.table, write.key.clone());
            match &write.change {
                Change::Delete => self.remove(&key),
                Change::Put { value, expires } => {
                    self.remove(&key);
                    // As precise as it is in a file.
                    let expires = Expiry::new(*expires).time();
                    let record = Record::new(value.clone(), expires);
                    self.bytes += footprint(&key.1, &record);
                    self.records.insert(key, record);
                }
            }
        }
    }

    pub(crate) fn expire(&mut self, now: SystemTime) {
        let due: Vec<_> = self
            .records
            .iter()
            .filter(|(_, record)| record.is_expired(now))
            .map(|(key, _)| key.clone())
            .collect();
        for key in due {
            self.remove(&key);
        }
    }

    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Option<Record> {
        let key = (table, Bytes::copy_from_slice(key));
        self.records.get(&key).cloned()
    }

    pub(crate) fn range(&self, table: Table, range: &KeyRange) -> Vec<(Bytes, Record)> {
        let Some((start, end)) = range.bounds() else {
            return Vec::new();
        };
        let own = |key: &[u8]| (table, Bytes::copy_from_slice(key));
        let start = match start {
            Bound::Unbounded => Bound::Included((table, Bytes::new())),
            other => other.map(own),
        };
        self.records
            .range((start, Bound::Unbounded))
            .take_while(|((of, key), _)| {
                let before_end = match end {
                    Bound::Included(end) => key <= end,
                    Bound::Excluded(end) => key < end,
                    Bound::Unbounded => true,
                };
                *of == table && before_end
            })
            .map(|((_, key), record)| (key.clone(), record.clone()))
            .collect()
    }

    pub(crate) fn len(&self) -> u64 {
        self.records.len() as u64
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A log of nothing but what is here.
    pub(crate) fn to_log(&self) -> Log {
        let mut log = Log::default();
        for ((table, key), record) in &self.records {
            let mut batch = Batch::new();
            let value = record.value().clone();
            match record.expires() {
                Some(expires) => batch.put_until(*table, key.clone(), value, expires),
                None => batch.put(*table, key.clone(), value),
            }
            log.append(&batch);
        }
        log.synchronise();
        log
    }

    fn remove(&mut self, key: &(Table, Bytes)) {
        if let Some(old) = self.records.remove(key) {
            self.bytes -= footprint(&key.1, &old);
        }
    }
}

fn footprint(key: &Bytes, record: &Record) -> u64 {
    record::footprint(key.len(), record.value().len(), record.expires().is_some())
}

//! The database: what is read from it, and how batches are written to it.

use std::{
    fmt,
    ops::ControlFlow,
    sync::atomic::{AtomicU64, Ordering},
};

use redb::{
    Builder, Database, ReadOnlyDatabase, ReadTransaction, ReadableDatabase, ReadableTable,
    ReadableTableMetadata,
};

use super::{
    format::{self, EXPIRY, META, Upgrade, definition},
    medium::Medium,
    trouble::{Trouble, guarded},
    writing::Writing,
};
use crate::{
    KeyRange, ReadError, Reason, Record, Table,
    batch::Write,
    expiry,
    record::{self, Expiry},
};

/// An open database.
pub(crate) struct Engine {
    access: Option<Access>,
    records: AtomicU64,
    bytes: AtomicU64,
}

enum Access {
    Full(Database),
    /// To save what can be saved.
    ReadOnly(ReadOnlyDatabase),
}

/// What is left after a part of the work was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    Nothing,
    More,
}

/// How many expired records are removed at once, so that batches need not wait long behind them.
const EXPIRED_AT_ONCE: usize = 4096;

/// What must find room before a full store is good again.
const PROBE: usize = 64 * 1024;

impl Engine {
    /// Opens the file, verifies every page, and brings it to the current format.
    pub(crate) fn open(
        medium: &dyn Medium,
        cache: usize,
        upgrade: Upgrade,
    ) -> Result<Self, Trouble> {
        guarded(|| {
            let mut builder = Builder::new();
            builder
                .set_cache_size(cache)
                .set_check_integrity_on_open(true);
            let database = medium.open(&builder)?;
            format::settle(&database, upgrade)?;
            let (records, bytes) = measure(&database.begin_read()?)?;
            Ok(Self {
                access: Some(Access::Full(database)),
                records: AtomicU64::new(records),
                bytes: AtomicU64::new(bytes),
            })
        })
    }

    /// Opens a file whose pages are not what was written, to read what can be read; its records are still verified.
    pub(crate) fn salvage(medium: &dyn Medium, cache: usize) -> Result<Self, Trouble> {
        guarded(|| {
            let mut builder = Builder::new();
            builder.set_cache_size(cache);
            let database = medium.open_read_only(&builder)?;
            match format::find(&database.begin_read()?)? {
                Some(format::CURRENT) => {}
                Some(found) if found > format::CURRENT => return Err(Trouble::Newer(found)),
                found => return Err(Trouble::Older(found.unwrap_or_default())),
            }
            Ok(Self {
                access: Some(Access::ReadOnly(database)),
                records: AtomicU64::default(),
                bytes: AtomicU64::default(),
            })
        })
    }

    pub(crate) fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Makes changes durable, all or none. When it returns, they are on the disk.
    pub(crate) fn apply(&self, writes: Vec<&Write>) -> Result<(), Trouble> {
        if writes.is_empty() {
            return Ok(());
        }
        self.write(|writing| writing.apply(writes))
    }

    /// Removes some of what has expired.
    pub(crate) fn expire(&self, now: Expiry) -> Result<Rest, Trouble> {
        let due = guarded(|| self.due(now))?;
        if due.is_empty() {
            return Ok(Rest::Nothing);
        }
        let rest = if due.len() < EXPIRED_AT_ONCE {
            Rest::Nothing
        } else {
            Rest::More
        };
        self.write(|writing| writing.remove_expired(&due))?;
        Ok(rest)
    }

    /// Writes something and takes it back, to see whether that can be done.
    pub(crate) fn probe(&self) -> Result<(), Trouble> {
        const KEY: &[u8] = b"probe";
        self.write(|writing| {
            let mut meta = writing.open(META)?;
            meta.insert(KEY, &vec![0x5a; PROBE][..])?;
            Ok(())
        })?;
        self.write(|writing| {
            writing.open(META)?.remove(KEY)?;
            Ok(())
        })
    }

    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Record>, ReadError> {
        let read = guarded(|| {
            let values = self.reading()?.open_table(definition(table))?;
            let Some(sealed) = values.get(key)? else {
                return Ok(None);
            };
            Ok(Some(unseal(table, key, sealed.value())))
        });
        read.map_err(unavailable)?.transpose()
    }

    /// Visits the records of a range; a panic of the visitor is the visitor's.
    pub(crate) fn scan(
        &self,
        table: Table,
        range: &KeyRange,
        mut visit: impl FnMut(&[u8], Result<Record, ReadError>) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let Some(bounds) = range.bounds() else {
            return Ok(());
        };
        let mut found = guarded(|| {
            let values = self.reading()?.open_table(definition(table))?;
            Ok(values.range::<&[u8]>(bounds)?)
        })
        .map_err(unavailable)?;
        loop {
            let next = guarded(|| found.next().transpose().map_err(Trouble::from));
            let Some((key, sealed)) = next.map_err(unavailable)? else {
                return Ok(());
            };
            let record = unseal(table, key.value(), sealed.value());
            if visit(key.value(), record).is_break() {
                return Ok(());
            }
        }
    }

    /// Visits the index of what expires.
    pub(crate) fn scan_expiry(&self, visit: &mut dyn FnMut(&[u8])) -> Result<(), ReadError> {
        let read = guarded(|| {
            let index = self.reading()?.open_table(EXPIRY)?;
            for entry in index.iter()? {
                visit(entry?.0.value());
            }
            Ok(())
        });
        read.map_err(unavailable)
    }

    fn due(&self, now: Expiry) -> Result<Vec<Vec<u8>>, Trouble> {
        let index = self.reading()?.open_table(EXPIRY)?;
        let mut due = Vec::new();
        let end = expiry::after(now);
        for entry in index.range::<&[u8]>(..&end[..])?.take(EXPIRED_AT_ONCE) {
            due.push(entry?.0.value().to_vec());
        }
        Ok(due)
    }

    /// One transaction: an error, or a panic, leaves nothing of it.
    fn write(
        &self,
        write: impl FnOnce(&mut Writing<'_>) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        guarded(|| {
            let Some(Access::Full(database)) = &self.access else {
                return Err(Trouble::ReadOnly(Reason::new("it was opened to be read")));
            };
            let mut transaction = database.begin_write()?;
            // What is current is then named on the disk only after it is there: a page that is damaged later is noticed, and not
            // taken for a commit that was cut off and can be forgotten.
            transaction.set_two_phase_commit(true);
            let mut writing = Writing::new(&transaction);
            write(&mut writing)?;
            let delta = writing.delta();
            transaction.commit()?;
            add(&self.records, delta.records);
            add(&self.bytes, delta.bytes);
            Ok(())
        })
    }

    fn reading(&self) -> Result<ReadTransaction, Trouble> {
        match &self.access {
            Some(Access::Full(database)) => Ok(database.begin_read()?),
            Some(Access::ReadOnly(database)) => Ok(database.begin_read()?),
            None => Err(Trouble::Absent),
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("records", &self.records())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}

impl Drop for Engine {
    /// Closing writes as well, to files that may be what made us close them.
    fn drop(&mut self) {
        let access = self.access.take();
        drop(guarded(|| {
            drop(access);
            Ok(())
        }));
    }
}

fn add(to: &AtomicU64, delta: i64) {
    let sum = to.load(Ordering::Relaxed).saturating_add_signed(delta);
    to.store(sum, Ordering::Relaxed);
}

/// The records that there are, and their bytes.
fn measure(reading: &ReadTransaction) -> Result<(u64, u64), Trouble> {
    let mut records = 0;
    let mut bytes = reading.open_table(EXPIRY)?.stats()?.stored_bytes();
    for table in Table::ALL {
        let values = reading.open_table(definition(table))?;
        records += values.len()?;
        bytes += values.stats()?.stored_bytes();
    }
    Ok((records, bytes))
}

fn unseal(table: Table, key: &[u8], sealed: &[u8]) -> Result<Record, ReadError> {
    match record::unseal(table, key, sealed) {
        Ok((value, expires)) => Ok(Record::new(value.to_vec().into(), expires.time())),
        Err(record::Damaged) => Err(ReadError::Damaged {
            table,
            key: key.to_vec(),
        }),
    }
}

fn unavailable(trouble: Trouble) -> ReadError {
    ReadError::Unavailable(trouble.into_health())
}

//! A transaction that is being written.

use redb::{ReadableTable, WriteTransaction};

use super::{
    format::{EXPIRY, definition},
    trouble::Trouble,
};
use crate::{
    Table,
    batch::{Change, Write},
    expiry,
    record::{self, Expiry},
};

/// A transaction, and by how much it changes what there is.
pub(crate) struct Writing<'a> {
    transaction: &'a WriteTransaction,
    delta: Delta,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Delta {
    pub(crate) records: i64,
    pub(crate) bytes: i64,
}

type Values<'a> = redb::Table<'a, &'static [u8], &'static [u8]>;

/// The entries of the index that come and go with the records of a table.
#[derive(Default)]
struct Times {
    gone: Vec<Vec<u8>>,
    new: Vec<Vec<u8>>,
}

impl<'a> Writing<'a> {
    pub(crate) fn new(transaction: &'a WriteTransaction) -> Self {
        Self {
            transaction,
            delta: Delta::default(),
        }
    }

    pub(crate) const fn delta(&self) -> Delta {
        self.delta
    }

    pub(crate) fn open(
        &self,
        table: redb::TableDefinition<'_, &'static [u8], &'static [u8]>,
    ) -> Result<Values<'a>, Trouble> {
        Ok(self.transaction.open_table(table)?)
    }

    /// Writes what is left of these changes when only the last of each key counts.
    ///
    /// Many messages come and go within one group; their records then never reach the disk.
    pub(crate) fn apply(&mut self, mut writes: Vec<&Write>) -> Result<(), Trouble> {
        writes.sort_by(|a, b| (a.table, &a.key).cmp(&(b.table, &b.key)));
        let (mut sealed, mut times) = (Vec::new(), Times::default());
        for of_table in writes.chunk_by(|a, b| a.table == b.table) {
            let Some(first) = of_table.first() else {
                continue;
            };
            let mut values = self.open(definition(first.table))?;
            for of_key in of_table.chunk_by(|a, b| a.key == b.key) {
                if let Some(last) = of_key.last() {
                    self.write(&mut values, last, &mut sealed, &mut times)?;
                }
            }
        }
        self.index(&times)
    }

    /// Removes the records of these entries of the index, where they have not been given more time, and the entries.
    pub(crate) fn remove_expired(&mut self, due: &[Vec<u8>]) -> Result<(), Trouble> {
        let mut entries: Vec<_> = due
            .iter()
            .filter_map(|entry| expiry::parse(entry))
            .collect();
        entries.sort_by_key(|(_, table, key)| (*table, *key));
        for of_table in entries.chunk_by(|a, b| a.1 == b.1) {
            let Some((_, table, _)) = of_table.first() else {
                continue;
            };
            let mut values = self.open(definition(*table))?;
            for (time, _, key) in of_table {
                let found = values.get(*key)?.map(|s| record::sealed_expiry(s.value()));
                if found == Some(*time) {
                    self.remove(&mut values, key)?;
                }
            }
        }
        let mut index = self.open(EXPIRY)?;
        for entry in due {
            self.unlist(&mut index, entry)?;
        }
        Ok(())
    }

    fn write(
        &mut self,
        values: &mut Values<'_>,
        write: &Write,
        sealed: &mut Vec<u8>,
        times: &mut Times,
    ) -> Result<(), Trouble> {
        let (table, key) = (write.table, &write.key[..]);
        let (old, new) = match &write.change {
            Change::Delete => (self.remove(values, key)?, Expiry::NEVER),
            Change::Put { value, expires } => {
                let expires = Expiry::new(*expires);
                record::seal(sealed, table, key, value, expires);
                (self.insert(values, key, sealed)?, expires)
            }
        };
        if old != new {
            times.change(table, key, old, new);
        }
        Ok(())
    }

    /// Puts a value, and says when the one that was there would have expired.
    fn insert(
        &mut self,
        values: &mut Values<'_>,
        key: &[u8],
        sealed: &[u8],
    ) -> Result<Expiry, Trouble> {
        self.count(1, key.len() + sealed.len());
        let Some(old) = values.insert(key, sealed)? else {
            return Ok(Expiry::NEVER);
        };
        self.uncount(1, key.len() + old.value().len());
        Ok(record::sealed_expiry(old.value()))
    }

    /// Removes a value, and says when it would have expired.
    fn remove(&mut self, values: &mut Values<'_>, key: &[u8]) -> Result<Expiry, Trouble> {
        let Some(old) = values.remove(key)? else {
            return Ok(Expiry::NEVER);
        };
        self.uncount(1, key.len() + old.value().len());
        Ok(record::sealed_expiry(old.value()))
    }

    fn index(&mut self, times: &Times) -> Result<(), Trouble> {
        if times.gone.is_empty() && times.new.is_empty() {
            return Ok(());
        }
        let mut index = self.open(EXPIRY)?;
        for entry in &times.gone {
            self.unlist(&mut index, entry)?;
        }
        for entry in &times.new {
            if index.insert(&entry[..], &[][..])?.is_none() {
                self.count(0, entry.len());
            }
        }
        Ok(())
    }

    fn unlist(&mut self, index: &mut Values<'_>, entry: &[u8]) -> Result<(), Trouble> {
        if index.remove(entry)?.is_some() {
            self.uncount(0, entry.len());
        }
        Ok(())
    }

    const fn count(&mut self, records: i64, bytes: usize) {
        self.delta.records += records;
        self.delta.bytes += bytes as i64;
    }

    const fn uncount(&mut self, records: i64, bytes: usize) {
        self.delta.records -= records;
        self.delta.bytes -= bytes as i64;
    }
}

impl Times {
    fn change(&mut self, table: Table, key: &[u8], old: Expiry, new: Expiry) {
        if old != Expiry::NEVER {
            self.gone.push(expiry::entry(old, table, key));
        }
        if new != Expiry::NEVER {
            self.new.push(expiry::entry(new, table, key));
        }
    }
}

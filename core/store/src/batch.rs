//! Changes that become durable together.

use std::time::SystemTime;

use bytes::Bytes;

use crate::{CommitError, Table, record};

/// Changes over several tables that become durable together, or not at all.
///
/// They apply in the order in which they were added. An empty batch is a barrier: it is safe when all batches given before it are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    writes: Vec<Write>,
    bytes: usize,
    growth: u64,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Write {
    pub(crate) table: Table,
    pub(crate) key: Bytes,
    pub(crate) change: Change,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Put {
        value: Bytes,
        expires: Option<SystemTime>,
    },
    Delete,
}

impl Batch {
    /// The most changes that a batch may have.
    pub const MAX_WRITES: usize = 4096;
    /// The most bytes of a key.
    pub const MAX_KEY: usize = 1024;
    /// The most bytes of a value.
    pub const MAX_VALUE: usize = 16 * 1024 * 1024;
    /// The most bytes of all keys and values of a batch.
    pub const MAX_BYTES: usize = 32 * 1024 * 1024;

    /// A batch without changes.
    pub const fn new() -> Self {
        Self {
            writes: Vec::new(),
            bytes: 0,
            growth: 0,
        }
    }

    /// Puts a value at a key, in place of what is there.
    pub fn put(&mut self, table: Table, key: impl Into<Bytes>, value: impl Into<Bytes>) {
        let (value, expires) = (value.into(), None);
        self.push(table, key.into(), Change::Put { value, expires });
    }

    /// Puts a value that [`Store::tend`](crate::Store::tend) removes once that time has come.
    pub fn put_until(
        &mut self,
        table: Table,
        key: impl Into<Bytes>,
        value: impl Into<Bytes>,
        expires: SystemTime,
    ) {
        let (value, expires) = (value.into(), Some(expires));
        self.push(table, key.into(), Change::Put { value, expires });
    }

    /// Removes what is at a key, if anything is.
    pub fn delete(&mut self, table: Table, key: impl Into<Bytes>) {
        self.push(table, key.into(), Change::Delete);
    }

    /// Whether it changes nothing.
    pub const fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// How many changes it has.
    pub const fn len(&self) -> usize {
        self.writes.len()
    }

    /// The bytes of its keys and values.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether it removes something; such a batch may use the last of the room.
    pub(crate) fn has_deletes(&self) -> bool {
        self.writes.iter().any(|w| w.change == Change::Delete)
    }

    /// By how many bytes the store can grow at most, when it is applied.
    pub(crate) const fn growth(&self) -> u64 {
        self.growth
    }

    pub(crate) fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// Refuses what breaks a limit.
    pub(crate) fn check(&self) -> Result<(), CommitError> {
        within("changes of a batch", self.writes.len(), Self::MAX_WRITES)?;
        within("bytes of a batch", self.bytes, Self::MAX_BYTES)?;
        for write in &self.writes {
            within("bytes of a key", write.key.len(), Self::MAX_KEY)?;
            if let Change::Put { value, .. } = &write.change {
                within("bytes of a value", value.len(), Self::MAX_VALUE)?;
            }
        }
        Ok(())
    }

    fn push(&mut self, table: Table, key: Bytes, change: Change) {
        self.bytes = self.bytes.saturating_add(key.len());
        if let Change::Put { value, expires } = &change {
            self.bytes = self.bytes.saturating_add(value.len());
            let grows = record::footprint(key.len(), value.len(), expires.is_some());
            self.growth = self.growth.saturating_add(grows);
        }
        self.writes.push(Write { table, key, change });
    }
}

const fn within(what: &'static str, size: usize, limit: usize) -> Result<(), CommitError> {
    if size > limit {
        return Err(CommitError::TooLarge { what, size, limit });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(batch: &Batch) -> &'static str {
        match batch.check() {
            Err(CommitError::TooLarge { what, .. }) => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn batch_at_its_limits_is_taken_and_beyond_them_refused() {
        let mut batch = Batch::new();
        batch.put(
            Table::Rules,
            vec![0; Batch::MAX_KEY],
            vec![0; Batch::MAX_VALUE],
        );
        assert_eq!(batch.check(), Ok(()));

        let mut key = Batch::new();
        key.delete(Table::Rules, vec![0; Batch::MAX_KEY + 1]);
        assert_eq!(refused(&key), "bytes of a key");

        let mut value = Batch::new();
        value.put(Table::Rules, "k", vec![0; Batch::MAX_VALUE + 1]);
        assert_eq!(refused(&value), "bytes of a value");

        let mut bytes = Batch::new();
        for _ in 0..3 {
            bytes.put(Table::Rules, "k", vec![0; Batch::MAX_VALUE]);
        }
        assert_eq!(refused(&bytes), "bytes of a batch");

        let mut writes = Batch::new();
        for _ in 0..=Batch::MAX_WRITES {
            writes.delete(Table::Rules, "k");
        }
        assert_eq!(refused(&writes), "changes of a batch");
    }
}

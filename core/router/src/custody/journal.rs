//! What a custodian asks to be written, and read again after a restart.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use rialto_model::Bytes;
use thiserror::Error;

/// The name of what is kept; rises in the order in which it came, over restarts too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JournalKey(u64);

/// Where the keys of all custodians over one journal come from. Clones share.
#[derive(Clone, Debug, Default)]
pub struct JournalKeys(Arc<AtomicU64>);

/// The name of a write that was asked for; rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteId(u64);

/// A table of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum JournalTable {
    /// Messages that are kept, and what is to be told of messages.
    Operations,
    /// What the networks call messages that were kept, so that they are known again.
    Identities,
    /// Messages on which a later word is asked for.
    Dispositions,
    /// Who watches whom.
    Subscriptions,
    /// Presence information: hosted, or what was told last.
    Presence,
    /// Rules of principals.
    Rules,
}

/// One change of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The table.
    pub table: JournalTable,
    /// The key of the record.
    pub key: Bytes,
    /// The new record; `None` removes what is there.
    pub put: Option<Put>,
}

/// A record to write.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Put {
    /// Its bytes.
    pub value: Bytes,
    /// When the store may forget it by itself, if it may.
    pub expires: Option<SystemTime>,
}

/// A write failed; its changes may be there all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the store did not take the changes")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct Unwritten;

/// Why a record cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unread {
    /// The store cannot read now; it is asked again later.
    #[error("the store cannot be read now")]
    Unavailable,
    /// The record is not there, or not what was written: it is lost.
    #[error("the record is missing or damaged")]
    Lost,
}

impl JournalKey {
    /// The key as it stands in the journal: eight bytes, whose order is that of the keys.
    pub fn to_bytes(self) -> [u8; 8] {
        self.number().to_be_bytes()
    }

    /// Reads a key of the journal.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; 8] = bytes.try_into().ok()?;
        Some(Self::new(u64::from_be_bytes(bytes)))
    }

    /// Takes the number that operators know it by.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number that operators know it by.
    pub const fn number(self) -> u64 {
        self.0
    }

    fn bytes(self) -> Bytes {
        Bytes::copy_from_slice(&self.to_bytes())
    }
}

impl JournalKeys {
    /// The next key.
    pub(crate) fn next(&self) -> JournalKey {
        JournalKey::new(self.0.fetch_add(1, Ordering::Relaxed))
    }

    /// Sees to it that no key comes again that was found in the journal.
    pub(crate) fn pass(&self, key: JournalKey) {
        self.0
            .fetch_max(key.number().saturating_add(1), Ordering::Relaxed);
    }
}

impl WriteId {
    /// The name with that number, as [`number`](Self::number) gave it.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The name as one number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl Change {
    pub(crate) fn put(table: JournalTable, key: JournalKey, value: Vec<u8>) -> Self {
        Self {
            table,
            key: key.bytes(),
            put: Some(Put {
                value: value.into(),
                expires: None,
            }),
        }
    }

    pub(crate) fn put_until(
        table: JournalTable,
        key: JournalKey,
        value: Vec<u8>,
        expires: SystemTime,
    ) -> Self {
        Self {
            table,
            key: key.bytes(),
            put: Some(Put {
                value: value.into(),
                expires: Some(expires),
            }),
        }
    }

    /// Puts a record under a key that is no number, or removes it.
    pub(crate) fn of(table: JournalTable, key: Bytes, value: Option<Vec<u8>>) -> Self {
        let put = value.map(|value| Put {
            value: value.into(),
            expires: None,
        });
        Self { table, key, put }
    }

    pub(crate) fn delete(table: JournalTable, key: JournalKey) -> Self {
        Self {
            table,
            key: key.bytes(),
            put: None,
        }
    }
}

/// By the name that operators know it by.
impl fmt::Display for JournalTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Operations => "operations",
            Self::Identities => "identities",
            Self::Dispositions => "dispositions",
            Self::Subscriptions => "subscriptions",
            Self::Presence => "presence",
            Self::Rules => "rules",
        })
    }
}

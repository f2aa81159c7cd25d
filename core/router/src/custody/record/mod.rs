//! Records of the journal: what is written of a message, and what is read again after a restart.
//!
//! ```text
//! │ version, 1 │ kind │ fields …
//! ```
//!
//! Numbers are big-endian; texts and bytes stand behind their length, of four bytes; what may be missing stands behind 0 or 1. Nothing may
//! follow. Whether the bytes are those that were written is the store's to say: it has a checksum for each record. What is here refuses, and
//! survives, all else.

use rialto_model::{ByteString, Bytes, InstantInbox};
use thiserror::Error;

use super::{JournalKey, JournalTable};

mod awaited;
mod fields;
mod identity;
mod message;
mod report;
#[cfg(test)]
mod tests;
mod view;
pub(crate) mod wire;

pub use self::view::RecordView;
use self::wire::{Reader, Writer};
pub(in crate::custody) use self::{
    awaited::AwaitedRecord, identity::IdentityRecord, message::MessageRecord, report::ReportRecord,
};

/// The version of the form that is written.
pub(crate) const VERSION: u8 = 1;

/// A record, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::custody) enum Record {
    /// A message that is kept.
    Message(MessageRecord),
    /// What is to be told of one.
    Report(ReportRecord),
    /// What its network calls one.
    Identity(IdentityRecord),
    /// One on which a later word is waited for.
    Awaited(AwaitedRecord),
}

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// A later version of the gateway wrote it.
    Newer(u8),
    /// It is not what was written.
    Damaged(&'static str),
}

/// Why the journal cannot be taken up; each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// A later version of the gateway wrote it.
    #[error(
        "record {key} of the {table} was written by a later version of the gateway (form {version}, known up to {known}); \
         start that version again, or let it empty its queue first"
    )]
    Newer {
        /// The table.
        table: JournalTable,
        /// The key.
        key: u64,
        /// The version of its form.
        version: u8,
        /// The latest that is known.
        known: u8,
    },
    /// It is not what was written.
    #[error(
        "record {key} of the {table} is damaged: {problem}; `rialto queue check` lists all that are"
    )]
    Damaged {
        /// The table.
        table: JournalTable,
        /// The key, 0 if it has none.
        key: u64,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The adapter that it came from, or goes to, is not configured any more.
    #[error(
        "record {key} of the {table} belongs to the adapter `{adapter}`, which is not configured; \
         configure it again until the queue is empty, or drop the record"
    )]
    UnknownAdapter {
        /// The table.
        table: JournalTable,
        /// The key.
        key: u64,
        /// The adapter's name.
        adapter: String,
    },
}

impl Record {
    /// Reads a record; the payload shares its bytes.
    pub(in crate::custody) fn read(bytes: &Bytes) -> Result<Self, Unreadable> {
        let mut from = Reader::new(bytes);
        match from.byte()? {
            VERSION => {}
            0 => return Err(Unreadable::Damaged("its version is 0")),
            later => return Err(Unreadable::Newer(later)),
        }
        let record = match from.byte()? {
            MessageRecord::KIND => Self::Message(MessageRecord::read(&mut from)?),
            ReportRecord::KIND => Self::Report(ReportRecord::read(&mut from)?),
            IdentityRecord::KIND => Self::Identity(IdentityRecord::read(&mut from)?),
            AwaitedRecord::KIND => Self::Awaited(AwaitedRecord::read(&mut from)?),
            _ => return Err(Unreadable::Damaged("its kind is unknown")),
        };
        from.end()?;
        Ok(record)
    }

    /// Writes it.
    #[cfg(test)]
    pub(in crate::custody) fn write(&self) -> Vec<u8> {
        match self {
            Self::Message(record) => record.write(),
            Self::Report(record) => record.write(),
            Self::Identity(record) => record.write(),
            Self::Awaited(record) => record.write(),
        }
    }

    /// Reads a record that stands in a table of the journal.
    pub(super) fn restore(
        table: JournalTable,
        key: &[u8],
        bytes: &Bytes,
    ) -> Result<(JournalKey, Self), RestoreError> {
        let damaged = |key, problem| RestoreError::Damaged {
            table,
            key,
            problem,
        };
        let named = JournalKey::from_bytes(key).ok_or_else(|| damaged(0, "its key is none"))?;
        let key = named.number();
        let record = Self::read(bytes).map_err(|unreadable| match unreadable {
            Unreadable::Newer(version) => RestoreError::Newer {
                table,
                key,
                version,
                known: VERSION,
            },
            Unreadable::Damaged(problem) => damaged(key, problem),
        })?;
        if record.table() != table {
            return Err(damaged(key, "it stands in another table than it should"));
        }
        Ok((named, record))
    }

    /// The message's source and destination, as its sender knows them.
    pub(super) fn into_conversation(self) -> (InstantInbox, InstantInbox) {
        match self {
            Self::Message(MessageRecord { operation, .. }) => {
                (operation.source().clone(), operation.destination().clone())
            }
            // What is told goes the other way.
            Self::Report(ReportRecord { disposition, .. }) => (
                disposition.destination().clone(),
                disposition.source().clone(),
            ),
            Self::Identity(record) => (record.source, record.destination),
            Self::Awaited(record) => (record.source, record.destination),
        }
    }

    /// The name of the adapter that brought the message.
    pub(super) const fn adapter(&self) -> &ByteString {
        match self {
            Self::Message(record) => &record.adapter,
            Self::Report(record) => &record.adapter,
            Self::Identity(record) => &record.adapter,
            Self::Awaited(record) => &record.adapter,
        }
    }

    const fn table(&self) -> JournalTable {
        match self {
            Self::Message(_) | Self::Report(_) => JournalTable::Operations,
            Self::Identity(_) => JournalTable::Identities,
            Self::Awaited(_) => JournalTable::Dispositions,
        }
    }
}

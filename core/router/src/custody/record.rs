//! Records of the journal.

use thiserror::Error;

use super::JournalTable;

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
    /// The adapter that it came from is not configured any more.
    #[error(
        "record {key} of the {table} came from the adapter `{adapter}`, which is not configured; \
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

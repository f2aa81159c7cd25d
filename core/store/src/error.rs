//! What can go wrong, one type for each thing that one can do.

use std::path::PathBuf;

use crate::{Health, Reason, Table};

/// Why a batch is not safe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// Too much waits for the disk. Nothing of the batch was written.
    #[error("{waiting} batches of {bytes} bytes wait for the disk; try again when some are safe")]
    Overloaded {
        /// How many batches wait.
        waiting: usize,
        /// The bytes that they hold.
        bytes: usize,
    },
    /// A limit of [`Batch`](crate::Batch). Nothing of it was written, and never will be.
    #[error("{size} {what} are more than {limit}; split the batch")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        size: usize,
        /// How large it may be.
        limit: usize,
    },
    /// There is no room.
    #[error("the store is full: {0}")]
    Full(Reason),
    /// The folder cannot be written.
    #[error("the store is read-only: {0}")]
    ReadOnly(Reason),
    /// The files are not what was written.
    #[error("the store is corrupt: {0}")]
    Corrupt(Reason),
    /// The disk failed.
    #[error("the store fails: {0}")]
    Failing(Reason),
    /// The store was closed first.
    #[error("the store was closed")]
    Stopped,
}

impl CommitError {
    /// Whether the same batch may be taken later.
    pub const fn is_temporary(&self) -> bool {
        !matches!(self, Self::TooLarge { .. } | Self::Corrupt(_))
    }
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A record is not what was written.
    #[error(
        "the record {key:02x?} of the table {table} is damaged; `rialto queue check` lists all that are"
    )]
    Damaged {
        /// The table.
        table: Table,
        /// The key.
        key: Vec<u8>,
    },
    /// The store is in a state in which nothing can be read.
    #[error("the store cannot be read: {0}")]
    Unavailable(Health),
}

/// Why a store was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it.
    #[error(
        "the store in {} is in use by another process; stop that gateway, or give this one a folder of its own",
        path.display()
    )]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// There is no store there, and none is to be made.
    #[error("there is no store in {}; name the folder of a gateway's store", path.display())]
    Absent {
        /// The folder.
        path: PathBuf,
    },
    /// The folder cannot be written.
    #[error(
        "the store in {} cannot be written ({reason}); give the gateway's user the right to write there",
        path.display()
    )]
    ReadOnly {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        reason: Reason,
    },
    /// There is no room.
    #[error("the store in {} has no room ({reason}); free some, or raise its limit", path.display())]
    Full {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        reason: Reason,
    },
    /// The files are not what was written.
    #[error(
        "the store in {} is corrupt ({reason}); keep a copy of the folder, see with `rialto queue dump` what can still be read, \
         then move it away to begin with an empty one",
        path.display()
    )]
    Corrupt {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        reason: Reason,
    },
    /// A later release wrote it.
    #[error(
        "the store in {} has format {found}, and this release knows {known}; start the release that wrote it, or a later one",
        path.display()
    )]
    Newer {
        /// The folder.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The latest format that is known here.
        known: u32,
    },
    /// An earlier release wrote it, and it is only to be looked at.
    #[error(
        "the store in {} has format {found}, older than {known}; start the gateway once to upgrade it",
        path.display()
    )]
    Older {
        /// The folder.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The format that is known here.
        known: u32,
    },
    /// The file is something else.
    #[error(
        "{} holds a file of the store's name that is none; move it away, or name another folder",
        path.display()
    )]
    NotAStore {
        /// The folder.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("the store in {} cannot be opened ({reason}); see to that first", path.display())]
    Failing {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        reason: Reason,
    },
}

/// Why a dump ended before its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DumpError {
    /// The store was not opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What takes the lines does not.
    #[error("the dump cannot be written")]
    Write(#[from] std::io::Error),
}

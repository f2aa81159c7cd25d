//! What the engine's errors mean to us.

use std::{
    any::Any,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use crate::{Health, OpenError, Reason};

use super::format;

/// Why the engine did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Trouble {
    InUse,
    Absent,
    NotAStore,
    Newer(u32),
    Older(u32),
    Full(Reason),
    ReadOnly(Reason),
    Corrupt(Reason),
    Failing(Reason),
}

impl Trouble {
    pub(crate) fn from_io(error: &io::Error) -> Self {
        let reason = Reason::new(error);
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::Full(reason),
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                Self::ReadOnly(reason)
            }
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Self::Corrupt(reason),
            _ => Self::Failing(reason),
        }
    }

    /// Of the folder, before there is a file that could be corrupt.
    pub(crate) fn from_making(error: &io::Error) -> Self {
        match Self::from_io(error) {
            Self::Corrupt(reason) => Self::Failing(reason),
            other => other,
        }
    }

    /// The state of a store that was open.
    pub(crate) fn into_health(self) -> Health {
        match self {
            Self::Full(reason) => Health::Full(reason),
            Self::ReadOnly(reason) => Health::ReadOnly(reason),
            Self::Corrupt(reason) => Health::Corrupt(reason),
            Self::Failing(reason) => Health::Failing(reason),
            Self::InUse => Health::Failing(Reason::new("another process took it over")),
            Self::Absent => Health::Failing(Reason::new("its file is gone")),
            Self::NotAStore | Self::Newer(_) | Self::Older(_) => {
                Health::Corrupt(Reason::new("its file was replaced by another"))
            }
        }
    }

    /// Why a store in this folder was not opened.
    pub(crate) fn at(self, path: &Path) -> OpenError {
        let (path, known) = (path.to_owned(), format::CURRENT);
        match self {
            Self::InUse => OpenError::InUse { path },
            Self::Absent => OpenError::Absent { path },
            Self::NotAStore => OpenError::NotAStore { path },
            Self::Newer(found) => OpenError::Newer { path, found, known },
            Self::Older(found) => OpenError::Older { path, found, known },
            Self::Full(reason) => OpenError::Full { path, reason },
            Self::ReadOnly(reason) => OpenError::ReadOnly { path, reason },
            Self::Corrupt(reason) => OpenError::Corrupt { path, reason },
            Self::Failing(reason) => OpenError::Failing { path, reason },
        }
    }
}

impl<E: Into<redb::Error>> From<E> for Trouble {
    fn from(error: E) -> Self {
        match error.into() {
            redb::Error::Io(error) => Self::from_io(&error),
            redb::Error::DatabaseAlreadyOpen => Self::InUse,
            redb::Error::Corrupted(what) => Self::Corrupt(Reason::new(what)),
            redb::Error::PreviousIo => Self::Failing(Reason::new("the disk failed before")),
            other => Self::Corrupt(Reason::new(other)),
        }
    }
}

/// Calls the engine; a panic in it, which files that are not what it wrote can cause, is corruption.
pub(crate) fn guarded<T>(call: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let what = panicked(&*panic);
        Err(Trouble::Corrupt(Reason::new(format_args!(
            "the engine cannot go on with these files: {what}"
        ))))
    })
}

fn panicked(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it panicked")
}

//! How a run ends: the exit codes of `sysexits.h`.

use std::{fmt, process::ExitCode};

/// Why a command ended without success.
#[derive(Debug)]
pub(crate) enum Exit {
    /// The command line or an address in it is wrong.
    Usage(String),
    /// The store is not what was written.
    Damaged(String),
    /// A plugin or a running gateway that is needed is not there.
    Unavailable(String),
    /// A fault of ours or of the system.
    Internal(String),
    /// The configuration is wrong.
    Config(String),
    /// The message was not delivered.
    NotDelivered(String),
}

impl Exit {
    pub(crate) fn unavailable(why: impl fmt::Display) -> Self {
        Self::Unavailable(why.to_string())
    }

    pub(crate) fn config(what: impl fmt::Display) -> Self {
        Self::Config(what.to_string())
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::NotDelivered(_) => 1,
            Self::Usage(_) => 64,
            Self::Damaged(_) => 65,
            Self::Unavailable(_) => 69,
            Self::Internal(_) => 70,
            Self::Config(_) => 78,
        })
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text)
            | Self::Damaged(text)
            | Self::Unavailable(text)
            | Self::Internal(text)
            | Self::Config(text)
            | Self::NotDelivered(text) => f.write_str(text),
        }
    }
}

//! What a plugin's functions fail with.

use std::{borrow::Cow, error, fmt, result};

use rialto_model::{Failure, FailureReason, Origin, ResponseStatus, Retry};

/// What a plugin's functions return.
pub type Result<T, E = Error> = result::Result<T, E>;

/// Why a plugin could not do what it was asked to; becomes a [`Failure`] when it leaves the plugin.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    failure: Failure,
    source: Option<Box<dyn error::Error + Send + Sync>>,
}

/// The kinds of error; each becomes a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// It may succeed later: [`FailureReason::Unreachable`].
    Temporary,
    /// It will fail again: [`FailureReason::Refused`].
    Permanent,
    /// Rules forbid it: [`FailureReason::NotPermitted`].
    NotPermitted,
    /// The native protocol cannot carry it: [`FailureReason::UnsupportedContent`].
    Unsupported,
    /// The operator must change the configuration.
    Config,
    /// The adapter is stopping: [`FailureReason::ShuttingDown`].
    Shutdown,
    /// A fault of the plugin: [`FailureReason::Internal`].
    Internal,
}

impl Error {
    /// It may succeed later.
    pub fn temporary(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Temporary, text)
    }

    /// It will fail again.
    pub fn permanent(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Permanent, text)
    }

    /// Rules forbid it.
    pub fn not_permitted(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::NotPermitted, text)
    }

    /// The native protocol cannot carry it.
    pub fn unsupported(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unsupported, text)
    }

    /// The operator must change the configuration; begin with the key: `listen[0]: port 0 is not …`.
    pub fn config(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Config, text)
    }

    /// The adapter is stopping.
    pub fn shutdown(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Shutdown, text)
    }

    /// A fault of the plugin.
    pub fn internal(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Internal, text)
    }

    fn new(kind: ErrorKind, text: impl Into<Cow<'static, str>>) -> Self {
        let failure = Failure::new(kind.reason()).with_detail(text);
        Self {
            kind,
            failure: match kind {
                ErrorKind::Config => failure
                    .with_origin(Origin::Operator)
                    .with_retry(Retry::Never),
                _ => failure,
            },
            source: None,
        }
    }

    /// Says when to try again, where the kind's own is not right.
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.failure = self.failure.with_retry(retry);
        self
    }

    /// Names the cause; the failure's text ends with what it says.
    pub fn with_source(mut self, source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What the sender is told.
    pub fn into_failure(self) -> Failure {
        let Some(source) = self.source else {
            return self.failure;
        };
        let mut text = self.failure.detail().to_owned();
        let mut cause: Option<&dyn error::Error> = Some(&*source);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        self.failure.with_detail(text)
    }
}

impl ErrorKind {
    const fn reason(self) -> FailureReason {
        match self {
            Self::Temporary => FailureReason::Unreachable,
            Self::Permanent => FailureReason::Refused,
            Self::NotPermitted => FailureReason::NotPermitted,
            Self::Unsupported => FailureReason::UnsupportedContent,
            Self::Shutdown => FailureReason::ShuttingDown,
            Self::Config | Self::Internal => FailureReason::Internal,
        }
    }

    const fn of(reason: FailureReason) -> Self {
        match reason {
            FailureReason::NotPermitted => Self::NotPermitted,
            FailureReason::UnsupportedContent | FailureReason::UnsupportedService => {
                Self::Unsupported
            }
            FailureReason::ShuttingDown => Self::Shutdown,
            FailureReason::Internal => Self::Internal,
            other => match other.class() {
                rialto_model::FailureClass::Permanent => Self::Permanent,
                _ => Self::Temporary,
            },
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self {
            kind: ErrorKind::of(failure.reason()),
            failure,
            source: None,
        }
    }
}

impl From<FailureReason> for Error {
    fn from(reason: FailureReason) -> Self {
        Failure::new(reason).into()
    }
}

impl From<Error> for ResponseStatus {
    fn from(error: Error) -> Self {
        error.into_failure().into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.failure.detail())
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn error::Error + 'static))
    }
}

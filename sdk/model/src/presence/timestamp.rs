//! Points in time, as documents write them.

use std::{fmt, time::SystemTime};

use thiserror::Error;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// A point in time that both RFC 3339 and the schemas' `xs:dateTime` can write. RFC 3863 §4.1.7.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(OffsetDateTime);

/// The time is before the year 1 or after the year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the time is not in the years 1 to 9999")]
#[non_exhaustive]
pub struct TimestampError;

impl Timestamp {
    /// Takes a time; its offset becomes UTC when it cannot be written (beyond 14 hours, or with seconds).
    pub fn new(time: OffsetDateTime) -> Result<Self, TimestampError> {
        let seconds = time.offset().whole_seconds();
        let is_written = seconds % 60 == 0 && seconds.abs() <= MAX_OFFSET_SECONDS;
        let time = if is_written {
            time
        } else {
            time.checked_to_offset(UtcOffset::UTC)
                .ok_or(TimestampError)?
        };
        if (1..=9999).contains(&time.year()) {
            Ok(Self(time))
        } else {
            Err(TimestampError)
        }
    }

    /// The time.
    pub const fn time(self) -> OffsetDateTime {
        self.0
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::new(OffsetDateTime::parse(text, &Rfc3339).ok()?).ok()
    }

    /// Takes a time without zone as UTC, a space for the `T`, and white space around.
    pub(super) fn parse_loose(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = match text.split_once(' ') {
            Some((date, time)) => [date, "T", time.trim_start()].concat(),
            None => text.to_owned(),
        };
        Self::parse(&text).or_else(|| Self::parse(&[&text, "Z"].concat()))
    }
}

/// `xs:dateTime` goes no further.
const MAX_OFFSET_SECONDS: i32 = 14 * 60 * 60;

impl TryFrom<SystemTime> for Timestamp {
    type Error = TimestampError;

    fn try_from(time: SystemTime) -> Result<Self, TimestampError> {
        Self::new(time.into())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.format(&Rfc3339).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

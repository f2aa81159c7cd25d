//! The clock, read where mail comes in and goes out.

use std::time::{SystemTime, UNIX_EPOCH};

/// What time it is.
#[expect(clippy::disallowed_methods, reason = "I/O begins here")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// Seconds since 1970, as headers have them.
pub(crate) fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

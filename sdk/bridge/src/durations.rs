//! Durations as the contract has them: milliseconds, 0 for what is not said.

use std::time::Duration;

use rialto_abi as abi;

/// A duration in milliseconds; what does not fit is the longest.
#[inline]
pub const fn milliseconds(duration: Duration) -> u64 {
    let milliseconds = duration.as_millis();
    match milliseconds > u64::MAX as u128 {
        true => u64::MAX,
        false => milliseconds as u64,
    }
}

/// A limit, of which 0 is none, so that the shortest one is 1.
#[inline]
pub(crate) fn limit_ms(limit: Option<Duration>) -> u64 {
    limit.map_or(0, |limit| milliseconds(limit).max(1))
}

/// The limit of so many milliseconds.
#[inline]
pub(crate) fn limit(milliseconds: u64) -> Option<Duration> {
    (milliseconds != 0).then(|| Duration::from_millis(milliseconds))
}

/// A duration of which 0 means something else than nothing said.
#[inline]
pub const fn duration_ms(duration: Option<Duration>) -> u64 {
    let Some(duration) = duration else {
        return abi::DURATION_NOT_SAID;
    };
    match milliseconds(duration) {
        0 if duration.is_zero() => abi::DURATION_NONE,
        0 => 1,
        abi::DURATION_NONE => abi::DURATION_NONE - 1,
        milliseconds => milliseconds,
    }
}

/// The duration that [`duration_ms`] wrote.
#[inline]
pub const fn duration(milliseconds: u64) -> Option<Duration> {
    match milliseconds {
        abi::DURATION_NOT_SAID => None,
        abi::DURATION_NONE => Some(Duration::ZERO),
        milliseconds => Some(Duration::from_millis(milliseconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_that_is_said_is_never_taken_for_one_that_is_not() {
        for (said, number, taken) in [
            (None, abi::DURATION_NOT_SAID, None),
            (
                Some(Duration::ZERO),
                abi::DURATION_NONE,
                Some(Duration::ZERO),
            ),
            (
                Some(Duration::from_nanos(1)),
                1,
                Some(Duration::from_millis(1)),
            ),
            (
                Some(Duration::from_secs(20)),
                20_000,
                Some(Duration::from_secs(20)),
            ),
            (
                Some(Duration::MAX),
                abi::DURATION_NONE - 1,
                Some(Duration::from_millis(u64::MAX - 1)),
            ),
        ] {
            assert_eq!(duration_ms(said), number);
            assert_eq!(duration(number), taken);
        }
        assert_eq!(
            abi::PATIENCE_NONE,
            abi::DURATION_NONE,
            "patience is written so too"
        );
    }
}

//! Date: when a message was first sent.

use std::fmt;

use crate::{DecodeError, lex::Cursor};

/// A date and time in GMT (RFC 3261 §20.17; RFC 1123's form, letter case and no other).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Date {
    unix_seconds: i64,
}

impl Date {
    /// Takes seconds since 1970; `None` outside of the years 0 to 9999.
    #[must_use]
    pub const fn from_unix_seconds(unix_seconds: i64) -> Option<Self> {
        if unix_seconds >= FIRST && unix_seconds <= LAST {
            Some(Self { unix_seconds })
        } else {
            None
        }
    }

    /// The seconds since 1970.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.unix_seconds
    }

    pub(crate) fn read(mut cursor: Cursor<'_>) -> Result<Self, DecodeError> {
        let start = cursor.clone();
        let date = Self::parse(cursor.rest().trim_ascii_end())
            .ok_or_else(|| start.expected("date such as Sat, 13 Nov 2010 23:29:00 GMT"))?;
        cursor.advance(cursor.rest().len());
        cursor.finish()?;
        Ok(date)
    }

    fn parse(text: &str) -> Option<Self> {
        let (weekday, rest) = text.split_once(", ")?;
        let mut parts = rest.split(' ');
        let day = digits(parts.next()?, 2)?;
        let month = parts.next()?;
        let month = MONTHS.iter().position(|name| *name == month)?;
        let month = i64::try_from(month).ok()? + 1;
        let year = digits(parts.next()?, 4)?;
        let mut time = parts.next()?.split(':').map(|part| digits(part, 2));
        let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
        let zone = parts.next()?;
        let is_complete = time.next().is_none() && parts.next().is_none();
        // A leap second counts as the second after it.
        let in_range = hour < 24 && minute < 60 && second <= 60;
        if !is_complete || !in_range || zone != "GMT" {
            return None;
        }
        let days = days_from_civil(year, month, day);
        if civil_from_days(days) != (year, month, day) {
            return None;
        }
        WEEKDAYS.iter().find(|name| **name == weekday)?;
        Self::from_unix_seconds(days * 86_400 + hour * 3_600 + minute * 60 + second)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.unix_seconds.div_euclid(86_400);
        let seconds = self.unix_seconds.rem_euclid(86_400);
        let (year, month, day) = civil_from_days(days);
        let name = |names: &[&'static str], index: i64| {
            usize::try_from(index)
                .ok()
                .and_then(|index| names.get(index).copied())
                .unwrap_or("")
        };
        let weekday = name(&WEEKDAYS, (days + 3).rem_euclid(7));
        let month = name(&MONTHS, month - 1);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(
            formatter,
            "{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT"
        )
    }
}

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
/// 1 January 0000, and the last second of 9999.
const FIRST: i64 = -62_167_219_200;
const LAST: i64 = 253_402_300_799;

fn digits(text: &str, count: usize) -> Option<i64> {
    (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// Counts days from 1 January 1970; the year begins in March, so that leap days come last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Gives year, month and day of a count of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn date_reads_the_example_of_rfc_3261() {
        let date = Date::parse("Sat, 13 Nov 2010 23:29:00 GMT");
        assert_eq!(date.map(Date::unix_seconds), Some(1_289_690_940));
    }

    #[test]
    fn date_is_refused_when_no_calendar_has_it() {
        assert_eq!(Date::parse("Sat, 30 Feb 2010 23:29:00 GMT"), None);
        assert_eq!(Date::parse("Sat, 13 Nov 2010 24:29:00 GMT"), None);
        assert_eq!(Date::parse("Sat, 13 Nov 2010 23:29:00 UTC"), None);
    }

    #[test]
    fn rfc3261_20_17_date_is_case_sensitive() {
        for text in [
            "SAT, 13 Nov 2010 23:29:00 GMT",
            "Sat, 13 nov 2010 23:29:00 GMT",
            "Sat, 13 Nov 2010 23:29:00 gmt",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn date_round_trips(seconds in FIRST..=LAST) {
            let date = Date::from_unix_seconds(seconds).unwrap();
            prop_assert_eq!(Date::parse(&date.to_string()), Some(date));
        }
    }
}

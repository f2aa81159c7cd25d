//! Spans of time, written with a unit.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A span of time, written as a number and a unit: `500ms`, `10s`, `1m`, `2h`, `1d`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(Duration);

impl Span {
    /// A span of that length; for defaults.
    pub const fn new(duration: Duration) -> Self {
        Self(duration)
    }

    /// Its length.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl From<Span> for Duration {
    fn from(span: Span) -> Self {
        span.0
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let problem = || format!("`{text}` is no duration: write a number and ms, s, m, h or d");
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).ok_or_else(problem)?;
        let number: u64 = number.parse().map_err(|_| problem())?;
        let unit = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(problem()),
        };
        let milliseconds = number.checked_mul(unit).ok_or_else(problem)?;
        Ok(Self(Duration::from_millis(milliseconds)))
    }
}

/// As it is written: in the largest unit that makes it a whole number.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.as_millis();
        let units = [
            (86_400_000, "d"),
            (3_600_000, "h"),
            (60_000, "m"),
            (1000, "s"),
        ];
        let whole = units
            .into_iter()
            .find(|(unit, _)| milliseconds.is_multiple_of(*unit));
        match whole.filter(|_| milliseconds > 0) {
            Some((unit, name)) => write!(f, "{}{name}", milliseconds / unit),
            None => write!(f, "{milliseconds}ms"),
        }
    }
}

/// For the defaults in a schema.
impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl de::Visitor<'_> for Text {
            type Value = Span;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration like \"10s\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "duration",
            "description": "a duration like \"10s\": a number and ms, s, m, h or d",
            "type": "string",
            "pattern": "^[0-9]+(ms|s|m|h|d)$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_is_read_with_its_unit() {
        for (text, milliseconds) in [("500ms", 500), ("10s", 10_000), ("1m", 60_000), ("0s", 0)] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.duration().as_millis(), milliseconds, "{text}");
        }
    }

    #[test]
    fn duration_is_written_as_it_is_read() {
        for text in ["0ms", "500ms", "1500ms", "10s", "1m", "90m", "2h", "1d"] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.to_string(), text);
        }
    }

    #[test]
    fn duration_without_unit_or_number_is_refused() {
        for text in [
            "",
            "10",
            "s",
            "1.5s",
            "-1s",
            "10 s",
            "10y",
            "99999999999999999999s",
            "é",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}

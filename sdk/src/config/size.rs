//! Numbers of bytes, written with a unit.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number of bytes, written plainly or with a unit: `1500`, `"64KiB"`, `"1MiB"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(usize);

impl ByteSize {
    /// That many; for defaults.
    pub const fn new(bytes: usize) -> Self {
        Self(bytes)
    }

    /// How many.
    pub const fn bytes(self) -> usize {
        self.0
    }
}

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let problem = || format!("`{text}` is no size: write a number and B, KiB, MiB or GiB");
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).ok_or_else(problem)?;
        let number: usize = number.parse().map_err(|_| problem())?;
        let unit = match unit {
            "" | "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err(problem()),
        };
        number.checked_mul(unit).map(Self).ok_or_else(problem)
    }
}

/// As it is written: in the largest unit that makes it a whole number.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        let whole = units
            .into_iter()
            .find(|(unit, _)| self.0.is_multiple_of(*unit));
        match whole.filter(|_| self.0 > 0) {
            Some((unit, name)) => write!(f, "{}{name}", self.0 / unit),
            None => write!(f, "{}B", self.0),
        }
    }
}

/// For the defaults in a schema.
impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Size;

        impl de::Visitor<'_> for Size {
            type Value = ByteSize;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of bytes like 1500 or \"64KiB\"")
            }

            fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<ByteSize, E> {
                usize::try_from(bytes).map(ByteSize).map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<ByteSize, E> {
                usize::try_from(bytes).map(ByteSize).map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ByteSize, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Size)
    }
}

impl JsonSchema for ByteSize {
    fn schema_name() -> Cow<'static, str> {
        "ByteSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "size",
            "description": "a number of bytes like 1500 or \"64KiB\"",
            "type": ["integer", "string"],
            "minimum": 0,
            "pattern": "^[0-9]+(B|KiB|MiB|GiB)?$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_is_read_with_or_without_a_unit() {
        let read = |json| {
            serde_json::from_str::<ByteSize>(json)
                .map(ByteSize::bytes)
                .ok()
        };
        assert_eq!(read("1500"), Some(1500));
        assert_eq!(read("\"64KiB\""), Some(65_536));
        assert_eq!(read("\"7B\""), Some(7));
        for size in [0, 7, 1500, 65_536, 3 << 20, 1 << 30] {
            let written = serde_json::to_string(&ByteSize::new(size)).unwrap();
            let read: ByteSize = serde_json::from_str(&written).unwrap();
            assert_eq!(read.bytes(), size, "{written}");
        }
        for wrong in ["-1", "\"64kb\"", "\"KiB\"", "\"99999999999999GiB\"", "true"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}

//! Values that stay out of logs.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, de::Error};

/// A value that is never shown: no `Display`, no `Serialize`, and `Debug` prints `…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // What a format says of a wrong value shows the value.
        T::deserialize(deserializer).map(Self).map_err(|_| {
            D::Error::custom("not of the kind that is needed; it is secret, so not shown")
        })
    }
}

impl<T: JsonSchema> JsonSchema for Secret<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Secret_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        schema.insert("writeOnly".into(), true.into());
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_read_but_not_shown() {
        let secret: Secret<String> = serde_json::from_str("\"hunter2\"").unwrap();
        assert_eq!(secret.expose(), "hunter2");
        assert_eq!(format!("{secret:?}"), "…");
    }

    #[test]
    fn secret_of_the_wrong_kind_is_not_shown_either() {
        for json in ["31337", "[\"hunter2\"]", "{\"hunter2\":1}"] {
            let error = serde_json::from_str::<Secret<String>>(json).unwrap_err();
            let text = error.to_string();
            assert!(
                !text.contains("31337") && !text.contains("hunter2"),
                "{text}"
            );
        }
        let error = serde_json::from_str::<Secret<u8>>("\"hunter2\"").unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
